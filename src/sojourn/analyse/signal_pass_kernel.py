"""Signals over history: for every person the same fold that runs live, read at one or several times.

In: the rows of persons sorted by (person, time, seq), conditions of slots as look-up tables over column codes. Out: values of the
signals, one row a person and time. What an event does to a state is `signals.signal_kernel` and nothing else.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from sojourn.signals.memory import byte, half, lowest, number, ones, put, put_number, word
from sojourn.signals.signal_kernel import (
    AMOUNT,
    AT,
    HEAD,
    HITS,
    KEY,
    KEYLESS,
    MANY,
    MATCH_WORDS,
    ROLE,
    TIME,
    WHO,
    WORDS,
    apply_matches,
    begin,
    clear,
    fire_next,
    read_value,
)

TEXT, EQUAL, UNEQUAL, BELOW, AT_MOST, ABOVE, AT_LEAST, AMONG, MISSING = range(9)
"""Kinds of comparisons: a look-up over codes of texts, or one of numbers."""


MISSING_COLUMN = -1
NEVER = np.iinfo(np.int64).max
"""A time that does not come."""
NO_KEY, TEXT_KEY, NUMBER_KEY, ABSENT_KEY = range(4)
NAMES, TESTS, SIGNALS, SLOT_RECORDS, CONDITIONS, LEAVES, TABLES, MANY_CLASSES, MANY_TESTS, MOST_SLOTS = range(10)
TEST_FIELDS, SLOT_FIELDS, CONDITION_FIELDS, LEAF_FIELDS = 3, 7, 3, 4
"""How rows reach slots, as one array of int64 words.

Of the first ten words seven say where these begin, and three how many classes, tests, and slots of a signal there are at most:

- by event name: its class; names of a class are asked the same tests;
- a test: its condition or -1, where its classes begin among these words, behind its last; the classes themselves;
- by signal, and one more: its first slot;
- a slot: its test, twice, and one more where it is wanted false; its role; row of `numbers` that is its value or -1, the constant
  value (float), kind of key, row of the key's column, where that column's keys begin in `keys` (that of null stands first);
- a condition: its first comparison, behind its last, where its truth table begins among the tables;
- a comparison: kind, row of its column or -1, where its look-ups begin in `lookups` (that of null stands first) or the first of
  its numbers in `literals`, how many numbers;
- truth tables.
"""
BLOCK = 4096
"""Rows that are taken together, with all rows of their persons. Which of them belong to a class, and of which a test is true or
false, is a bit a row, 64 rows a word; `wide` words a class, and twice as many a test."""


@njit(nogil=True, cache=True, forceinline=True)
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
def _lay_out(f, masks, wide, rows, owner, start, stop, time, event, received, first, last, until, known):
    """Rows of persons one behind the other, and by class those until a time that were received by another."""
    for k in range(word(f, MANY_CLASSES) * wide):
        put(masks, k, 0)
    n = 0
    for u in range(first, last):
        for i in range(start[u], stop[u]):
            put(rows, n, i)
            put(owner, n, u)
            at = word(f, word(f, NAMES) + event[i]) * wide + (n >> 6)
            counts = time[i] <= until and (received.size == 0 or received[i] <= known)
            put(masks, at, word(masks, at) | np.int64(counts) << (n & 63))
            n += 1


@njit(nogil=True, cache=True)
def _tell(f, masks, told, wide, rows, lookups, literals, codes, numbers):
    """Of which rows each test is true, and of which it is false."""
    for test in range(word(f, MANY_TESTS)):
        record, base = word(f, TESTS) + TEST_FIELDS * test, told + 16 * wide * test
        for k in range(2 * wide):
            put(base, k, 0)
        for place in range(word(f, record + 1), word(f, record + 2)):
            own = masks + 8 * wide * word(f, place)
            for k in range(wide):
                put(base, k, word(base, k) | word(own, k))
        if word(f, record) >= 0:
            _ask(f, base, wide, rows, word(f, record), lookups, literals, codes, numbers)


@njit(nogil=True, cache=True)
def _ask(f, base, wide, rows, condition, lookups, literals, codes, numbers):
    """Leave of a test's rows those of which its condition is true, and behind them put those of which it is false."""
    at = word(f, CONDITIONS) + CONDITION_FIELDS * condition
    first, last, table = word(f, at), word(f, at + 1), word(f, TABLES) + word(f, at + 2)
    for k in range(wide):
        rest, true, false = word(base, k), 0, 0
        while rest != 0:
            bit = lowest(rest)
            rest &= rest - 1
            i, place, weight = word(rows, 64 * k + bit), 0, 1
            for leaf in range(first, last):
                at = word(f, LEAVES) + LEAF_FIELDS * leaf
                place += weight * _worth(f, lookups, literals, codes, numbers, at, i)
                weight *= 3
            worth = word(f, table + place)
            true |= (worth >> 1) << bit
            false |= (worth & 1) << bit
        put(base, k, true)
        put(base, wide + k, false)


@njit(nogil=True, cache=True, forceinline=True)
def number_key(x):
    """As `signals.keys.number_key`."""
    bits = np.float64(x + 0.0).view(np.uint64)
    bits += np.uint64(0x9E3779B97F4A7C15)
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    key = np.int64(bits ^ (bits >> np.uint64(31)))
    return key + 16 if 0 <= key < 16 else key


@njit(nogil=True, cache=True, forceinline=True)
def _key(f, keys, codes, numbers, record, i):
    """The key a row has for a slot."""
    kind, column = word(f, record + 4), word(f, record + 5)
    if kind == NO_KEY:
        return np.int64(1)
    if kind == TEXT_KEY:
        return word(keys, word(f, record + 6) + 1 + half(word(codes, column), i))
    if kind == NUMBER_KEY:
        x = number(word(numbers, column), i)
        return np.int64(KEYLESS) if np.isnan(x) else number_key(x)
    return np.int64(KEYLESS)


@njit(nogil=True, cache=True)
def _before(f, told, wide, first, behind, before):
    """How many matches lie before each word of rows; returns how many there are."""
    for k in range(wide + 1):
        put(before, k, 0)
    for record in range(first, behind, SLOT_FIELDS):
        own = told + 8 * wide * word(f, record)
        for k in range(wide):
            put(before, k + 1, word(before, k + 1) + ones(word(own, k)))
    many = 0
    for k in range(1, wide + 1):
        many += word(before, k)
        put(before, k, many)
    return many


@njit(nogil=True, cache=True)
def _matches(f, m, told, wide, rows, owner, before, s, time, keys, codes, numbers):
    """Write down the matches of a signal in the rows of a block, by row and slot; returns how many."""
    first = word(f, SLOT_RECORDS) + SLOT_FIELDS * word(f, word(f, SIGNALS) + s)
    behind = word(f, SLOT_RECORDS) + SLOT_FIELDS * word(f, word(f, SIGNALS) + s + 1)
    many = _before(f, told, wide, first, behind, before)
    slots = (behind - first) // SLOT_FIELDS
    for record in range(first, behind if many else first, SLOT_FIELDS):
        own, role = told + 8 * wide * word(f, record), word(f, record + 1)
        column, constant = word(f, record + 2), number(f, record + 3)
        # Of two slots the other one; a match of a row lies behind that of an earlier slot.
        earlier = record > first
        beside = told + 8 * wide * word(f, first if earlier else behind - SLOT_FIELDS)
        for k in range(wide):
            rest, start = word(own, k), word(before, k)
            other = word(beside, k)
            while rest != 0:
                bit = lowest(rest)
                rest &= rest - 1
                at = start
                if slots == 2:
                    at += ones(other & ((1 << bit + earlier) - 1)) if bit + earlier < 64 else ones(other)
                elif slots > 2:
                    for each in range(first, behind, SLOT_FIELDS):
                        if each != record:
                            upto = (1 << bit) - 1 | (1 << bit if each < record else 0)
                            at += ones(word(told + 8 * wide * word(f, each), k) & upto)
                start += 1
                i, to = word(rows, 64 * k + bit), m + 8 * MATCH_WORDS * at
                put(to, ROLE, role)
                put(to, TIME, word(time, i))
                put_number(to, AMOUNT, constant if column < 0 else number(word(numbers, column), i))
                put(to, KEY, _key(f, keys, codes, numbers, record, i))
                put(to, WHO, word(owner, 64 * k + bit))
    return many


@njit(nogil=True, cache=True)
def _fold(a, w, s, m, many, first, last, at, values, hits):
    """Fold a signal over its matches in a block, and read it for each person at the times from the first to the last."""
    n = 0
    while n < many:
        u, behind = word(m, WHO), 1
        while n + behind < many and word(m, behind * MATCH_WORDS + WHO) == u:
            behind += 1
        n += behind
        for g in range(first, last + 1):
            some = behind
            if g < last:
                some = 0
                while some < behind and word(m, some * MATCH_WORDS + TIME) <= at[g]:
                    some += 1
            apply_matches(a, w, s, m, some)
            values[g, u, s] = read_value(a, w, s, at[g])
            behind -= some
            m += 8 * MATCH_WORDS * some
        hits[u, s] = word(w, s * HEAD + HITS)
        clear(a, w, s)


@njit(nogil=True, cache=True)
def _is_late(start, stop, time, received, at):
    """Whether a person has events that had not arrived by the first time behind them."""
    late = False
    if received.size and at.size > 1:
        for i in range(start, stop):
            if received[i] > time[i]:
                g = np.searchsorted(at, time[i])
                late |= g < at.size and received[i] > at[g]
    return late


@njit(nogil=True, cache=True)
def _block(start, stop, time, received, at, first, late):
    """Behind the last of the persons whose rows are taken together, and how many words have a bit for each; a late one stays alone."""
    last, rows = first + 1, stop[first] - start[first]
    while not late and last < start.size and rows + stop[last] - start[last] <= BLOCK:
        if _is_late(start[last], stop[last], time, received, at):
            break
        rows += stop[last] - start[last]
        last += 1
    return last, (rows + 63) >> 6


@njit(nogil=True, cache=True)
def _ground(a, f, start, stop):
    """What a fold works in: state, matches, counts before words, rows of classes and of tests, places of rows and whose they are.

    Only addresses are taken of these arrays, so who called must keep them to its end: it returns them.
    """
    most = BLOCK
    for u in range(start.size):
        most = max(most, stop[u] - start[u])
    room = (most + 63) >> 6
    return (
        np.empty(word(a, WORDS), np.int64),
        np.empty(64 * room * MATCH_WORDS * word(f, MOST_SLOTS), np.int64),
        np.empty(room + 1, np.int64),
        np.empty(room * word(f, MANY_CLASSES), np.int64),
        np.empty(2 * room * word(f, MANY_TESTS), np.int64),
        np.empty(64 * room, np.int64),
        np.empty(64 * room, np.int64),
    )


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
        values: float64, shape (times, persons, signals): zeros, filled where something is not 0.
        hits: int32, shape (persons, signals): zeros, filled likewise: hits until the last time.
    """
    a, f = catalogue.ctypes.data, feeds.ctypes.data
    ground = _ground(a, f, start, stop)
    w, m, before = ground[0].ctypes.data, ground[1].ctypes.data, ground[2].ctypes.data
    masks, told, rows, owner = (
        ground[3].ctypes.data,
        ground[4].ctypes.data,
        ground[5].ctypes.data,
        ground[6].ctypes.data,
    )
    c, x, clock = codes.ctypes.data, numbers.ctypes.data, time.ctypes.data
    look, liter, key = lookups.ctypes.data, literals.ctypes.data, keys.ctypes.data
    begin(a, w)
    for s in range(word(a, MANY)):
        untouched = read_value(a, w, s, at[0])
        if untouched != 0.0:
            values[:, :, s] = untouched
    behind = 0
    while behind < start.size:
        u = behind
        # What had not arrived by a time must not be known then: each time of a person with such events has its own fold.
        late = _is_late(start[u], stop[u], time, received, at)
        behind, wide = _block(start, stop, time, received, at, u, late)
        for turn in range(at.size if late else 1):
            first, last = (turn, turn) if late else (0, at.size - 1)
            _lay_out(f, masks, wide, rows, owner, start, stop, time, event, received, u, behind, at[last], at[last])
            _tell(f, masks, told, wide, rows, look, liter, c, x)
            for s in range(word(a, MANY)):
                found = _matches(f, m, told, wide, rows, owner, before, s, clock, key, c, x)
                _fold(a, w, s, m, found, first, last, at, values, hits)
    return ground


@njit(nogil=True, cache=True)
def _note(w, signal, times, out, u, s):
    """Write down the hits of a signal that are asked for and have just come."""
    for n in range(signal.size):
        if signal[n] == s and out[u, n] == NEVER and word(w, s * HEAD + HITS) >= times[n]:
            out[u, n] = word(w, s * HEAD + AT)


@njit(nogil=True, cache=True)
def _note_hits(a, w, s, m, many, at, signal, times, out):
    """Fold a signal over its matches in a block and write down its hits; see `hit_times`."""
    for n in range(many):
        u = word(m, WHO)
        while fire_next(a, w, s, word(m, TIME)):
            _note(w, signal, times, out, u, s)
        apply_matches(a, w, s, m, 1)
        _note(w, signal, times, out, u, s)
        m += 8 * MATCH_WORDS
        if n + 1 == many or word(m, WHO) != u:
            while fire_next(a, w, s, at + 1):
                _note(w, signal, times, out, u, s)
            clear(a, w, s)


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
        out: int64, shape (persons, asked for): `NEVER`, filled: when it was.
    """
    a, f = catalogue.ctypes.data, feeds.ctypes.data
    ground = _ground(a, f, start, stop)
    w, m, before = ground[0].ctypes.data, ground[1].ctypes.data, ground[2].ctypes.data
    masks, told, rows, owner = (
        ground[3].ctypes.data,
        ground[4].ctypes.data,
        ground[5].ctypes.data,
        ground[6].ctypes.data,
    )
    c, x, clock = codes.ctypes.data, numbers.ctypes.data, time.ctypes.data
    look, liter, key = lookups.ctypes.data, literals.ctypes.data, keys.ctypes.data
    once = np.array([at])
    begin(a, w)
    behind = 0
    while behind < start.size:
        u, (behind, wide) = behind, _block(start, stop, time, received, once, behind, False)
        _lay_out(f, masks, wide, rows, owner, start, stop, time, event, received, u, behind, at, at)
        _tell(f, masks, told, wide, rows, look, liter, c, x)
        for s in range(word(a, MANY)):
            found = _matches(f, m, told, wide, rows, owner, before, s, clock, key, c, x)
            _note_hits(a, w, s, m, found, at, signal, times, out)
    return ground


@njit(nogil=True, cache=True)
def any_late(time, received):
    """Whether anything was received after it happened; NaN says that it was not."""
    late = False
    for i in range(time.size):
        late |= received[i] > time[i]
    return late


@njit(nogil=True, cache=True)
def span(time):
    """The first and the last time, of those that are one; the first is behind the last when none is."""
    first, last = NEVER, np.int64(0)
    for i in range(time.size):
        first = min(first, time[i] if time[i] != 0 else NEVER)
        last = max(last, time[i])
    return first, last


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
