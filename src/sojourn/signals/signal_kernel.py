"""The one kernel of signals: what a match does to a person's state, live and over history.

In: a compiled catalogue (`Automata`), matches in the order (time, seq, slot), one person's working state. Out: the state after
them, or its values at a time. The same compiled `_apply` runs for one new event and for all persons over history, so both give
the same numbers. docs/methods/signals.md has the definition of each pattern.

A person's working state is one array of int64 words (numbers are the same words read as float64). Each signal has six words:
value, time of the value, how many entries are open, a word of the pattern's own, another, hits. Behind those of all signals
lies room for the open entries of those that have any.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit

HEAD = 6
VALUE, AT, OPEN, OWN, OTHER, HITS = range(HEAD)
NONE = np.iinfo(np.int64).min
KEYLESS = 0
"""The key of an event without one. Every other key is something else."""

(COUNT, SUM, DISTINCT, FIRST, RECENCY, BURST, DWELL, WITHOUT, REPEAT, SEQUENCE, RETURN, TRAIT, CONTEXT) = range(13)
BEGIN, END, RESET = 0, 1, 255
"""Roles of a match: `of`, what ends or follows it, `until`. A step of a sequence and a comparison of a trait have their place."""

REGISTERS = 2048
_REGISTER_BITS = 11
EXACT_KEYS = 256
_SKETCH = EXACT_KEYS + 1
"""`OPEN` of a distinct signal that became a sketch."""
# Flajolet, Fusy, Gandouet, Meunier (2007), figure 3, for more than 128 registers.
_ALPHA = 0.7213 / (1 + 1.079 / REGISTERS) * REGISTERS * REGISTERS


class Automata(NamedTuple):
    """A compiled catalogue as arrays.

    Attributes:
        slot_signal: int64, one a slot: which signal it feeds.
        slot_role: int64, one a slot.
        op: int64, one a signal: its pattern.
        rate: float64, one a signal: ln 2 / half-life, a microsecond; 0 without decay.
        cap: float64, one a signal; infinity without.
        window: int64, one a signal: `within`, `longer_than` or `after`, microseconds; 0 without.
        most: int64, one a signal: `at_most`, microseconds.
        times: int64, one a signal: `times`, or the number of steps or of comparisons.
        region: int64, one a signal: first word of its entries.
        width: int64, one a signal: words an entry.
        room: int64, one a signal: entries it may keep.
        table: int64, one a signal: where its truth table begins in `tables`.
        unset: int64, one a signal: place in the table before anything is known.
        tables: uint8: truth tables of traits, one behind the other.
        words: int64 of one: words of a person's working state.
    """

    slot_signal: np.ndarray
    slot_role: np.ndarray
    op: np.ndarray
    rate: np.ndarray
    cap: np.ndarray
    window: np.ndarray
    most: np.ndarray
    times: np.ndarray
    region: np.ndarray
    width: np.ndarray
    room: np.ndarray
    table: np.ndarray
    unset: np.ndarray
    tables: np.ndarray
    words: np.ndarray


@njit(nogil=True, cache=True)
def _clear(a, wi, wf, s):
    """A signal as before its first match; its hits stay."""
    h = s * HEAD
    wf[h + VALUE] = 0.0
    wi[h + AT] = 0
    wi[h + OPEN] = 0
    wi[h + OWN] = 0
    wi[h + OTHER] = 0
    op = a.op[s]
    if op == DWELL or op == RETURN:  # noqa: SIM109  (two comparisons compile to two instructions)
        wi[h + OWN] = NONE
    elif op == TRAIT:
        wi[h + OWN] = a.unset[s]
        wf[h + VALUE] = 1.0 if a.tables[a.table[s] + a.unset[s]] == 2 else 0.0


@njit(nogil=True, cache=True)
def begin(a, wi, wf):
    """A person without any match."""
    for s in range(a.op.size):
        _clear(a, wi, wf, s)
        wi[s * HEAD + HITS] = 0


@njit(nogil=True, cache=True)
def _add(a, wi, wf, s, t, amount):
    """A hit: what is left of the value, and the amount, capped."""
    h = s * HEAD
    x = wf[h + VALUE]
    if x != 0.0 and a.rate[s] > 0.0:
        x *= math.exp(-a.rate[s] * (t - wi[h + AT]))
    x += amount
    cap = a.cap[s]
    if x > cap:
        x = cap
    elif x < -cap:
        x = -cap
    wf[h + VALUE] = x
    wi[h + AT] = t
    wi[h + HITS] += 1


@njit(nogil=True, cache=True)
def _drop(wi, first, width, open_, place):
    """Take one entry out; the others keep their order."""
    for i in range(first + place * width, first + (open_ - 1) * width):
        wi[i] = wi[i + width]
    return open_ - 1


@njit(nogil=True, cache=True)
def _find(wi, first, width, open_, key):
    """The entry with a key, -1 for none."""
    for n in range(open_):
        if wi[first + n * width] == key:
            return n
    return -1


@njit(nogil=True, cache=True)
def _fire(a, wi, wf, s, before):
    """Timers of a signal that are due before a time, each at its time."""
    h = s * HEAD
    first = a.region[s]
    open_ = wi[h + OPEN]
    fired = 0
    while fired < open_ and wi[first + 2 * fired + 1] < before:
        _add(a, wi, wf, s, wi[first + 2 * fired + 1], 1.0)
        fired += 1
    if fired:
        for i in range(first, first + 2 * (open_ - fired)):
            wi[i] = wi[i + 2 * fired]
        wi[h + OPEN] = open_ - fired


@njit(nogil=True, cache=True)
def _sketch_add(a, wi, wf, s, key):
    """Put a key into the registers; True when one grew."""
    bits = np.uint64(key)
    place = np.int64(bits & np.uint64(REGISTERS - 1))
    rest = bits >> np.uint64(_REGISTER_BITS)
    rank = 1
    while rank <= 64 - _REGISTER_BITS and not rest & np.uint64(1):
        rest >>= np.uint64(1)
        rank += 1
    word, shift = a.region[s] + place // 8, np.uint64(8 * (place % 8))
    have = np.int64((np.uint64(wi[word]) >> shift) & np.uint64(255))
    if rank <= have:
        return False
    cleared = np.uint64(wi[word]) & ~(np.uint64(255) << shift)
    wi[word] = np.int64(cleared | (np.uint64(rank) << shift))
    h = s * HEAD
    wf[h + OWN] += 2.0**-rank - 2.0**-have
    if have == 0:
        wi[h + OTHER] -= 1
    return True


@njit(nogil=True, cache=True)
def _sketch_count(wi, wf, s):
    """How many distinct keys the registers tell of: linear counting while some are empty and it is small."""
    h = s * HEAD
    raw = _ALPHA / wf[h + OWN]
    empty = wi[h + OTHER]
    if raw <= 2.5 * REGISTERS and empty > 0:
        return REGISTERS * math.log(REGISTERS / empty)
    return raw


@njit(nogil=True, cache=True)
def _distinct(a, wi, wf, s, t, key):
    h = s * HEAD
    first = a.region[s]
    open_ = wi[h + OPEN]
    if open_ <= EXACT_KEYS:
        if _find(wi, first, 1, open_, key) >= 0:
            return
        if open_ < EXACT_KEYS:
            wi[first + open_] = key
            wi[h + OPEN] = open_ + 1
            _add(a, wi, wf, s, t, 1.0)
            return
        known = wi[first : first + EXACT_KEYS].copy()
        wi[first : first + EXACT_KEYS] = 0
        wi[h + OPEN] = _SKETCH
        wf[h + OWN] = float(REGISTERS)
        wi[h + OTHER] = REGISTERS
        for k in known:
            _sketch_add(a, wi, wf, s, k)
        # One word behind the registers: the most that was counted so far; it never falls.
        wf[first + EXACT_KEYS] = float(EXACT_KEYS)
    if _sketch_add(a, wi, wf, s, key):
        more = _sketch_count(wi, wf, s) - wf[first + EXACT_KEYS]
        if more > 0.0:
            wf[first + EXACT_KEYS] += more
            _add(a, wi, wf, s, t, more)


@njit(nogil=True, cache=True)
def _burst(a, wi, wf, s, t, key):
    h = s * HEAD
    first = a.region[s]
    open_ = wi[h + OPEN]
    old = 0
    while old < open_ and t - wi[first + 2 * old + 1] > a.window[s]:
        old += 1
    if old:
        for i in range(first, first + 2 * (open_ - old)):
            wi[i] = wi[i + 2 * old]
        open_ -= old
    same = 1
    for n in range(open_):
        same += wi[first + 2 * n] == key
    if same >= a.times[s]:
        kept = 0
        for n in range(open_):
            if wi[first + 2 * n] != key:
                wi[first + 2 * kept] = wi[first + 2 * n]
                wi[first + 2 * kept + 1] = wi[first + 2 * n + 1]
                kept += 1
        wi[h + OPEN] = kept
        _add(a, wi, wf, s, t, 1.0)
        return
    if open_ == a.room[s]:
        open_ = _drop(wi, first, 2, open_, 0)
    wi[first + 2 * open_] = key
    wi[first + 2 * open_ + 1] = t
    wi[h + OPEN] = open_ + 1


@njit(nogil=True, cache=True)
def _without(a, wi, wf, s, role, t, key):
    h = s * HEAD
    first = a.region[s]
    _fire(a, wi, wf, s, t)
    open_ = wi[h + OPEN]
    if key == KEYLESS:
        if role == END:
            wi[h + OPEN] = 0
        return
    place = _find(wi, first, 2, open_, key)
    if place >= 0:
        open_ = _drop(wi, first, 2, open_, place)
    if role == BEGIN:
        if open_ == a.room[s]:
            open_ = _drop(wi, first, 2, open_, 0)
        wi[first + 2 * open_] = key
        wi[first + 2 * open_ + 1] = t + a.window[s]
        open_ += 1
    wi[h + OPEN] = open_


@njit(nogil=True, cache=True)
def _repeat(a, wi, wf, s, role, t, key):
    h = s * HEAD
    first = a.region[s]
    open_ = wi[h + OPEN]
    if key == KEYLESS:
        if role == END:
            wi[h + OPEN] = 0
        return
    place = _find(wi, first, 3, open_, key)
    count, since = 0, t
    if place >= 0:
        count, since = wi[first + 3 * place + 1], wi[first + 3 * place + 2]
        open_ = _drop(wi, first, 3, open_, place)
    wi[h + OPEN] = open_
    if role == END:
        return
    if a.window[s] > 0 and t - since > a.window[s]:
        count, since = 0, t
    count += 1
    if count >= a.times[s]:
        _add(a, wi, wf, s, t, 1.0)
        return
    if open_ == a.room[s]:
        open_ = _drop(wi, first, 3, open_, 0)
    wi[first + 3 * open_] = key
    wi[first + 3 * open_ + 1] = count
    wi[first + 3 * open_ + 2] = since
    wi[h + OPEN] = open_ + 1


@njit(nogil=True, cache=True)
def _sequence(a, wi, wf, s, step, t, key):
    h = s * HEAD
    if key == KEYLESS:
        return
    first, width = a.region[s], a.width[s]
    open_ = wi[h + OPEN]
    place = _find(wi, first, width, open_, key)
    if step == 0:
        # The chains begun before go on; this one begins as the youngest.
        starts = np.full(width - 1, NONE, np.int64)
        if place >= 0:
            for i in range(width - 1):
                starts[i] = wi[first + place * width + 1 + i]
            open_ = _drop(wi, first, width, open_, place)
        elif open_ == a.room[s]:
            open_ = _drop(wi, first, width, open_, 0)
        entry = first + open_ * width
        wi[entry] = key
        for i in range(width - 1):
            wi[entry + 1 + i] = starts[i]
        wi[entry + 1] = t
        wi[h + OPEN] = open_ + 1
        return
    if place < 0:
        return
    entry = first + place * width
    since = wi[entry + step]
    if since == NONE or t - since > a.window[s]:
        return
    if step == a.times[s] - 1:
        wi[h + OPEN] = _drop(wi, first, width, open_, place)
        _add(a, wi, wf, s, t, 1.0)
    else:
        wi[entry + 1 + step] = since


@njit(nogil=True, cache=True)
def _trait(a, wi, wf, s, comparison, t, worth):
    h = s * HEAD
    digit = 3**comparison
    place = wi[h + OWN]
    place += (np.int64(worth) - place // digit % 3) * digit
    wi[h + OWN] = place
    now = a.tables[a.table[s] + place] == 2
    if now and wf[h + VALUE] == 0.0:
        wi[h + HITS] += 1
    wf[h + VALUE] = 1.0 if now else 0.0
    wi[h + AT] = t


@njit(nogil=True, cache=True)
def _apply(a, wi, wf, slot, t, value, key):  # noqa: PLR0915  (one branch a pattern)
    """What one match does."""
    s = a.slot_signal[slot]
    role = a.slot_role[slot]
    h = s * HEAD
    if role == RESET:
        if a.op[s] == WITHOUT:
            _fire(a, wi, wf, s, t)
        _clear(a, wi, wf, s)
        wi[h + AT] = t
        return
    op = a.op[s]
    if op == COUNT:
        _add(a, wi, wf, s, t, 1.0)
    elif op == SUM:
        if not (math.isnan(value) or math.isinf(value)):
            _add(a, wi, wf, s, t, value)
    elif op == DISTINCT:
        if key != KEYLESS:
            _distinct(a, wi, wf, s, t, key)
    elif op == FIRST:
        if wi[h + OWN] == 0:
            wi[h + OWN] = 1
            _add(a, wi, wf, s, t, 1.0)
    elif op == RECENCY:
        wf[h + VALUE] = min(1.0, a.cap[s])
        wi[h + AT] = t
        wi[h + HITS] += 1
    elif op == BURST:
        if key != KEYLESS:
            _burst(a, wi, wf, s, t, key)
    elif op == DWELL:
        if role == BEGIN:
            wi[h + OWN] = t
        elif wi[h + OWN] != NONE:
            waited = t - wi[h + OWN]
            wi[h + OWN] = NONE
            if a.window[s] < waited <= a.most[s]:
                _add(a, wi, wf, s, t, 1.0)
    elif op == WITHOUT:
        _without(a, wi, wf, s, role, t, key)
    elif op == REPEAT:
        _repeat(a, wi, wf, s, role, t, key)
    elif op == SEQUENCE:
        _sequence(a, wi, wf, s, role, t, key)
    elif op == RETURN:
        last = wi[h + OWN]
        wi[h + OWN] = t
        if last != NONE and t - last >= a.window[s]:
            _add(a, wi, wf, s, t, 1.0)
    elif op == TRAIT:
        _trait(a, wi, wf, s, role, t, value)
    else:
        wf[h + VALUE] = min(value, a.cap[s])
        wi[h + AT] = t
        if value > 0.0:
            wi[h + HITS] += 1


@njit(nogil=True, cache=True)
def step_matches(a, wi, wf, slot, time, value, key, until):
    """Matches in order, those after `until` left out; how many were taken."""
    for i in range(slot.size):
        if time[i] > until:
            return i
        _apply(a, wi, wf, slot[i], time[i], value[i], key[i])
    return slot.size


@njit(nogil=True, cache=True)
def read_values(a, wi, wf, at, values):
    """Values at a time that is not before the last match; timers due by then have fired, in this state too."""
    for s in range(a.op.size):
        if a.op[s] == WITHOUT:
            _fire(a, wi, wf, s, at + 1)
        h = s * HEAD
        x = wf[h + VALUE]
        if x != 0.0 and a.rate[s] > 0.0:
            x *= math.exp(-a.rate[s] * (at - wi[h + AT]))
        values[s] = x


@njit(nogil=True, cache=True)
def next_due(a, wi):
    """When the next timer is due; the largest number when none is."""
    due = np.iinfo(np.int64).max
    for s in range(a.op.size):
        if a.op[s] == WITHOUT and wi[s * HEAD + OPEN] > 0:
            due = min(due, wi[a.region[s] + 1])
    return due


@njit(nogil=True, cache=True)
def pack(a, wi):
    """The words in use: for each signal that is not as at the beginning its number, its head and its entries."""
    out = np.empty(wi.size + a.op.size, np.int64)
    n = 0
    for s in range(a.op.size):
        h = s * HEAD
        untouched = wi[h + HITS] == 0 and wi[h + OPEN] == 0 and wi[h + AT] == 0 and wi[h + OTHER] == 0
        own = wi[h + OWN]
        if a.op[s] == DWELL or a.op[s] == RETURN:
            untouched = untouched and own == NONE
        elif a.op[s] == TRAIT:
            untouched = untouched and own == a.unset[s]
        else:
            untouched = untouched and own == 0
        if untouched:
            continue
        out[n] = s
        for i in range(HEAD):
            out[n + 1 + i] = wi[h + i]
        n += 1 + HEAD
        for i in range(_entries(a, wi, s)):
            out[n] = wi[a.region[s] + i]
            n += 1
    return out[:n].copy()


@njit(nogil=True, cache=True)
def unpack(a, packed, wi, wf):
    """The working state that was packed."""
    begin(a, wi, wf)
    n = 0
    while n < packed.size:
        s = packed[n]
        for i in range(HEAD):
            wi[s * HEAD + i] = packed[n + 1 + i]
        n += 1 + HEAD
        for i in range(_entries(a, wi, s)):
            wi[a.region[s] + i] = packed[n]
            n += 1


@njit(nogil=True, cache=True)
def step_packed(a, packed, slot, time, value, key, until):
    """What was packed, after more matches: one call for one event. Returns how many matches were taken, and the words."""
    wi = np.empty(a.words[0], np.int64)
    wf = wi.view(np.float64)
    unpack(a, packed, wi, wf)
    taken = step_matches(a, wi, wf, slot, time, value, key, until)
    return taken, pack(a, wi)


@njit(nogil=True, cache=True)
def read_packed(a, packed, at):
    """Values and hits at a time, and when the next timer is due, of what was packed."""
    wi = np.empty(a.words[0], np.int64)
    wf = wi.view(np.float64)
    unpack(a, packed, wi, wf)
    values, hits = np.empty(a.op.size), np.empty(a.op.size, np.int64)
    due = next_due(a, wi)
    read_values(a, wi, wf, at, values)
    for s in range(a.op.size):
        hits[s] = wi[s * HEAD + HITS]
    return values, hits, due


@njit(nogil=True, cache=True)
def _entries(a, wi, s):
    """Words of the open entries of a signal."""
    open_ = wi[s * HEAD + OPEN]
    if a.op[s] == DISTINCT:
        # The registers and the highest count behind them.
        return EXACT_KEYS + 1 if open_ > EXACT_KEYS else open_
    return open_ * a.width[s]
