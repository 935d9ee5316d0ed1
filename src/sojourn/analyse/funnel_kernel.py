"""The automata of the funnel, and what comes out of them put together by group.

In: rows of units and the steps each event matches. Out: for every unit that reached the first step: its place, the
steps reached, the row that started the furthest chain and its time, and for each step the time since the one before
and since the first, when it was first reached (-1 below). One pass over the rows; state is two times a step.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from sojourn.analyse.stretch_kernel import after_stretch, most_rows

_ONE = np.uint64(1)


@njit(nogil=True, cache=True)
def walk_in_order(  # type: ignore[no-untyped-def]
    start, stop, time, classes, first, matched, n, within, adjacent, strict, gaps,
):  # fmt: skip
    """Steps in order: other events may lie between unless `adjacent`; `strict` steps are later than the one before.

    A matched number from `n` on is an exclusion: it ends the chains that wait for step `gaps[number - n]`.
    """
    out = _room(start.size, n)
    bits = _bits(first, matched, n, gaps)
    # Four lines a step, of the latest chain that reached it: its row (-1: none), start, time there, first row.
    chain, waiting = np.full((n, 4), -1, np.int64), np.full((n, 4), -1, np.int64)
    m = 0
    for u in range(start.size):
        chain[:, 0] = -1
        waiting[:, 0] = -1
        level = 0
        now = np.int64(0)
        # Steps whose turn may have come: most events are none of them, and cost one look.
        awaited = _ONE
        for i in range(start[u], stop[u]):
            c = classes[i]
            if not bits[c] & awaited:
                continue
            t = time[i]
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
                if k >= n:
                    _break_off(chain, waiting, gaps[k - n] - 1, i)
                    continue
                if k == 0:
                    if level == 0:
                        level = 1
                        _begin(out, m, i, t)
                    target[0, 0], target[0, 1], target[0, 2], target[0, 3] = i, t, t, i
                    awaited |= _bit(1)
                    continue
                row, begun, reached, origin = chain[k - 1, 0], chain[k - 1, 1], chain[k - 1, 2], chain[k - 1, 3]
                if row < 0 or t - begun > within or (adjacent and row != i - 1):
                    continue
                target[k, 0], target[k, 1], target[k, 2], target[k, 3] = i, begun, t, origin
                awaited |= _bit(k + 1)
                if k >= level:
                    level = k + 1
                    out[2][m], out[3][m] = origin, begun
                    out[4][m, k], out[5][m, k] = t - reached, t - begun
        if level > 0:
            out[0][m], out[1][m] = u, level
            m += 1
    return out[0][:m], out[1][:m], out[2][:m], out[3][:m], out[4][:m], out[5][:m]


@njit(nogil=True, cache=True)
def walk_plainly(start, stop, time, classes, step, n, within):  # type: ignore[no-untyped-def]
    """`walk_in_order` where no event matches two steps and nothing else is asked: the commonest funnel, much faster.

    `step` holds for each class the step it matches, -1 for none.
    """
    units, levels, rows, starts, waits, since = _room(start.size, n)
    # Of the latest chain that waits for each step: when it began, in which row, and when it came so far.
    begun, origin, reached = np.empty(n + 1, np.int64), np.empty(n + 1, np.int64), np.empty(n + 1, np.int64)
    most = most_rows(start, stop)
    matched = np.empty(most + 1, np.int64)
    m = u = 0
    while u < start.size:
        after = after_stretch(start, stop, u, most)
        found = _rows_of_steps(start[u], stop[after - 1], classes, step, matched)
        matched[found] = stop[after - 1]
        # Places are unsigned: none is looked at for being counted from the end.
        f = np.uint64(0)
        for v in range(u, after):
            level = np.uint64(0)
            while matched[f] < stop[v]:
                i = np.uint64(matched[f])
                f += _ONE
                k, t = np.uint64(step[classes[i]]), time[i]
                # Each row begins a chain that waits for the first step.
                begun[0], origin[0], reached[0] = t, i, t
                first, row, before = begun[k], origin[k], reached[k]
                if k > level or t - first > within:
                    continue
                begun[k + _ONE], origin[k + _ONE], reached[k + _ONE] = first, row, t
                if k == level:
                    level += _ONE
                    rows[m], starts[m] = row, first
                    waits[m, k], since[m, k] = t - before, t - first
            if level > 0:
                for missed in range(level, n):
                    waits[m, missed] = since[m, missed] = -1
                units[m], levels[m] = v, level
                m += 1
        u = after
    return units[:m], levels[:m], rows[:m], starts[:m], waits[:m], since[:m]


@njit(nogil=True, cache=True)
def _rows_of_steps(low, high, classes, step, matched):  # type: ignore[no-untyped-def]
    """Put the rows that match a step into `matched`; how many they are."""
    found, looked_at = 0, classes[low:high]
    for i in range(looked_at.size):
        # Written whether it matches or not, and written over when not: no branch is guessed wrong.
        matched[found] = low + i
        found += step[looked_at[i]] >= 0
    return found


@njit(nogil=True, cache=True)
def walk_in_any_order(start, stop, time, classes, first, matched, n, within):  # type: ignore[no-untyped-def]
    """Steps in any order: a unit reaches as many as lie within one window."""
    out = _room(start.size, n)
    row, reached = np.empty(n, np.int64), np.empty(n, np.int64)
    m = 0
    for u in range(start.size):
        row[:] = -1
        level = 0
        for i in range(start[u], stop[u]):
            c = classes[i]
            if first[c + 1] == first[c]:
                continue
            t = time[i]
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
def times_by_group(level, wait, since, group, groups):  # type: ignore[no-untyped-def]
    """The times of all steps reached, put together by step and group.

    Args:
        level: Steps each unit reached.
        wait: Time of each unit and step since the one before.
        since: The same since the first.
        group: Of each unit.
        groups: How many there are.

    Returns:
        Where step k of group g begins, at `k * groups + g`, and after the last where it ends; the waits; the others.
    """
    begin = np.zeros(wait.shape[1] * groups + 1, np.int64)
    for p in range(level.size):
        for k in range(level[p]):
            begin[k * groups + group[p] + 1] += 1
    for cell in range(begin.size - 1):
        begin[cell + 1] += begin[cell]
    put = begin.copy()
    waits, others = np.empty(begin[-1], np.int64), np.empty(begin[-1], np.int64)
    for p in range(level.size):
        for k in range(level[p]):
            cell = k * groups + group[p]
            waits[put[cell]], others[put[cell]] = wait[p, k], since[p, k]
            put[cell] += 1
    return begin, waits, others


@njit(nogil=True, cache=True)
def _bit(k):  # type: ignore[no-untyped-def]
    """The bit of a step; all from the 64th on share one, which costs a second look and no more."""
    return _ONE << np.uint64(min(k, 63))


@njit(nogil=True, cache=True)
def _bits(first, matched, n, gaps):  # type: ignore[no-untyped-def]
    """For each class the steps it can take part in; an exclusion takes part where its step is awaited."""
    bits = np.zeros(first.size - 1, np.uint64)
    for c in range(bits.size):
        for j in range(first[c], first[c + 1]):
            k = matched[j]
            bits[c] |= _bit(k if k < n else gaps[k - n])
    return bits


@njit(nogil=True, cache=True)
def _room(units, n):  # type: ignore[no-untyped-def]
    """Place for what comes out: unit, level, row, start, waits, times since the start."""
    return (
        np.empty(units, np.int64),
        np.empty(units, np.int32),
        np.empty(units, np.int64),
        np.empty(units, np.int64),
        np.empty((units, n), np.int64),
        np.empty((units, n), np.int64),
    )


@njit(nogil=True, cache=True)
def _begin(out, m, row, t):  # type: ignore[no-untyped-def]
    """Unit `m` reached the first step."""
    out[2][m], out[3][m] = row, t
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
