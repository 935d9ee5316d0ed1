"""Cutting sessions, and what is counted of them on the way.

In: rows of units and the silence that ends a session. Out: where sessions begin and end, or what they are like.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from sojourn.analyse.stretch_kernel import after_stretch, most_rows

_SILENCE, _UNIT = 1, 2
"""Why a row begins a session: it is late, or it is its unit's first."""


@njit(nogil=True, cache=True)
def cut(start, stop, time, person, limit):  # type: ignore[no-untyped-def]
    """Person, first row and end of each session."""
    room = _at_most(start, stop, time, limit)
    who, begins, ends = np.empty(room, np.int64), np.empty(room, np.int64), np.empty(room, np.int64)
    most = most_rows(start, stop)
    why, rows = np.empty(most + 1, np.uint8), np.empty(most + 1, np.int64)
    u = n = 0
    while u < start.size:
        after = after_stretch(start, stop, u, most)
        owner = u - 1
        for s in range(_begins(start, stop, u, after, time, limit, why, rows)):
            owner += why[rows[s] - start[u]] == _UNIT
            who[n], begins[n], ends[n] = person[owner], rows[s], rows[s + 1]
            n += 1
        u = after
    return who[:n], begins[:n], ends[:n]


@njit(nogil=True, cache=True)
def described(start, stop, time, event, events, limit, each):  # type: ignore[no-untyped-def]
    """What sessions are like.

    Args:
        start: Where the rows of each person begin.
        stop: Where they end.
        time: Of each row.
        event: Code of each row.
        events: How many codes there are.
        limit: Silence from which on a session ends, microseconds.
        each: Whether first rows and events of each session are asked for.

    Returns:
        Length of each session; first row of each, and events of each, both empty unless asked for; how many sessions have
        0, 1, 2, ... events; how many begin, and end, with each code; and how many persons have more than one.
    """
    room = _at_most(start, stop, time, limit)
    duration = np.empty(room, np.int64)
    begins, depth = np.empty(room if each else 0, np.int64), np.empty(room if each else 0, np.int64)
    most = most_rows(start, stop)
    why, rows = np.empty(most + 1, np.uint8), np.empty(most + 1, np.int64)
    depths, entries, exits = np.zeros(most + 1, np.int64), np.zeros(events, np.int64), np.zeros(events, np.int64)
    u = n = returning = 0
    while u < start.size:
        after = after_stretch(start, stop, u, most)
        before = _SILENCE
        for s in range(_begins(start, stop, u, after, time, limit, why, rows)):
            first, last = rows[s], rows[s + 1] - 1
            duration[n] = time[last] - time[first]
            depths[last - first + 1] += 1
            entries[event[first]] += 1
            exits[event[last]] += 1
            reason = why[first - start[u]]
            returning += (reason == _SILENCE) & (before == _UNIT)
            before = reason
            if each:
                begins[n], depth[n] = first, last - first + 1
            n += 1
        u = after
    return duration[:n], begins[:n], depth[:n], depths, entries, exits, returning


@njit(nogil=True, cache=True)
def by_group(duration, depth, group, groups):  # type: ignore[no-untyped-def]
    """Sessions, sessions of one event, and events of each group; where each begins among the lengths, and those group by group.

    Args:
        duration: Length of each session.
        depth: Events of each.
        group: int32: the group of each.
        groups: How many there are.
    """
    sessions, bounced, events = np.zeros(groups, np.int64), np.zeros(groups, np.int64), np.zeros(groups, np.int64)
    for s in range(depth.size):
        g = group[s]
        sessions[g] += 1
        bounced[g] += depth[s] == 1
        events[g] += depth[s]
    begin, put = np.zeros(groups + 1, np.int64), np.zeros(groups, np.int64)
    for g in range(groups):
        put[g], begin[g + 1] = begin[g], begin[g] + sessions[g]
    lengths = np.empty(duration.size, np.int64)
    for s in range(duration.size):
        lengths[put[group[s]]] = duration[s]
        put[group[s]] += 1
    return sessions, bounced, events, begin, lengths


@njit(nogil=True, cache=True)
def _at_most(start, stop, time, limit):  # type: ignore[no-untyped-def]
    """How many sessions there can be."""
    # Counted first: memory that is never used, or moved when it was too little, costs more than a second look.
    moments = time[start[0] : stop[-1]] if start.size else time[:0]
    count = start.size
    for i in range(1, moments.size):
        count += moments[i] - moments[i - 1] >= limit
    return count


@njit(nogil=True, cache=True)
def _begins(start, stop, first, after, time, limit, why, rows):  # type: ignore[no-untyped-def]
    """Put the rows that begin a session of the units from `first` to before `after` into `rows`, then where the last one ends.

    Why they do is put into `why`, one place a row of the stretch. Returned is how many they are.
    """
    # A piece of its own, so that no place in it is below 0, is read several rows at a time.
    low, moments = start[first], time[start[first] : stop[after - 1]]
    for i in range(1, moments.size):
        why[i] = moments[i] - moments[i - 1] >= limit
    for u in range(first, after):
        why[start[u] - low] = _UNIT
    n = 0
    for i in range(moments.size):
        # Written whether a session begins or not, and written over when not: no branch is guessed wrong.
        rows[n] = low + i
        n += why[i] != 0
    rows[n] = low + moments.size
    return n
