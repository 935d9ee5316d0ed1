"""The kernel of retention: who began when, and in which later periods they came back.

In: rows of a part and the bounds of the periods. Out: counts by group, cohort and period. Never allocates by event.
"""

# mypy: allow-untyped-defs, allow-untyped-calls, allow-incomplete-defs
from __future__ import annotations

import numpy as np
from numba import njit

BEGINS = 1
RETURNS = 2
_U64 = np.uint64
_ONE = np.uint64(1)
"""Places are unsigned in the loops over events: a signed one is tested for being counted from the end, which costs half."""


@njit(nogil=True, cache=True)
def follow(  # noqa: PLR0915  (one pass; a function called for each person doubles the time)
    start, stop, time, classes, roles, everything, group, groups, bounds, shift, coarse, window, windows, cells,
    furthest, wanted,
):  # fmt: skip
    """Follow every person from the first event on; one pass over the rows, without a branch an event.

    Args:
        start: Where the rows of each person begin.
        stop: Where they end.
        time: int64 microseconds an event, ascending within a person; 0 for none.
        classes: Class of each event.
        roles: uint8 a class: `BEGINS`, `RETURNS`, both or none.
        everything: Whether every event has both roles; the classes are then not read.
        group: int32 an event.
        groups: How many groups there are.
        bounds: int64 ascending: where each period begins, and where the last ends.
        shift: From `period_places.coarse_places`.
        coarse: From `period_places.coarse_places`.
        window: Length of the periods counted from the person's own first event; 0 for the calendar's.
        windows: How many of these there can be.
        cells: How many periods after the first are kept.
        furthest: Whether only the last period with a return is counted, and later ones as the last kept.
        wanted: Which period to tell apart in `hit`; 0 for none.

    Returns:
        sizes, int64 (groups, cohorts); counts, int32 (groups, cohorts, cells); earliest and latest first event of each
        cohort; cohort, int32 a person, -1 for none; of, int32: the person's group; hit: returned in period `wanted`.
    """
    cohorts = bounds.size - 1
    sizes, counts = np.zeros((groups, cohorts), np.int64), np.zeros(groups * cohorts * cells, np.int32)
    earliest, latest = np.full(cohorts, np.iinfo(np.int64).max, np.int64), np.zeros(cohorts, np.int64)
    cohort, of = np.full(start.size, -1, np.int32), np.zeros(start.size, np.int32)
    hit, seen = np.zeros(start.size, np.bool_), np.zeros(max(cohorts, windows) + 2, np.uint8)
    origin = bounds[0]
    for u in range(start.size):
        i, end = start[u], stop[u]
        while i < end and (time[i] < origin or not (everything or roles[classes[i]] & BEGINS)):
            i += 1
        while end > i and time[end - 1] >= bounds[cohorts]:
            end -= 1
        if i >= end:
            continue
        began = time[i]
        place = coarse[_U64(began - origin) >> shift]
        place += _U64(began >= bounds[place + _ONE])
        c = np.int64(place)
        # With one group the array is nothing but zeros that were never written: reading it would cost a page fault each.
        g = group[i] if groups > 1 else np.int32(0)
        cohort[u], of[u] = c, g
        sizes[g, c] += 1
        earliest[c], latest[c] = min(earliest[c], began), max(latest[c], began)
        if window:
            zero = np.int64(0)
            inverse = 1.0 / window
            last = (time[end - 1] - began) // window
            for j in range(_U64(i + 1), _U64(end)):
                since = time[j] - began
                k = np.int64(since * inverse)
                # The product is off by one at most where a window begins.
                k += np.int64(since >= (k + 1) * window) - np.int64(since < k * window)
                seen[_U64(k)] |= everything or (roles[classes[j]] & RETURNS) != 0
        else:
            zero = c
            last = min(np.int64(coarse[_U64(time[end - 1] - origin) >> shift]) + 1, cohorts - 1)
            if everything:
                for j in range(_U64(i + 1), _U64(end)):
                    place = coarse[_U64(time[j] - origin) >> shift]
                    seen[place + _U64(time[j] >= bounds[place + _ONE])] = 1
            else:
                for j in range(_U64(i + 1), _U64(end)):
                    place = coarse[_U64(time[j] - origin) >> shift]
                    seen[place + _U64(time[j] >= bounds[place + _ONE])] |= (roles[classes[j]] & RETURNS) != 0
        seen[zero] = 0
        hit[u] = wanted > 0 and zero + wanted <= last and seen[zero + wanted] != 0
        if furthest:
            while last > zero and not seen[last]:
                last -= 1
            if last > zero:
                counts[(g * cohorts + c) * cells + min(last - zero, cells) - 1] += 1
            hit[u] = last - zero >= wanted > 0
        cell = _U64((g * cohorts + c) * cells)
        stay = _U64(0 if furthest else cells)
        place = _U64(zero) + _ONE
        for after in range(_U64(last - zero)):
            if after < stay:
                counts[cell + after] += seen[place + after]
            seen[place + after] = 0
    return sizes, counts.reshape(groups, cohorts, cells), earliest, latest, cohort, of, hit
