"""The two automata of the funnel.

In: rows of units and the steps each event matches. Out: for every unit that reached the first step: its place, the
steps reached, group and time of the start, and for each step the time since the one before and since the first, when
it was first reached (-1 below). One pass over the rows; state is two times a step.
"""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def walk_in_order(  # type: ignore[no-untyped-def]
    start, stop, time, classes, first, matched, n, within, adjacent, strict, gaps, blocked, group,
):  # fmt: skip
    """Steps in order: other events may lie between unless `adjacent`; `strict` steps are later than the one before."""
    out = _room(start.size, n)
    # Four lines a step, of the latest chain that reached it: its row (-1: none), start, time there, group.
    chain, waiting = np.full((n, 4), -1, np.int64), np.full((n, 4), -1, np.int64)
    m = 0
    for u in range(start.size):
        chain[:, 0] = -1
        waiting[:, 0] = -1
        level = 0
        now = np.int64(0)
        for i in range(start[u], stop[u]):
            c, t = classes[i], time[i]
            if strict and t != now:
                # A step counts only after its moment has passed: until then it waits.
                for k in range(n):
                    if waiting[k, 0] >= 0:
                        chain[k] = waiting[k]
                        waiting[k, 0] = -1
                now = t
            target = waiting if strict else chain
            for j in range(first[c], first[c + 1]):
                k = matched[j]
                if k == 0:
                    if level == 0:
                        level = 1
                        _begin(out, m, group[i], t)
                    target[0, 0], target[0, 1], target[0, 2], target[0, 3] = i, t, t, group[i]
                    continue
                row, begun, reached, which = chain[k - 1, 0], chain[k - 1, 1], chain[k - 1, 2], chain[k - 1, 3]
                if row < 0 or t - begun > within or (adjacent and row != i - 1):
                    continue
                target[k, 0], target[k, 1], target[k, 2], target[k, 3] = i, begun, t, which
                if k >= level:
                    level = k + 1
                    out[2][m], out[3][m] = which, begun
                    out[4][m, k], out[5][m, k] = t - reached, t - begun
            for e in range(gaps.size):
                if blocked[e, i]:
                    _break_off(chain, waiting, gaps[e] - 1, i)
        if level > 0:
            out[0][m], out[1][m] = u, level
            m += 1
    return out[0][:m], out[1][:m], out[2][:m], out[3][:m], out[4][:m], out[5][:m]


@njit(nogil=True, cache=True)
def walk_in_any_order(  # type: ignore[no-untyped-def]
    start, stop, time, classes, first, matched, n, within, group,
):  # fmt: skip
    """Steps in any order: a unit reaches as many as lie within one window."""
    out = _room(start.size, n)
    row, reached = np.empty(n, np.int64), np.empty(n, np.int64)
    m = 0
    for u in range(start.size):
        row[:] = -1
        level = 0
        for i in range(start[u], stop[u]):
            c, t = classes[i], time[i]
            if first[c + 1] == first[c]:
                continue
            for j in range(first[c], first[c + 1]):
                row[matched[j]], reached[matched[j]] = i, t
            together, earliest, latest = 0, t, np.int64(-1)
            for k in range(n):
                if row[k] >= 0 and t - reached[k] <= within:
                    together += 1
                    earliest = min(earliest, reached[k])
                    if row[k] != i:
                        latest = max(latest, reached[k])
            if together > level:
                if level == 0:
                    _begin(out, m, group[i], t)
                out[2][m] = group[i]
                for k in range(max(level, 1), together):
                    out[4][m, k] = t - latest if latest >= 0 else 0
                    out[5][m, k] = t - earliest
                level = together
        if level > 0:
            out[0][m], out[1][m] = u, level
            m += 1
    return out[0][:m], out[1][:m], out[2][:m], out[3][:m], out[4][:m], out[5][:m]


@njit(nogil=True, cache=True)
def _room(units, n):  # type: ignore[no-untyped-def]
    """Place for what comes out: unit, level, group, start, waits, times since the start."""
    return (
        np.empty(units, np.int64),
        np.empty(units, np.int32),
        np.empty(units, np.int32),
        np.empty(units, np.int64),
        np.empty((units, n), np.int64),
        np.empty((units, n), np.int64),
    )


@njit(nogil=True, cache=True)
def _begin(out, m, group, t):  # type: ignore[no-untyped-def]
    """Unit `m` reached the first step."""
    out[2][m], out[3][m] = group, t
    out[4][m, :] = -1
    out[5][m, :] = -1
    out[4][m, 0], out[5][m, 0] = 0, 0


@njit(nogil=True, cache=True)
def _break_off(chain, waiting, k, i):  # type: ignore[no-untyped-def]
    """End the chains at step `k`, but not one that begins with row `i`: it comes after what it excludes."""
    if chain[k, 0] != i:
        chain[k, 0] = -1
    if waiting[k, 0] != i:
        waiting[k, 0] = -1
