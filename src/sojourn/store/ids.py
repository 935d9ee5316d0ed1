"""Which ids one import has seen: a hash set of 128-bit ids, with how often each came.

In: ids as pairs of 64-bit words. Out: for every row whether it is new, a repeat or already stored.
Holds 24 bytes for each of at most 4/3 n ids, rounded up to a power of two.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

_STORED = np.uint64(1 << 63)


class SeenIds:
    """The ids of one import, filled batch by batch in file order."""

    def __init__(self) -> None:
        """Start empty."""
        self._used = 0
        # High word, low word, how often it came: side by side, so that a lookup touches one line of the cache.
        self._slots = np.zeros((1 << 16, 3), np.uint64)

    def claim(self, ids: NDArray[np.uint64], *, given: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Count the ids of a batch and make the ids of repeated rows distinct.

        Args:
            ids: uint64, shape (rows, 2). Changed in place: the k-th repeat of a row gets an id of its own, made
                from the row's id and k, so that the same file gives the same ids again.
            given: Rows whose id came with the event; a second one of those is the same event, not a repeat.

        Returns:
            int64, one a row: 0 for the first, k for the k-th repeat, -1 for a given id that came before.
        """
        while (self._used + 2 * len(ids)) * 4 > len(self._slots) * 3:
            self._grow()
        out = np.zeros(len(ids), np.int64)
        self._used += _claim(self._slots, ids, given, out)
        return out

    def mark_stored(self, ids: NDArray[np.uint64]) -> int:
        """Remember which of these, read from the table, this import has seen too; returns how many."""
        return int(_mark(self._slots, ids))

    def stored(self, ids: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Whether each id was marked as stored."""
        out = np.zeros(len(ids), np.bool_)
        _look_up(self._slots, ids, out)
        return out

    def _grow(self) -> None:
        slots = np.zeros((len(self._slots) * 2, 3), np.uint64)
        _rehash(self._slots, slots)
        self._slots = slots


@njit(nogil=True, cache=True)
def _slot(slots, high, low):  # type: ignore[no-untyped-def]
    """Where an id is, or the empty place where it belongs."""
    mask = np.uint64(slots.shape[0] - 1)
    place = (high ^ (low * np.uint64(0x9E3779B97F4A7C15))) & mask
    while slots[place, 2] != 0 and (slots[place, 0] != high or slots[place, 1] != low):
        place = (place + np.uint64(1)) & mask
    return place


@njit(nogil=True, cache=True)
def _mixed(word, k):  # type: ignore[no-untyped-def]
    """SplitMix64 finaliser (Steele et al. 2014) of a word and a count."""
    z = word + k * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@njit(nogil=True, cache=True)
def _claim(slots, ids, given, out):  # type: ignore[no-untyped-def]
    added = 0
    for i in range(ids.shape[0]):
        high, low = ids[i, 0], ids[i, 1]
        place = _slot(slots, high, low)
        seen = slots[place, 2]
        if seen == 0:
            slots[place, 0], slots[place, 1], slots[place, 2] = high, low, 1
            added += 1
            continue
        if given[i]:
            out[i] = -1
            continue
        slots[place, 2] = seen + np.uint64(1)
        out[i] = seen
        ids[i, 0], ids[i, 1] = _mixed(high, seen), _mixed(low, seen)
        place = _slot(slots, ids[i, 0], ids[i, 1])
        if slots[place, 2] == 0:
            slots[place, 0], slots[place, 1], slots[place, 2] = ids[i, 0], ids[i, 1], 1
            added += 1
    return added


@njit(nogil=True, cache=True)
def _mark(slots, ids):  # type: ignore[no-untyped-def]
    found = 0
    for i in range(ids.shape[0]):
        place = _slot(slots, ids[i, 0], ids[i, 1])
        if slots[place, 2] != 0:
            slots[place, 2] |= _STORED
            found += 1
    return found


@njit(nogil=True, cache=True)
def _look_up(slots, ids, out):  # type: ignore[no-untyped-def]
    for i in range(ids.shape[0]):
        out[i] = slots[_slot(slots, ids[i, 0], ids[i, 1]), 2] >= _STORED


@njit(nogil=True, cache=True)
def _rehash(slots, larger):  # type: ignore[no-untyped-def]
    for i in range(slots.shape[0]):
        if slots[i, 2] != 0:
            larger[_slot(larger, slots[i, 0], slots[i, 1])] = slots[i]
