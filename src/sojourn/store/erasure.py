"""Erasing one person, bytes included.

In: an identifier of the person. Out: a receipt. Reaches quarantine, events table and index; the suppression list
then refuses the person's events up to this moment on every import. Readers of other persons are not disturbed.
"""

from __future__ import annotations

import datetime as dt
import shutil
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from sojourn.identify.actor import actor_id
from sojourn.identify.persons import fold_links
from sojourn.records.errors import UnknownPerson
from sojourn.records.periods import to_us
from sojourn.store.compaction import may_hold
from sojourn.store.events import EventsTable, scan_file, write_file
from sojourn.store.index import build_index
from sojourn.store.sqlite import database, queries

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

    from sojourn.store.events import DataFile, Version
    from sojourn.store.folder import Folder


@dataclass(frozen=True, slots=True)
class Receipt:
    """What an erasure removed.

    Attributes:
        erased_at: When, ISO 8601 UTC.
        actors: Identifiers of the person.
        events: Events removed from the table and the index.
        quarantined: Rows removed from quarantine.
    """

    erased_at: str
    actors: int
    events: int
    quarantined: int


def erase(folder: Folder, person: str, *, progress: Callable[[str, int, int], None] | None = None) -> Receipt:
    """Erase a person. For the holder of `Folder.writing`.

    Args:
        folder: The data folder.
        person: A user id or anonymous id of the person; all identifiers linked with it go too.
        progress: Called with what is done.

    Raises:
        UnknownPerson: No event carries the identifier.
    """
    table = EventsTable(folder.events)
    table.recover()
    version = table.read()
    actors = _actors(folder, table, version, person)
    now = dt.datetime.now(dt.UTC)
    with database(folder.control, "control") as control:
        queries("control").suppress(control, ({"actor": int(a), "until_us": to_us(now)} for a in actors))
    ids, touched, events = _affected(version, actors)
    quarantined = _erase_quarantine(folder, ids | {person})
    written = [path for file in touched if (path := _without(table, version, file, actors))]
    table.commit(written, seq=version.seq, removes=touched, kind="erase")
    table.remove_unreferenced()
    shutil.rmtree(folder.events / "torn", ignore_errors=True)
    shutil.rmtree(folder.index, ignore_errors=True)
    build_index(folder, progress=progress)
    receipt = Receipt(now.isoformat(timespec="seconds"), len(actors), events, quarantined)
    with database(folder.control, "control") as control:
        queries("control").add_receipt(
            control, erased_at=receipt.erased_at, actors=len(actors), events=events, quarantined=quarantined
        )
    _empty_log(folder.control)
    return receipt


def _actors(folder: Folder, table: EventsTable, version: Version, person: str) -> NDArray[np.int64]:
    """All actors of the person that an identifier belongs to."""
    given = {actor_id(folder.secret, "user", person), actor_id(folder.secret, "anonymous", person)}
    links = [np.empty((4, 0), np.int64)]
    seen = set()
    for group in table.scan(version, ["linked_actor", "actor", "time", "seq"]):
        columns = [
            group[name].cast(pa.int64()).fill_null(0).to_numpy() for name in ("linked_actor", "actor", "time", "seq")
        ]
        rows = np.vstack(columns)
        seen |= given & (set(np.unique(rows[0]).tolist()) | set(np.unique(rows[1]).tolist()))
        links.append(rows[:, rows[0] != 0])
    if not seen:
        message = f"no event carries the id {person!r}; `sojourn sql` over the view `persons` lists the known ones"
        raise UnknownPerson(message)
    found = fold_links(*np.concatenate(links, axis=1))
    persons = set(found.persons(np.array(sorted(seen), np.int64)).tolist())
    linked = found.actor[np.isin(found.person, list(persons))]
    return np.unique(np.concatenate([linked, np.array(sorted(persons | seen), np.int64)]))


def _theirs(rows: pa.Table, actors: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Events of these actors, or linked with one of them."""
    linked = rows["linked_actor"].fill_null(0).to_numpy()
    mine: NDArray[np.bool_] = np.isin(rows["actor"].to_numpy(), actors) | (np.isin(linked, actors) & (linked != 0))
    return mine


def _affected(version: Version, actors: NDArray[np.int64]) -> tuple[set[str], list[DataFile], int]:
    """Identifiers as they were sent, the files that hold events of the person, and how many events."""
    ids: set[str] = set()
    touched, events = [], 0
    for file in version.files:
        if not may_hold(file.bucket, actors):
            continue
        found = 0
        for group in scan_file(file.path, ["actor", "linked_actor", "user_id", "anonymous_id"]):
            mine = group.filter(pa.array(_theirs(group, actors)))
            found += mine.num_rows
            for column in ("user_id", "anonymous_id"):
                ids |= {value for value in mine[column].unique().to_pylist() if value}
        if found:
            touched.append(file)
            events += found
    return ids, touched, events


def _without(table: EventsTable, version: Version, file: DataFile, actors: NDArray[np.int64]) -> Path | None:
    """The file without the person's events; None when nothing is left."""
    path = table.new_file(file.bucket)
    names = table.schema(version).names
    kept = (group.filter(pa.array(~_theirs(group, actors))) for group in scan_file(file.path, names, version.promoted))
    return path if write_file(path, kept) else None


def _erase_quarantine(folder: Folder, ids: set[str]) -> int:
    """Remove quarantined rows that mention the person."""
    removed = 0
    with database(folder.quarantine, "quarantine") as quarantine:
        for value in sorted(ids):
            removed += queries("quarantine").erase_containing(quarantine, value=value.encode())
    _empty_log(folder.quarantine)
    return removed


def _empty_log(path: Path) -> None:
    """Overwritten pages may still stand in the write-ahead log: empty it."""
    with sqlite3.connect(path) as connection:
        connection.execute("pragma wal_checkpoint(truncate)")
    connection.close()
