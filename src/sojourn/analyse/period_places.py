"""Which period a time lies in, without searching.

In: times and the bounds of periods. Out: places. Never knows a calendar: `records.periods` makes the bounds.
"""

# mypy: allow-untyped-defs, allow-untyped-calls, allow-incomplete-defs
from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_U64 = np.uint64
_ONE = np.uint64(1)


def places_of(times: NDArray[np.int64], bounds: Sequence[int]) -> NDArray[np.int32]:
    """The period of each time.

    Args:
        times: int64 microseconds, from the first bound to before the last.
        bounds: Where each period begins, ascending, and where the last ends.
    """
    edges = np.array(bounds)
    places: NDArray[np.int32] = _places(times, edges, *coarse_places(edges))
    return places


def coarse_places(bounds: NDArray[np.int64]) -> tuple[np.uint64, NDArray[np.uint64]]:
    """A table that finds the period of a time without searching.

    Args:
        bounds: Where each period begins, ascending, and where the last ends.

    Returns:
        A shift such that a stretch of `2 ** shift` microseconds holds at most one bound, and for each such stretch after
        the first bound the period its beginning lies in. A time's period is that, or the next one.
    """
    shift = int(np.diff(bounds).min()).bit_length() - 1
    stretches = (int(bounds[-1] - bounds[0]) >> shift) + 1
    begins = bounds[0] + (np.arange(stretches) << shift)
    return _U64(shift), (np.searchsorted(bounds, begins, side="right") - 1).astype(np.uint64)


@njit(nogil=True, cache=True)
def _places(times, bounds, shift, coarse):
    out = np.empty(times.size, np.int32)
    origin = bounds[0]
    for i in range(times.size):
        place = coarse[_U64(times[i] - origin) >> shift]
        out[i] = place + _U64(times[i] >= bounds[place + _ONE])
    return out
