"""Signals over history: for every person the same fold that runs live, read at one or several times.

In: the rows of persons sorted by (person, time, seq), conditions of slots as look-up tables over column codes. Out: values of the
signals, one row a person and time. What an event does to a state is `signals.signal_kernel` and nothing else.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from sojourn.signals.memory import byte, half, number, word
from sojourn.signals.signal_kernel import (
    AT,
    HEAD,
    HITS,
    KEYLESS,
    MANY,
    SLOTS,
    WORDS,
    apply_match,
    begin,
    next_due,
    read_values,
)

TEXT, EQUAL, UNEQUAL, BELOW, AT_MOST, ABOVE, AT_LEAST, AMONG, MISSING = range(9)
"""Kinds of comparisons: a look-up over codes of texts, or one of numbers."""


MISSING_COLUMN = -1
NEVER = np.iinfo(np.int64).max
"""A time that does not come."""
NO_KEY, TEXT_KEY, NUMBER_KEY, ABSENT_KEY = range(4)
FIRST, SLOT_RECORDS, CONDITIONS, LEAVES, TABLES = range(5)
SLOT_FIELDS, CONDITION_FIELDS, LEAF_FIELDS = 6, 3, 4
"""How rows reach slots, as one array of int64 words.

The first five words say where these begin:

- by event name, and one more: where its slots begin; behind them the slots, ascending within a name;
- a slot: its condition or -1, row of `numbers` that is its value or -1, the constant value (float), kind of key, row of the key's
  column, where that column's keys begin in `keys` (that of null stands first);
- a condition: its first comparison, behind its last, where its truth table begins among the tables;
- a comparison: kind, row of its column or -1, where its look-ups begin in `lookups` (that of null stands first) or the first of
  its numbers in `literals`, how many numbers;
- truth tables.
"""


@njit(nogil=True, cache=True)
def _worth(f, lookups, literals, codes, numbers, leaf, i):
    """What a comparison is worth of a row: 0 unknown, 1 false, 2 true."""
    kind, column, at = word(f, leaf), word(f, leaf + 1), word(f, leaf + 2)
    if column < 0:
        return 2 if kind == MISSING else 0
    if kind == TEXT:
        return np.int64(byte(lookups, at + 1 + half(word(codes, column), i)))
    x = number(word(numbers, column), i)
    if kind == MISSING:
        return 2 if np.isnan(x) else 1
    if np.isnan(x):
        return 0
    y = number(literals, at)
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
        for n in range(word(f, leaf + 3)):
            found |= x == number(literals, at + n)
    return 2 if found else 1


@njit(nogil=True, cache=True)
def _met(f, lookups, literals, codes, numbers, condition, i):
    """Whether a condition is true of a row."""
    at = word(f, CONDITIONS) + CONDITION_FIELDS * condition
    place, weight = 0, 1
    for leaf in range(word(f, at), word(f, at + 1)):
        place += weight * _worth(f, lookups, literals, codes, numbers, word(f, LEAVES) + LEAF_FIELDS * leaf, i)
        weight *= 3
    return word(f, word(f, TABLES) + word(f, at + 2) + place) == 2


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
def _key(f, keys, codes, numbers, record, i):
    """The key a row has for a slot."""
    kind, column = word(f, record + 3), word(f, record + 4)
    if kind == TEXT_KEY:
        return word(keys, word(f, record + 5) + 1 + half(word(codes, column), i))
    if kind == NUMBER_KEY:
        x = number(word(numbers, column), i)
        return np.int64(KEYLESS) if np.isnan(x) else number_key(x)
    return np.int64(KEYLESS) if kind == ABSENT_KEY else np.int64(1)


@njit(nogil=True, cache=True)
def fold_persons(
    catalogue, feeds, lookups, literals, keys, codes, numbers, start, stop, time, event, received, at, values, hits
):
    """Signals of persons at some times.

    Args:
        catalogue: int64: the compiled catalogue, `signal_kernel`.
        feeds: int64: how rows reach slots.
        lookups: uint8: worths of comparisons by code.
        literals: float64: numbers that are compared with.
        keys: int64: keys by code.
        codes: int64: addresses of the columns of text, int32, that the caller keeps alive.
        numbers: int64: addresses of the columns of numbers, float64.
        start: int64, one a person.
        stop: int64, one a person.
        time: int64, one a row.
        event: codes of event names, one a row.
        received: int64, one a row: when it was received; empty when everything was received as it happened.
        at: int64, ascending: when to read. An event counts that happened and was received by then.
        values: float64, shape (times, persons, signals), filled.
        hits: int32, shape (persons, signals), filled: hits until the last time.
    """
    a, f, v = catalogue.ctypes.data, feeds.ctypes.data, values.ctypes.data
    state = np.empty(word(a, WORDS), np.int64)
    w = state.ctypes.data
    c, x = codes.ctypes.data, numbers.ctypes.data
    look, liter, key = lookups.ctypes.data, literals.ctypes.data, keys.ctypes.data
    times, persons, many = at.size, start.size, word(a, MANY)
    names, slots = word(f, FIRST), word(f, SLOT_RECORDS)
    for u in range(persons):
        late = False
        if received.size and times > 1:
            for i in range(start[u], stop[u]):
                if received[i] > time[i]:
                    g = np.searchsorted(at, time[i])
                    late |= g < times and received[i] > at[g]
        # What had not arrived by a time must not be known then: each time of a person with such events has its own fold.
        for turn in range(times if late else 1):
            begin(a, w)
            g = turn
            end = turn if late else times - 1
            for i in range(start[u], stop[u]):
                t = time[i]
                while g <= end and at[g] < t:
                    read_values(a, w, at[g], v + 8 * (g * persons + u) * many)
                    g += 1
                if g > end:
                    break
                if received.size and received[i] > at[end]:
                    continue
                name = names + event[i]
                for j in range(word(f, name), word(f, name + 1)):
                    slot = word(f, j)
                    record = slots + SLOT_FIELDS * slot
                    condition, column = word(f, record), word(f, record + 1)
                    if condition >= 0 and not _met(f, look, liter, c, x, condition, i):
                        continue
                    value = number(f, record + 2) if column < 0 else number(word(x, column), i)
                    apply_match(a, w, slot, t, value, _key(f, key, c, x, record, i))
            while g <= end:
                read_values(a, w, at[g], v + 8 * (g * persons + u) * many)
                g += 1
        for s in range(many):
            hits[u, s] = state[s * HEAD + HITS]


@njit(nogil=True, cache=True)
def _note(w, signal, times, out, u, told):
    """Write down the hits that are asked for and have just come; `told` says of which signal, -1 of any."""
    for n in range(signal.size):
        s = signal[n]
        if (told < 0 or s == told) and out[u, n] == NEVER and word(w, s * HEAD + HITS) >= times[n]:
            out[u, n] = word(w, s * HEAD + AT)


@njit(nogil=True, cache=True)
def hit_times(
    catalogue,
    feeds,
    lookups,
    literals,
    keys,
    codes,
    numbers,
    start,
    stop,
    time,
    event,
    received,
    at,
    signal,
    times,
    out,
):
    """When persons' signals were hit for the so manieth time; the same fold as `fold_persons`.

    Args:
        catalogue: As of `fold_persons`, and so up to `received`.
        feeds: As there.
        lookups: As there.
        literals: As there.
        keys: As there.
        codes: As there.
        numbers: As there.
        start: As there.
        stop: As there.
        time: As there.
        event: As there.
        received: As there.
        at: An event counts that happened and was received by then, a timer that was due by then.
        signal: int64: which signals are asked for.
        times: int64: which hit of each, from 1.
        out: int64, shape (persons, asked for), filled: when it was; `NEVER` when it was not.
    """
    a, f = catalogue.ctypes.data, feeds.ctypes.data
    state, values = np.empty(word(a, WORDS), np.int64), np.empty(word(a, MANY))
    w, v = state.ctypes.data, values.ctypes.data
    c, x = codes.ctypes.data, numbers.ctypes.data
    look, liter, key = lookups.ctypes.data, literals.ctypes.data, keys.ctypes.data
    names, slots, own = word(f, FIRST), word(f, SLOT_RECORDS), word(a, SLOTS)
    out[:] = NEVER
    for u in range(start.size):
        begin(a, w)
        for i in range(start[u], stop[u] + 1):
            # One turn behind the last event: timers that are due later.
            t = time[i] if i < stop[u] else at + 1
            if t > at + 1 or (i < stop[u] and received.size and received[i] > at):
                continue
            due = next_due(a, w)
            while due < t:
                read_values(a, w, due, v)
                _note(w, signal, times, out, u, -1)
                due = next_due(a, w)
            if i == stop[u] or t > at:
                continue
            name = names + event[i]
            for j in range(word(f, name), word(f, name + 1)):
                slot = word(f, j)
                record = slots + SLOT_FIELDS * slot
                condition, column = word(f, record), word(f, record + 1)
                if condition >= 0 and not _met(f, look, liter, c, x, condition, i):
                    continue
                value = number(f, record + 2) if column < 0 else number(word(x, column), i)
                apply_match(a, w, slot, t, value, _key(f, key, c, x, record, i))
                _note(w, signal, times, out, u, word(a, own + 2 * slot))


@njit(nogil=True, cache=True)
def look_up(time, span, first, told):
    """What is told of the stretch of time each row lies in, the first of them `first`; NaN without a time."""
    out = np.empty(time.size)
    for i in range(time.size):
        out[i] = told[time[i] // span - first] if time[i] != 0 else np.nan
    return out


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
