"""Putting the rows of a bucket in the order (person, time, seq).

In: unsorted columns of one bucket. Out: the persons, where each one's rows begin, and the sorted columns.
Linear in the rows: persons are grouped by counting, and a person's rows are sorted only where they are not yet in order.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray


def group_rows(
    person: NDArray[np.int64], time: NDArray[np.int64], seq: NDArray[np.int64], event: NDArray[Any]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[Any]]:
    """Sort rows by (person, time, seq).

    Args:
        person: int64, one a row.
        time: int64 microseconds, one a row.
        seq: int64, one a row, all different.
        event: Codes, one a row.

    Returns:
        Persons in ascending order; offsets (persons + 1) of their rows; time, seq and event in the new order.
    """
    dense, distinct = _number_persons(person)
    by_id = np.argsort(distinct)
    rank = np.empty_like(by_id)
    rank[by_id] = np.arange(len(by_id))
    offset, order = _count_sort(dense, rank)
    time, seq, event = time[order], seq[order], event[order]
    _sort_within(offset, time, seq, event)
    return distinct[by_id], offset, time, seq, event


@njit(nogil=True, cache=True)
def _number_persons(person):  # type: ignore[no-untyped-def]
    """A running number for each distinct person, in order of appearance."""
    capacity = 16
    while capacity < 2 * person.size:
        capacity *= 2
    mask = np.uint64(capacity - 1)
    slots = np.full(capacity, -1, np.int32)
    dense = np.empty(person.size, np.int32)
    distinct = np.empty(person.size, np.int64)
    n = 0
    for i in range(person.size):
        place = (np.uint64(person[i]) * np.uint64(0x9E3779B97F4A7C15)) & mask
        while slots[place] >= 0 and distinct[slots[place]] != person[i]:
            place = (place + np.uint64(1)) & mask
        if slots[place] < 0:
            slots[place] = n
            distinct[n] = person[i]
            n += 1
        dense[i] = slots[place]
    return dense, distinct[:n].copy()


@njit(nogil=True, cache=True)
def _count_sort(dense, rank):  # type: ignore[no-untyped-def]
    """Offsets of each person by rank, and the stable order of the rows."""
    offset = np.zeros(rank.size + 1, np.int64)
    for i in range(dense.size):
        offset[rank[dense[i]] + 1] += 1
    for r in range(rank.size):
        offset[r + 1] += offset[r]
    cursor = offset[:-1].copy()
    order = np.empty(dense.size, np.int64)
    for i in range(dense.size):
        r = rank[dense[i]]
        order[cursor[r]] = i
        cursor[r] += 1
    return offset, order


@njit(nogil=True, cache=True)
def _sort_within(offset, time, seq, event):  # type: ignore[no-untyped-def]
    """Sort each person's rows by (time, seq) where they are not."""
    for p in range(offset.size - 1):
        first, last = offset[p], offset[p + 1]
        in_order = True
        for i in range(first + 1, last):
            if time[i] < time[i - 1] or (time[i] == time[i - 1] and seq[i] < seq[i - 1]):
                in_order = False
                break
        if in_order:
            continue
        by_seq = first + np.argsort(seq[first:last], kind="mergesort")
        order = by_seq[np.argsort(time[by_seq], kind="mergesort")]
        time[first:last], seq[first:last], event[first:last] = time[order], seq[order], event[order]
