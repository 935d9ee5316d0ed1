"""Counting keys with the units and persons that have them, exactly and in one pass.

In: integer keys in order of units and persons. Out: for each distinct key its count, units and persons.
Never sorts; distinct units and persons are told by a stamp a key, since rows are sorted by person.
"""

# mypy: allow-untyped-defs, allow-untyped-calls, allow-incomplete-defs
from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
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


def tally_grams(
    codes: NDArray[np.int32],
    begin: NDArray[np.int64],
    end: NDArray[np.int64],
    owner: NDArray[np.int32],
    length: int,
    bits: int,
) -> Tally:
    """Count the runs of `length` steps of each unit, packed `bits` a step, the first step in the highest bits."""
    if length * bits <= DENSE_BITS:
        return Tally(*count_few_grams(codes, begin, end, owner, length, bits))
    keys, unit = packed_grams(codes, begin, end, length, bits)
    unit_bits = len(begin).bit_length()
    if length * bits + unit_bits < _SIGN_BIT:
        # Sorting integers that hold run and unit is several times quicker than a table that misses the cache.
        found = (keys << unit_bits) | unit
        found.sort()
        return Tally(*count_sorted(found, owner, unit_bits))
    return _columns(count_keys(keys, unit, owner, False)[0])


def _columns(found: NDArray[np.int64]) -> Tally:
    return Tally(*(np.ascontiguousarray(found[:, n]) for n in (_KEY, _COUNT, _UNITS, _PERSONS)))


@njit(nogil=True, cache=True)
def packed_grams(codes, begin, end, length, bits):
    """Every run of `length` steps, packed, and the unit it is in."""
    n = 0
    for u in range(begin.size):
        n += max(end[u] - begin[u] - length + 1, 0)
    keys = np.empty(n, np.int64)
    unit = np.empty(n, np.int32)
    kept = np.int64((1 << (bits * length)) - 1)
    n = 0
    for u in range(begin.size):
        key = np.int64(0)
        for i in range(begin[u], end[u]):
            key = ((key << bits) | codes[i]) & kept
            if i - begin[u] >= length - 1:
                keys[n], unit[n] = key, u
                n += 1
    return keys, unit


@njit(nogil=True, cache=True)
def count_sorted(found, owner, unit_bits):
    """Keys, counts, units and persons of sorted integers that hold key and unit."""
    distinct = 0
    for i in range(found.size):
        distinct += i == 0 or found[i] >> unit_bits != found[i - 1] >> unit_bits
    keys = np.empty(distinct, np.int64)
    counts = np.zeros(distinct, np.int64)
    units = np.zeros(distinct, np.int64)
    persons = np.zeros(distinct, np.int64)
    low = np.int64((1 << unit_bits) - 1)
    n = -1
    for i in range(found.size):
        key, unit = found[i] >> unit_bits, found[i] & low
        fresh = i == 0 or key != found[i - 1] >> unit_bits
        if fresh:
            n += 1
            keys[n] = key
        counts[n] += 1
        units[n] += fresh or unit != found[i - 1] & low
        persons[n] += fresh or owner[unit] != owner[found[i - 1] & low]
    return keys, counts, units, persons


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
def count_few_grams(codes, begin, end, owner, length, bits):
    """Keys, counts, units and persons of packed runs, from a table with a place for every key."""
    size = 1 << (bits * length)
    counts = np.zeros(size, np.int64)
    units = np.zeros(size, np.int64)
    persons = np.zeros(size, np.int64)
    unit_stamp = np.full(size, -1, np.int32)
    owner_stamp = np.full(size, -1, np.int32)
    kept = np.uint64(size - 1)
    wide = np.uint64(bits)
    for u in range(begin.size):
        who = owner[u]
        key = np.uint64(0)
        for i in range(np.uint64(begin[u]), np.uint64(min(begin[u] + length - 1, end[u]))):
            key = (key << wide) | np.uint64(codes[i])
        for i in range(np.uint64(begin[u] + length - 1), np.uint64(max(end[u], begin[u] + length - 1))):
            key = ((key << wide) | np.uint64(codes[i])) & kept
            counts[key] += 1
            units[key] += unit_stamp[key] != u
            persons[key] += owner_stamp[key] != who
            unit_stamp[key], owner_stamp[key] = u, who
    keys = np.flatnonzero(counts)
    return keys, counts[keys], units[keys], persons[keys]
