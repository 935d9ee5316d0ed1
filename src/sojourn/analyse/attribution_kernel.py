"""Kernels of attribution: from rows to paths, from paths to distinct paths, from those to credit.

In: arrays of a part or of a path table. Out: arrays. A path is a stretch `low:high` of an array of touches, so
nothing is copied on the way. Definitions: docs/methods/attribution.md.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

TOUCH, GOAL, MILESTONE = 1, 2, 4
FIRST, LAST, LAST_NON_DIRECT, LINEAR, POSITION_U, POSITION_W, SHAPLEY = range(7)
_PRIME = 0x9E3779B97F4A7C15
_HASHED = np.uint64(1 << 63)
_PACKED = 10
_ONE = np.uint64(1)
_LN2 = math.log(2.0)
_FINE, _STEPS = 10, 1 << 10
_STEP_OF_HALVING = 2.0 ** -(np.arange(_STEPS) / _STEPS)
_HALVINGS = 2.0 ** -np.arange(1076.0)
_LAST_STEP = 1075.0 * _STEPS
"""Powers of a half: of whole numbers, the last of which is 0, and of the steps between 0 and 1."""


@njit(nogil=True, cache=True)
def _room(most):
    """Arrays of so many paths: low, high, unit, group, place of the milestone, value, nulls."""
    places = np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most, np.int64)
    return (*places, np.empty(most, np.int32), np.empty(most, np.int32), np.empty(most), np.empty(most))


@njit(nogil=True, cache=True)
def walk_paths(  # noqa: PLR0915  (one automaton: its state would have to go in and out of every piece)
    start, stop, time, classes, kinds, codes, channel_of, value, order, orders, lines, group, lookback, gap, channels,
    groups, keep,
):  # fmt: skip
    """Paths of each unit, in order of its conversions, then what is left without one.

    Args:
        start: Where the rows of each unit begin.
        stop: Where they end.
        time: Of each row.
        classes: Of each row, a place in `kinds`.
        kinds: Bits of TOUCH, GOAL, MILESTONE.
        codes: Of each row, -1 for no value.
        channel_of: Channel of code + 1, or -1.
        value: Of each row, or empty.
        order: Code of the order of each row, or empty.
        orders: How many orders there are.
        lines: Whether further rows of an order add their value.
        group: Of each row.
        lookback: Touches further back do not count.
        gap: Silence that ends a visit, in which equal touches in a row are one; 0 when every event is a touch.
        channels: How many channels there are.
        groups: How many groups there are.
        keep: Whether paths without a conversion are wanted one by one; else they are only counted in `lost`.

    Returns:
        Touches (channel, time); paths (low, high, unit, group, place of the milestone, conversions, value, nulls);
        rows left out because their order was counted before; units with a conversion, and with such a path and none;
        `lost`, one row a group (groups, channels + 1, 2): touches and paths by channel of paths that are not kept, and in
        the last place how many there are.
    """
    channel, at = np.empty(classes.size + 1, np.int16), np.empty(classes.size + 1, np.int64)
    low, high, unit, which, middle, amount, null = _room(start.size + classes.size)
    path_of, times = np.full(orders, -1, np.int64), np.zeros(channels + 1, np.int64)
    lost = np.zeros((groups, channels + 1, 2))
    touches = paths = repeated = converters = lost_units = 0
    for u in range(start.size):
        begin, marked, last, visit, carried, before = touches, -1, start[u], -1, -1, paths
        if not keep and gap == 0 and not _roles(classes, kinds, start[u], stop[u]) & GOAL:
            last = _count_touches(classes, kinds, codes, channel_of, start[u], stop[u], times)
            lost_units += _add_lost(lost[group[last]], times)
            continue
        # Places are unsigned: a signed one is tested for being counted from the end, at every row.
        for i in range(np.uint64(start[u]), np.uint64(stop[u])):
            kind = kinds[classes[i]]
            c = channel_of[np.uint32(codes[i] + 1)]
            # Written whether it is a touch or not: what is no touch is written over, and no branch is guessed wrong.
            channel[np.uint64(touches)], at[np.uint64(touches)] = c, time[i]
            new = (kind & TOUCH) & (c >= 0)
            if gap > 0:
                if i > np.uint64(start[u]) and time[i] - time[i - _ONE] >= gap:
                    visit = -1
                new &= (c != visit) | (touches == begin)
                # A visit that goes on after its conversion may lead to the next one, but is no path without.
                carried = (touches if c == visit else -1) if new else carried
                visit = c if new else visit
            last = np.int64(i) if new else last
            touches += new
            if not kind & (GOAL | MILESTONE):
                continue
            marked = touches - 1 if kind & MILESTONE and marked < begin and touches > begin else marked
            if kind & GOAL:
                worth = value[i] if value.size and not np.isnan(value[i]) else 0.0
                if order.size and order[i] >= 0:
                    known = path_of[order[i]]
                    if known >= 0 and unit[known] == u:
                        repeated += 1
                        amount[known] += worth if lines else 0.0
                        continue
                    path_of[order[i]] = paths
                while begin < touches and time[i] - at[begin] > lookback:
                    begin += 1
                low[paths], high[paths], unit[paths], which[paths] = begin, touches, u, group[i]
                middle[paths], amount[paths], null[paths] = marked - begin if marked >= begin else -1, worth, 0.0
                paths += 1
                begin, marked = touches, -1
        converters += paths > before
        if touches > begin and not (carried >= 0 and touches == begin + 1):
            lost_units += paths == before
            if keep:
                low[paths], high[paths], unit[paths], which[paths] = begin, touches, u, group[last]
                middle[paths], amount[paths], null[paths] = marked - begin if marked >= begin else -1, 0.0, 1.0
                paths += 1
                continue
            for k in range(begin, touches):
                times[channel[k] + 1] += 1
            _add_lost(lost[group[last]], times)
        touches = touches if keep else begin
    m = paths
    made = low[:m], high[:m], unit[:m], which[:m], middle[:m], 1.0 - null[:m], amount[:m], null[:m]
    return channel[:touches], at[:touches], made, repeated, converters, lost_units, lost


@njit(nogil=True, cache=True)
def _count_touches(classes, kinds, codes, channel_of, low, high, times):
    """Add the touches of some rows to `times` by channel + 1; returns the row of the last one."""
    last = low
    for i in range(np.uint64(low), np.uint64(high)):
        place = np.uint64(channel_of[np.uint32(codes[i] + 1)] + 1) * np.uint64(kinds[classes[i]] & TOUCH)
        times[place] += 1
        last = np.int64(i) if place else last
    return last


@njit(nogil=True, cache=True)
def _roles(classes, kinds, low, high):
    """The roles that any of some rows has."""
    found = 0
    for i in range(np.uint64(low), np.uint64(high)):
        found |= kinds[classes[i]]
    return found


@njit(nogil=True, cache=True)
def _add_lost(lost, times):
    """Add one path's touches to those of paths that are not kept, and empty `times`; whether there were any."""
    times[0] = 0
    if not times.any():
        return False
    for c in range(times.size - 1):
        lost[c, 0] += times[c + 1]
        lost[c, 1] += times[c + 1] > 0
    lost[times.size - 1, 1] += 1
    times[:] = 0
    return True


@njit(nogil=True, cache=True)
def distinct_paths(channel, low, high, group, middle, conversions, value, nulls):
    """Add up equal paths: same touches in the same order, same group, same milestone.

    Returns:
        For each distinct path: one place where it stands, its conversions, value and nulls.
    """
    capacity = 1 << 10
    keys, ids = np.zeros(capacity, np.uint64), np.empty(capacity, np.int32)
    row = np.empty(low.size, np.int64)
    sums = np.zeros((low.size, 3), np.float64)
    n = 0
    for p in range(low.size):
        if 2 * n >= capacity:
            capacity *= 4
            keys, ids = _spread(keys, ids, capacity)
        key = _key(channel, low[p], high[p], group[p], middle[p])
        slot = _slot(key, capacity)
        # A key below the top bit is the path itself; above it, it is a hash, and the paths are compared.
        while keys[slot] != 0 and not (
            keys[slot] == key and (key < _HASHED or _same(channel, low, high, group, middle, row[ids[slot]], p))
        ):
            slot = (slot + 1) & (capacity - 1)
        if keys[slot] == 0:
            keys[slot], ids[slot], row[n] = key, n, p
            n += 1
        q = ids[slot]
        sums[q, 0] += conversions[p]
        sums[q, 1] += value[p]
        sums[q, 2] += nulls[p]
    return row[:n].copy(), sums[:n, 0].copy(), sums[:n, 1].copy(), sums[:n, 2].copy()


@njit(nogil=True, cache=True)
def path_keys(channel, low, high):
    """A number for each path: equal paths have equal ones, and different paths but by the rarest chance different ones."""
    out = np.empty(low.size, np.uint64)
    for p in range(low.size):
        out[p] = _key(channel, low[p], high[p], 0, -1)
    return out


@njit(nogil=True, cache=True)
def add_nulls(channel, low, high, nulls, wanted, wanted_low, wanted_high, out):
    """Add to `out`, for each wanted path, how often it ended without a conversion."""
    for p in range(low.size):
        if nulls[p] == 0.0:
            continue
        n = high[p] - low[p]
        for w in range(wanted_low.size):
            if wanted_high[w] - wanted_low[w] != n:
                continue
            k = 0
            while k < n and channel[low[p] + k] == wanted[wanted_low[w] + k]:
                k += 1
            if k == n:
                out[w] += nulls[p]


@njit(nogil=True, cache=True)
def _key(channel, low, high, group, middle):
    """A number for a path, never 0: six bits a touch behind a leading one, or above `_HASHED` a hash."""
    if high - low <= _PACKED and group == 0 and middle < 0:
        key = np.uint64(1)
        for k in range(low, high):
            key = (key << np.uint64(6)) | np.uint64(channel[k])
        return key
    h = np.uint64(group + 1) * np.uint64(_PRIME) ^ np.uint64(middle + 2)
    for k in range(low, high):
        h = (h ^ (np.uint64(channel[k] + 1) + (h >> np.uint64(29)))) * np.uint64(_PRIME)
    return h ^ (h >> np.uint64(32)) | _HASHED


@njit(nogil=True, cache=True)
def _slot(key, capacity):
    mixed = (key ^ (key >> np.uint64(31))) * np.uint64(_PRIME)
    return np.int64((mixed ^ (mixed >> np.uint64(32))) & np.uint64(capacity - 1))


@njit(nogil=True, cache=True)
def _same(channel, low, high, group, middle, p, q):
    if high[p] - low[p] != high[q] - low[q] or group[p] != group[q] or middle[p] != middle[q]:
        return False
    for k in range(high[p] - low[p]):  # noqa: SIM110  (a generator compiles to more than a loop)
        if channel[low[p] + k] != channel[low[q] + k]:
            return False
    return True


@njit(nogil=True, cache=True)
def _spread(keys, ids, capacity):
    new_keys, new_ids = np.zeros(capacity, np.uint64), np.empty(capacity, np.int32)
    for old in range(keys.size):
        if keys[old] == 0:
            continue
        slot = _slot(keys[old], capacity)
        while new_keys[slot] != 0:
            slot = (slot + 1) & (capacity - 1)
        new_keys[slot], new_ids[slot] = keys[old], ids[old]
    return new_keys, new_ids


@njit(nogil=True, cache=True)
def credit_paths(
    channel, low, high, group, middle, conversions, value, nulls, direct, by_milestone, groups, wanted, flowing
):
    """Credit of the models that look at one path at a time, and what the others need.

    `wanted` has a bit for each model that is wanted, at its place; `flowing` says whether the flow is. What is not wanted is 0.

    Returns:
        credit, shape (groups, models, channels, conversions and value), models FIRST to SHAPLEY; flow, shape (groups, channels + start,
        channels + conversion + null): how often each step was made; presence, shape (groups, channels, 3): touches,
        paths with the channel, conversions of these; one bit a channel for each path.
    """
    channels = direct.size
    credit = np.zeros((groups, SHAPLEY + 1, channels, 2), np.float64)
    wide = np.uint64(channels + 2)
    flow = np.zeros((groups, (channels + 1) * (channels + 2)), np.float64)
    presence = np.zeros((groups, channels, 3), np.float64)
    masks = np.zeros(low.size, np.uint64)
    # Of the path at hand: its channels in order of first sight, and the touches of each channel.
    seen, times = np.empty(channels + 1, np.int64), np.zeros(channels, np.int64)
    for p in range(low.size):
        a, b, g = low[p], high[p], group[p]
        if a == b:
            continue  # a conversion without a touch has nobody to credit
        won = conversions[p]
        weight = won + nulls[p]
        # Places are unsigned: a signed one is tested for being counted from the end, at every touch.
        state, distinct, mask = np.uint64(channels), np.uint64(0), np.uint64(0)
        steps = flow[g]
        for k in range(np.uint64(a), np.uint64(b)):
            c = np.uint64(channel[k])
            if flowing:
                steps[state * wide + c] += weight
            seen[distinct] = c
            distinct += np.uint64(times[c] == 0)
            times[c] += 1
            state = c
        if flowing:
            steps[state * wide + np.uint64(channels)] += won
            steps[state * wide + np.uint64(channels + 1)] += nulls[p]
        for n in range(distinct):
            c = seen[n]
            mask |= np.uint64(1) << np.uint64(c)
            presence[g, c, 0] += weight * times[c]
            presence[g, c, 1] += weight
            presence[g, c, 2] += won
        masks[p] = mask
        if won != 0.0 or value[p] != 0.0:
            mark = middle[p] if by_milestone else ((b - a) // 2 if b - a > 2 else -1)
            _credit_one(credit[g], channel, a, b, mark, won, value[p], direct, seen[:distinct], times, wanted)
        for n in range(distinct):
            times[seen[n]] = 0
    return credit, flow.reshape(groups, channels + 1, channels + 2), presence, masks


@njit(nogil=True, cache=True)
def _credit_one(credit, channel, a, b, mark, won, worth, direct, seen, times, wanted):
    """Share one path's conversions and value among its touches."""
    _give(credit[FIRST], channel[a], 1.0, won, worth)
    _give(credit[LAST], channel[b - 1], 1.0, won, worth)
    if wanted & (1 << LAST_NON_DIRECT):
        last = b - 1
        while last > a and direct[channel[last]]:
            last -= 1
        if direct[channel[last]]:
            last = b - 1
        _give(credit[LAST_NON_DIRECT], channel[last], 1.0, won, worth)
    if wanted & (1 << LINEAR):
        for n in range(seen.size):
            _give(credit[LINEAR], seen[n], times[seen[n]] / (b - a), won, worth)
    if wanted & (1 << SHAPLEY):
        for n in range(seen.size):
            _give(credit[SHAPLEY], seen[n], 1.0 / seen.size, won, worth)
    if wanted & (1 << POSITION_U):
        _credit_positions(credit[POSITION_U], channel, a, b, -1, won, worth, seen, times)
    if wanted & (1 << POSITION_W):
        _credit_positions(credit[POSITION_W], channel, a, b, mark, won, worth, seen, times)


@njit(nogil=True, cache=True)
def _credit_positions(credit, channel, a, b, mark, won, worth, seen, times):
    """40/20/40 without a milestone (mark -1), 30/30/30/10 with one at `mark`; a path too short for every role shares what is there."""
    n = b - a
    role, rest = (0.4, 0.2) if mark < 0 else (0.3, 0.1)
    named = 1 if n == 1 else (3 if 0 < mark < n - 1 else 2)
    plain = rest / (n - named) if n > named else 0.0
    whole = role * (2 if mark < 0 else 3) + plain * (n - named)
    # All touches as if they had no role; then those that have one: the first, the last, and the milestone's.
    for k in range(seen.size):
        _give(credit, seen[k], plain / whole * times[seen[k]], won, worth)
    _give(credit, channel[a], (role - plain) / whole, won, worth)
    _give(credit, channel[b - 1], (role - (plain if n > 1 else 0.0)) / whole, won, worth)
    if mark >= 0:
        _give(credit, channel[a + mark], (role - (plain if named == 3 else 0.0)) / whole, won, worth)


@njit(nogil=True, cache=True)
def _give(credit, c, share, won, worth):
    credit[c, 0] += share * won
    credit[c, 1] += share * worth


@njit(nogil=True, cache=True)
def credit_decayed(channel, at, low, high, group, conversions, value, half_life, groups, channels):
    """Credit of time decay: a touch one half-life before another weighs half; shape (groups, channels, 2)."""
    credit = np.zeros((groups, channels, 2), np.float64)
    weight, steps_a_us = np.zeros(channels, np.float64), _STEPS / half_life
    for p in range(low.size):
        a, b = low[p], high[p]
        if a == b or conversions[p] == 0.0:
            continue
        # Counted back from the last touch: only ratios matter, and so the sum is never below 1.
        whole = 0.0
        for k in range(np.uint64(a), np.uint64(b)):
            one = _halved((at[b - 1] - at[k]) * steps_a_us)
            weight[np.uint16(channel[k])] += one
            whole += one
        for k in range(a, min(b, a + channels)):
            # Of a short path its touches are looked at, of a long one all channels.
            c = np.int64(channel[k]) if b - a < channels else k - a
            if weight[c] != 0.0:
                _give(credit[group[p]], c, weight[c] / whole, conversions[p], value[p])
                weight[c] = 0.0
    return credit


@njit(nogil=True, cache=True)
def _halved(steps):
    """`2 ** -(steps / _STEPS)` for steps >= 0, to 1e-14: from tables, and the series for what lies between two steps."""
    whole = np.uint64(min(steps, _LAST_STEP))
    rest = (steps - whole) * (_LN2 / _STEPS) if steps < _LAST_STEP else 0.0
    near = 1.0 - rest * (1.0 - rest * (0.5 - rest / 6.0))
    return _HALVINGS[whole >> np.uint64(_FINE)] * _STEP_OF_HALVING[whole & np.uint64(_STEPS - 1)] * near


@njit(nogil=True, cache=True)
def units_with(channel, low, high, unit, conversions, direct, wanted, place):
    """Units with a converting path that gives credit to a channel.

    Args:
        channel: Of each touch.
        low: Where each path begins.
        high: Where it ends.
        unit: Of each path.
        conversions: Of each path.
        direct: Whether each channel is direct.
        wanted: The channel.
        place: FIRST, LAST or LAST_NON_DIRECT: only the touch there; LINEAR: any touch.
    """
    out = np.empty(low.size, np.int64)
    n = 0
    for p in range(low.size):
        a, b = low[p], high[p]
        if a == b or conversions[p] == 0.0:
            continue
        last = b - 1
        if place == LAST_NON_DIRECT:
            while last > a and direct[channel[last]]:
                last -= 1
            if direct[channel[last]]:
                last = b - 1
        found = channel[a] == wanted if place == FIRST else channel[last] == wanted
        if place == LINEAR:
            found = False
            for k in range(a, b):
                found = found or channel[k] == wanted
        if found:
            out[n] = unit[p]
            n += 1
    return out[:n].copy()
