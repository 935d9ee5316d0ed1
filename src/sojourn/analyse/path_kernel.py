"""Kernels that count paths: the branches of their tree, the nodes and links of each position, whole paths.

In: the steps of units, one row a unit. Out: counts of units and persons. Never knows what a code is called.
"""

# mypy: allow-untyped-defs, allow-untyped-calls, allow-incomplete-defs
from __future__ import annotations

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def packed_steps(steps, bits, unit_bits):
    """Each unit's steps in one integer, the first in the highest bits and 0 for no step, with the unit behind them."""
    out = np.empty(steps.shape[0], np.int64)
    for u in range(steps.shape[0]):
        key = np.int64(0)
        for k in range(steps.shape[1]):
            key = (key << bits) | (steps[u, k] + 1)
        out[u] = (key << unit_bits) | u
    return out


@njit(nogil=True, cache=True)
def count_branches(packed, owner, depth, bits, unit_bits):
    """Branches of the tree from sorted `packed_steps`: a branch is a stretch of units with the same first steps.

    Returns:
        For each branch: how far from the root, its parent (a place in these arrays), its last step, units, persons; and
        how many branches there are.
    """
    level = np.empty(packed.size * depth, np.int8)
    parent = np.empty(packed.size * depth, np.int32)
    code = np.empty(packed.size * depth, np.int32)
    units = np.empty(packed.size * depth, np.int64)
    persons = np.empty(packed.size * depth, np.int64)
    # The branch a person was last counted in, at each distance; persons of a part are few enough to stay in the cache.
    owners = 0
    if owner.size:
        owners = owner[owner.size - 1] + 1
    last = np.full((depth, owners), -1, np.int32)
    at = np.full(depth, -1, np.int32)
    one = np.int64((1 << bits) - 1)
    low = np.int64((1 << unit_bits) - 1)
    n = 0
    before = np.int64(-1)
    for i in range(packed.size):
        key = packed[i] >> unit_bits
        who = owner[packed[i] & low]
        fresh = before < 0
        for k in range(depth):
            shift = bits * (depth - 1 - k)
            step = (key >> shift) & one
            if step == 0:
                break
            fresh = fresh or (key >> shift) != (before >> shift)
            if fresh:
                level[n], parent[n], code[n] = k, at[k - 1] if k else -1, step - 1
                units[n], persons[n] = 0, 0
                at[k] = n
                n += 1
            branch = at[k]
            units[branch] += 1
            if last[k, who] != branch:
                last[k, who] = branch
                persons[branch] += 1
        before = key
    return level[:n].copy(), parent[:n].copy(), code[:n].copy(), units[:n].copy(), persons[:n].copy()


@njit(nogil=True, cache=True)
def count_layers(steps, owner, width):
    """Nodes (`position * width + code`) and links (`(position * width + code) * width + next code`) with a place for each.

    Returns:
        Keys, units and persons of nodes, then the same of links.
    """
    across = steps.shape[1]
    node = np.zeros((2, across * width), np.int64)
    link = np.zeros((2, across * width * width), np.int64)
    node_stamp = np.full(across * width, -1, np.int32)
    link_stamp = np.full(across * width * width, -1, np.int32)
    for u in range(steps.shape[0]):
        who = owner[u]
        for k in range(across):
            if steps[u, k] < 0:
                break
            key = k * width + steps[u, k]
            node[0, key] += 1
            node[1, key] += node_stamp[key] != who
            node_stamp[key] = who
            if k:
                key = ((k - 1) * width + steps[u, k - 1]) * width + steps[u, k]
                link[0, key] += 1
                link[1, key] += link_stamp[key] != who
                link_stamp[key] = who
    nodes, links = np.flatnonzero(node[0]), np.flatnonzero(link[0])
    return nodes, node[0][nodes], node[1][nodes], links, link[0][links], link[1][links]


@njit(nogil=True, cache=True)
def hashes_with_units(first, unit_bits):
    """As many leading bits of each unit's hash as leave room for the unit behind them."""
    out = np.empty(first.size, np.int64)
    for u in range(first.size):
        out[u] = ((first[u] >> unit_bits) << unit_bits) | u
    return out


@njit(nogil=True, cache=True)
def count_same(ordered, first, second, owner, unit_bits):
    """Units with equal hashes, from sorted `hashes_with_units`.

    Returns:
        Whether leading bits told all hashes apart; an example unit, units and persons of each pair of hashes.
    """
    low = np.int64((1 << unit_bits) - 1)
    example = np.empty(ordered.size, np.int64)
    units = np.empty(ordered.size, np.int64)
    persons = np.empty(ordered.size, np.int64)
    apart = True
    n = 0
    for i in range(ordered.size):
        u = ordered[i] & low
        if i == 0 or ordered[i] >> unit_bits != ordered[i - 1] >> unit_bits:
            example[n], units[n], persons[n] = u, 1, 1
            n += 1
            continue
        v = ordered[i - 1] & low
        apart = apart and first[u] == first[v] and second[u] == second[v]
        units[n - 1] += 1
        persons[n - 1] += owner[u] != owner[v]
    return apart, example[:n].copy(), units[:n].copy(), persons[:n].copy()
