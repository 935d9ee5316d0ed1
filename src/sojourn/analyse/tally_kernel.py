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
_MANY = 1 << 18
_SLOTS_A_RUN = 16
_MOST_DIGITS = 2.0**63
_FIRST_SLOTS = 1 << 10
_KEY, _COUNT, _UNITS, _PERSONS, _UNIT, _OWNER, _FIRST = range(7)
_SIGN_BIT = 63
DENSE_BITS = 16
"""Keys of so few bits are counted in a table with a place for each."""
PACKED_BITS = 62
"""Steps of an n-gram that need no more bits together are packed into one integer."""


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
    _packed_grams(codes, begin, end, 2, bits, keys)
    return _columns(count_keys(keys, np.repeat(np.arange(len(begin), dtype=np.int32), sizes), owner, False)[0])


def count_grams(
    codes: NDArray[np.int32], begin: NDArray[np.int64], end: NDArray[np.int64], length: int, bits: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Runs of `length` steps of each unit, packed `bits` a step with the first step highest, ascending; and how often each stands.

    Sorted, not looked up: most runs are rare, and a table of them misses the cache at every other step.
    """
    wide = np.uint32 if length * bits <= np.iinfo(np.uint32).bits else np.int64
    keys = np.empty(int(np.maximum(end - begin - length + 1, 0).sum()), wide)
    _packed_grams(codes, begin, end, length, bits, keys)
    keys.sort()
    first = _first_of_each(keys)
    return keys[first].astype(np.int64), np.diff(np.append(first, len(keys)))


def add_up(
    keys: Sequence[NDArray[np.int64]], counts: Sequence[NDArray[np.int64]]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Keys >= 0 that were counted in parts, each ascending; all of them ascending, and their counts in all."""
    largest = max(keys, key=len)
    if sum(map(len, keys)) < _MANY:
        return _added_up(keys, counts)
    # Those below the middle one and the others are two halves, which two threads sort side by side.
    cuts = [int(np.searchsorted(of, largest[len(largest) // 2])) for of in keys]
    with ThreadPoolExecutor(2) as pool:
        halves = pool.map(
            _added_up,
            (
                [of[:cut] for of, cut in zip(keys, cuts, strict=True)],
                [of[cut:] for of, cut in zip(keys, cuts, strict=True)],
            ),
            (
                [of[:cut] for of, cut in zip(counts, cuts, strict=True)],
                [of[cut:] for of, cut in zip(counts, cuts, strict=True)],
            ),
        )
        found = [np.concatenate(column) for column in zip(*halves, strict=True)]
    return found[0], found[1]


def _added_up(
    keys: Sequence[NDArray[np.int64]], counts: Sequence[NDArray[np.int64]]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    key, count = np.concatenate(keys), np.concatenate(counts)
    bits = int(count.max(initial=0)).bit_length()
    if int(key.max(initial=0)).bit_length() + bits < _SIGN_BIT:
        # Integers that hold key and count are sorted several times quicker than counts by their keys.
        both = key << bits | count
        both.sort()
        key, count = both >> bits, both & ((1 << bits) - 1)
    else:
        order = np.argsort(key)
        key, count = key[order], count[order]
    first = _first_of_each(key)
    return key[first], np.add.reduceat(count, first) if len(first) else count


def _first_of_each(ordered: NDArray[Any]) -> NDArray[np.int64]:
    """Where each distinct value begins."""
    new = np.ones(len(ordered), np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=new[1:])
    return np.flatnonzero(new)


def _columns(found: NDArray[np.int64]) -> Tally:
    return Tally(*(np.ascontiguousarray(found[:, n]) for n in (_KEY, _COUNT, _UNITS, _PERSONS)))


@njit(nogil=True, cache=True)
def _packed_grams(codes, begin, end, length, bits, out):
    """Write every run of `length` steps into `out`, packed; returns how many there are."""
    kept = np.int64((1 << (bits * length)) - 1)
    n = 0
    for u in range(begin.size):
        key = np.int64(0)
        for i in range(begin[u], min(begin[u] + length - 1, end[u])):
            key = key << bits | codes[i]
        for i in range(begin[u] + length - 1, end[u]):
            key = (key << bits | codes[i]) & kept
            out[n] = key
            n += 1
    return n


@njit(nogil=True, cache=True)
def count_pairs(codes, begin, end, bits):
    """How often each code follows each other one, at `before << bits | behind`."""
    out = np.zeros(1 << 2 * bits, np.int64)
    for u in range(begin.size):
        for i in range(begin[u] + 1, end[u]):
            out[codes[i - 1] << bits | codes[i]] += 1
    return out


@njit(nogil=True, cache=True)
def who_has(codes, begin, end, label, steps, values):
    """How many labels have each of some runs of steps, which are all different.

    Args:
        codes: Of each event.
        begin: Where the steps of each unit begin.
        end: Where they end.
        label: int32, one a unit, ascending: the unit itself, or its person.
        steps: int64 (runs, length): codes of the steps.
        values: How many codes there are.
    """
    runs, length = np.uint64(steps.shape[0]), np.uint64(steps.shape[1])
    # With few codes a run is a number of `length` digits; else that overflows, and runs with one hash are compared.
    certain = max(values, 2.0) ** steps.shape[1] < _MOST_DIGITS
    base = np.uint64(max(values, 2)) if certain else _PRIME
    hashes, slots, shift = _hashed(steps, base)
    mask = np.uint64(slots.size - 1)
    # One row more than there are runs takes what is counted for runs that were not asked for.
    found, last = np.zeros(steps.shape[0] + 1, np.int64), np.full(steps.shape[0] + 1, -1, np.int64)
    first_digit = _ONE
    for _ in range(steps.shape[1] - 1):
        first_digit *= base
    for u in range(begin.size):
        start, stop, who = np.uint64(begin[u]), np.uint64(end[u]), np.int64(label[u])
        if stop - start < length:
            continue
        # A hash that rolls: each step comes in at its end, and the first one leaves when it was looked up.
        rolled = np.uint64(0)
        for i in range(start, start + length - _ONE):
            rolled = rolled * base + np.uint64(codes[i])
        for i in range(start + length - _ONE, stop):
            rolled = rolled * base + np.uint64(codes[i])
            place = rolled * _GOLDEN >> shift
            run = np.uint64(slots[place])
            # One test for both, which is seldom true: `and` would be two, one of them true as often as not.
            if (hashes[run] != rolled) & (run < runs):
                while run < runs and hashes[run] != rolled:
                    place = (place + _ONE) & mask
                    run = np.uint64(slots[place])
            first = i - length + _ONE
            if not certain and run < runs and not _stands(codes, first, steps, run):
                run = runs
            found[run] += last[run] != who
            last[run] = who
            rolled -= first_digit * np.uint64(codes[first])
    return found[:-1].copy()


@njit(nogil=True, cache=True)
def _hashed(steps, base):
    """The hash of each run, and a table that finds the run of a hash; free places hold one more than the last run."""
    runs = steps.shape[0]
    bits = 4
    while 1 << bits < _SLOTS_A_RUN * runs:
        bits += 1
    shift, mask = np.uint64(64 - bits), np.uint64((1 << bits) - 1)
    slots, hashes = np.full(1 << bits, runs, np.uint32), np.zeros(runs + 1, np.uint64)
    for run in range(runs):
        for k in range(steps.shape[1]):
            hashes[run] = hashes[run] * base + np.uint64(steps[run, k])
        place = hashes[run] * _GOLDEN >> shift
        while slots[place] < runs:
            place = (place + _ONE) & mask
        slots[place] = run
    return hashes, slots, shift


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
