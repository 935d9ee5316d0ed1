"""Keys: of sources that send events, and tokens of scripts that ask."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import msgspec

from sojourn.api.endpoint import endpoint
from sojourn.api.refusals import NotThere
from sojourn.api.source_keys import end_key, make_key
from sojourn.store.sources import KeyRecord, list_keys

if TYPE_CHECKING:
    from sojourn.api.call import Call


class NewKey(msgspec.Struct, forbid_unknown_fields=True):
    """A key to make.

    Attributes:
        name: Of the source it opens, or of the script that asks; 1 to 200 printable characters.
        kind: A `browser` key is public and only writes; a `server` key is secret.
        role: What else it may do; only a server key may do more than write.
        consent: Whether consent must be given before a person is known; by default `required` of browsers, `assumed` of servers.
    """

    name: str
    kind: Literal["browser", "server"] = "server"
    role: Literal["viewer", "analyst", "marketer", "admin"] | None = None
    consent: Literal["required", "assumed"] | None = None


@dataclass(frozen=True, slots=True)
class MadeKey:
    """A key that was made.

    Attributes:
        key: It is told this once and kept nowhere.
        name: Of what it opens.
    """

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class Keys:
    """All keys.

    Attributes:
        keys: Oldest first, the ended ones too; none can be read back.
    """

    keys: tuple[KeyRecord, ...]


def listing(call: Call) -> Keys:
    """All keys; none can be read back."""
    return Keys(tuple(list_keys(call.folder)))


def make(call: Call, *, body: NewKey) -> MadeKey:
    """Make a key; it is told this once."""
    key = make_key(call.folder, body.name, kind=body.kind, consent=body.consent, role=body.role, who=call.who)
    return MadeKey(key, body.name.strip())


def end(call: Call, *, id: str) -> KeyRecord:  # noqa: A002  (its name in the path)
    """End a key; what it opened is closed within two seconds.

    Args:
        call: The request.
        id: Its number.
    """
    found = {str(one.id): one for one in list_keys(call.folder)}.get(id)
    if found is None:
        raise NotThere(f"there is no key {id[:40]!r}; GET /api/keys lists them by their numbers")
    if found.revoked_at is None:
        end_key(call.folder, found.id, who=call.who)
    return next(one for one in list_keys(call.folder) if one.id == found.id)


ENDPOINTS = (
    endpoint("GET", "/api/keys", listing, role="admin", group="keys"),
    endpoint("POST", "/api/keys", make, role="admin", group="keys", status=201),
    endpoint("DELETE", "/api/keys/{id}", end, role="admin", group="keys"),
)
