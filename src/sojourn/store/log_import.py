"""Giving the rows of an import their places in a folder that has a log.

In: staged data files of an import, with provisional places. Out: the files to commit: the rows at places the log gave them,
without those whose message id the log knows, and the events that came before them. After the commit the table holds every
event up to its last place, whoever brought it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sojourn.store.event_columns import FIXED
from sojourn.store.events import FRESH, scan_file, write_file
from sojourn.store.flush import stage_tail

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from sojourn.store.events import EventsTable, Promoted
    from sojourn.store.folder import Folder
    from sojourn.store.log import Log

_AT_ONCE = 50_000
_KEY = 16
_IDS = ("seq", "id_high", "id_low", "message_id")


@dataclass(frozen=True, slots=True)
class Joined:
    """An import that is ready to be committed.

    Attributes:
        paths: Data files to add.
        first: The first place of its range, to be settled after the commit.
        seq: The last one.
        duplicates: Rows left out: the log knows their message id.
        bots: Bots among those.
    """

    paths: list[Path]
    first: int
    seq: int
    duplicates: int
    bots: int


def join_log(
    folder: Folder,
    table: EventsTable,
    log: Log,
    parts: Sequence[Path],
    *,
    promoted: Sequence[Promoted],
    places: range,
) -> Joined:
    """Take a range of the log for staged rows, claim their ids, and stage the events that came before.

    Args:
        folder: The data folder; the caller holds `Folder.writing`.
        table: Its events table.
        log: Its log.
        parts: Staged data files.
        promoted: Properties that have a column.
        places: Provisional places of the rows.
    """
    first = log.reserve(len(places))
    shift, last = first - places.start, first + len(places) - 1
    paths, duplicates, bots = [], 0, 0
    for part in parts:
        again = _claimed_before(log, part, shift)
        rows = _Placed(part, promoted, shift, again)
        if not shift and not len(again):
            paths.append(part)
            continue
        fresh = table.new_file(FRESH)
        if write_file(fresh, rows.tables()):
            paths.append(fresh)
        part.unlink()
        duplicates, bots = duplicates + len(again), bots + rows.bots
    tail, rows_before = stage_tail(folder, table, log, through=first - 1, stored_to=last)
    return Joined([*paths, *([tail] if rows_before else [])], first, last, duplicates, bots)


def _claimed_before(log: Log, part: Path, shift: int) -> NDArray[np.int64]:
    """Provisional places of the rows whose given ids the log knows; the other given ids are claimed."""
    found: list[int] = []
    for rows in scan_file(part, _IDS):
        given = rows.filter(rows["message_id"].is_valid())
        seqs = given["seq"].to_numpy()
        keys = np.column_stack([given[name].to_numpy() for name in ("id_high", "id_low")]).tobytes()
        for at in range(0, len(seqs), _AT_ONCE):
            some = seqs[at : at + _AT_ONCE]
            its = [keys[_KEY * k : _KEY * (k + 1)] for k in range(at, at + len(some))]
            known = np.array(log.claim(its, (some + shift).tolist()))
            found += some[known >= 0].tolist()
    return np.array(found, np.int64)


class _Placed:
    """The rows of a staged file at their places, without some; counts the bots among those."""

    def __init__(self, part: Path, promoted: Sequence[Promoted], shift: int, without: NDArray[np.int64]) -> None:
        self._part, self._promoted, self._shift, self._without = part, promoted, shift, without
        self.bots = 0

    def tables(self) -> Iterator[pa.Table]:
        for rows in scan_file(self._part, pq.read_schema(self._part).names, self._promoted):
            seq = rows["seq"].to_numpy()
            drop = np.isin(seq, self._without)
            self.bots += int(np.asarray(rows["bot"])[drop].sum())
            moved = pa.array(seq + self._shift)
            placed = rows.set_column(rows.schema.get_field_index("seq"), FIXED.field("seq"), moved)
            yield placed.filter(pc.invert(pa.array(drop))) if drop.any() else placed
