"""Kernel of history: each person's measures by period of their life.

In: arrays of a part. Out: sums by cohort and period. Definitions: docs/methods/person-history.md.
"""

from __future__ import annotations

import numpy as np
from numba import njit

VIEW, PURCHASE = 1, 2
ACTIVE, VISITS, EVENTS, SESSION_US, PAGE_US, ACTIVE_DAYS, PURCHASES, REVENUE = range(8)
MEASURES = 8
_DAY_US = 86_400_000_000


@njit(nogil=True, cache=True)
def develop(start, stop, time, classes, kinds, value, any_value, order, orders, asset, asset_of, assets, begins, days,
            cohort, cohorts, gap):  # fmt: skip
    """Sum what persons did in each period since their first event.

    Args:
        start: Where the rows of each person begin.
        stop: Where they end.
        time: Of each row, 0 for none; rows without one are passed over.
        classes: Of each row, a place in `kinds`.
        kinds: Bits of VIEW and PURCHASE.
        value: Of each row, NaN for none, or empty.
        any_value: Whether every row with a value is a purchase.
        order: Code of the order of each row, or empty.
        orders: How many orders there are.
        asset: Code of each row, -1 for none.
        asset_of: Asset of code + 1, or -1.
        assets: How many assets there are.
        begins: Where each period begins, one more than there are.
        days: Where each day begins, one more than there are.
        cohort: Cohort of each person; empty for the period of the first event.
        cohorts: How many cohorts there are.
        gap: Silence that ends a session; no view lasts longer.

    Returns:
        Sums, shape (cohorts, periods, MEASURES + assets), by periods since the first event; persons by cohort and
        period of their first event; sum of the lengths of first sessions by cohort, microseconds.
    """
    periods = begins.size - 1
    out = np.zeros((cohorts, periods, MEASURES + assets), np.float64)
    joined = np.zeros((cohorts, periods), np.int64)
    first_session = np.zeros(cohorts, np.float64)
    paid_by = np.full(orders, -1, np.int64)
    for u in range(start.size):
        born, period, day, last_k, own = -1, 0, -1, -1, -1
        began = before = viewed = np.int64(0)
        began_k = viewed_k = -1
        sessions = 0
        for i in range(start[u], stop[u]):
            t = time[i]
            if t == 0:
                continue
            period = _period(t, begins, period)
            if born < 0:
                born = period
                own = cohort[u] if cohort.size else born
                joined[own, born] += 1
            k = period - born
            sums = out[own, k]
            if sessions == 0 or t - before >= gap:
                if sessions:
                    _close(out[own], began_k, began, before, first_session, own, sessions)
                sessions += 1
                began, began_k, viewed_k = t, k, -1
                sums[VISITS] += 1
            today = _day(t, days)
            sums[ACTIVE] += k != last_k
            sums[ACTIVE_DAYS] += today != day
            before, last_k, day = t, k, today
            sums[EVENTS] += 1
            kind = kinds[classes[i]]
            if kind & VIEW:
                a = asset_of[asset[i] + 1]
                if a >= 0:
                    sums[MEASURES + a] += 1
                if viewed_k >= 0:
                    out[own, viewed_k, PAGE_US] += min(t - viewed, gap)
                viewed, viewed_k = t, k
            worth = value[i] if value.size else np.nan
            if kind & PURCHASE or (any_value and not np.isnan(worth)):
                if order.size and order[i] >= 0:
                    if paid_by[order[i]] == u:
                        continue
                    paid_by[order[i]] = u
                sums[PURCHASES] += 1
                sums[REVENUE] += 0.0 if np.isnan(worth) else worth
        if sessions:
            _close(out[own], began_k, began, before, first_session, own, sessions)
    return out, joined, first_session


@njit(nogil=True, cache=True)
def _close(sums, k, began, before, first_session, own, sessions):
    sums[k, SESSION_US] += before - began
    if sessions == 1:
        first_session[own] += before - began


@njit(nogil=True, cache=True)
def _period(t, begins, hint):
    """The period of a time at or after that of `hint`."""
    if t < begins[hint + 1]:
        return hint
    low, high = hint + 1, begins.size - 2
    while low < high:
        middle = (low + high + 1) // 2
        if begins[middle] <= t:
            low = middle
        else:
            high = middle - 1
    return low


@njit(nogil=True, cache=True)
def _day(moment, begins):
    """The day a moment lies in: about as many times 24 hours after the first, an hour of summer more or less."""
    day = min((moment - begins[0]) // _DAY_US, begins.size - 2)
    while moment < begins[day]:
        day -= 1
    while day + 2 < begins.size and moment >= begins[day + 1]:
        day += 1
    return day
