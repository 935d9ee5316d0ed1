"""Whether a goal follows a look soon enough. In: rows of persons, which of them reach the goal, times. Out: one answer each."""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def reached_after(start, stop, time, goal, at, within):
    """bool, shape (times, persons): an event that reaches the goal after the time, and not later than `within` after it.

    Args:
        start: int64, one a person.
        stop: int64, one a person.
        time: int64, one a row, ascending within a person.
        goal: bool, one a row.
        at: int64, ascending.
        within: Microseconds.
    """
    out = np.zeros((at.size, start.size), np.bool_)
    for u in range(start.size):
        i = start[u]
        for t in range(at.size):
            while i < stop[u] and (time[i] <= at[t] or not goal[i]):
                i += 1
            # The next goal after this look; looks that follow begin from here.
            out[t, u] = i < stop[u] and time[i] <= at[t] + within
    return out
