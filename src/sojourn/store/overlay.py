"""The newest events over an index that does not hold them yet.

In: the buckets of an index and rows that came after it. Out: the same buckets with those rows merged in, in memory.
A small import is visible at once, without a new index.
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
class NewRows:
    """Rows that came after the index.

    Attributes:
        person: int64, one a row.
        time: int64 microseconds.
        seq: int64, each past those of the index.
        event: Codes, places in the names of the whole log.
    """

    person: NDArray[np.int64]
    time: NDArray[np.int64]
    seq: NDArray[np.int64]
    event: NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Overlay:
    """An index with newer rows merged in.

    Attributes:
        buckets: All buckets.
        older: For each bucket: int64, one a row: its place in the index's bucket, -1 for a new row; None for a bucket
            without new rows.
    """

    buckets: list[Bucket]
    older: list[NDArray[np.int64] | None]


def lay_over(base: Sequence[Bucket], rows: NewRows, *, bits: int) -> Overlay:
    """Merge new rows into the buckets of an index.

    Args:
        base: The index's buckets, all of them.
        rows: New rows, in any order.
        bits: Leading bits of a person's number that choose the bucket.
    """
    home = bucket_of(rows.person, bits)

    def one(under: Bucket) -> tuple[Bucket, NDArray[np.int64] | None]:
        mine = home == under.number
        if not mine.any():
            return under, None
        columns = rows.person[mine], rows.time[mine], rows.seq[mine], rows.event[mine]
        person, offset, time, seq, event = group_rows(*columns)
        codes = event.astype(np.promote_types(under.event.dtype, np.min_scalar_type(int(event.max()))))
        return merged(under, Bucket(person, offset, time, codes, seq, under.number))

    with ThreadPoolExecutor(_CORES) as pool:
        pairs = list(pool.map(one, base))
    return Overlay([bucket for bucket, _ in pairs], [older for _, older in pairs])


def column_over(overlay: Overlay, base: Sequence[Column], newer: BySeq | None) -> list[Column] | None:
    """A column of every bucket of an overlay.

    Args:
        overlay: From `lay_over`.
        base: The column in the index's own buckets.
        newer: The column among new rows; None when none of them has a value.

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
    """Values in the order of the merged rows: an old row's from the index, a new row's from what was read."""
    out = []
    for bucket, older, below in zip(overlay.buckets, overlay.older, base, strict=True):
        if older is None:
            out.append(below)
            continue
        known = older >= 0
        values = np.full(len(older), null, below.dtype)
        values[known] = below[older[known]]
        if newer is not None:
            values[~known] = newer.at(bucket.seq[~known])
        values.flags.writeable = False
        out.append(values)
    return out


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
