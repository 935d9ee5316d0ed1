"""Exact quantiles of values that lie in several arrays.

In: arrays, one a part. Out: quantiles by linear interpolation (method 7 of Hyndman and Fan 1996, as numpy's default).
Selection, not sorting: a histogram by size, 64 bins a doubling, finds the few values that matter.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from sojourn.analyse.side_by_side import side_by_side

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

_SMALL = 1 << 12
_TOGETHER = 1 << 20
_SHIFT = np.int64(52 - 6)
_LOWEST = np.int64(1023 << 6)
_BINS = 64 << 6
_EXACT = 7 << 6
"""What is left of a float's bits, exponent and six of the mantissa, orders numbers from 1 on into 64 bins a doubling.
Below `_EXACT` a bin holds one number."""


def quantiles(arrays: Sequence[NDArray[np.int64]], shares: Sequence[float]) -> list[float]:
    """Quantiles of all values together.

    Args:
        arrays: int64 arrays of values >= 0.
        shares: Wanted quantiles, in [0, 1]; 0.5 is the median.

    Returns:
        One value a share; nan when there are no values.
    """
    return _interpolated(sum(map(len, arrays)), shares, lambda ranks: _select(arrays, ranks))


def quantiles_of_counts(counts: NDArray[np.int64], shares: Sequence[float]) -> list[float]:
    """`quantiles` of small values of which only is known how often there are 0, 1, 2, ...

    Args:
        counts: int64: how often each value is there.
        shares: Wanted quantiles, in [0, 1].
    """
    upto = np.cumsum(counts)
    return _interpolated(int(upto[-1]), shares, lambda ranks: np.searchsorted(upto, ranks, side="right").tolist())


def _interpolated(total: int, shares: Sequence[float], select: Callable[[list[int]], list[int]]) -> list[float]:
    """Quantiles of `total` values, of which `select` finds those at ascending ranks."""
    if not total:
        return [math.nan] * len(shares)
    wanted = sorted({rank for share in shares for rank in _ranks(share, total)})
    found = dict(zip(wanted, select(wanted), strict=True))
    out = []
    for share in shares:
        low, high = _ranks(share, total)
        weight = share * (total - 1) - low
        out.append(found[low] + (found[high] - found[low]) * weight)
    return out


def _ranks(share: float, total: int) -> tuple[int, int]:
    place = share * (total - 1)
    return math.floor(place), math.ceil(place)


def _select(arrays: Sequence[NDArray[np.int64]], ranks: list[int]) -> list[int]:
    """The values at ascending ranks."""
    total = sum(map(len, arrays))
    if total <= _SMALL:
        ordered = np.partition(np.concatenate(arrays), ranks)
        return [int(ordered[rank]) for rank in ranks]
    if total <= _TOGETHER:
        found: list[int] = _at_ranks(np.concatenate(arrays), np.array(ranks)).tolist()
        return found
    counted = side_by_side(_histogram, arrays)
    upto = np.cumsum(np.sum(counted, axis=0))
    of_rank = np.searchsorted(upto, ranks, side="right").tolist()
    bins = sorted({chosen for chosen in of_rank if chosen >= _EXACT})
    inside = side_by_side(lambda array, counts: [_inside(array, b, counts[b]) for b in bins], arrays, counted)
    ordered_of = {b: np.sort(np.concatenate(parts)) for b, *parts in zip(bins, *inside, strict=True)}
    # Counted from the end of the bin, of which is known how many values lie up to there.
    return [
        int(ordered_of[b][rank - upto[b]] if b in ordered_of else _alone_in(b))
        for rank, b in zip(ranks, of_rank, strict=True)
    ]


@njit(nogil=True, cache=True)
def _at_ranks(values, ranks):  # type: ignore[no-untyped-def]
    """`_select` of one array."""
    counts, out = _histogram(values), np.empty(ranks.size, np.int64)
    chosen, upto, inside = -1, 0, values[:0]
    for r in range(ranks.size):
        same = upto > ranks[r]
        while upto <= ranks[r]:
            chosen += 1
            upto += counts[chosen]
        if chosen < _EXACT:
            out[r] = _alone_in(chosen)
            continue
        if not same:
            inside = _inside(values, chosen, counts[chosen])
        out[r] = _nth(inside, ranks[r] - upto + inside.size)
    return out


@njit(nogil=True, cache=True)
def _nth(values, n):  # type: ignore[no-untyped-def]
    """The value at rank `n` (Hoare 1961); the values are put in another order."""
    low, high = 0, values.size - 1
    while low < high:
        pivot, i, j = values[(low + high) // 2], low, high
        while i <= j:
            while values[i] < pivot:
                i += 1
            while values[j] > pivot:
                j -= 1
            if i <= j:
                values[i], values[j] = values[j], values[i]
                i, j = i + 1, j - 1
        if n <= j:
            high = j
        elif n >= i:
            low = i
        else:
            break
    return values[n]


@njit(nogil=True, cache=True)
def _bin(value):  # type: ignore[no-untyped-def]
    """A larger value never lies in a lower bin."""
    return (np.float64(value + 1).view(np.int64) >> _SHIFT) - _LOWEST


@njit(nogil=True, cache=True)
def _alone_in(chosen):  # type: ignore[no-untyped-def]
    """The only value of a bin."""
    return np.int64((np.int64(chosen) + _LOWEST) << _SHIFT).view(np.float64) - 1


@njit(nogil=True, cache=True)
def _histogram(values):  # type: ignore[no-untyped-def]
    out = np.zeros(_BINS, np.int64)
    for i in range(values.size):
        out[_bin(values[i])] += 1
    return out


@njit(nogil=True, cache=True)
def _inside(values, chosen, size):  # type: ignore[no-untyped-def]
    """The values of a bin that holds `size`."""
    # Written whether it is one of them or not, and written over when not: no branch is guessed wrong.
    out = np.empty(size + 1, np.int64)
    n = 0
    for i in range(values.size):
        out[n] = values[i]
        n += _bin(values[i]) == chosen
    return out[:size]
