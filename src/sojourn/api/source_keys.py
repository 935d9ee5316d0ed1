"""Sources and their keys, as somebody manages them: made, shown once, ended.

In: a data folder and who asks. Out: sources with their keys. Every change leaves a line in the audit log, without the key.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from sojourn.records.errors import BadOption
from sojourn.store import audit
from sojourn.store.log import open_log
from sojourn.store.running import running
from sojourn.store.sources import KeyRecord, create_key, list_keys, revoke_number

if TYPE_CHECKING:
    from sojourn.records.event import Consent, SourceKind
    from sojourn.store.folder import Folder

_LOOKED_AT = 10_000
_USUAL_COLLECTOR = "http://127.0.0.1:8001"


@dataclass(frozen=True, slots=True)
class SourceSeen:
    """A source.

    Attributes:
        name: The source.
        keys: Its keys, oldest first.
        recent: How many of the log's newest 10,000 events it sent.
        last_at: When its newest one of these arrived, microseconds UTC; None: it sent none of them.
    """

    name: str
    keys: tuple[KeyRecord, ...]
    recent: int
    last_at: int | None


def sources(folder: Folder) -> list[SourceSeen]:
    """Sources that have or had keys, by name, with what they sent lately."""
    keys = list_keys(folder)
    counts: dict[str, int] = {}
    last: dict[str, int] = {}
    log = open_log(folder)
    for _, event in log.latest(_LOOKED_AT) if log is not None else ():
        counts[event.source] = counts.get(event.source, 0) + 1
        last[event.source] = event.received_at
    return [
        SourceSeen(name, tuple(key for key in keys if key.source == name), counts.get(name, 0), last.get(name))
        for name in sorted({key.source for key in keys})
    ]


def make_key(
    folder: Folder, name: str, *, kind: str, consent: str | None = None, role: str | None = None, who: str
) -> str:
    """Make a key; it cannot be shown again.

    Args:
        folder: The data folder.
        name: Of the source.
        kind: `browser` or `server`.
        consent: `required` or `assumed`; None: by kind.
        role: What else it may do.
        who: For the audit log.

    Raises:
        BadOption: One of these is none.
    """
    if consent not in (None, "required", "assumed"):
        message = f"expected consent required or assumed, got {consent!r}"
        raise BadOption(message)
    name = name.strip()
    key, source = create_key(
        folder, name, kind=cast("SourceKind", kind), role=role, consent=cast("Consent | None", consent)
    )
    detail = {"source": name, "kind": kind, "consent": source.consent, "role": role}
    audit.record(folder, who=who, what="made a key", detail=detail)
    return key


def end_key(folder: Folder, number: int, *, who: str) -> KeyRecord:
    """End a key: running collectors refuse it within two seconds.

    Raises:
        BadOption: There is no open key of this number.
    """
    found = next((key for key in list_keys(folder) if key.id == number and key.revoked_at is None), None)
    if found is None:
        message = f"there is no open key of number {number}"
        raise BadOption(message)
    revoke_number(folder, number)
    audit.record(folder, who=who, what="ended a key", detail={"source": found.source, "number": number})
    return found


def collector_address(folder: Folder) -> tuple[str, bool]:
    """Where the collector listens, and whether it runs; its usual place when it does not."""
    found = running(folder, "collector")
    return (found.address or _USUAL_COLLECTOR, True) if found is not None else (_USUAL_COLLECTOR, False)
