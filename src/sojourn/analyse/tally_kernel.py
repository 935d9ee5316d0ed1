"""Counting keys with the units and persons that have them, exactly and in one pass.

In: integer keys in order of units and persons. Out: for each distinct key its count, units and persons.
Never sorts; distinct units and persons are told by a stamp a key, since rows are sorted by person.
"""

# mypy: allow-untyped-defs, allow-untyped-calls, allow-incomplete-defs
from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_PRIME = np.uint64(0x100000001B3)
_ONE = np.uint64(1)
_FREE = np.uint64(1 << 63)
_PASSED, _RUN = np.uint32(1 << 31), np.uint32((1 << 31) - 1)
_SLOTS_A_RUN = 8
_FIRST_SLOTS = 1 << 10
_KEY, _COUNT, _UNITS, _PERSONS, _UNIT, _OWNER, _FIRST = range(7)
_SIGN_BIT = 63
DENSE_BITS = 16
"""Keys of so few bits are counted in a table with a place for each."""
PACKED_BITS = 62
"""Steps of an n-gram that need no more bits together are packed into one integer."""


Halves = tuple["NDArray[Any]", "NDArray[Any]"]
"""Packed runs, one a place where one stands: the low ones, and the high ones."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Distinct keys and how often they stand.

    Attributes:
        keys: int64, each once; ascending when merged.
        counts: int64: occurrences.
        units: int64: units with at least one.
        persons: int64: persons with at least one.
    """

    keys: NDArray[np.int64]
    counts: NDArray[np.int64]
    units: NDArray[np.int64]
    persons: NDArray[np.int64]


def merge_tallies(tallies: Sequence[Tally]) -> Tally:
    """Add up tallies of parts; a unit or person lies in one part only."""
    keys, place = grouped(np.concatenate([t.keys for t in tallies]))
    return Tally(
        keys,
        *(summed(place, [getattr(t, name) for t in tallies], len(keys)) for name in ("counts", "units", "persons")),
    )


def grouped(keys: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Distinct keys >= 0, ascending, and the place of each key among them."""
    place_bits = len(keys).bit_length()
    if not len(keys) or int(keys.max()).bit_length() + place_bits >= _SIGN_BIT:
        distinct, place = np.unique(keys, return_inverse=True)
        return distinct, place
    # Integers that hold key and place are sorted several times quicker than places by their keys.
    ordered = (keys << place_bits) | np.arange(len(keys))
    ordered.sort()
    came, ordered = ordered & ((1 << place_bits) - 1), ordered >> place_bits
    new = np.concatenate(([True], ordered[1:] != ordered[:-1]))
    place = np.empty(len(keys), np.int64)
    place[came] = np.cumsum(new) - 1
    return ordered[new], place


def summed(place: NDArray[Any], columns: Sequence[NDArray[np.int64]], size: int) -> NDArray[np.int64]:
    """Add up integers by place, exactly while the sums stay below 2 ** 53."""
    return np.bincount(place, np.concatenate(columns), size).astype(np.int64)


def tally(keys: NDArray[np.int64], unit: NDArray[np.int32], owner: NDArray[np.int32], *, most: int) -> Tally:
    """Count keys.

    Args:
        keys: int64 >= 0, in order of units; negative ones are skipped.
        unit: int32, one a key: its unit.
        owner: int32, one a unit, ascending: its person.
        most: No key is larger.
    """
    if most < 1 << DENSE_BITS:
        return Tally(*count_few_keys(keys, unit, owner, most + 1))
    return _columns(count_keys(keys, unit, owner, False)[0])


def tally_pairs(
    codes: NDArray[np.int32], begin: NDArray[np.int64], end: NDArray[np.int64], owner: NDArray[np.int32], bits: int
) -> Tally:
    """Count which step follows which, packed `bits` a step, the first one highest."""
    if 2 * bits <= DENSE_BITS:
        return Tally(*count_few_pairs(codes, begin, end, owner, bits))
    sizes = np.maximum(end - begin - 1, 0)
    keys = np.empty(int(sizes.sum()), np.int64)
    _packed_runs(codes, begin, end, 2, bits, np.iinfo(np.int64).max, np.empty(0, np.int64), keys)
    return _columns(count_keys(keys, np.repeat(np.arange(len(begin), dtype=np.int32), sizes), owner, False)[0])


def pack_runs(
    codes: NDArray[np.int32],
    begin: NDArray[np.int64],
    end: NDArray[np.int64],
    *,
    length: int,
    bits: int,
    middle: int,
    pairs: NDArray[np.int64],
) -> Halves:
    """Every run of `length` steps of each unit, packed `bits` a step with the first step highest, in no order.

    Args:
        codes: Of each event.
        begin: Where the steps of each unit begin.
        end: Where they end.
        length: Steps in a run.
        bits: Bits that hold every code.
        middle: Which packed runs are low and which are high; the same for all that are counted together.
        pairs: int64, `1 << 2 * bits` places or none: how often each code follows each other one is added to
            `before << bits | behind`.
    """
    wide = np.uint32 if length * bits <= np.iinfo(np.uint32).bits else np.int64
    keys = np.empty(int(np.maximum(end - begin - length + 1, 0).sum()), wide)
    low = _packed_runs(codes, begin, end, length, bits, middle, pairs, keys)
    return keys[:low], keys[low:]


def count_runs(places: Sequence[Halves]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Distinct packed runs of all parts, ascending, and how often each stands.

    Sorted, not looked up: most runs are rare, and a table of them misses the cache at every other step. The low ones and
    the high ones are sorted side by side.
    """
    with ThreadPoolExecutor(2) as pool:
        halves = list(pool.map(_sorted_runs, zip(*places, strict=True)))
    keys, counts = (np.concatenate(column) for column in zip(*halves, strict=True))
    return keys, counts


def _sorted_runs(pieces: Sequence[NDArray[Any]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    keys = np.concatenate(pieces)
    keys.sort()
    found: tuple[NDArray[np.int64], NDArray[np.int64]] = _counted_runs(keys)
    return found


def _columns(found: NDArray[np.int64]) -> Tally:
    return Tally(*(np.ascontiguousarray(found[:, n]) for n in (_KEY, _COUNT, _UNITS, _PERSONS)))


@njit(nogil=True, cache=True)
def _packed_runs(codes, begin, end, length, bits, middle, pairs, out):
    """Write every run of `length` steps into `out`, those below `middle` from its front and the others from its back.

    Returns:
        How many are below `middle`.
    """
    kept, two = np.int64((1 << (bits * length)) - 1), np.int64((1 << (2 * bits)) - 1)
    low, high = np.int64(0), np.int64(out.size - 1)
    for u in range(begin.size):
        key = np.int64(0)
        ready = min(begin[u] + length - 1, end[u])
        for i in range(begin[u], ready):
            key = key << bits | codes[i]
            if pairs.size and i > begin[u]:
                pairs[key & two] += 1
        for i in range(ready, end[u]):
            key = (key << bits | codes[i]) & kept
            if pairs.size:
                pairs[key & two] += 1
            # Written to the place of its half, whichever that is: no branch is guessed wrong.
            is_low = np.int64(key < middle)
            out[high + is_low * (low - high)] = key
            low += is_low
            high -= 1 - is_low
    return low


@njit(nogil=True, cache=True)
def _counted_runs(keys):
    """Distinct ones of ascending keys, and how often each stands."""
    n = 0
    for i in range(keys.size):
        n += i == 0 or keys[i] != keys[i - 1]
    distinct, counts = np.empty(n, np.int64), np.zeros(n, np.int64)
    n = -1
    for i in range(keys.size):
        n += i == 0 or keys[i] != keys[i - 1]
        distinct[n] = keys[i]
        counts[n] += 1
    return distinct, counts


@njit(nogil=True, cache=True)
def who_has(codes, begin, end, label, steps, bits):
    """How many labels have each of some runs of steps, which are all different.

    Args:
        codes: Of each event.
        begin: Where the steps of each unit begin.
        end: Where they end.
        label: int32, one a unit, ascending: the unit itself, or its person.
        steps: int64 (runs, length): codes of the steps.
        bits: Bits that hold every code, when a run of them fits into `PACKED_BITS`; else 0.
    """
    length, wide = np.uint64(steps.shape[1]), np.uint64(bits)
    keys, runs, shift = _run_table(steps, wide)
    kept, first_digit, longest = (_ONE << (wide * length)) - _ONE, _ONE, 0
    for _ in range(steps.shape[1]):
        first_digit *= _PRIME
    for u in range(begin.size):
        longest = max(longest, end[u] - begin[u])
    had, at = np.empty(longest + 1, np.uint32), np.empty(longest + 1, np.int64)
    found, last = np.zeros(steps.shape[0], np.int64), np.full(steps.shape[0], -1, np.int64)
    for u in range(begin.size):
        start, stop, who = np.uint64(begin[u]), np.uint64(end[u]), np.int64(label[u])
        if stop - start < length:
            continue
        key, n, ready = np.uint64(0), np.uint64(0), start + length - _ONE
        for i in range(start, stop):
            code = np.uint64(codes[i])
            if wide:
                key = (key << wide | code) & kept
            else:
                # A hash that rolls: each step comes in at its end, and leaves it when the run has gone past.
                key = key * _PRIME + code
                if i > ready:
                    key -= first_digit * np.uint64(codes[i - length])
            if i < ready:
                continue
            # Noted whether it is one of the runs or not, and written over when not: no branch is guessed wrong.
            place = key * _GOLDEN >> shift
            had[n], at[n] = runs[place], i - length + _ONE
            same = keys[place] == key
            if runs[place] & _PASSED and not same:
                had[n], same = _further(keys, runs, place, key)
            n += np.uint64(same)
        for k in range(n):
            run = np.uint64(had[k] & _RUN)
            if wide or _stands(codes, np.uint64(at[k]), steps, run):
                found[run] += last[run] != who
                last[run] = who
    return found


@njit(nogil=True, cache=True)
def _run_table(steps, wide):
    """A table that finds runs by their keys: keys, runs (marked where a run found its place taken and went past), shift."""
    size = 4
    while 1 << size < _SLOTS_A_RUN * steps.shape[0]:
        size += 1
    shift, mask = np.uint64(64 - size), np.uint64((1 << size) - 1)
    keys, runs = np.full(1 << size, _FREE, np.uint64), np.zeros(1 << size, np.uint32)
    for run in range(steps.shape[0]):
        key = np.uint64(0)
        for k in range(steps.shape[1]):
            key = (key << wide | np.uint64(steps[run, k])) if wide else key * _PRIME + np.uint64(steps[run, k])
        place = key * _GOLDEN >> shift
        while keys[place] != _FREE:
            runs[place] |= _PASSED
            place = (place + _ONE) & mask
        keys[place] = key
        runs[place] |= np.uint32(run)
    return keys, runs, shift


@njit(nogil=True, cache=True)
def _further(keys, runs, place, key):
    """The run of a key whose place is another run's, and whether there is one."""
    while runs[place] & _PASSED and keys[place] != key:
        place = (place + _ONE) & np.uint64(keys.size - 1)
    return runs[place], keys[place] == key


@njit(nogil=True, cache=True)
def _stands(codes, at, steps, run):
    for k in range(steps.shape[1]):  # noqa: SIM110  (a generator compiles to more than a loop)
        if codes[at + k] != steps[run, k]:
            return False
    return True


@njit(nogil=True, cache=True)
def count_few_keys(keys, unit, owner, size):
    """Keys, counts, units and persons of keys below `size`, from a table with a place for every key."""
    counts = np.zeros(size, np.int64)
    units = np.zeros(size, np.int64)
    persons = np.zeros(size, np.int64)
    unit_stamp = np.full(size, -1, np.int32)
    owner_stamp = np.full(size, -1, np.int32)
    for i in range(keys.size):
        if keys[i] < 0:
            continue
        key, u = np.uint64(keys[i]), unit[i]
        counts[key] += 1
        units[key] += unit_stamp[key] != u
        persons[key] += owner_stamp[key] != owner[u]
        unit_stamp[key], owner_stamp[key] = u, owner[u]
    some = np.flatnonzero(counts)
    return some, counts[some], units[some], persons[some]


@njit(nogil=True, cache=True)
def _grown(slots, table, used, shift):
    """A table of twice the size with the same entries."""
    size = slots.size * 2
    fresh = np.full(size, -1, np.int32)
    entries = np.empty((size // 2, table.shape[1]), np.int64)
    entries[:used] = table[:used]
    mask = np.uint64(size - 1)
    for e in range(used):
        s = (np.uint64(entries[e, _KEY]) * _GOLDEN) >> np.uint64(shift)
        while fresh[s] >= 0:
            s = (s + np.uint64(1)) & mask
        fresh[s] = e
    return fresh, entries


@njit(nogil=True, cache=True)
def _entry(slots, table, shift, key):
    """The entry of a key, or the free slot (as its complement) where it belongs."""
    mask = np.uint64(slots.size - 1)
    s = (np.uint64(key) * _GOLDEN) >> np.uint64(shift)
    while True:
        e = slots[s]
        if e < 0:
            return ~np.int64(s)
        if table[e, _KEY] == key:
            return np.int64(e)
        s = (s + np.uint64(1)) & mask


@njit(nogil=True, cache=True)
def count_keys(keys, unit, owner, inverse):
    """Entries (key, count, units, persons, -, -, first place) in order of first sight, and the entry of each key."""
    shift = 64 - 10
    slots = np.full(_FIRST_SLOTS, -1, np.int32)
    table = np.empty((_FIRST_SLOTS // 2, 7), np.int64)
    places = np.full(keys.size if inverse else 0, -1, np.int32)
    used = 0
    for i in range(keys.size):
        key = keys[i]
        if key < 0:
            continue
        e = _entry(slots, table, shift, key)
        u = np.int64(unit[i])
        who = np.int64(owner[u])
        if e < 0:
            if used == table.shape[0]:
                shift -= 1
                slots, table = _grown(slots, table, used, shift)
                e = _entry(slots, table, shift, key)
            slots[~e] = used
            e = np.int64(used)
            used += 1
            table[e, _KEY], table[e, _COUNT], table[e, _UNITS], table[e, _PERSONS] = key, 0, 0, 0
            table[e, _UNIT], table[e, _OWNER], table[e, _FIRST] = -1, -1, i
        table[e, _COUNT] += 1
        table[e, _UNITS] += table[e, _UNIT] != u
        table[e, _PERSONS] += table[e, _OWNER] != who
        table[e, _UNIT], table[e, _OWNER] = u, who
        if inverse:
            places[i] = e
    return table[:used].copy(), places


@njit(nogil=True, cache=True)
def count_few_pairs(codes, begin, end, owner, bits):
    """Keys, counts, units and persons of packed pairs, from a table with a place for every key."""
    size = 1 << 2 * bits
    counts = np.zeros(size, np.int64)
    units = np.zeros(size, np.int64)
    persons = np.zeros(size, np.int64)
    unit_stamp = np.full(size, -1, np.int32)
    owner_stamp = np.full(size, -1, np.int32)
    wide = np.uint64(bits)
    for u in range(begin.size):
        who = owner[u]
        if begin[u] == end[u]:
            continue
        before = np.uint64(codes[begin[u]])
        for i in range(np.uint64(begin[u] + 1), np.uint64(end[u])):
            code = np.uint64(codes[i])
            key = before << wide | code
            before = code
            counts[key] += 1
            units[key] += unit_stamp[key] != u
            persons[key] += owner_stamp[key] != who
            unit_stamp[key], owner_stamp[key] = u, who
    keys = np.flatnonzero(counts)
    return keys, counts[keys], units[keys], persons[keys]
