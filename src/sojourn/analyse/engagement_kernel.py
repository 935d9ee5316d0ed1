"""Kernels of engagement: active days, time on page, scroll depth, watched time.

In: arrays of a part. Out: arrays. Definitions: docs/methods/engagement.md.
"""

from __future__ import annotations

import numpy as np
from numba import njit

VIEW, PLAYS, HALTS, ENDS, COMMENT = 1, 2, 4, 8, 16
WEEK, MONTH = 7, 30


@njit(nogil=True, cache=True)
def active_days(start, stop, time, begins):
    """Persons active a day, and in the 7 and 30 days that end with it.

    Args:
        start: Where the rows of each person begin.
        stop: Where they end.
        time: Of each row, 0 for none.
        begins: Where each day begins, one more than there are days.

    Returns:
        Persons by day, shape (3, days): of the day, the week, the month; active days of each person.
    """
    days = begins.size - 1
    change = np.zeros((3, days + 1), np.int64)
    active = np.zeros(start.size, np.int64)
    spans = (1, WEEK, MONTH)
    for u in range(start.size):
        last = -1
        for i in range(start[u], stop[u]):
            if time[i] == 0 or (last >= 0 and time[i] < begins[last + 1]):
                continue
            day = _day(time[i], begins)
            active[u] += 1
            for k in range(3):
                # A window the day before still covers is not entered twice.
                begin = day if last < 0 else max(day, last + spans[k])
                end = min(day + spans[k], days)
                if begin < end:
                    change[k, begin] += 1
                    change[k, end] -= 1
            last = day
    for k in range(3):
        for day in range(1, days):
            change[k, day] += change[k, day - 1]
    return change[:, :days].copy(), active


@njit(nogil=True, cache=True)
def _day(moment, begins):
    """The day a moment lies in: about as many times 24 hours after the first, an hour of summer more or less."""
    day = min((moment - begins[0]) // 86_400_000_000, begins.size - 2)
    while moment < begins[day]:
        day -= 1
    while day + 2 < begins.size and moment >= begins[day + 1]:
        day += 1
    return day


@njit(nogil=True, cache=True)
def view_times(start, stop, time, classes, kinds, codes, page_of, most):
    """Each page view of each session, and how long until the next.

    Args:
        start: Where the rows of each session begin.
        stop: Where they end.
        time: Of each row.
        classes: Of each row, a place in `kinds`.
        kinds: Bits of VIEW.
        codes: Code of each row's page, -1 for none.
        page_of: Page of code + 1.
        most: No view lasts longer.

    Returns:
        Row of each view, its page, and its microseconds; -1 for the last of a session.
    """
    row, page = np.empty(time.size, np.int64), np.empty(time.size, np.int16)
    lasted = np.empty(time.size, np.int64)
    n = 0
    for s in range(start.size):
        before = -1
        for i in range(start[s], stop[s]):
            if not kinds[classes[i]] & VIEW:
                continue
            if before >= 0:
                lasted[n - 1] = min(time[i] - time[before], most)
            row[n], page[n], lasted[n] = i, page_of[codes[i] + 1], -1
            before = i
            n += 1
    return row[:n], page[:n], lasted[:n]


@njit(nogil=True, cache=True)
def spread(code, values, size):
    """Values in order of their code, and where each code's begin; code -1 comes first."""
    first = np.zeros(size + 2, np.int64)
    for i in range(code.size):
        first[code[i] + 2] += 1
    for c in range(size + 1):
        first[c + 1] += first[c]
    place = first[:-1].copy()
    out = np.empty(values.size, values.dtype)
    for i in range(code.size):
        out[place[code[i] + 1]] = values[i]
        place[code[i] + 1] += 1
    return out, first


@njit(nogil=True, cache=True)
def deepest(start, stop, classes, kinds, depth, apart):
    """The largest reading of each page view that has one.

    Args:
        start: Where the rows of each session begin.
        stop: Where they end.
        classes: Of each row, a place in `kinds`.
        kinds: Bits of VIEW.
        depth: Reading of each row, NaN for none.
        apart: Whether an event with a reading is no page view itself.

    Returns:
        Row of each page view (of the first reading where none was seen), and the largest reading.
    """
    row = np.empty(depth.size, np.int64)
    most = np.empty(depth.size, np.float64)
    n = 0
    for s in range(start.size):
        view, counted = -1, False
        for i in range(start[s], stop[s]):
            read = not np.isnan(depth[i])
            if kinds[classes[i]] & VIEW and not (apart and read):
                view, counted = i, False
            if not read:
                continue
            if not counted:
                row[n], most[n] = view if view >= 0 else i, depth[i]
                n += 1
                counted = True
            else:
                most[n - 1] = max(most[n - 1], depth[i])
    return row[:n].copy(), most[:n].copy()


@njit(nogil=True, cache=True)
def watched(start, stop, time, classes, kinds, asset, position, length, enough, most):
    """What each person watched in each session, one row a video.

    Args:
        start: Where the rows of each session begin.
        stop: Where they end.
        time: Of each row, 0 for none.
        classes: Of each row, a place in `kinds`.
        kinds: Bits of PLAYS, HALTS, ENDS.
        asset: Code of each row's video, or empty; a row without one belongs to the video before.
        position: Seconds into the video of each row, or empty.
        length: Seconds the video has, of each row, or empty.
        enough: Share of the length that counts as completed.
        most: Longest time between two events that counts, seconds.

    Returns:
        Row of the first event, code, seconds watched, whether completed, seconds the video has (0 unknown).
    """
    row, code = np.empty(time.size, np.int64), np.empty(time.size, np.int64)
    seconds, whole = np.zeros(time.size, np.float64), np.zeros(time.size, np.float64)
    done = np.zeros(time.size, np.bool_)
    n = 0
    for s in range(start.size):
        first, current, playing, before, reached = n, -2, False, -1, np.nan
        for i in range(start[s], stop[s]):
            kind = kinds[classes[i]]
            if not kind & (PLAYS | HALTS | ENDS):
                continue
            named = asset[i] if asset.size else -1
            if current < 0 or (named >= 0 and code[current] >= 0 and named != code[current]):
                current, playing = _viewing(code, first, n, named), False
                if current == n:
                    row[n], code[n] = i, named
                    n += 1
            elif named >= 0:
                code[current] = named
            here = position[i] if position.size else np.nan
            if playing:
                seconds[current] += _advance(time[i], time[before], here, reached, most)
            if length.size and length[i] > 0:
                whole[current] = max(whole[current], length[i])
            done[current] |= bool(kind & ENDS) or (whole[current] > 0 and here >= enough * whole[current])
            playing, before, reached = (kind & PLAYS) != 0, i, here
    return row[:n].copy(), code[:n].copy(), seconds[:n].copy(), done[:n].copy(), whole[:n].copy()


@njit(nogil=True, cache=True)
def _viewing(code, first, n, named):
    """Where this session's viewing of a video is, or where it will be."""
    for v in range(first, n):
        if code[v] == named:
            return v
    return n


@njit(nogil=True, cache=True)
def _advance(now, before, here, reached, most):
    """Seconds watched between two events: as far as the position went, at most as long as it took."""
    took = (now - before) / 1e6 if now != 0 and before != 0 else np.nan
    went = here - reached
    if np.isnan(went):
        return 0.0 if np.isnan(took) else min(took, most)
    went = max(went, 0.0)
    return went if np.isnan(took) else min(went, took)


@njit(nogil=True, cache=True)
def of_groups(start, stop, time, begins, group, groups):
    """Persons, events and active days (person-days) by group; shape (groups, 3)."""
    out = np.zeros((groups, 3), np.int64)
    seen = np.full(groups, -1, np.int64)
    on = np.full(groups, -1, np.int64)
    for u in range(start.size):
        for i in range(start[u], stop[u]):
            g = group[i]
            out[g, 1] += 1
            if seen[g] != u:
                seen[g], on[g] = u, -1
                out[g, 0] += 1
            if time[i] == 0:
                continue
            day = _day(time[i], begins)
            if on[g] != day:
                on[g] = day
                out[g, 2] += 1
    return out
