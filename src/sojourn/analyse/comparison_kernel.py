"""Kernels of `compare`: where each person's look begins and ends, and who has what in it.

In: arrays of one part. Out: small arrays. Never knows what a code stands for.
"""

from __future__ import annotations

import numpy as np
from numba import njit

_ONE, _WIDE, _LAST = np.uint64(1), np.uint64(6), np.uint64(63)
"""One bit; a word's bits as a power of two; the place of its last bit."""


@njit(nogil=True, cache=True)
def tries(start, stop, time, classes, first, matched, at, within, gap, gaps, blocked):  # type: ignore[no-untyped-def]
    """The last try at step `at` of each unit that reached the step before it.

    Returns:
        Units; the row where the try begins (the first time the step before was reached in the visit of the try); the row
        of the step, -1 where it was never reached; and microseconds between the steps up to the begin, (units, at - 1).
    """
    units = start.size
    out_unit = np.empty(units, np.int64)
    out_entry = np.empty(units, np.int64)
    out_outcome = np.empty(units, np.int64)
    out_wait = np.zeros((units, max(at - 1, 0)), np.int64)
    begun = np.empty(at + 1, np.int64)
    reached = np.empty(at + 1, np.int64)
    row = np.empty(at + 1, np.int64)
    waits = np.zeros((at + 1, at + 1), np.int64)
    m = 0
    for u in range(units):
        row[:] = -1
        entry = np.int64(-1)
        latest = np.int64(-1)
        outcome = np.int64(-1)
        for i in range(start[u], stop[u]):
            c = classes[i]
            for j in range(first[c], first[c + 1]):
                k = matched[j]
                if k > at:
                    continue
                t = time[i]
                if k == 0:
                    begun[0], reached[0], row[0] = t, t, i
                elif row[k - 1] >= 0 and t - begun[k - 1] <= within:
                    begun[k], reached[k], row[k] = begun[k - 1], t, i
                    waits[k, : k - 1] = waits[k - 1, : k - 1]
                    waits[k, k - 1] = t - reached[k - 1]
                    if k == at:
                        outcome = np.int64(i)
                        break
                else:
                    continue
                if k == at - 1:
                    if latest < 0 or _silent(time, latest, i, gap):
                        entry = np.int64(i)
                        out_wait[m, :] = waits[k, : at - 1]
                    latest = np.int64(i)
            if outcome >= 0:
                break
            for e in range(gaps.size):
                if gaps[e] <= at and blocked[e, i] and row[gaps[e] - 1] != i:
                    row[gaps[e] - 1] = -1
        if entry >= 0:
            out_unit[m], out_entry[m], out_outcome[m] = u, entry, outcome
            m += 1
    return out_unit[:m], out_entry[:m], out_outcome[:m], out_wait[:m]


@njit(nogil=True, cache=True)
def _silent(time, earlier, later, gap):  # type: ignore[no-untyped-def]
    """Whether a silence of at least `gap` lies between two rows of one person."""
    if time[later] - time[earlier] < gap:
        return False
    i = earlier
    while i < later and time[i + 1] - time[i] < gap:
        i += 1
    return i < later


@njit(nogil=True, cache=True)
def ends(entry, outcome, stop, time, clock, horizon, least, far, gap):  # type: ignore[no-untyped-def]
    """Where each look's strict part, the look itself, and its continuation end (exclusive).

    The strict part ends at the outcome, or where `horizon` has passed; the look when `least` has passed as well; the
    continuation when `far` has passed and the visit is over.
    """
    middle = np.empty(entry.size, np.int64)
    end = np.empty(entry.size, np.int64)
    last = np.empty(entry.size, np.int64)
    for j in range(entry.size):
        came = clock[entry[j]]
        m = outcome[j]
        if m < 0:
            m = entry[j] + 1
            while m < stop[j] and clock[m] - came < horizon[j]:
                m += 1
        e = m
        while e < stop[j] and clock[e] - came < max(horizon[j], least):
            e += 1
        f = e
        while f < stop[j] and clock[f] - came < far:
            f += 1
        v = entry[j] + 1
        while v < stop[j] and time[v] - time[v - 1] < gap:
            v += 1
        middle[j], end[j], last[j] = m, e, max(f, v)
    return middle, end, last


@njit(nogil=True, cache=True)
def spread(start, middle, end, last):  # type: ignore[no-untyped-def]
    """Rows of all looks one after the other, whose they are, and their part: 0 strict, 1 rest of the look, 2 after it."""
    n = 0
    for j in range(start.size):
        n += last[j] - start[j]
    row = np.empty(n, np.int64)
    owner = np.empty(n, np.int32)
    part = np.empty(n, np.int8)
    n = 0
    for j in range(start.size):
        for i in range(start[j], last[j]):
            row[n], owner[n], part[n] = i, j, (i >= middle[j]) + (i >= end[j])
            n += 1
    return row, owner, part


@njit(nogil=True, cache=True)
def events_of(start, stop, event, words):  # type: ignore[no-untyped-def]
    """Which events each unit has: uint64, (units, words); bit `c % 64` of word `c // 64` is set for code c."""
    out = np.zeros((start.size, words), np.uint64)
    for u in range(start.size):
        first = np.uint64(0)
        for i in range(np.uint64(start[u]), np.uint64(stop[u])):
            code = np.uint64(event[i])
            if words == 1:
                first |= _ONE << code
            else:
                out[u, code >> _WIDE] |= _ONE << (code & _LAST)
        out[u, 0] |= first
    return out


@njit(nogil=True, cache=True)
def count_bits(words, label, size, labels):  # type: ignore[no-untyped-def]
    """Owners by label that have each code: (codes, labels).

    Args:
        words: uint64, one row an owner: as `events_of` gives it.
        label: int64, one an owner.
        size: Codes.
        labels: Labels.
    """
    out = np.zeros((labels, size), np.int64)
    for o in range(words.shape[0]):
        mine = out[label[o]]
        for c in range(size):
            mine[c] += np.int64(words[o, c >> 6] >> np.uint64(c & 63) & _ONE)
    return out.T.copy()


@njit(nogil=True, cache=True)
def count(owner, part, code, label, size, labels, times):  # type: ignore[no-untyped-def]
    """Owners by label that have each code at least so many times: (times, codes, labels, strict | look | continued).

    Args:
        owner: int32, one a row, equal ones together, rows in order.
        part: int8, one a row: as `spread` gives it.
        code: int32, one a row; -1 for none.
        label: int64, one an owner.
        size: Codes.
        labels: Labels.
        times: int64, ascending.
    """
    out = np.zeros((times.size, size, labels, 3), np.int64)
    last = np.full(size, -1, np.int32)
    seen = np.zeros(size, np.int32)
    for r in range(code.size):
        c = code[r]
        if c < 0:
            continue
        o = owner[r]
        if last[c] != o:
            last[c], seen[c] = o, 0
        seen[c] += 1
        for k in range(times.size):
            if seen[c] == times[k]:
                for until in range(part[r], 3):
                    out[k, c, label[o], until] += 1
    return out


@njit(nogil=True, cache=True)
def present(owner, part, code, first, column, times, within, owners):  # type: ignore[no-untyped-def]
    """Which owners have which columns: (columns, owners).

    Args:
        owner: int32, one a row, equal ones together, rows in order.
        part: int8, one a row: as `spread` gives it.
        code: int32, one a row.
        first: int64, codes + 1: where the columns of a code begin in `column`.
        column: int64: columns of each code, those that need fewer times first.
        times: int64, one a column: how often the code must occur.
        within: int64, one a column: the last part that counts.
        owners: How many there are.
    """
    out = np.zeros((times.size, owners), np.bool_)
    last = np.full(first.size - 1, -1, np.int32)
    seen = np.zeros(first.size - 1, np.int32)
    for r in range(code.size):
        c = code[r]
        if first[c] == first[c + 1]:
            continue
        o = owner[r]
        if last[c] != o:
            last[c], seen[c] = o, 0
        seen[c] += 1
        for j in range(first[c], first[c + 1]):
            if seen[c] == times[column[j]] and part[r] <= within[column[j]]:
                out[column[j], o] = True
    return out


@njit(nogil=True, cache=True)
def count_orders(owner, part, slot, label, slots, labels, until):  # type: ignore[no-untyped-def]
    """Owners with both of two slots by the end of part `until` of the look, and of these the ones whose first came first.

    Returns:
        (slots, slots, labels, 2): [i, j, label, 0] both, [i, j, label, 1] i before j; i < j only.
    """
    out = np.zeros((slots, slots, labels, 2), np.int64)
    if not slots:
        return out
    place = np.full(slots, -1, np.int64)
    order = np.empty(slots, np.int64)
    r = 0
    while r < owner.size:
        o = owner[r]
        n = 0
        while r < owner.size and owner[r] == o:
            s = slot[r]
            if part[r] <= until and s >= 0 and place[s] < 0:
                place[s] = n
                order[n] = s
                n += 1
            r += 1
        for a in range(n):
            for b in range(a + 1, n):
                i, j = order[a], order[b]
                if i < j:
                    out[i, j, label[o], 0] += 1
                    out[i, j, label[o], 1] += 1
                else:
                    out[j, i, label[o], 0] += 1
        for a in range(n):
            place[order[a]] = -1
    return out


@njit(nogil=True, cache=True)
def dwell(row, owner, part, slot, time, owners, slots, gap):  # type: ignore[no-untyped-def]
    """Microseconds each owner spent on each slot: until the next event of the strict part, silences left out; -1 unknown."""
    out = np.full((owners, slots), -1, np.int64)
    if not slots:
        return out
    for r in range(row.size - 1):
        s = slot[r]
        if s < 0 or owner[r + 1] != owner[r] or part[r + 1] > 0:
            continue
        passed = time[row[r + 1]] - time[row[r]]
        if passed < gap:
            out[owner[r], s] = max(out[owner[r], s], 0) + passed
    return out
