"""Kernels over the steps of units: where paths begin, runs, the steps around a place, loops.

In: codes of steps, one an event, and the rows of each unit. Out: arrays by unit or by step.
Never knows what a code is called.
"""

# mypy: allow-untyped-defs, allow-untyped-calls, allow-incomplete-defs
from __future__ import annotations

import numpy as np
from numba import njit

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_ODD = np.uint64(0xC2B2AE3D27D4EB4F)


@njit(nogil=True, cache=True)
def first_marked(start, stop, marked, after):
    """The first marked row of each unit from row `after[u]` on; -1 for none."""
    out = np.full(start.size, -1, np.int64)
    for u in range(start.size):
        for i in range(max(start[u], after[u]), stop[u]):
            if marked[i]:
                out[u] = i
                break
    return out


@njit(nogil=True, cache=True)
def collapse_runs(codes, start, stop):
    """Make one step of equal steps in a row.

    Returns:
        Codes of the runs; where each unit's runs begin and end; for each row the run it is in.
    """
    runs = np.empty(codes.size, np.int32)
    begin = np.empty(start.size, np.int64)
    end = np.empty(start.size, np.int64)
    place = np.zeros(codes.size, np.int64)
    n = 0
    for u in range(start.size):
        begin[u] = n
        for i in range(start[u], stop[u]):
            if i == start[u] or codes[i] != codes[i - 1]:
                runs[n] = codes[i]
                n += 1
            place[i] = n - 1
        end[u] = n
    return runs[:n].copy(), begin, end, place


@njit(nogil=True, cache=True)
def unroll(codes, low, high, anchor, closed, depth, direction, last):
    """The steps away from a place of each unit.

    Args:
        codes: int32 steps.
        low: First step of each unit.
        high: Behind its last.
        anchor: Where to begin.
        closed: Whether paths end because they were asked to, not because the unit does.
        depth: Steps away from the anchor.
        direction: 1 forwards, -1 backwards.
        last: Code put behind the unit's last (before its first) step.

    Returns:
        int32 (units, depth + 2): the anchor's step, then those away from it; -1 where there is nothing.
    """
    out = np.full((anchor.size, depth + 2), -1, np.int32)
    for u in range(anchor.size):
        for k in range(depth + 2):
            i = anchor[u] + direction * k
            if i < low[u] or i >= high[u]:
                if not closed:
                    out[u, k] = last
                break
            if k <= depth:
                out[u, k] = codes[i]
    return out


@njit(nogil=True, cache=True)
def path_hashes(codes, begin, end):
    """Two independent 64-bit hashes of each unit's whole path, the first one not negative."""
    first = np.empty(begin.size, np.int64)
    second = np.empty(begin.size, np.int64)
    for u in range(begin.size):
        a, b = np.uint64(end[u] - begin[u]) * _ODD + _GOLDEN, np.uint64(1)
        for i in range(begin[u], end[u]):
            code = np.uint64(codes[i]) + np.uint64(1)
            a = (a ^ (code * _ODD)) * _GOLDEN
            a ^= a >> np.uint64(29)
            b = (b + code) * _ODD
            b ^= b >> np.uint64(32)
        first[u] = np.int64(a >> np.uint64(1))
        second[u] = np.int64(b >> np.uint64(1))
    return first, second


@njit(nogil=True, cache=True)
def units_with(codes, begin, end, wanted):
    """Which units hold these steps one right behind the other."""
    out = np.zeros(begin.size, np.bool_)
    for u in range(begin.size):
        for i in range(begin[u], end[u] - wanted.size + 1):
            same = True
            for k in range(wanted.size):
                if codes[i + k] != wanted[k]:
                    same = False
                    break
            if same:
                out[u] = True
                break
    return out


@njit(nogil=True, cache=True)
def units_that_are(codes, begin, end, wanted):
    """Which units consist of exactly these steps."""
    out = np.zeros(begin.size, np.bool_)
    for u in range(begin.size):
        if end[u] - begin[u] == wanted.size:
            out[u] = True
            for k in range(wanted.size):
                out[u] = out[u] and codes[begin[u] + k] == wanted[k]
    return out


@njit(nogil=True, cache=True)
def loops_of(codes, begin, end, values):
    """Repeats, returns and steps there and back.

    A repeat is a step equal to the one before it. The others look at runs of equal steps as one step: a return is a step
    seen before in the unit; there and back is A, B, A with A and B different.

    Args:
        codes: int32 steps below `values`.
        begin: First step of each unit.
        end: Behind its last.
        values: How many codes there are.

    Returns:
        For each of the three: the steps' keys (A; A; A * values + B) and the units they are in.
    """
    repeat, repeat_unit = np.empty(codes.size, np.int64), np.empty(codes.size, np.int32)
    again, again_unit = np.empty(codes.size, np.int64), np.empty(codes.size, np.int32)
    back, back_unit = np.empty(codes.size, np.int64), np.empty(codes.size, np.int32)
    seen = np.full(values, -1, np.int32)
    r = a = b = 0
    for u in range(begin.size):
        before = two_before = np.int64(-1)
        for i in range(begin[u], end[u]):
            code = np.int64(codes[i])
            if code == before:
                repeat[r], repeat_unit[r] = code, u
                r += 1
                continue
            if seen[code] == u:
                again[a], again_unit[a] = code, u
                a += 1
                if code == two_before:
                    back[b], back_unit[b] = code * values + before, u
                    b += 1
            seen[code] = u
            two_before, before = before, code
    return (
        (repeat[:r].copy(), repeat_unit[:r].copy()),
        (again[:a].copy(), again_unit[:a].copy()),
        (back[:b].copy(), back_unit[:b].copy()),
    )
