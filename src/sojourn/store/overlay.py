"""The newest events over an index that does not hold them yet, and rows that are somebody else's by now.

In: the buckets of an index, rows that came after it, and rows of it that moved. Out: the same buckets with those rows merged
in, in memory. A small import, or a login that joins earlier events to their person, is visible at once, without a new index.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sojourn.store.buckets import Bucket, merged
from sojourn.store.columns import Column, MappedNames, NumberColumn, TextColumn
from sojourn.store.grouping import group_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sojourn.store.column_source import BySeq

_CORES = 2


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows to be merged in.

    Attributes:
        person: int64, one a row.
        time: int64 microseconds.
        seq: int64.
        event: Codes, places in the names of the whole log.
    """

    person: NDArray[np.int64]
    time: NDArray[np.int64]
    seq: NDArray[np.int64]
    event: NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Moved:
    """Rows of an index that are somebody else's by now.

    Attributes:
        rows: The rows, with the persons they belong to now.
        bucket: int64, one a row: which of the index's buckets holds it.
        place: int64: where in that bucket.
        gone: int64, ascending: persons of the index whose rows these are, all of them.
    """

    rows: Rows
    bucket: NDArray[np.int64]
    place: NDArray[np.int64]
    gone: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Overlay:
    """An index with other rows merged in.

    Attributes:
        buckets: All buckets.
        older: For each bucket: int64, one a row: its place in the index's bucket, -1 for a row that came or moved; None
            for a bucket that is as it was.
        moved: The rows that moved, by `seq`.
    """

    buckets: list[Bucket]
    older: list[NDArray[np.int64] | None]
    moved: Moved


NO_ROWS = Rows(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.uint32))
NOT_MOVED = Moved(NO_ROWS, np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.int64))


def lay_over(base: Sequence[Bucket], newer: Rows, *, bits: int, moved: Moved = NOT_MOVED) -> Overlay:
    """Merge rows into the buckets of an index.

    Args:
        base: The index's buckets, all of them.
        newer: Rows that the index does not hold, in any order.
        bits: Leading bits of a person's number that choose the bucket.
        moved: Rows that it holds elsewhere.
    """
    columns = ("person", "time", "seq", "event")
    rows = Rows(*(np.concatenate([getattr(newer, name), getattr(moved.rows, name)]) for name in columns))
    home, left = bucket_of(rows.person, bits), bucket_of(moved.gone, bits)

    def one(under: Bucket) -> tuple[Bucket, NDArray[np.int64] | None]:
        mine, gone = home == under.number, moved.gone[left == under.number]
        if not mine.any() and not len(gone):
            return under, None
        person, offset, time, seq, event = group_rows(*(getattr(rows, name)[mine] for name in columns))
        codes = event.astype(np.promote_types(under.event.dtype, np.min_scalar_type(int(event.max(initial=0)))))
        return merged(under, Bucket(person, offset, time, codes, seq, under.number), gone)

    with ThreadPoolExecutor(_CORES) as pool:
        pairs = list(pool.map(one, base))
    by_seq = np.argsort(moved.rows.seq)
    placed = Rows(*(getattr(moved.rows, name)[by_seq] for name in columns))
    ordered = Moved(placed, moved.bucket[by_seq], moved.place[by_seq], moved.gone)
    return Overlay([bucket for bucket, _ in pairs], [older for _, older in pairs], ordered)


def rows_of(base: Sequence[Bucket], persons: NDArray[np.int64], *, bits: int, most: int) -> Moved | None:
    """All rows of some persons of an index.

    Args:
        base: The index's buckets, all of them.
        persons: int64, ascending.
        bits: Leading bits of a person's number that choose the bucket.
        most: Rows at most.

    Returns:
        The rows, as theirs, and where they are; None when there are more.
    """
    home = bucket_of(persons, bits)
    found: list[tuple[NDArray[Any], ...]] = []
    gone = []
    total = 0
    for under in base:
        mine = persons[home == under.number]
        place = np.minimum(np.searchsorted(under.person, mine), max(len(under.person) - 1, 0))
        here = under.person[place] == mine if len(under.person) else np.zeros(len(mine), np.bool_)
        place = place[here]
        first, count = under.offset[place], under.offset[place + 1] - under.offset[place]
        total += int(count.sum())
        if total > most:
            return None
        at = np.repeat(first - (np.cumsum(count) - count), count) + np.arange(count.sum())
        person, event = np.repeat(mine[here], count), under.event[at].astype(np.uint32)
        found.append((person, under.time[at], under.seq[at], event, np.full(len(at), under.number), at))
        gone.append(mine[here])
    person, time, seq, event, bucket, at = (np.concatenate(column) for column in zip(*found, strict=True))
    return Moved(Rows(person, time, seq, event), bucket, at, np.concatenate(gone))


def column_over(overlay: Overlay, base: Sequence[Column], newer: BySeq | None) -> list[Column] | None:
    """A column of every bucket of an overlay.

    Args:
        overlay: From `lay_over`.
        base: The column in the index's own buckets.
        newer: The column among the rows that came; None when none of them has a value.

    Returns:
        One column a bucket; None when new values are of another kind than the index's: the column must be read anew.
    """
    first = base[0]
    if newer is not None and isinstance(first, TextColumn) == (newer.names is None):
        return None
    if isinstance(first, NumberColumn):
        numbers = [column.values for column in base if isinstance(column, NumberColumn)]
        return [NumberColumn(values) for values in _values(overlay, numbers, newer, np.nan)]
    names, moved = _joined_names(first, newer)
    codes = [column.codes for column in base if isinstance(column, TextColumn)]
    return [TextColumn(values, names) for values in _values(overlay, codes, moved, -1)]


def bucket_of(person: NDArray[np.int64], bits: int) -> NDArray[np.int64]:
    """Number of the bucket each person is in."""
    if not bits:
        return np.zeros(len(person), np.int64)
    return (person.view(np.uint64) >> np.uint64(64 - bits)).astype(np.int64)


def _values(overlay: Overlay, base: Sequence[NDArray[Any]], newer: BySeq | None, null: float) -> list[NDArray[Any]]:
    """Values in the order of the merged rows: an old row's from the index, wherever it lay, a new row's from what was read."""
    out = []
    moved = overlay.moved
    carried = np.full(len(moved.place), null, base[0].dtype)
    for number, below in enumerate(base):
        there = moved.bucket == number
        carried[there] = below[moved.place[there]]
    for bucket, older, below in zip(overlay.buckets, overlay.older, base, strict=True):
        if older is None:
            out.append(below)
            continue
        known = older >= 0
        values = np.full(len(older), null, below.dtype)
        values[known] = below[older[known]]
        _fill(values, ~known, bucket.seq, newer, (moved.rows.seq, carried))
        values.flags.writeable = False
        out.append(values)
    return out


def _fill(
    values: NDArray[Any],
    which: NDArray[np.bool_],
    seq: NDArray[np.int64],
    newer: BySeq | None,
    moved: tuple[NDArray[np.int64], NDArray[Any]],
) -> None:
    """Put the values of rows that are not the bucket's own in their places."""
    rows = np.flatnonzero(which)
    seqs, carried = moved
    place = np.minimum(np.searchsorted(seqs, seq[rows]), max(len(seqs) - 1, 0))
    known = seqs[place] == seq[rows] if len(seqs) else np.zeros(len(rows), np.bool_)
    values[rows[known]] = carried[place[known]]
    if newer is not None:
        values[rows[~known]] = newer.at(seq[rows[~known]])


def _joined_names(first: TextColumn, newer: BySeq | None) -> tuple[MappedNames, BySeq | None]:
    """The names of both, the index's first, and the newer codes in terms of them."""
    old = first.names.array if isinstance(first.names, MappedNames) else pa.array(first.names, pa.large_string())
    if newer is None or newer.names is None:
        return MappedNames(old), None
    fresh = newer.names.cast(pa.large_string())
    known = pc.index_in(fresh, value_set=old)
    unknown = fresh.filter(known.is_null())
    places = known.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)
    places[places < 0] = len(old) + np.arange(len(unknown))
    codes = np.append(places, np.int32(-1))[newer.values]
    return MappedNames(pa.concat_arrays([old, unknown])), replace(newer, values=codes)
