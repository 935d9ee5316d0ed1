"""The flush: events of the log become facts of the events table, each exactly once.

In: the tail of the log. Out: one Parquet file and one durable commit, which says the last place it holds. A process killed
anywhere in between leaves a commit that is whole or set aside; what the durable version lacks is flushed again.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow as pa

from sojourn.store.durable import clear_errors
from sojourn.store.events import FRESH, EventsTable, Version, write_file
from sojourn.store.expiry_limit import limit_of
from sojourn.store.log import Log, open_log
from sojourn.store.log_ids import RangeState
from sojourn.store.log_rows import LogRows
from sojourn.store.migrations import migrate
from sojourn.store.tail import suppressed, tail_events

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sojourn.store.folder import Folder

_AT_ONCE = 10_000
_LOOKED_AT = 20_000
_SHARE = 0.01
_AT_LEAST = 10
_KINDS = {str: pa.string(), bool: pa.bool_(), int: pa.int64(), float: pa.float64()}


@dataclass(frozen=True, slots=True)
class Flushed:
    """What a flush did.

    Attributes:
        rows: Events written.
        seq: Last place in the log that the table holds now.
    """

    rows: int
    seq: int


def flush(folder: Folder) -> Flushed:
    """Write the tail of the log into the events table. For the holder of `Folder.writing`.

    Raises:
        StorageFull: The disk is full; the table is as it was, and the events are in the log.
    """
    log = open_log(folder)
    table = EventsTable(folder.events)
    if log is None:
        return Flushed(0, table.read().seq)
    with clear_errors(folder.path, "the events stay in the log"):
        migrate(folder)
        table.recover()
        settle_imports(log, table.read())
        if log.last_seq() <= table.read().seq:
            return Flushed(0, table.read().seq)
        table.create()
        last = log.last_seq()
        path, rows = stage_tail(folder, table, log, through=last, stored_to=table.read().seq)
        table.commit([path] if rows else [], seq=last, kind="flush")
        return Flushed(rows, last)


def stage_tail(folder: Folder, table: EventsTable, log: Log, *, through: int, stored_to: int) -> tuple[Path, int]:
    """Write the events of the log that the table lacks to a data file, to be committed.

    Args:
        folder: The data folder.
        table: Its events table.
        log: Its log.
        through: Last place to write.
        stored_to: Imported events up to this place are in the table, or will be with the same commit.

    Returns:
        The file, and its rows; without rows there is no file.
    """
    version = _with_columns(table, log, through)
    path = table.new_file(FRESH)
    rows = LogRows(folder.secret, version.promoted, suppressed(folder), limit_of(folder))
    return path, write_file(path, _tables(rows, log, version.seq, through, stored_to))


def settle_imports(log: Log, version: Version) -> None:
    """Say of imports that were killed whether they had stored their events. For the holder of `Folder.writing`, before any commit."""
    for one in log.ids.ranges():
        if one.state == RangeState.TAKEN:
            log.settle(one.first, stored=version.seq >= one.first)


def _tables(rows: LogRows, log: Log, after: int, through: int, stored_to: int) -> Iterator[pa.Table]:
    held = []
    for pair in tail_events(log, after, through, stored_to=stored_to):
        held.append(pair)
        if len(held) == _AT_ONCE:
            yield rows.table(held)
            held = []
    yield rows.table(held)


def _with_columns(table: EventsTable, log: Log, through: int) -> Version:
    """The table, with columns for the properties that many of the events have, as long as there is room."""
    version = table.read()
    counts: Counter[str] = Counter()
    kinds: dict[str, set[type]] = {}
    looked = 0
    for seq, event in log.read(version.seq, _LOOKED_AT):
        if seq > through:
            break
        looked += 1
        properties: dict[str, Any] = msgspec.json.decode(event.properties)
        for name, value in properties.items():
            if type(value) in _KINDS:
                counts[name] += 1
                kinds.setdefault(name, set()).add(type(value))
    enough = max(_AT_LEAST, int(looked * _SHARE))
    often = [name for name, n in counts.most_common() if n >= enough]
    wanted = [(name, _kind(kinds[name])) for name in often]
    return table.promote([(name, kind) for name, kind in wanted if kind is not None])


def _kind(types: set[type]) -> pa.DataType | None:
    """The type of a column for values of these types; None when none holds them all."""
    if types == {int, float}:
        return pa.float64()
    return _KINDS[types.pop()] if len(types) == 1 else None
