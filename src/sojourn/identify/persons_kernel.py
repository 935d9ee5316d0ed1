"""Folding links into persons: a union of sets with rules about which sets may become one.

In: links in the order they are folded, actors as running numbers. Out: the set of each actor, and what became of each link.
"""

from __future__ import annotations

import numpy as np
from numba import njit

JOINED, TOGETHER, TWO_USERS, TOO_MANY = 0, 1, 2, 3
"""What became of a link: it joined two sets; they were one already; each had a known user; too many active actors."""
_EVIDENCE, _PROVEN = 7, 8
_ALIAS, _BY_HAND = 1, 4


@njit(nogil=True, cache=True)
def fold(one, other, kind, time, last, known, most, window):
    """Fold links.

    Args:
        one: int64 running number of an actor, one a link, in the order of folding.
        other: The other actor.
        kind: uint8 kinds of links.
        time: int64 time of each link.
        last: int64 time up to which it was seen in its stretch of time.
        known: uint8, one an actor: whether it is a known user.
        most: How many actors of a person may be active at a time, for each kind of evidence.
        window: How long an actor is active after a link.

    Returns:
        The set of each actor (the number of one of its members), the place of the first link that names each, and what
        became of each link.
    """
    n = known.size
    parent, following = np.arange(n), np.arange(n)
    size, users = np.ones(n, np.int64), known.astype(np.int64)
    shown = np.zeros(n, np.uint8)
    seen = np.full(n, np.iinfo(np.int64).min)
    named = np.full(n, one.size, np.int64)
    fate = np.zeros(one.size, np.uint8)
    for i in range(one.size):
        a, b = one[i], other[i]
        seen[a], seen[b] = max(seen[a], last[i]), max(seen[b], last[i])
        named[a], named[b] = min(named[a], i), min(named[b], i)
        evidence = kind[i] & _EVIDENCE
        bit = np.uint8(1 << evidence)
        root, under = _root(parent, a), _root(parent, b)
        if root == under:
            fate[i] = TOGETHER
        elif users[root] and users[under] and not _may_merge_users(evidence, kind[i]):
            fate[i] = TWO_USERS
            continue
        elif (
            evidence != _BY_HAND
            and size[root] + size[under] > most
            and _active(root, under, a, b, following, shown, seen, bit, time[i] - window) > most
        ):
            fate[i] = TOO_MANY
            continue
        else:
            if size[root] < size[under]:
                root, under = under, root
            parent[under] = root
            size[root] += size[under]
            users[root] += users[under]
            following[root], following[under] = following[under], following[root]
        shown[a] |= bit
        shown[b] |= bit
    for x in range(n):
        parent[x] = _root(parent, x)
    return parent, named, fate


@njit(nogil=True, cache=True)
def connect(one, other, n):
    """The connected set of each of `n` actors, as its lowest member, whatever the rules say."""
    parent = np.arange(n)
    for i in range(one.size):
        a, b = _root(parent, one[i]), _root(parent, other[i])
        if a < b:
            parent[b] = a
        elif b < a:
            parent[a] = b
    for x in range(n):
        parent[x] = _root(parent, x)
    return parent


@njit(nogil=True, cache=True)
def survivors(sets, named, known):
    """The actor that a set is called after: a known user before others, then who was named first, then the lowest."""
    chosen = np.full(sets.size, -1, np.int64)
    for x in range(sets.size):
        best = chosen[sets[x]]
        if best < 0 or known[x] > known[best] or (known[x] == known[best] and named[x] < named[best]):
            chosen[sets[x]] = x
    return chosen[sets]


@njit(nogil=True, cache=True)
def _may_merge_users(evidence, kind):
    return evidence == _BY_HAND or (evidence == _ALIAS and (kind & _PROVEN) != 0)


@njit(nogil=True, cache=True)
def _active(root, under, a, b, following, shown, seen, bit, since):
    """Members of two sets that this kind of evidence joined, the two at hand among them, seen since a time."""
    # The two at hand are active, and are joined by it now if not before.
    count = np.int64((shown[a] & bit) == 0) + np.int64((shown[b] & bit) == 0)
    for first in (root, under):
        x = first
        while True:
            if seen[x] >= since and (shown[x] & bit) != 0:
                count += 1
            x = following[x]
            if x == first:
                break
    return count


@njit(nogil=True, cache=True)
def _root(parent, x):
    while parent[x] != x:
        parent[x] = parent[parent[x]]
        x = parent[x]
    return x
