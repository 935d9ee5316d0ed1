"""The catalogues of signals that a folder had: every text that was put in force or tried, who by, when, and why.

In: texts that were read as catalogues. Out: `signals.yaml`, and its history in `control.sqlite`. Never reads a catalogue; a file that was
changed by hand joins the history with the next change made here.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sojourn.records.errors import BadOption
from sojourn.store.durable import clear_errors, replace_file
from sojourn.store.sqlite import database, queries

if TYPE_CHECKING:
    import sqlite3

    from sojourn.store.folder import Folder

FILE = "signals.yaml"
BY_HAND = "by hand"
"""Who changed a file that was not changed through console or API."""
_MOST = 200


@dataclass(frozen=True, slots=True)
class CatalogueVersion:
    """A catalogue that was kept.

    Attributes:
        id: Its number, from 1.
        saved_at: When, ISO 8601 UTC.
        who: Name of the user or of the token's source; `by hand` for a file that was changed beside.
        note: Why, in a few words; empty for none.
        in_force: Whether it was put in force; else it was only tried.
        text: YAML.
    """

    id: int
    saved_at: str
    who: str
    note: str
    in_force: bool
    text: str


def keep_draft(folder: Folder, text: str, *, who: str, note: str = "") -> int:
    """Keep a text to be tried; what is in force stays. Returns its number."""
    with database(folder.control, "catalogue") as control:
        return _add(control, text, who=who, note=note, in_force=False)


def put_in_force(folder: Folder, text: str, *, who: str, note: str = "") -> int:
    """Make a text the folder's catalogue; the one before is kept.

    Args:
        folder: The data folder.
        text: YAML that was read as a catalogue.
        who: Who did it.
        note: Why.

    Returns:
        The number of the version.

    Raises:
        StorageFull: The disk is full; what is in force stays.
    """
    own = folder.path / FILE
    with clear_errors(folder.path, "the catalogue was not saved"):
        with database(folder.control, "catalogue") as control:
            latest = queries("catalogue").latest_in_force(control)
            if own.exists() and (latest is None or latest[5] != own.read_text(encoding="utf-8")):
                changed = dt.datetime.fromtimestamp(own.stat().st_mtime, dt.UTC)
                _add(control, own.read_text(encoding="utf-8"), who=BY_HAND, note="", in_force=True, at=changed)
            number = _add(control, text, who=who, note=note, in_force=True)
        replace_file(own, text.encode())
    return number


def catalogue_versions(folder: Folder, *, most: int = _MOST) -> list[CatalogueVersion]:
    """What was kept, newest first."""
    with database(folder.control, "catalogue") as control:
        return [_version(row) for row in queries("catalogue").versions(control, most=most)]


def catalogue_version(folder: Folder, number: int) -> CatalogueVersion:
    """One of them.

    Raises:
        BadOption: There is none of that number.
    """
    with database(folder.control, "catalogue") as control:
        row = queries("catalogue").version(control, id=number)
    if row is None:
        message = f"no version {number} of the catalogue was kept; Signals and scores lists them"
        raise BadOption(message)
    return _version(row)


def version_in_force(folder: Folder) -> int:
    """Number of the version that `signals.yaml` is; 0 when it is none: as it came, or changed by hand since."""
    own = folder.path / FILE
    if not own.exists():
        return 0
    with database(folder.control, "catalogue") as control:
        latest = queries("catalogue").latest_in_force(control)
    return int(latest[0]) if latest is not None and latest[5] == own.read_text(encoding="utf-8") else 0


def _add(
    control: sqlite3.Connection, text: str, *, who: str, note: str, in_force: bool, at: dt.datetime | None = None
) -> int:
    when = (at or dt.datetime.now(dt.UTC)).isoformat(timespec="seconds")
    return int(
        queries("catalogue").add_version(control, saved_at=when, who=who, note=note, in_force=in_force, text=text)
    )


def _version(row: tuple[int, str, str, str, int, str]) -> CatalogueVersion:
    return CatalogueVersion(row[0], row[1], row[2], row[3], bool(row[4]), row[5])
