"""Stretches: units whose rows lie together, looked through in one loop.

In: where the rows of units begin and end. Out: how many units one loop takes. Most units are short: a loop for each
costs more than its rows do.
"""

from __future__ import annotations

from numba import njit

_ROWS = 1 << 12
"""Rows of a stretch, unless one unit has more: what is noted of them stays in the processor's caches."""


@njit(nogil=True, cache=True)
def most_rows(start, stop):  # type: ignore[no-untyped-def]
    """Rows of the longest stretch there can be."""
    most = _ROWS
    for u in range(start.size):
        most = max(most, stop[u] - start[u])
    return most


@njit(nogil=True, cache=True)
def after_stretch(start, stop, first, most):  # type: ignore[no-untyped-def]
    """The unit after the stretch that begins with unit `first`: no row of anybody else lies within, and at most `most` rows."""
    after = first + 1
    while after < start.size and start[after] == stop[after - 1] and stop[after] - start[first] <= most:
        after += 1
    return after
