"""A bucket of persons with their rows, as the index maps it, and newer rows merged into it.

In: arrays. Out: `Bucket`. Never reads or writes a file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

from sojourn.identify.sets import among, distinct

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Bucket:
    """The rows of one bucket of persons.

    Attributes:
        person: int64, ascending: one a person.
        offset: int64, persons + 1: where each person's rows begin.
        time: int64, one an event: microseconds since 1970 UTC, 0 without a time.
        event: uint16 or uint32 codes, one an event.
        seq: int64, one an event: its place in the log.
        number: Which bucket it is.
    """

    person: NDArray[np.int64]
    offset: NDArray[np.int64]
    time: NDArray[np.int64]
    event: NDArray[Any]
    seq: NDArray[np.int64]
    number: int


def merged(older: Bucket, newer: Bucket, gone: NDArray[np.int64]) -> tuple[Bucket, NDArray[np.int64]]:
    """Two buckets of the same number as one.

    Args:
        older: Its rows keep their order.
        newer: Other rows; each person's are sorted by (time, seq).
        gone: Persons whose rows in `older` are left out.

    Returns:
        The bucket with the rows of both, in memory; and, one a row, its place in `older`, -1 for a row of `newer`.
    """
    out = among(older.person, gone)
    persons = distinct(np.concatenate([older.person[~out], newer.person]))
    offset = np.empty(len(persons) + 1, np.int64)
    size = len(older.time) + len(newer.time) - int(np.diff(older.offset)[out].sum())
    time, seq, place = np.empty(size, np.int64), np.empty(size, np.int64), np.empty(size, np.int64)
    event = np.empty(size, np.promote_types(older.event.dtype, newer.event.dtype))
    _merge(
        persons, out, older.person, older.offset, older.time, older.seq, older.event, newer.person, newer.offset,
        newer.time, newer.seq, newer.event, offset, time, seq, event, place,
    )  # fmt: skip
    for array in (persons, offset, time, event, seq):
        # Read-only, as mapped arrays are: one compiled kernel then serves both.
        array.flags.writeable = False
    return Bucket(persons, offset, time, event, seq, older.number), place


@njit(nogil=True, cache=True)
def _merge(  # type: ignore[no-untyped-def]  # noqa: PLR0913  (two buckets and what becomes of them)
    persons, out, old, old_offset, old_time, old_seq, old_event, new, new_offset, new_time, new_seq, new_event,
    offset, time, seq, event, place,
):  # fmt: skip
    a = b = n = 0
    offset[0] = 0
    for p in range(persons.size):
        i = i_end = j = j_end = 0
        while a < old.size and out[a]:
            a += 1
        if a < old.size and old[a] == persons[p]:
            i, i_end = old_offset[a], old_offset[a + 1]
            a += 1
        if b < new.size and new[b] == persons[p]:
            j, j_end = new_offset[b], new_offset[b + 1]
            b += 1
        while i < i_end or j < j_end:
            if j >= j_end or (
                i < i_end and (old_time[i] < new_time[j] or (old_time[i] == new_time[j] and old_seq[i] < new_seq[j]))
            ):
                time[n], seq[n], event[n], place[n] = old_time[i], old_seq[i], old_event[i], i
                i += 1
            else:
                time[n], seq[n], event[n], place[n] = new_time[j], new_seq[j], new_event[j], -1
                j += 1
            n += 1
        offset[p + 1] = n
