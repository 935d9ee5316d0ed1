"""Kernels of behaviour change: what each person did by period, the screen, and the tail that confirms.

In: arrays of a part. Out: moments of the periods, findings, sums of groups. Definitions: docs/methods/changes.md.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

FIELDS = 13
UNIT, METRIC, SINCE, NOTICED, DIRECTION, BEFORE_N, BEFORE, AFTER_N, AFTER, SPREAD, TAIL, FIRST, SCALE = range(FIELDS)
FALL, RISE = 0, 1
FALL_TO, RISE_TO = 0.4, 2.0
"""What the screens are tuned to: 40 % and twice of the baseline."""
_LOGS = (math.log(FALL_TO), math.log(RISE_TO))
FEWEST = 2.0
"""A series of fewer than this is never a finding, and is not followed."""
SCREEN = 1.0
"""What the screen's sum of log-likelihood ratios must reach before the tail is asked."""
AGAIN = 4
"""Periods of a new normal before it is a baseline itself."""
POOL = 30.0
"""How many periods of a busy person's own variability weigh as much as everybody's."""
_TINY = 1e-300
_STEPS = 2000
_ENOUGH = 1e-13


@njit(nogil=True, cache=True)
def incomplete_beta(a, b, x):
    """The regularized incomplete beta function I_x(a, b), by its continued fraction (DLMF 8.17.22; Lentz's method)."""
    if x <= 0.0:
        return 0.0
    if x >= 1.0:
        return 1.0
    front = math.exp(math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x))
    if x < (a + 1) / (a + b + 2):
        return front * _fraction(a, b, x) / a
    return 1.0 - front * _fraction(b, a, 1.0 - x) / b


@njit(nogil=True, cache=True)
def _fraction(a, b, x):
    c = 1.0
    d = 1.0 - (a + b) * x / (a + 1.0)
    d = 1.0 / (d if abs(d) > _TINY else _TINY)
    out = d
    for m in range(1, _STEPS):
        for odd in range(2):
            if odd == 0:
                term = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
            else:
                term = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
            d = 1.0 + term * d
            d = 1.0 / (d if abs(d) > _TINY else _TINY)
            c = 1.0 + term / c
            c = c if abs(c) > _TINY else _TINY
            out *= d * c
        if abs(d * c - 1.0) < _ENOUGH:
            break
    return out


@njit(nogil=True, cache=True)
def tail(direction, after, after_n, before, before_n, spread):
    """How likely a steady person shows as few (or as many) as came after: the predictive distribution's tail.

    Args:
        direction: FALL for P(as few), RISE for P(as many).
        after: Count of the later periods.
        after_n: How many these are.
        before: Count of the baseline.
        before_n: How many periods it has.
        spread: Variability from period to period beyond chance: variance = mean + spread * mean ** 2.
    """
    shape = before + 0.5
    expected = shape / before_n * after_n
    size = 1.0 / (1.0 / shape + spread * (1.0 / after_n + 1.0 / before_n))
    if direction == FALL:
        return incomplete_beta(size, after + 1.0, size / (size + expected))
    if after <= 0.0:
        return 1.0
    return incomplete_beta(after, size, expected / (size + expected))


@njit(nogil=True, cache=True)
def student_tail(t, degrees):
    """P(T >= t) of Student's distribution."""
    half = 0.5 * incomplete_beta(0.5 * degrees, 0.5, degrees / (degrees + t * t))
    return half if t >= 0 else 1.0 - half


@njit(nogil=True, cache=True)
def own_spread(n, total, squares, pooled):
    """A person's variability beyond chance, of its own baseline and of everybody's, weighed by what each tells."""
    mean = total / n
    variance = (squares - total * mean) / (n - 1.0)
    weight = n * mean * mean / (1.0 + mean) ** 2
    own = n * (variance - mean) / (1.0 + mean) ** 2
    return max(0.0, (own + POOL * pooled) / (weight + POOL))


@njit(nogil=True, cache=True)
def _fill(counts, scales, start, stop, time, event, metric_of, visits, spend, value, worth, begin, length, gap):
    """Counts of one person by metric and period; the period of its first event, -1 without a time.

    `counts` (metrics, periods) and `scales` are overwritten. What comes in visits comes in lumps: ten pages, an order of
    three lines. A lump counts as one of the person's usual size, sum of squares over sum, which makes the variance of a
    Poisson number of lumps its mean again; `scales` says how much such a lump is.
    """
    counts[:] = 0.0
    metrics, periods = counts.shape
    lump, total = np.zeros(metrics), np.zeros(metrics)
    scales[:] = 0.0
    first = -1
    before = np.int64(0)
    for i in range(start, stop):
        t = time[i]
        if t == 0:
            continue
        p = (t - begin) // length
        if p < 0 or p >= periods:
            continue
        if first < 0 or t - before >= gap:
            for m in range(metrics):
                scales[m] += lump[m] * lump[m]
                lump[m] = 0.0
            if visits >= 0:
                counts[visits, p] += 1.0
                lump[visits] = 1.0
                total[visits] += 1.0
        if first < 0:
            first = p
        before = t
        _count(counts, lump, total, 0, p, 1.0)
        m = metric_of[event[i]]
        if m >= 0:
            _count(counts, lump, total, m, p, 1.0)
        if spend >= 0 and worth[event[i]] and value[i] > 0.0:
            _count(counts, lump, total, spend, p, value[i])
    for m in range(metrics):
        scales[m] = (scales[m] + lump[m] * lump[m]) / total[m] if total[m] > 0.0 else 1.0
        if scales[m] != 1.0:
            for p in range(periods):
                counts[m, p] /= scales[m]
    return first


@njit(nogil=True, cache=True)
def _count(counts, lump, total, m, p, amount):
    counts[m, p] += amount
    lump[m] += amount
    total[m] += amount


@njit(nogil=True, cache=True)
def spreads(
    start, stop, time, event, metric_of, metrics, visits, spend, value, worth, begin, length, periods, gap, least
):
    """What everybody's variability is estimated from, by metric.

    Successive differences, so that a change of level between two periods weighs little (von Neumann 1941).

    Returns:
        Shape (metrics, 2): sums of n (variance - mean) / (1 + mean)^2 and of n mean^2 / (1 + mean)^2 over persons.
    """
    out = np.zeros((metrics, 2))
    counts = np.empty((metrics, periods))
    scales = np.empty(metrics)
    for u in range(start.size):
        first = _fill(counts, scales, start[u], stop[u], time, event, metric_of, visits, spend, value, worth, begin,
                      length, gap)  # fmt: skip
        n = periods - first - 1
        if first < 0 or n < least:
            continue
        for m in range(metrics):
            total = differences = 0.0
            for p in range(first + 1, periods):
                total += counts[m, p]
                if p > first + 1:
                    differences += (counts[m, p] - counts[m, p - 1]) ** 2
            mean = total / n
            share = n / (1.0 + mean) ** 2
            out[m, 0] += share * (differences / (2.0 * (n - 1.0)) - mean)
            out[m, 1] += share * mean * mean
    return out


@njit(nogil=True, cache=True)
def find(start, stop, time, event, metric_of, visits, spend, value, worth, begin, length, periods, gap, least, pooled,
         limits, ratio, person, seed):  # fmt: skip
    """Look at each person's periods one after the other, and keep the last change that still holds.

    Args:
        start: Where the rows of each person begin.
        stop: Where they end.
        time: Of each row, 0 for none.
        event: Code of each row.
        metric_of: Metric of each event's own count, or -1.
        visits: Place of the metric of visits, or -1.
        spend: Place of the metric of amounts, or -1.
        value: Amount of each row, NaN for none, or empty.
        worth: Of each event, whether its amounts count.
        begin: Where the first period begins.
        length: Of a period, microseconds.
        periods: How many.
        gap: Silence that ends a visit.
        least: Periods of a first baseline.
        pooled: Everybody's variability, by metric.
        limits: Shape (metrics, 2): what the tail of a fall and of a rise may be.
        ratio: A fall to no more than this part, a rise from no more than this part, counts.
        person: Number of each person, so that shuffling does not depend on the parts.
        seed: Of the order in which the periods are shuffled of persons in whom nothing was found.

    Returns:
        Findings, shape (n, FIELDS); tested persons; periods looked at, summed over persons; persons in whom something
        is found once their periods are shuffled, of those in whom nothing was.
    """
    metrics = limits.shape[0]
    found = np.empty((64, FIELDS))
    made = tested = looked = shuffled = 0
    counts = np.empty((metrics, periods))
    scales = np.empty(metrics)
    row = np.empty(FIELDS)
    for u in range(start.size):
        first = _fill(counts, scales, start[u], stop[u], time, event, metric_of, visits, spend, value, worth, begin,
                      length, gap)  # fmt: skip
        if first < 0 or periods - first - 1 <= least:
            continue
        tested += 1
        looked += periods - first - 1 - least
        had = made
        for m in range(metrics):
            if not _follow(counts[m], first + 1, least, pooled[m], limits[m], ratio, row):
                continue
            if made == found.shape[0]:
                larger = np.empty((2 * made, FIELDS))
                larger[:made] = found
                found = larger
            row[UNIT], row[METRIC], row[FIRST], row[SCALE] = u, m, first, scales[m]
            found[made] = row
            made += 1
        if made > had:
            continue
        _shuffle(counts, first + 1, np.uint64(person[u]) ^ np.uint64(seed))
        for m in range(metrics):
            if _follow(counts[m], first + 1, least, pooled[m], limits[m], ratio, row):
                shuffled += 1
                break
    return found[:made].copy(), tested, looked, shuffled


@njit(nogil=True, cache=True)
def _follow(counts, first, least, pooled, limits, ratio, row):
    """The last change of one series that still holds at its end, written into `row`; whether there is one."""
    periods = counts.size
    if counts[first:].sum() < FEWEST:
        return False
    # By direction: the screen's sum; periods, counts and squares of the baseline; of the stretch under suspicion.
    screen = np.zeros(2)
    base = np.zeros((2, 3))
    late = np.zeros((2, 3))
    need, carried = np.float64(least), -1.0
    origin = follows = first
    have = False
    for p in range(first, periods):
        y = counts[p]
        for d in range(2):
            if base[d, 0] < need:
                _add(base[d], y)
                continue
            mean = (base[d, 1] + 0.5) / base[d, 0]
            step = y * _LOGS[d] + mean * (1.0 - (FALL_TO if d == FALL else RISE_TO))
            if step <= 0.0 and screen[d] == 0.0:
                _add(base[d], y)
                continue
            spread = carried
            if base[d, 0] >= least:
                spread = own_spread(base[d, 0], base[d, 1], base[d, 2], pooled)
            screen[d] += step / (1.0 + spread * mean)
            _add(late[d], y)
            if screen[d] <= 0.0:
                screen[d] = 0.0
                base[d] += late[d]
                late[d] = 0.0
                continue
            if screen[d] < SCREEN:
                continue
            chance = tail(d, late[d, 1], late[d, 0], base[d, 1], base[d, 0], spread)
            if chance > limits[d] or not _large(d, late[d], base[d], ratio):
                continue
            have = True
            row[NOTICED], row[DIRECTION], row[SPREAD] = p, d, spread
            origin, follows = follows, p + 1 - np.int64(late[d, 0])
            # What changed is the new normal: both screens begin again on it.
            new = late[d].copy()
            need, carried = np.float64(AGAIN), spread
            for other in range(2):
                base[other] = new
                late[other] = 0.0
                screen[other] = 0.0
            break
    if not have:
        return False
    way, noticed = np.int64(row[DIRECTION]), np.int64(row[NOTICED])
    likely = _begun(counts, origin, origin + (least if origin == first else AGAIN), noticed)
    # Where the likelier beginning is less sure, that of the screen stands: a look tells what it noticed.
    return _holds(counts, origin, likely, way, limits[way], ratio, row) or _holds(
        counts, origin, follows, way, limits[way], ratio, row
    )


@njit(nogil=True, cache=True)
def _holds(counts, origin, since, way, limit, ratio, row):
    """Whether a change that began in period `since` is one over all periods up to the end; writes it into `row`."""
    row[SINCE] = since
    row[BEFORE_N], row[BEFORE] = since - origin, counts[origin:since].sum()
    row[AFTER_N], row[AFTER] = counts.size - since, counts[since:].sum()
    row[TAIL] = tail(way, row[AFTER], row[AFTER_N], row[BEFORE], row[BEFORE_N], row[SPREAD])
    return row[TAIL] <= limit and _large(way, row[AFTER_N : AFTER + 1], row[BEFORE_N : BEFORE + 1], ratio)


@njit(nogil=True, cache=True)
def _begun(counts, origin, first, last):
    """Where a change of level most likely began: the split with the greatest Poisson likelihood, from `first` to `last`."""
    whole = counts[origin:].sum()
    before = counts[origin:first].sum()
    best, at = -np.inf, first
    for k in range(first, last + 1):
        likelihood = _evidence(before, k - origin) + _evidence(whole - before, counts.size - k)
        if likelihood > best:
            best, at = likelihood, k
        before += counts[k]
    return at


@njit(nogil=True, cache=True)
def _evidence(total, n):
    return total * math.log(total / n) if total > 0.0 else 0.0


@njit(nogil=True, cache=True)
def _add(sums, y):
    sums[0] += 1.0
    sums[1] += y
    sums[2] += y * y


@njit(nogil=True, cache=True)
def _large(direction, late, base, ratio):
    """Whether the later mean is no more than `ratio` of the earlier, or the other way round."""
    later, earlier = late[1] / late[0], base[1] / base[0]
    return later <= ratio * earlier if direction == FALL else earlier <= ratio * later


@njit(nogil=True, cache=True)
def _shuffle(counts, first, state):
    """Put the periods from `first` on in an order that says nothing (Fisher and Yates; splitmix64)."""
    for p in range(counts.shape[1] - 1, first, -1):
        state += np.uint64(0x9E3779B97F4A7C15)
        z = state
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        z ^= z >> np.uint64(31)
        other = first + np.int64(z % np.uint64(p - first + 1))
        for m in range(counts.shape[0]):
            kept = counts[m, p]
            counts[m, p] = counts[m, other]
            counts[m, other] = kept


@njit(nogil=True, cache=True)
def group_sums(start, stop, time, event, metric_of, metrics, visits, spend, value, worth, group, groups, begin, length,
               periods, gap):  # fmt: skip
    """Sums by group, metric and period.

    Args:
        start: As `find`; so are the others.
        stop: Where the rows of each person end.
        time: Of each row.
        event: Code of each row.
        metric_of: Metric of each event's own count, or -1.
        metrics: How many.
        visits: Place of the metric of visits, or -1.
        spend: Place of the metric of amounts, or -1.
        value: Amount of each row.
        worth: Of each event, whether its amounts count.
        group: Of each row.
        groups: How many.
        begin: Where the first period begins.
        length: Of a period.
        periods: How many.
        gap: Silence that ends a visit.

    Returns:
        Shape (groups, metrics, periods), and persons with an event in each period, shape (groups, periods).
    """
    sums = np.zeros((groups, metrics, periods))
    active = np.zeros((groups, periods), np.int64)
    last = np.empty(groups, np.int64)
    for u in range(start.size):
        last[:] = -1
        before = np.int64(0)
        seen = False
        for i in range(start[u], stop[u]):
            t = time[i]
            if t == 0:
                continue
            p = (t - begin) // length
            if p < 0 or p >= periods:
                continue
            g = group[i]
            if last[g] != p:
                last[g] = p
                active[g, p] += 1
            sums[g, 0, p] += 1.0
            m = metric_of[event[i]]
            if m >= 0:
                sums[g, m, p] += 1.0
            if visits >= 0 and (not seen or t - before >= gap):
                sums[g, visits, p] += 1.0
            seen, before = True, t
            if spend >= 0 and worth[event[i]] and value[i] > 0.0:
                sums[g, spend, p] += value[i]
    return sums, active


@njit(nogil=True, cache=True)
def shift(logs, least, limits, ratio, row):
    """The last change of level of one series of logarithms that still holds at its end, written into `row`.

    Args:
        logs: Logarithms of the rate by period, without gaps.
        least: Periods of a first baseline.
        limits: What the tail of a fall and of a rise may be.
        ratio: As `find`.
        row: Gets SINCE, NOTICED, DIRECTION, BEFORE_N, BEFORE (mean), AFTER_N, AFTER (mean), SPREAD (standard
            deviation of the baseline), TAIL.

    Returns:
        Whether there is one.
    """
    screen = np.zeros(2)
    base = np.zeros((2, 3))
    late = np.zeros((2, 3))
    far = -math.log(ratio)
    have = False
    for p in range(logs.size):
        y = logs[p]
        for d in range(2):
            if base[d, 0] < least:
                _add(base[d], y)
                continue
            sign = -1.0 if d == FALL else 1.0
            n, mean = base[d, 0], base[d, 1] / base[d, 0]
            deviation = _deviation(base[d])
            # Half a standard deviation of slack: tuned to a shift of one.
            screen[d] += sign * (y - mean) / deviation - 0.5
            _add(late[d], y)
            if screen[d] <= 0.0:
                screen[d] = 0.0
                base[d] += late[d]
                late[d] = 0.0
                continue
            moved = sign * (late[d, 1] / late[d, 0] - mean)
            chance = student_tail(moved / (deviation * math.sqrt(1.0 / late[d, 0] + 1.0 / n)), n - 1.0)
            if chance > limits[d] or moved < far:
                continue
            have = True
            row[SINCE], row[NOTICED], row[DIRECTION] = p - late[d, 0] + 1, p, d
            row[BEFORE_N], row[BEFORE], row[SPREAD] = n, mean, deviation
            new = late[d].copy()
            for other in range(2):
                base[other] = new
                late[other] = 0.0
                screen[other] = 0.0
            break
    if not have:
        return False
    since, way = np.int64(row[SINCE]), np.int64(row[DIRECTION])
    row[AFTER_N], row[AFTER] = np.float64(logs.size - since), logs[since:].mean()
    moved = (row[AFTER] - row[BEFORE]) * (-1.0 if way == FALL else 1.0)
    error = row[SPREAD] * math.sqrt(1.0 / row[AFTER_N] + 1.0 / row[BEFORE_N])
    row[TAIL] = student_tail(moved / error, row[BEFORE_N] - 1.0)
    return row[TAIL] <= limits[way] and moved >= far


@njit(nogil=True, cache=True)
def _deviation(sums):
    """Standard deviation; never quite nothing, else the smallest step of a constant series were a wonder."""
    mean = sums[1] / sums[0]
    return math.sqrt(max((sums[2] - sums[1] * mean) / (sums[0] - 1.0), 1e-8))
