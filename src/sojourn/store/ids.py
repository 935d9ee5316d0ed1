"""Which ids one import has seen: a hash set of 128-bit ids, with how often each came.

In: ids as pairs of 64-bit words. Out: for every row whether it is new, a repeat or already stored.
Holds 24 bytes a slot, 4/3 to 5/3 slots an id, in pieces that grow one after the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

_STORED = np.uint64(1 << 63)
_FIRST = 1 << 10
_PIECE_BITS = 6
_PIECE_SHIFT = np.uint64(64 - _PIECE_BITS)
_PIECE = np.uint64(((1 << _PIECE_BITS) - 1) << (64 - _PIECE_BITS))


class SeenIds:
    """The ids of one import, filled batch by batch in file order."""

    def __init__(self) -> None:
        """Start empty."""
        # High word, low word, how often it came: side by side, so that a lookup touches one line of the cache.
        self._pieces = [np.zeros((_FIRST, 3), np.uint64) for _ in range(1 << _PIECE_BITS)]
        self._used = [0] * len(self._pieces)

    def claim(self, ids: NDArray[np.uint64], *, given: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Count the ids of a batch and make the ids of repeated rows distinct.

        Args:
            ids: uint64, shape (rows, 2). Changed in place: the k-th repeat of a row gets an id of its own, made
                from the row's id and k, so that the same file gives the same ids again.
            given: Rows whose id came with the event; a second one of those is the same event, not a repeat.

        Returns:
            int64, one a row: 0 for the first, k for the k-th repeat, -1 for a given id that came before.
        """
        out = np.zeros(len(ids), np.int64)
        for piece, rows in self._split(ids):
            self._make_room(piece, 2 * len(rows))
            self._used[piece] += _claim(self._pieces[piece], ids, given, out, rows)
        return out

    def mark_stored(self, ids: NDArray[np.uint64]) -> int:
        """Remember which of these, read from the table, this import has seen too; returns how many."""
        return sum(int(_mark(self._pieces[piece], ids, rows)) for piece, rows in self._split(ids))

    def stored(self, ids: NDArray[np.uint64]) -> NDArray[np.bool_]:
        """Whether each id was marked as stored."""
        out = np.zeros(len(ids), np.bool_)
        for piece, rows in self._split(ids):
            _look_up(self._pieces[piece], ids, out, rows)
        return out

    @staticmethod
    def _split(ids: NDArray[np.uint64]) -> Iterator[tuple[int, NDArray[np.int64]]]:
        """Each piece with the rows whose ids belong to it, in their order."""
        piece = (ids[:, 0] >> _PIECE_SHIFT).astype(np.uint8)
        order = np.argsort(piece, kind="stable")
        ends = np.searchsorted(piece[order], np.arange(1 << _PIECE_BITS), side="right").tolist()
        begin = 0
        for number, end in enumerate(ends):
            if end > begin:
                yield number, order[begin:end]
            begin = end

    def _make_room(self, piece: int, more: int) -> None:
        """Grow one piece by quarters until it holds so many more: the others stay, and so memory never doubles."""
        needed, size = (self._used[piece] + more) * 4 // 3 + 1, len(self._pieces[piece])
        if needed <= size:
            return
        while size < needed:
            size += size // 4
        larger = np.zeros((size, 3), np.uint64)
        _rehash(self._pieces[piece], larger)
        self._pieces[piece] = larger


@njit(nogil=True, cache=True)
def _slot(slots, high, low):  # type: ignore[no-untyped-def]
    """Where an id is, or the empty place where it belongs."""
    size = np.uint64(slots.shape[0])
    # The upper half of a product spreads over any number of slots.
    place = (((high ^ low) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(32)) * size >> np.uint64(32)
    while slots[place, 2] != 0 and (slots[place, 0] != high or slots[place, 1] != low):
        place += np.uint64(1)
        if place == size:
            place = np.uint64(0)
    return place


@njit(nogil=True, cache=True)
def _mixed(word, k):  # type: ignore[no-untyped-def]
    """SplitMix64 finaliser (Steele et al. 2014) of a word and a count."""
    z = word + k * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


@njit(nogil=True, cache=True)
def _claim(slots, ids, given, out, rows):  # type: ignore[no-untyped-def]
    added = 0
    for i in rows:
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
        # It stays in its piece.
        ids[i, 0] = high & _PIECE | _mixed(high, seen) & ~_PIECE
        ids[i, 1] = _mixed(low, seen)
        place = _slot(slots, ids[i, 0], ids[i, 1])
        if slots[place, 2] == 0:
            slots[place, 0], slots[place, 1], slots[place, 2] = ids[i, 0], ids[i, 1], 1
            added += 1
    return added


@njit(nogil=True, cache=True)
def _mark(slots, ids, rows):  # type: ignore[no-untyped-def]
    found = 0
    for i in rows:
        place = _slot(slots, ids[i, 0], ids[i, 1])
        if slots[place, 2] != 0:
            slots[place, 2] |= _STORED
            found += 1
    return found


@njit(nogil=True, cache=True)
def _look_up(slots, ids, out, rows):  # type: ignore[no-untyped-def]
    for i in rows:
        out[i] = slots[_slot(slots, ids[i, 0], ids[i, 1]), 2] >= _STORED


@njit(nogil=True, cache=True)
def _rehash(slots, larger):  # type: ignore[no-untyped-def]
    for i in range(slots.shape[0]):
        if slots[i, 2] != 0:
            larger[_slot(larger, slots[i, 0], slots[i, 1])] = slots[i]
