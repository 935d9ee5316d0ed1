"""Keys and the sources they open, in `control.sqlite`, hashed.

In: a data folder and a key. Out: its `Source`. Never keeps a key: it is shown once, when it is made.

A key has 160 random bits, so one keyed hash is enough at rest: there is nothing to guess. The hash is keyed with the folder's secret, and
compared in constant time.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import secrets
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast, get_args

from sojourn.records.errors import BadOption
from sojourn.records.event import KEY_PREFIXES, Consent, Source, SourceKind
from sojourn.store.expiry_limit import NO_LIMIT, limit_of
from sojourn.store.sqlite import database, queries

if TYPE_CHECKING:
    from collections.abc import Callable

    from sojourn.store.folder import Folder

Role = ("viewer", "analyst", "marketer", "admin")
"""What a key may do besides writing events, from reading persons to everything."""
_KEY_BYTES = 20
_LONGEST_NAME = 200
_FRESH_S = 1.0
_SOONEST_S = 0.1


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """One key, as it can be listed.

    Attributes:
        id: Number of the key, for revoking it.
        source: The source it opens.
        kind: `browser` or `server`.
        role: What else it may do.
        consent: `required` or `assumed`.
        created_at: When it was made, ISO 8601 UTC.
        revoked_at: When it ended; None while it opens.
    """

    id: int
    source: str
    kind: str
    role: str | None
    consent: Consent
    created_at: str
    revoked_at: str | None


@dataclass(frozen=True, slots=True)
class KnownKey:
    """A key that opens.

    Attributes:
        source: What it opens.
        hash: What is kept of the key.
        user_secret: The 64 hexadecimal digits, as bytes, with which the shop signs user ids for pages that send with this key.
    """

    source: Source
    hash: bytes
    user_secret: bytes


def create_key(
    folder: Folder,
    name: str,
    *,
    kind: SourceKind = "server",
    role: str | None = None,
    consent: Consent | None = None,
) -> tuple[str, Source]:
    """Make a key for a source; a source may have several.

    Args:
        folder: The data folder.
        name: Of the source.
        kind: A `browser` key is public, a `server` key secret.
        role: What else it may do; only a server key may do more than write.
        consent: None: `required` of browsers, `assumed` of servers.

    Returns:
        The key, which cannot be shown again, and its source.

    Raises:
        BadOption: The name is none, or a browser key was to have a role.
    """
    if not name.strip() or len(name) > _LONGEST_NAME or not name.isprintable():
        message = f"expected a name of 1 to {_LONGEST_NAME} printable characters, got {name[:40]!r}"
        raise BadOption(message)
    if kind not in get_args(SourceKind):
        message = f"expected kind browser or server, got {kind!r}"
        raise BadOption(message)
    if role is not None and (role not in Role or kind == "browser"):
        message = f"expected a role among {', '.join(Role)}, and only for a server key: a browser key is public; got {role!r} for {kind}"
        raise BadOption(message)
    source = Source(name, kind, consent or ("required" if kind == "browser" else "assumed"), role)
    key = KEY_PREFIXES[kind] + secrets.token_hex(_KEY_BYTES)
    with database(folder.control, "keys") as control:
        queries("keys").add_key(
            control,
            hash=_hash(folder, key),
            source=name,
            kind=kind,
            role=role,
            consent=source.consent,
            created_at=_now(),
        )
    return key, source


def find_source(folder: Folder, key: str) -> Source | None:
    """What a key opens; None when it opens nothing."""
    known = Keyring(folder).find(key)
    return None if known is None else known.source


def list_keys(folder: Folder) -> list[KeyRecord]:
    """All keys, oldest first; none can be read back."""
    with database(folder.control, "keys") as control:
        return [KeyRecord(*row) for row in queries("keys").all_keys(control)]


def consent_modes(folder: Folder) -> dict[tuple[str, bool], Consent]:
    """Whether consent is asked for, by source and whether the key is a browser's; of several keys the newest says."""
    return {(key.source, key.kind == "browser"): key.consent for key in list_keys(folder)}


def revoke_keys(folder: Folder, which: str) -> int:
    """End keys: the one that is given, or of this number, or all of the source of this name.

    Returns:
        How many keys opened until now and do not any more.
    """
    ends = {"revoked_at": _now()}
    with database(folder.control, "keys") as control:
        living = list(queries("keys").living_keys(control))
        if any(row[1] == which for row in living):
            return int(queries("keys").revoke_source(control, source=which, **ends))
        if which.isdecimal():
            return int(queries("keys").revoke_key(control, id=int(which), **ends))
        hashed = _hash(folder, which)
        found = [row for row in queries("keys").key_ids(control) if hmac.compare_digest(row[1], hashed)]
        return sum(int(queries("keys").revoke_key(control, id=row[0], **ends)) for row in found)


def revoke_number(folder: Folder, number: int) -> int:
    """End the key of a number, whatever sources are called; returns how many opened until now."""
    with database(folder.control, "keys") as control:
        return int(queries("keys").revoke_key(control, id=number, revoked_at=_now()))


def user_secret(folder: Folder, source: str) -> str | None:
    """With what the shop signs user ids for the newest living browser key of a source; None when it has none."""
    with database(folder.control, "keys") as control:
        rows = [row for row in queries("keys").living_keys(control) if row[1] == source and row[2] == "browser"]
    return _user_secret(folder, rows[-1][0]).decode() if rows else None


class Keyring:
    """The living keys in memory; what is made or revoked elsewhere is noticed within a second of the next `find`.

    Safe to share among threads.
    """

    def __init__(self, folder: Folder, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Read them.

        Args:
            folder: The data folder.
            clock: Seconds that only go on.
        """
        self._folder, self._clock = folder, clock
        self._lock = threading.Lock()
        self._keys: dict[bytes, KnownKey] = {}
        self._hashes: dict[str, bytes] = {}
        self.limit = NO_LIMIT
        """Events that happened before this time are refused; read with the keys."""
        self._read_at = -_FRESH_S
        self.refresh()

    @property
    def stale(self) -> bool:
        """Whether the keys were read more than a second ago."""
        return self._clock() - self._read_at >= _FRESH_S

    @property
    def wait_s(self) -> float:
        """Seconds until `refresh` reads again."""
        return max(0.0, _SOONEST_S - (self._clock() - self._read_at))

    def refresh(self) -> None:
        """Read the keys again, unless somebody just did."""
        with self._lock:
            if self._clock() - self._read_at < _SOONEST_S:
                return
            before = self._clock()
            with database(self._folder.control, "keys") as control:
                rows = list(queries("keys").living_keys(control))
            self._keys = {
                row[0]: KnownKey(
                    Source(row[1], cast("SourceKind", row[2]), cast("Consent", row[4]), row[3]),
                    row[0],
                    _user_secret(self._folder, row[0]),
                )
                for row in rows
            }
            self._hashes.clear()
            self.limit = limit_of(self._folder)
            self._read_at = before

    def find(self, key: str) -> KnownKey | None:
        """What a key opens, as far as is known now; see `refresh`."""
        hashed = self._hashes.get(key)
        if hashed is None:
            hashed = _hash(self._folder, key)
            if hashed in self._keys:
                # Only keys that open are remembered: guesses must not fill the memory.
                self._hashes[key] = hashed
        known = self._keys.get(hashed)
        # The table is asked by a keyed hash, so its timing tells nothing of a key; neither does what a hit costs.
        return known if known is not None and hmac.compare_digest(hashed, known.hash) else None

    def named(self, source: str) -> KnownKey | None:
        """The newest browser key of a source: what a client may open that can say a name and nothing secret."""
        found = [
            known for known in self._keys.values() if known.source.name == source and known.source.kind == "browser"
        ]
        return found[-1] if found else None


def _hash(folder: Folder, key: str) -> bytes:
    return hashlib.blake2b(
        key.encode("utf-8", "replace"), key=folder.secret, person=b"sojourn key", digest_size=32
    ).digest()


def _user_secret(folder: Folder, hashed: bytes) -> bytes:
    return hashlib.blake2b(hashed, key=folder.secret, person=b"sojourn user", digest_size=32).hexdigest().encode()


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
