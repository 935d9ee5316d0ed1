"""The tail of the log: events that were accepted and are not in the events table yet.

In: a data folder. Out: the newest version of the table with the tail as one more file, in memory. Every reader begins
here, so that an accepted event is in every answer, whether a keeper runs or not.
"""

from __future__ import annotations

import dataclasses
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from sojourn.store.events import FRESH, DataFile, EventsTable
from sojourn.store.expiry_limit import limit_of
from sojourn.store.log import open_log
from sojourn.store.log_ids import RangeState
from sojourn.store.log_rows import LogRows
from sojourn.store.sqlite import database, queries

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sojourn.records.event import Event
    from sojourn.store.events import Version
    from sojourn.store.folder import Folder
    from sojourn.store.log import Log

_AT_ONCE = 10_000
_ROW_GROUP = 65_536
_TRIES = 3
_PLACE = Path("log")


@dataclass(frozen=True, slots=True)
class _Tail:
    """What was last read of a folder's log, so that the next reader reads only what came since."""

    rows: LogRows
    after: int
    through: int
    tables: tuple[pa.Table, ...]
    file: DataFile | None


_KNOWN: dict[str, _Tail] = {}
_LOCK = threading.Lock()


def read_version(folder: Folder) -> Version:
    """The last durable version of the events table, and the events of the log after it.

    Returns:
        A version whose `seq` is the last place read. Its number is the table's: two tails may share one.
    """
    log = open_log(folder)
    version = EventsTable(folder.events).read()
    if log is None:
        return version
    for _ in range(_TRIES):
        if log.first_seq() <= version.seq + 1:
            break
        # The keeper has flushed and dropped what this version lacks: there is a newer one.
        version = EventsTable(folder.events).read()
    return with_tail(folder, log, version, log.last_seq())


def tail_events(log: Log, after: int, through: int, *, stored_to: int) -> Iterator[tuple[int, Event]]:
    """Events of the log between two places, without duplicates of imports.

    Args:
        log: The log.
        after: The place before the first.
        through: The last place.
        stored_to: The table holds all imported events up to this place: an event whose id one of them claimed is a duplicate.
    """
    given_up = {one.first: one.n for one in log.ids.ranges() if one.state == RangeState.GIVEN_UP}
    doubts = {
        seq: claimed
        for seq, claimed in log.doubts(after).items()
        if claimed <= stored_to and not any(first <= claimed < first + n for first, n in given_up.items())
    }
    while after < through:
        found = log.read(after, min(_AT_ONCE, through - after))
        for seq, event in found:
            if seq <= through and seq not in doubts:
                yield seq, event
        if not found or found[-1][0] >= through:
            return
        after = found[-1][0]


def suppressed(folder: Folder) -> dict[int, int]:
    """Erased actors: until when their events are refused, microseconds."""
    if not folder.control.exists():
        return {}
    with database(folder.control, "control") as control:
        return dict(queries("control").suppressed(control))


def with_tail(folder: Folder, log: Log, version: Version, last: int) -> Version:
    """A version with the events of the log after it, up to a place; the version itself when there are none."""
    if last <= version.seq:
        return version
    with _LOCK:
        key = str(folder.path.resolve())
        rows = LogRows(folder.secret, version.promoted, suppressed(folder), limit_of(folder))
        known = _KNOWN.get(key)
        if known is None or known.rows != rows or known.after != version.seq or known.through > last:
            known = _Tail(rows, version.seq, version.seq, (), None)
        if known.through < last:
            events = tail_events(log, known.through, last, stored_to=version.seq)
            table = known.rows.table(events)
            tables = (*known.tables, table) if table.num_rows else known.tables
            known = dataclasses.replace(known, through=last, tables=tables, file=_file(tables, last))
            _KNOWN[key] = known
    if known.file is None:
        return version
    return dataclasses.replace(version, seq=last, files=(*version.files, known.file))


def _file(tables: tuple[pa.Table, ...], last: int) -> DataFile | None:
    """Rows as a Parquet file in memory: what reads files reads them too."""
    if not tables:
        return None
    out = pa.BufferOutputStream()
    whole = pa.concat_tables(tables)
    pq.write_table(whole, out, compression="NONE", row_group_size=_ROW_GROUP, write_statistics=["time", "seq"])
    content = out.getvalue()
    first = int(whole["seq"][0].as_py())
    return DataFile(_PLACE / f"{first}-{last}", FRESH, whole.num_rows, content.size, first, content)
