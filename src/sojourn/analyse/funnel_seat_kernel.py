"""Steps in any order where one event could fill several: each event fills one, and as many steps are filled as can be.

In: rows of units, and the kinds of events (those that match the same steps are one kind). Out: as of `funnel_kernel`.
Which steps the events of a window fill is a matching: events are seated newest first, each by an augmenting path, so that the most
steps are filled and the events that fill them are the latest (the greedy choice is best as such sets of events form a matroid).
"""

from __future__ import annotations

import numpy as np
from numba import njit

from sojourn.analyse.funnel_kernel import _begin, _room


@njit(nogil=True, cache=True)
def walk_in_any_order_once(start, stop, time, classes, kind, first, matched, n, within):  # type: ignore[no-untyped-def]
    """Steps in any order, an event in one of them.

    `kind` is the kind of each class, -1 for one that matches nothing; a kind `q` matches the steps `matched[first[q]:first[q + 1]]`.
    """
    out = _room(start.size, n)
    kinds = first.size - 1
    # No more than n events of one kind can be seated: the newest of each are enough.
    rows, held = np.empty((kinds, n), np.int64), np.zeros(kinds, np.int64)
    looked = np.empty(kinds, np.int64)
    owner, before, queue = np.empty(n, np.int64), np.empty(n, np.int64), np.empty(n, np.int64)
    m = 0
    for u in range(start.size):
        held[:] = 0
        level = 0
        for i in range(start[u], stop[u]):
            q = kind[classes[i]]
            if q < 0:
                continue
            rows[q, held[q] % n] = i
            held[q] += 1
            if level == n:
                continue
            t = time[i]
            owner[:] = -1
            looked[:] = 0
            together, earliest, latest = 0, t, np.int64(-1)
            while together < n:
                row, newest = _newest(rows, held, looked, n)
                if row < 0 or t - time[row] > within:
                    break
                looked[newest] += 1
                if not _seat(newest, first, matched, owner, before, queue):
                    # What finds no seat now finds none later.
                    looked[newest] = n
                    continue
                together += 1
                earliest = time[row]
                if row != i:
                    latest = max(latest, time[row])
            if together > level:
                if level == 0:
                    _begin(out, m, i, t)
                out[2][m] = i
                for k in range(max(level, 1), together):
                    out[4][m, k] = t - latest if latest >= 0 else 0
                    out[5][m, k] = t - earliest
                level = together
        if level > 0:
            out[0][m], out[1][m] = u, level
            m += 1
    return out[0][:m], out[1][:m], out[2][:m], out[3][:m], out[4][:m], out[5][:m]


@njit(nogil=True, cache=True)
def _newest(rows, held, looked, n):  # type: ignore[no-untyped-def]
    """The newest row that was not looked at, and its kind; -1 when there is none."""
    row, newest = np.int64(-1), 0
    for q in range(held.size):
        if looked[q] < min(held[q], n):
            one = rows[q, (held[q] - 1 - looked[q]) % n]
            if one > row:
                row, newest = one, q
    return row, newest


@njit(nogil=True, cache=True)
def _seat(q, first, matched, owner, before, queue):  # type: ignore[no-untyped-def]
    """Give an event of kind `q` a step, moving others to steps of theirs where needed; False when none is left."""
    before[:] = -2
    end = 0
    for j in range(first[q], first[q + 1]):
        before[matched[j]] = -1
        queue[end] = matched[j]
        end += 1
    at = 0
    while at < end:
        step = queue[at]
        at += 1
        if owner[step] < 0:
            while before[step] >= 0:
                owner[step] = owner[before[step]]
                step = before[step]
            owner[step] = q
            return True
        for j in range(first[owner[step]], first[owner[step] + 1]):
            if before[matched[j]] == -2:
                before[matched[j]] = step
                queue[end] = matched[j]
                end += 1
    return False
