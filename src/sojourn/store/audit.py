"""Who changed what, and when, in `control.sqlite`: lines are added, never changed or deleted.

In: a change that was made through the console, the API or the command line. Out: the changes, newest first. Never holds an identifier
of a person: an erasure could not take it out again.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from sojourn.store.sqlite import database, queries

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sojourn.store.folder import Folder

_LONGEST = 4_000


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One change.

    Attributes:
        id: Its number, from 1.
        at: When, ISO 8601 UTC.
        who: Name of the user or of the token's source; `command line` for whoever can read the folder.
        what: In a few words.
        detail: To what, by name.
    """

    id: int
    at: str
    who: str
    what: str
    detail: dict[str, Any]


def record(folder: Folder, *, who: str, what: str, detail: Mapping[str, object] | None = None) -> None:
    """Add a line.

    Args:
        folder: The data folder.
        who: Name of the user or of the token's source.
        what: In a few words, such as `made a key`.
        detail: To what, by name; no identifiers of persons. Longer than 4,000 characters it is cut.
    """
    text = msgspec.json.encode(detail or {}, enc_hook=str).decode()
    if len(text) > _LONGEST:
        text = msgspec.json.encode({"cut": text[:_LONGEST]}).decode()
    with database(folder.control, "audit") as control:
        queries("audit").add_line(control, at=_now(), who=who, what=what, detail=text)


def audit_log(folder: Folder, *, most: int = 100, skip: int = 0) -> list[AuditLine]:
    """Changes, newest first.

    Args:
        folder: The data folder.
        most: At most so many.
        skip: Leave out so many of the newest.
    """
    with database(folder.control, "audit") as control:
        rows = queries("audit").lines(control, most=most, skip=skip)
        return [AuditLine(number, at, who, what, msgspec.json.decode(detail)) for number, at, who, what, detail in rows]


def count_audit(folder: Folder) -> int:
    """How many changes there are."""
    with database(folder.control, "audit") as control:
        return int(queries("audit").count_lines(control))


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
