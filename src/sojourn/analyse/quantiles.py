"""Exact quantiles of values that lie in several arrays.

In: arrays, one a part. Out: quantiles by linear interpolation (method 7 of Hyndman and Fan 1996, as numpy's default).
Selection, not sorting: a histogram of the leading bits finds the values that matter, in parallel over the parts.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_SMALL = 1 << 16
_BITS = 14


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


def _ranks(share: float, total: int) -> tuple[int, int]:
    place = share * (total - 1)
    return math.floor(place), math.ceil(place)


def _select(arrays: list[NDArray[np.int64]], ranks: list[int]) -> list[int]:
    """The values at ascending ranks."""
    total = sum(len(array) for array in arrays)
    if total <= _SMALL:
        ordered = np.partition(np.concatenate(arrays), ranks)
        return [int(ordered[rank]) for rank in ranks]
    highest = max(int(array.max()) for array in arrays if len(array))
    shift = max(highest.bit_length() - _BITS, 0)
    counts = np.sum([_histogram(array, shift, (highest >> shift) + 1) for array in arrays], axis=0)
    below = np.concatenate(([0], np.cumsum(counts)))
    bins = np.searchsorted(below, ranks, side="right") - 1
    found: dict[int, int] = {}
    for chosen in sorted(set(bins.tolist())):
        inside = np.concatenate([_inside(array, shift, chosen) for array in arrays])
        places = [rank - int(below[chosen]) for rank, place in zip(ranks, bins, strict=True) if place == chosen]
        ordered = np.partition(inside, places)
        found |= {int(below[chosen]) + place: int(ordered[place]) for place in places}
    return [found[rank] for rank in ranks]


@njit(nogil=True, cache=True)
def _histogram(values, shift, size):  # type: ignore[no-untyped-def]
    out = np.zeros(size, np.int64)
    for i in range(values.size):
        out[values[i] >> shift] += 1
    return out


@njit(nogil=True, cache=True)
def _inside(values, shift, chosen):  # type: ignore[no-untyped-def]
    n = 0
    for i in range(values.size):
        n += (values[i] >> shift) == chosen
    out = np.empty(n, np.int64)
    n = 0
    for i in range(values.size):
        if (values[i] >> shift) == chosen:
            out[n] = values[i]
            n += 1
    return out
