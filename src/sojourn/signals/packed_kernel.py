"""States as they are kept: the words in use of a person's working state.

In: kept words and matches, or a time. Out: kept words, or values. One call an event, so that little is spent on handing things over.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from sojourn.signals.memory import put, put_number, word
from sojourn.signals.signal_kernel import (
    AMOUNT,
    AT,
    DISTINCT,
    DWELL,
    EXACT_KEYS,
    FIELDS,
    HEAD,
    HITS,
    KEY,
    MANY,
    MATCH_WORDS,
    NONE,
    OP,
    OPEN,
    OTHER,
    OWN,
    RECORDS,
    REGION,
    RETURN,
    ROLE,
    SLOTS,
    TIME,
    TRAIT,
    UNSET,
    WIDTH,
    WORDS,
    apply_matches,
    begin,
    next_due,
    read_value,
)


@njit(nogil=True, cache=True)
def step_packed(catalogue, packed, slot, time, value, key, until):
    """What was packed, after more matches until a time. Returns how many matches were taken, and the words.

    Args:
        catalogue: int64: the compiled catalogue.
        packed: int64: from `step_packed`; empty for a person without any match.
        slot: int64, one a match, in order.
        time: int64.
        value: float64.
        key: int64.
        until: Matches after it are left out.
    """
    a = catalogue.ctypes.data
    # The match lies behind the state.
    state = np.empty(word(a, WORDS) + MATCH_WORDS, np.int64)
    w, m = state.ctypes.data, state.ctypes.data + 8 * word(a, WORDS)
    _unpack(a, packed, state)
    taken = 0
    while taken < slot.size and time[taken] <= until:
        reached = word(a, SLOTS) + 2 * slot[taken]
        put(m, ROLE, word(a, reached + 1))
        put(m, TIME, time[taken])
        put_number(m, AMOUNT, value[taken])
        put(m, KEY, key[taken])
        apply_matches(a, w, word(a, reached), m, 1)
        taken += 1
    return taken, _pack(a, state)


@njit(nogil=True, cache=True)
def read_packed(catalogue, packed, at):
    """Values and hits at a time, and when the next timer is due that has not fired by then, of what was packed."""
    a = catalogue.ctypes.data
    state = np.empty(word(a, WORDS), np.int64)
    w = state.ctypes.data
    _unpack(a, packed, state)
    many = word(a, MANY)
    values, hits = np.empty(many), np.empty(many, np.int64)
    for s in range(many):
        values[s] = read_value(a, w, s, at)
        hits[s] = state[s * HEAD + HITS]
    return values, hits, next_due(a, w)


@njit(nogil=True, cache=True)
def _pack(a, state):
    """For each signal that is not as at the beginning: its number, its head and its entries."""
    many = word(a, MANY)
    out = np.empty(state.size + many, np.int64)
    n = 0
    for s in range(many):
        if _untouched(a, state, s):
            continue
        out[n] = s
        for i in range(HEAD):
            out[n + 1 + i] = state[s * HEAD + i]
        n += 1 + HEAD
        first = word(a, RECORDS + s * FIELDS + REGION)
        for i in range(_entries(a, state, s)):
            out[n] = state[first + i]
            n += 1
    return out[:n].copy()


@njit(nogil=True, cache=True)
def _unpack(a, packed, state):
    """The working state that was packed."""
    begin(a, state.ctypes.data)
    n = 0
    while n < packed.size:
        s = packed[n]
        for i in range(HEAD):
            state[s * HEAD + i] = packed[n + 1 + i]
        n += 1 + HEAD
        first = word(a, RECORDS + s * FIELDS + REGION)
        for i in range(_entries(a, state, s)):
            state[first + i] = packed[n]
            n += 1


@njit(nogil=True, cache=True)
def _untouched(a, state, s):
    h = s * HEAD
    if state[h + HITS] != 0 or state[h + OPEN] != 0 or state[h + AT] != 0 or state[h + OTHER] != 0:
        return False
    op = word(a, RECORDS + s * FIELDS + OP)
    if op == DWELL or op == RETURN:  # noqa: SIM109  (two comparisons compile to two instructions)
        return state[h + OWN] == NONE
    return state[h + OWN] == (word(a, RECORDS + s * FIELDS + UNSET) if op == TRAIT else 0)


@njit(nogil=True, cache=True)
def _entries(a, state, s):
    """Words of the open entries of a signal."""
    open_ = state[s * HEAD + OPEN]
    if word(a, RECORDS + s * FIELDS + OP) == DISTINCT:
        # The registers and the highest count behind them.
        return EXACT_KEYS + 1 if open_ > EXACT_KEYS else open_
    return open_ * word(a, RECORDS + s * FIELDS + WIDTH)
