"""Signals over history: for every person the same fold that runs live, read at one or several times.

In: the rows of persons sorted by (person, time, seq), conditions of slots as look-up tables over column codes. Out: values of the
signals, one row a person and time. What an event does to a state is `signals.signal_kernel` and nothing else.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from sojourn.signals.signal_kernel import HEAD, HITS, KEYLESS, _apply, begin, read_values

TEXT, EQUAL, UNEQUAL, BELOW, AT_MOST, ABOVE, AT_LEAST, AMONG, MISSING = range(9)
"""Kinds of comparisons: a look-up over codes of texts, or one of numbers."""


class Feeds(NamedTuple):
    """How rows reach slots.

    Attributes:
        first: int64, event names + 1: where the slots of a name begin in `slots`.
        slots: int64: slots, ascending within a name.
        condition: int64, one a slot: its condition, -1 for none.
        leaf_first: int64, conditions + 1: where the comparisons of a condition begin.
        leaf_kind: int64, one a comparison.
        leaf_column: int64, one a comparison: a row of `codes` or of `numbers`; -1 for a column no event has.
        leaf_at: int64, one a comparison: where its look-ups or its numbers begin.
        leaf_many: int64, one a comparison: how many numbers it compares with.
        lookups: uint8: worth of a comparison by code; that of null stands first.
        literals: float64: numbers compared with.
        table: int64, one a condition: where its truth table begins in `tables`.
        tables: uint8.
        value_column: int64, one a slot: a row of `numbers`, -1 for `constant`.
        constant: float64, one a slot.
        key_kind: int64, one a slot: 0 no key, 1 of texts, 2 of numbers, 3 of a column no event has.
        key_column: int64, one a slot.
        key_at: int64, one a slot: where the keys of its column begin in `keys`; that of null stands first.
        keys: int64.
    """

    first: np.ndarray
    slots: np.ndarray
    condition: np.ndarray
    leaf_first: np.ndarray
    leaf_kind: np.ndarray
    leaf_column: np.ndarray
    leaf_at: np.ndarray
    leaf_many: np.ndarray
    lookups: np.ndarray
    literals: np.ndarray
    table: np.ndarray
    tables: np.ndarray
    value_column: np.ndarray
    constant: np.ndarray
    key_kind: np.ndarray
    key_column: np.ndarray
    key_at: np.ndarray
    keys: np.ndarray


@njit(nogil=True, cache=True)
def _worth(f, codes, numbers, leaf, i):
    """0 unknown, 1 false, 2 true."""
    kind, column, at = f.leaf_kind[leaf], f.leaf_column[leaf], f.leaf_at[leaf]
    if column < 0:
        return 2 if kind == MISSING else 0
    if kind == TEXT:
        return np.int64(f.lookups[at + 1 + codes[column, i]])
    x = numbers[column, i]
    if kind == MISSING:
        return 2 if np.isnan(x) else 1
    if np.isnan(x):
        return 0
    y = f.literals[at]
    if kind == EQUAL:
        found = x == y
    elif kind == UNEQUAL:
        found = x != y
    elif kind == BELOW:
        found = x < y
    elif kind == AT_MOST:
        found = x <= y
    elif kind == ABOVE:
        found = x > y
    elif kind == AT_LEAST:
        found = x >= y
    else:
        found = False
        for n in range(f.leaf_many[leaf]):
            found |= x == f.literals[at + n]
    return 2 if found else 1


@njit(nogil=True, cache=True)
def _met(f, codes, numbers, condition, i):
    """Whether a condition is true of a row."""
    first, last = f.leaf_first[condition], f.leaf_first[condition + 1]
    place, weight = 0, 1
    for leaf in range(first, last):
        place += weight * _worth(f, codes, numbers, leaf, i)
        weight *= 3
    return f.tables[f.table[condition] + place] == 2


@njit(nogil=True, cache=True)
def number_key(x):
    """As `signals.keys.number_key`."""
    bits = np.float64(x + 0.0).view(np.uint64)
    bits += np.uint64(0x9E3779B97F4A7C15)
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    key = np.int64(bits ^ (bits >> np.uint64(31)))
    return key + 16 if 0 <= key < 16 else key


@njit(nogil=True, cache=True)
def _row(a, f, codes, numbers, wi, wf, event, time, i):
    """Everything one row does."""
    name = event[i]
    for j in range(f.first[name], f.first[name + 1]):
        slot = f.slots[j]
        condition = f.condition[slot]
        if condition >= 0 and not _met(f, codes, numbers, condition, i):
            continue
        column = f.value_column[slot]
        value = f.constant[slot] if column < 0 else numbers[column, i]
        kind = f.key_kind[slot]
        key = np.int64(1)
        if kind == 1:
            key = f.keys[f.key_at[slot] + 1 + codes[f.key_column[slot], i]]
        elif kind == 2:
            x = numbers[f.key_column[slot], i]
            key = np.int64(KEYLESS) if np.isnan(x) else number_key(x)
        elif kind == 3:
            key = np.int64(KEYLESS)
        _apply(a, wi, wf, slot, time[i], value, key)


@njit(nogil=True, cache=True)
def fold_persons(a, f, codes, numbers, start, stop, time, event, received, at, values, hits):
    """Signals of persons at some times.

    Args:
        a: `Automata`.
        f: `Feeds`.
        codes: int32, shape (columns of text, rows).
        numbers: float64, shape (columns of numbers, rows).
        start: int64, one a person.
        stop: int64, one a person.
        time: int64, one a row.
        event: codes of event names, one a row.
        received: int64, one a row: when it was received; empty when everything was received as it happened.
        at: int64, ascending: when to read. An event counts that happened and was received by then.
        values: float64, shape (times, persons, signals), filled.
        hits: int32, shape (persons, signals), filled: hits until the last time.
    """
    wi = np.empty(a.words[0], np.int64)
    wf = wi.view(np.float64)
    times = at.size
    for u in range(start.size):
        begin(a, wi, wf)
        late = False
        if received.size and times > 1:
            for i in range(start[u], stop[u]):
                if received[i] > time[i]:
                    g = np.searchsorted(at, time[i])
                    late |= g < times and received[i] > at[g]
        if not late:
            g = 0
            for i in range(start[u], stop[u]):
                while g < times and at[g] < time[i]:
                    read_values(a, wi, wf, at[g], values[g, u])
                    g += 1
                if g == times:
                    break
                if received.size and received[i] > at[times - 1]:
                    continue
                _row(a, f, codes, numbers, wi, wf, event, time, i)
            while g < times:
                read_values(a, wi, wf, at[g], values[g, u])
                g += 1
        else:
            # What had not arrived by a time must not be known then: each time has its own fold.
            for g in range(times):
                begin(a, wi, wf)
                for i in range(start[u], stop[u]):
                    if time[i] > at[g]:
                        break
                    if received[i] <= at[g]:
                        _row(a, f, codes, numbers, wi, wf, event, time, i)
                read_values(a, wi, wf, at[g], values[g, u])
        for s in range(a.op.size):
            hits[u, s] = wi[s * HEAD + HITS]


@njit(nogil=True, cache=True)
def last_known(codes, start, stop, time, received, at):
    """Code of each person's last known value at a time, -1 for none."""
    out = np.full(start.size, -1, np.int32)
    for u in range(start.size):
        for i in range(start[u], stop[u]):
            if time[i] > at:
                break
            if codes[i] >= 0 and (received.size == 0 or received[i] <= at):
                out[u] = codes[i]
    return out
