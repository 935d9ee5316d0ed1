"""Exact quantiles of values that lie in several arrays.

In: arrays, one a part. Out: quantiles by linear interpolation (method 7 of Hyndman and Fan 1996, as numpy's default).
Selection, not sorting: a histogram by size, 256 bins a doubling, finds the few values that matter.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_SMALL = 1 << 12
_TOGETHER = 1 << 20
_SHIFT = np.int64(52 - 8)
_LOWEST = np.int64(1023 << 8)
_BINS = 64 << 8
_EXACT = 9 << 8
"""What is left of a float's bits, exponent and eight of the mantissa, orders numbers from 1 on into 256 bins a doubling.
Below `_EXACT` a bin holds one number."""


def quantiles(arrays: Sequence[NDArray[np.int64]], shares: Sequence[float]) -> list[float]:
    """Quantiles of all values together.

    Args:
        arrays: int64 arrays of values >= 0.
        shares: Wanted quantiles, in [0, 1]; 0.5 is the median.

    Returns:
        One value a share; nan when there are no values.
    """
    total = sum(len(array) for array in arrays)
    if not total:
        return [math.nan] * len(shares)
    wanted = sorted({rank for share in shares for rank in _ranks(share, total)})
    found = dict(zip(wanted, _select(list(arrays), wanted), strict=True))
    out = []
    for share in shares:
        low, high = _ranks(share, total)
        weight = share * (total - 1) - low
        out.append(found[low] + (found[high] - found[low]) * weight)
    return out


@njit(nogil=True, cache=True)
def put_together(values, group, groups):  # type: ignore[no-untyped-def]  # noqa: ANN201  (a kernel)
    """Values by group: where each group begins (groups + 1 places), and the values.

    Args:
        values: int64.
        group: int32, one a value.
        groups: How many there are.
    """
    begin = np.zeros(groups + 1, np.int64)
    for i in range(values.size):
        begin[group[i] + 1] += 1
    for g in range(groups):
        begin[g + 1] += begin[g]
    put, out = begin[:-1].copy(), np.empty(values.size, np.int64)
    for i in range(values.size):
        out[put[group[i]]] = values[i]
        put[group[i]] += 1
    return begin, out


def _ranks(share: float, total: int) -> tuple[int, int]:
    place = share * (total - 1)
    return math.floor(place), math.ceil(place)


def _select(arrays: list[NDArray[np.int64]], ranks: list[int]) -> list[int]:
    """The values at ascending ranks."""
    total = sum(len(array) for array in arrays)
    if total <= _SMALL:
        ordered = np.partition(np.concatenate(arrays), ranks)
        return [int(ordered[rank]) for rank in ranks]
    if total <= _TOGETHER:
        arrays = [np.concatenate(arrays)]
    counts = np.sum([_histogram(array) for array in arrays], axis=0)
    below = np.concatenate(([0], np.cumsum(counts)))
    bins = np.searchsorted(below, ranks, side="right") - 1
    found: dict[int, int] = {}
    for chosen in sorted(set(bins.tolist())):
        mine = [rank for rank, place in zip(ranks, bins, strict=True) if place == chosen]
        if chosen < _EXACT:
            found |= dict.fromkeys(mine, int(np.int64(chosen + _LOWEST << _SHIFT).view(np.float64)) - 1)
            continue
        places = [rank - int(below[chosen]) for rank in mine]
        ordered = np.partition(np.concatenate([_inside(array, chosen) for array in arrays]), places)
        found |= {rank: int(ordered[place]) for rank, place in zip(mine, places, strict=True)}
    return [found[rank] for rank in ranks]


@njit(nogil=True, cache=True)
def _bin(value):  # type: ignore[no-untyped-def]
    """A larger value never lies in a lower bin."""
    return (np.float64(value + 1).view(np.int64) >> _SHIFT) - _LOWEST


@njit(nogil=True, cache=True)
def _histogram(values):  # type: ignore[no-untyped-def]
    out = np.zeros(_BINS, np.int64)
    for i in range(values.size):
        out[_bin(values[i])] += 1
    return out


@njit(nogil=True, cache=True)
def _inside(values, chosen):  # type: ignore[no-untyped-def]
    n = 0
    for i in range(values.size):
        n += _bin(values[i]) == chosen
    out = np.empty(n, np.int64)
    n = 0
    for i in range(values.size):
        if _bin(values[i]) == chosen:
            out[n] = values[i]
            n += 1
    return out
