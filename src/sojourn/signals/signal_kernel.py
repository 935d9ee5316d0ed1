"""The one kernel of signals: what a match does to a person's state, live and over history.

In: a compiled catalogue, matches of a signal in the order (time, seq, slot), one person's working state. Out: the state after
them, or a value at a time. The same `apply_matches` runs for one new event and for all persons over history, so both give
the same numbers; signals know nothing of each other. docs/methods/signals.md has the definition of each pattern.

A person's working state is one array of int64 words (numbers are the same words read as float64). Each signal has six words:
value, time of the value, how many entries are open, a word of the pattern's own, another, hits. Behind those of all signals
lies room for the open entries of those that have any.

A compiled catalogue is one array of int64 words too: how many signals, words of a working state, where slots begin; then a record
of `FIELDS` words a signal, then signal and role of each slot, then truth tables. Functions take the addresses of both, `a` of the
catalogue and `w` of the working state (`memory` says why), and their callers keep the arrays alive.
"""

from __future__ import annotations

import math

import numpy as np
from numba import njit

from sojourn.signals.memory import number, put, put_number, word

HEAD = 6
VALUE, AT, OPEN, OWN, OTHER, HITS = range(HEAD)
NONE = np.iinfo(np.int64).min
KEYLESS = 0
"""The key of an event without one. Every other key is something else."""

MANY, WORDS, SLOTS = range(3)
RECORDS = 3
FIELDS = 12
OP, RATE, CAP, WINDOW, MOST, TIMES, REGION, WIDTH, ROOM, TABLE, UNSET, ENDS = range(FIELDS)
"""A signal's record: pattern; ln 2 / half-life, a microsecond (float), 0 without; cap (float); `within`, `longer_than` or `after`;
`at_most`; `times`, steps or comparisons; first word of its entries; words an entry; entries it may keep; where its truth table
begins in `a`; the place in that table before anything is known; whether it has `until`. Times in microseconds."""

(COUNT, SUM, DISTINCT, FIRST, RECENCY, BURST, DWELL, WITHOUT, REPEAT, SEQUENCE, RETURN, TRAIT, CONTEXT) = range(13)
BEGIN, END, RESET = 0, 1, 255
"""Roles of a match: `of`, what ends or follows it, `until`. A step of a sequence and a comparison of a trait have their place."""

MATCH_WORDS = 5
ROLE, TIME, AMOUNT, KEY, WHO = range(MATCH_WORDS)
"""A match of a signal: its role, when, its number (float), its key, and whose it is, which only those who write it read."""

REGISTERS = 2048
_REGISTER_BITS = 11
EXACT_KEYS = 256
_SKETCH = EXACT_KEYS + 1
"""`OPEN` of a distinct signal that became a sketch."""
# Flajolet, Fusy, Gandouet, Meunier (2007), figure 3, for more than 128 registers.
_ALPHA = 0.7213 / (1 + 1.079 / REGISTERS) * REGISTERS * REGISTERS


@njit(nogil=True, cache=True)
def clear(a, w, s):
    """A signal as before its first match."""
    h = s * HEAD
    put_number(w, h + VALUE, 0.0)
    put(w, h + AT, 0)
    put(w, h + OPEN, 0)
    put(w, h + OWN, 0)
    put(w, h + OTHER, 0)
    put(w, h + HITS, 0)
    op = word(a, RECORDS + s * FIELDS + OP)
    if op == DWELL or op == RETURN:  # noqa: SIM109  (two comparisons compile to two instructions)
        put(w, h + OWN, NONE)
    elif op == TRAIT:
        put(w, h + OWN, word(a, RECORDS + s * FIELDS + UNSET))
        put_number(
            w,
            h + VALUE,
            1.0 if word(a, word(a, RECORDS + s * FIELDS + TABLE) + word(a, RECORDS + s * FIELDS + UNSET)) == 2 else 0.0,
        )


@njit(nogil=True, cache=True)
def begin(a, w):
    """A person without any match."""
    for s in range(word(a, MANY)):
        clear(a, w, s)


@njit(nogil=True, cache=True, forceinline=True)
def _left(x, rate, passed):
    """What time leaves of a value."""
    return x * math.exp(-rate * passed) if x != 0.0 and rate > 0.0 else x


@njit(nogil=True, cache=True, forceinline=True)
def _add(a, w, s, t, amount):
    """A hit: what is left of the value, and the amount, capped."""
    h, record = s * HEAD, RECORDS + s * FIELDS
    left = _left(number(w, h + VALUE), number(a, record + RATE), t - word(w, h + AT))
    put_number(w, h + VALUE, min(max(left + amount, -number(a, record + CAP)), number(a, record + CAP)))
    put(w, h + AT, t)
    put(w, h + HITS, word(w, h + HITS) + 1)


@njit(nogil=True, cache=True, forceinline=True)
def _drop(w, first, width, open_, place):
    """Take one entry out; the others keep their order."""
    for i in range(first + place * width, first + (open_ - 1) * width):
        put(w, i, word(w, i + width))
    return open_ - 1


@njit(nogil=True, cache=True, forceinline=True)
def _find(w, first, width, open_, key):
    """The entry with a key, -1 for none."""
    for n in range(open_):
        if word(w, first + n * width) == key:
            return n
    return -1


@njit(nogil=True, cache=True)
def _fire(a, w, s, before):
    """Timers of a signal that are due before a time, each at its time."""
    h = s * HEAD
    first = word(a, RECORDS + s * FIELDS + REGION)
    open_ = word(w, h + OPEN)
    fired = 0
    while fired < open_ and word(w, first + 2 * fired + 1) < before:
        _add(a, w, s, word(w, first + 2 * fired + 1), 1.0)
        fired += 1
    if fired:
        for i in range(first, first + 2 * (open_ - fired)):
            put(w, i, word(w, i + 2 * fired))
        put(w, h + OPEN, open_ - fired)


@njit(nogil=True, cache=True)
def fire_next(a, w, s, before):
    """The next timer of a signal alone, when it is due before a time; whether it was."""
    if word(a, RECORDS + s * FIELDS + OP) != WITHOUT or word(w, s * HEAD + OPEN) == 0:
        return False
    due = word(w, word(a, RECORDS + s * FIELDS + REGION) + 1)
    if due >= before:
        return False
    _fire(a, w, s, due + 1)
    return True


@njit(nogil=True, cache=True)
def _sketch_add(a, w, s, key):
    """Put a key into the registers; True when one grew."""
    bits = np.uint64(key)
    place = np.int64(bits & np.uint64(REGISTERS - 1))
    rest = bits >> np.uint64(_REGISTER_BITS)
    rank = 1
    while rank <= 64 - _REGISTER_BITS and (not rest & np.uint64(1)):
        rest >>= np.uint64(1)
        rank += 1
    at = word(a, RECORDS + s * FIELDS + REGION) + place // 8
    shift = np.uint64(8 * (place % 8))
    bits = np.uint64(word(w, at))
    have = np.int64((bits >> shift) & np.uint64(255))
    if rank <= have:
        return False
    put(w, at, np.int64((bits & ~(np.uint64(255) << shift)) | (np.uint64(rank) << shift)))
    h = s * HEAD
    put_number(w, h + OWN, number(w, h + OWN) + 2.0**-rank - 2.0**-have)
    if have == 0:
        put(w, h + OTHER, word(w, h + OTHER) - 1)
    return True


@njit(nogil=True, cache=True)
def _sketch_count(w, s):
    """How many distinct keys the registers tell of: linear counting while some are empty and it is small."""
    h = s * HEAD
    raw = _ALPHA / number(w, h + OWN)
    empty = word(w, h + OTHER)
    if raw <= 2.5 * REGISTERS and empty > 0:
        return REGISTERS * math.log(REGISTERS / empty)
    return raw


@njit(nogil=True, cache=True, forceinline=True)
def _distinct(a, w, s, t, key):
    h = s * HEAD
    first = word(a, RECORDS + s * FIELDS + REGION)
    open_ = word(w, h + OPEN)
    if open_ <= EXACT_KEYS:
        if _find(w, first, 1, open_, key) >= 0:
            return
        if open_ < EXACT_KEYS:
            put(w, first + open_, key)
            put(w, h + OPEN, open_ + 1)
            _add(a, w, s, t, 1.0)
            return
        known = np.empty(EXACT_KEYS, np.int64)
        for n in range(EXACT_KEYS):
            known[n] = word(w, first + n)
            put(w, first + n, 0)
        put(w, h + OPEN, _SKETCH)
        put_number(w, h + OWN, float(REGISTERS))
        put(w, h + OTHER, REGISTERS)
        for k in known:
            _sketch_add(a, w, s, k)
        put_number(w, first + EXACT_KEYS, float(EXACT_KEYS))
    if _sketch_add(a, w, s, key):
        more = _sketch_count(w, s) - number(w, first + EXACT_KEYS)
        if more > 0.0:
            put_number(w, first + EXACT_KEYS, number(w, first + EXACT_KEYS) + more)
            _add(a, w, s, t, more)


@njit(nogil=True, cache=True, forceinline=True)
def _burst(a, w, s, t, key):
    h = s * HEAD
    first = word(a, RECORDS + s * FIELDS + REGION)
    open_ = word(w, h + OPEN)
    old = 0
    while old < open_ and t - word(w, first + 2 * old + 1) > word(a, RECORDS + s * FIELDS + WINDOW):
        old += 1
    if old:
        for i in range(first, first + 2 * (open_ - old)):
            put(w, i, word(w, i + 2 * old))
        open_ -= old
    same = 1
    for n in range(open_):
        same += word(w, first + 2 * n) == key
    if same >= word(a, RECORDS + s * FIELDS + TIMES):
        kept = 0
        for n in range(open_):
            if word(w, first + 2 * n) != key:
                put(w, first + 2 * kept, word(w, first + 2 * n))
                put(w, first + 2 * kept + 1, word(w, first + 2 * n + 1))
                kept += 1
        put(w, h + OPEN, kept)
        _add(a, w, s, t, 1.0)
        return
    if open_ == word(a, RECORDS + s * FIELDS + ROOM):
        open_ = _drop(w, first, 2, open_, 0)
    put(w, first + 2 * open_, key)
    put(w, first + 2 * open_ + 1, t)
    put(w, h + OPEN, open_ + 1)


@njit(nogil=True, cache=True, forceinline=True)
def _without(a, w, s, role, t, key):
    h = s * HEAD
    first = word(a, RECORDS + s * FIELDS + REGION)
    _fire(a, w, s, t)
    open_ = word(w, h + OPEN)
    if key == KEYLESS:
        if role == END:
            put(w, h + OPEN, 0)
        return
    place = _find(w, first, 2, open_, key)
    if place >= 0:
        open_ = _drop(w, first, 2, open_, place)
    if role == BEGIN:
        if open_ == word(a, RECORDS + s * FIELDS + ROOM):
            open_ = _drop(w, first, 2, open_, 0)
        put(w, first + 2 * open_, key)
        put(w, first + 2 * open_ + 1, t + word(a, RECORDS + s * FIELDS + WINDOW))
        open_ += 1
    put(w, h + OPEN, open_)


@njit(nogil=True, cache=True, forceinline=True)
def _repeat(a, w, s, role, t, key):
    h = s * HEAD
    first = word(a, RECORDS + s * FIELDS + REGION)
    open_ = word(w, h + OPEN)
    if key == KEYLESS:
        if role == END:
            put(w, h + OPEN, 0)
        return
    place = _find(w, first, 3, open_, key)
    count, since = (0, t)
    if place >= 0:
        count, since = (word(w, first + 3 * place + 1), word(w, first + 3 * place + 2))
        open_ = _drop(w, first, 3, open_, place)
    put(w, h + OPEN, open_)
    if role == END:
        return
    if word(a, RECORDS + s * FIELDS + WINDOW) > 0 and t - since > word(a, RECORDS + s * FIELDS + WINDOW):
        count, since = (0, t)
    count += 1
    if count >= word(a, RECORDS + s * FIELDS + TIMES):
        _add(a, w, s, t, 1.0)
        return
    if open_ == word(a, RECORDS + s * FIELDS + ROOM):
        open_ = _drop(w, first, 3, open_, 0)
    put(w, first + 3 * open_, key)
    put(w, first + 3 * open_ + 1, count)
    put(w, first + 3 * open_ + 2, since)
    put(w, h + OPEN, open_ + 1)


@njit(nogil=True, cache=True, forceinline=True)
def _sequence(a, w, s, step, t, key):
    h = s * HEAD
    first, width = (word(a, RECORDS + s * FIELDS + REGION), word(a, RECORDS + s * FIELDS + WIDTH))
    open_ = word(w, h + OPEN)
    place = _find(w, first, width, open_, key)
    if step == 0:
        if place >= 0:
            # It changes places with each behind it, word by word.
            for i in range(first + place * width, first + (open_ - 1) * width):
                here = word(w, i)
                put(w, i, word(w, i + width))
                put(w, i + width, here)
            open_ -= 1
        else:
            if open_ == word(a, RECORDS + s * FIELDS + ROOM):
                open_ = _drop(w, first, width, open_, 0)
            put(w, first + open_ * width, key)
            for i in range(1, width):
                put(w, first + open_ * width + i, NONE)
        put(w, first + open_ * width + 1, t)
        put(w, h + OPEN, open_ + 1)
        return
    if place < 0:
        return
    entry = first + place * width
    since = word(w, entry + step)
    if since == NONE or t - since > word(a, RECORDS + s * FIELDS + WINDOW):
        return
    if step == word(a, RECORDS + s * FIELDS + TIMES) - 1:
        put(w, h + OPEN, _drop(w, first, width, open_, place))
        _add(a, w, s, t, 1.0)
    else:
        put(w, entry + 1 + step, since)


@njit(nogil=True, cache=True, forceinline=True)
def _trait(a, w, s, comparison, t, worth):
    h = s * HEAD
    digit = 3**comparison
    place = word(w, h + OWN)
    place += (np.int64(worth) - place // digit % 3) * digit
    put(w, h + OWN, place)
    now = word(a, word(a, RECORDS + s * FIELDS + TABLE) + place) == 2
    if now and number(w, h + VALUE) == 0.0:
        put(w, h + HITS, word(w, h + HITS) + 1)
    put_number(w, h + VALUE, 1.0 if now else 0.0)
    put(w, h + AT, t)


@njit(nogil=True, cache=True, forceinline=True)
def _count(a, w, s, m, many):
    h, record = s * HEAD, RECORDS + s * FIELDS
    x, at = number(w, h + VALUE), word(w, h + AT)
    rate, cap = number(a, record + RATE), number(a, record + CAP)
    for n in range(many):
        t = word(m, n * MATCH_WORDS + TIME)
        x = min(_left(x, rate, t - at) + 1.0, cap)
        at = t
    put_number(w, h + VALUE, x)
    put(w, h + AT, at)
    put(w, h + HITS, word(w, h + HITS) + many)


@njit(nogil=True, cache=True, forceinline=True)
def _sum(a, w, s, m, many):
    for n in range(many):
        amount = number(m, n * MATCH_WORDS + AMOUNT)
        if math.isfinite(amount):
            _add(a, w, s, word(m, n * MATCH_WORDS + TIME), amount)


@njit(nogil=True, cache=True, forceinline=True)
def _return(a, w, s, m, many):
    h = s * HEAD
    last, silence = word(w, h + OWN), word(a, RECORDS + s * FIELDS + WINDOW)
    for n in range(many):
        t = word(m, n * MATCH_WORDS + TIME)
        if t - last >= silence and last != NONE:
            _add(a, w, s, t, 1.0)
        last = t
    put(w, h + OWN, last)


@njit(nogil=True, cache=True, forceinline=True)
def _dwell(a, w, s, m, many):
    h, record = s * HEAD, RECORDS + s * FIELDS
    since = word(w, h + OWN)
    for n in range(many):
        t = word(m, n * MATCH_WORDS + TIME)
        if word(m, n * MATCH_WORDS + ROLE) == BEGIN:
            since = t
        elif since != NONE:
            if word(a, record + WINDOW) < t - since <= word(a, record + MOST):
                _add(a, w, s, t, 1.0)
            since = NONE
    put(w, h + OWN, since)


@njit(nogil=True, cache=True, forceinline=True)
def _set(a, w, s, m, many):
    """Recency and context: the last match says the value, of recency it is 1."""
    h, record = s * HEAD, RECORDS + s * FIELDS
    last = (many - 1) * MATCH_WORDS
    value, hits = 1.0, many
    if word(a, record + OP) == CONTEXT:
        value, hits = number(m, last + AMOUNT), 0
        for n in range(many):
            hits += number(m, n * MATCH_WORDS + AMOUNT) > 0.0
    put_number(w, h + VALUE, min(value, number(a, record + CAP)))
    put(w, h + AT, word(m, last + TIME))
    put(w, h + HITS, word(w, h + HITS) + hits)


@njit(nogil=True, cache=True)
def _keyed(a, w, s, m, many):
    """Patterns that tell matches apart by their keys."""
    op = word(a, RECORDS + s * FIELDS + OP)
    for _ in range(many):
        role, t, key = word(m, ROLE), word(m, TIME), word(m, KEY)
        m += 8 * MATCH_WORDS
        if op == WITHOUT:
            _without(a, w, s, role, t, key)
        elif op == REPEAT:
            _repeat(a, w, s, role, t, key)
        elif key == KEYLESS:
            continue
        elif op == SEQUENCE:
            _sequence(a, w, s, role, t, key)
        elif op == DISTINCT:
            _distinct(a, w, s, t, key)
        else:
            _burst(a, w, s, t, key)


@njit(nogil=True, cache=True)
def _take(a, w, s, m, many):
    """What matches of one signal do, none of which ends it."""
    op, h = word(a, RECORDS + s * FIELDS + OP), s * HEAD
    if op == COUNT:
        _count(a, w, s, m, many)
    elif op == RETURN:
        _return(a, w, s, m, many)
    elif op == DWELL:
        _dwell(a, w, s, m, many)
    elif op == RECENCY or op == CONTEXT:  # noqa: SIM109  (two comparisons compile to two instructions)
        _set(a, w, s, m, many)
    elif op == SUM:
        _sum(a, w, s, m, many)
    elif op == FIRST:
        if word(w, h + OWN) == 0:
            put(w, h + OWN, 1)
            _add(a, w, s, word(m, TIME), 1.0)
    elif op == TRAIT:
        for n in range(many):
            at = n * MATCH_WORDS
            _trait(a, w, s, word(m, at + ROLE), word(m, at + TIME), number(m, at + AMOUNT))
    else:
        _keyed(a, w, s, m, many)


@njit(nogil=True, cache=True)
def apply_matches(a, w, s, m, many):
    """What matches of one signal do, in their order; they lie at the address `m`."""
    if not word(a, RECORDS + s * FIELDS + ENDS):
        if many > 0:
            _take(a, w, s, m, many)
        return
    h = s * HEAD
    while many > 0:
        some = 0
        while some < many and word(m, some * MATCH_WORDS + ROLE) != RESET:
            some += 1
        if some > 0:
            _take(a, w, s, m, some)
        if some < many:
            t, hits = word(m, some * MATCH_WORDS + TIME), word(w, h + HITS)
            if word(a, RECORDS + s * FIELDS + OP) == WITHOUT:
                _fire(a, w, s, t)
                hits = word(w, h + HITS)
            clear(a, w, s)
            put(w, h + AT, t)
            put(w, h + HITS, hits)
            some += 1
        m += 8 * MATCH_WORDS * some
        many -= some


@njit(nogil=True, cache=True)
def read_value(a, w, s, at):
    """A signal's value at a time that is not before its last match; timers due by then have fired, here too."""
    h, record = s * HEAD, RECORDS + s * FIELDS
    if word(a, record + OP) == WITHOUT:
        _fire(a, w, s, at + 1)
    return _left(number(w, h + VALUE), number(a, record + RATE), at - word(w, h + AT))


@njit(nogil=True, cache=True)
def next_due(a, w):
    """When the next timer is due; the largest number when none is."""
    due = np.iinfo(np.int64).max
    for s in range(word(a, MANY)):
        if word(a, RECORDS + s * FIELDS + OP) == WITHOUT and word(w, s * HEAD + OPEN) > 0:
            due = min(due, word(w, word(a, RECORDS + s * FIELDS + REGION) + 1))
    return due
