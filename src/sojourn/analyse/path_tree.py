"""The tree, the layers and the whole paths of walks, as small arrays that can be added up.

In: a walk, or what its parts gave. Out: counts by branch, by node and link of each position, and by whole path.
Never knows what a code is called.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sojourn.analyse.path_kernel import (
    count_branches,
    count_layers,
    count_same,
    hashes_with_units,
    packed_steps,
)
from sojourn.analyse.tally_kernel import PACKED_BITS, Tally, count_keys, grouped, merge_tallies, summed, tally
from sojourn.analyse.walk_kernel import path_hashes, unroll

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sojourn.analyse.walks import Walk

_LOW = (1 << 32) - 1
_FEW_LINKS = 1 << 20
"""So few possible links are counted in a table with a place for each."""


@dataclass(frozen=True, slots=True)
class Level:
    """The branches of a tree that are equally far from its root.

    Attributes:
        parent: int64: place of each branch's parent in the level before.
        code: int64: the step that was added.
        counts: int64: units.
        persons: int64: persons.
    """

    parent: NDArray[np.int64]
    code: NDArray[np.int64]
    counts: NDArray[np.int64]
    persons: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Side:
    """Steps away from the anchor in one direction.

    Attributes:
        levels: The tree: the anchor's steps, then those one step away, and so on.
        nodes: Units by `position * width + code`; positions are counted away from the anchor, from 0.
        links: Units by `(position * width + code) * width + code one step further away`.
    """

    levels: tuple[Level, ...]
    nodes: Tally
    links: Tally


@dataclass(frozen=True, slots=True)
class WholePaths:
    """Different whole paths.

    Attributes:
        hashes: int64 (paths, 2): together they tell paths apart.
        counts: int64: units.
        persons: int64: persons.
        starts: int64, paths + 1: where the steps of each begin in `codes`.
        codes: int32 steps of all paths.
    """

    hashes: NDArray[np.int64]
    counts: NDArray[np.int64]
    persons: NDArray[np.int64]
    starts: NDArray[np.int64]
    codes: NDArray[np.int32]


def steps_away(walk: Walk, *, closed: bool, depth: int, direction: int, last: int) -> NDArray[np.int32]:
    """The steps away from each unit's anchor; see `walk_kernel.unroll`."""
    found: NDArray[np.int32] = unroll(walk.codes, walk.low, walk.high, walk.anchor, closed, depth, direction, last)
    return found


def side_of(steps: NDArray[np.int32], owner: NDArray[np.int32], width: int) -> Side:
    """Count branches, nodes and links.

    Args:
        steps: From `steps_away`.
        owner: int32, one a unit, ascending: its person.
        width: Codes lie below it, the one behind the last step included.
    """
    bits, unit_bits = width.bit_length(), len(steps).bit_length()
    packable = bits * steps.shape[1] + unit_bits <= PACKED_BITS
    levels = _levels_sorted(steps, owner, bits, unit_bits) if packable else _levels_numbered(steps, owner, width)
    if steps.shape[1] * width * width > _FEW_LINKS:
        return Side(levels, *_layers_tallied(steps, owner, width))
    nodes, units, persons, links, link_units, link_persons = count_layers(steps, owner, width)
    return Side(levels, Tally(nodes, units, units, persons), Tally(links, link_units, link_units, link_persons))


def _levels_sorted(steps: NDArray[np.int32], owner: NDArray[np.int32], bits: int, unit_bits: int) -> tuple[Level, ...]:
    """The tree from sorted paths: each branch is a stretch of them."""
    packed = packed_steps(steps, bits, unit_bits)
    packed.sort()
    far, parent, code, units, persons = count_branches(packed, owner, steps.shape[1], bits, unit_bits)
    place = np.zeros(len(far), np.int64)
    levels = []
    for depth in range(steps.shape[1]):
        own = np.flatnonzero(far == depth)
        place[own] = np.arange(len(own))
        above = place[parent[own]] if depth else np.zeros(len(own), np.int64)
        levels.append(Level(above, code[own].astype(np.int64), units[own], persons[own]))
    return tuple(levels)


def _levels_numbered(steps: NDArray[np.int32], owner: NDArray[np.int32], width: int) -> tuple[Level, ...]:
    """The tree when paths are too wide for one integer: branches are numbered step by step."""
    each = np.arange(len(steps), dtype=np.int32)
    levels = []
    ids = np.zeros(len(steps), np.int64)
    for column in steps.astype(np.int64).T:
        keys = np.where(column >= 0, ids * width + column, -1)
        table, places = count_keys(keys, each, owner, True)  # noqa: FBT003  (a kernel takes its arguments by place)
        levels.append(Level(table[:, 0] // width, table[:, 0] % width, table[:, 1].copy(), table[:, 3].copy()))
        ids = places.astype(np.int64)
    return tuple(levels)


def _layers_tallied(steps: NDArray[np.int32], owner: NDArray[np.int32], width: int) -> tuple[Tally, Tally]:
    each = np.arange(len(steps), dtype=np.int32)
    wide = steps.astype(np.int64)
    place = np.arange(steps.shape[1]) * width
    nodes = np.where(wide >= 0, wide + place, -1)
    links = np.where(wide[:, 1:] >= 0, nodes[:, :-1] * width + wide[:, 1:], -1)
    return (
        tally(nodes.ravel(), np.repeat(each, nodes.shape[1]), owner, most=len(place) * width),
        tally(links.ravel(), np.repeat(each, links.shape[1]), owner, most=len(place) * width * width),
    )


def merge_sides(sides: Sequence[Side], width: int) -> Side:
    """Add up the parts."""
    levels = []
    known = [np.zeros(1, np.int64) for _ in sides]
    for column in zip(*(side.levels for side in sides), strict=True):
        keys = [places[level.parent] * width + level.code for places, level in zip(known, column, strict=True)]
        unique, place = grouped(np.concatenate(keys))
        counts, persons = (
            summed(place, [getattr(level, name) for level in column], len(unique)) for name in ("counts", "persons")
        )
        levels.append(Level(unique // width, unique % width, counts, persons))
        known = np.split(place, np.cumsum([len(level.code) for level in column])[:-1])
    return Side(tuple(levels), merge_tallies([s.nodes for s in sides]), merge_tallies([s.links for s in sides]))


def largest_branches(side: Side, most: int | None) -> list[tuple[tuple[int, ...], int, int, int]]:
    """The largest branches: codes from the root on, units, persons, and units of the branch it grows from.

    A branch is never larger than the one it grows from, and stands behind it: what is listed is a tree.
    """
    counts = np.concatenate([level.counts for level in side.levels])
    bounds = np.concatenate(([0], np.cumsum([len(level.counts) for level in side.levels])))
    out = []
    for place in np.argsort(-counts, kind="stable")[:most].tolist():
        depth = int(np.searchsorted(bounds, place, side="right")) - 1
        number = place - int(bounds[depth])
        found = side.levels[depth]
        grown_from = int(side.levels[depth - 1].counts[found.parent[number]]) if depth else int(found.counts.sum())
        out.append(
            (_codes(side.levels, depth, number), int(found.counts[number]), int(found.persons[number]), grown_from)
        )
    return out


def _codes(levels: Sequence[Level], depth: int, number: int) -> tuple[int, ...]:
    codes = []
    for level in reversed(levels[: depth + 1]):
        codes.append(int(level.code[number]))
        number = int(level.parent[number])
    return tuple(reversed(codes))


def whole_paths(walk: Walk) -> WholePaths:
    """Count the different whole paths of one part."""
    first, second = path_hashes(walk.codes, walk.low, walk.high)
    unit_bits = len(walk.low).bit_length()
    ordered = hashes_with_units(first, unit_bits)
    ordered.sort()
    apart, chosen, counts, persons = count_same(ordered, first, second, walk.owner, unit_bits)
    if not apart:
        chosen, counts, persons = _paths_numbered(first, second, walk.owner)
    sizes = (walk.high - walk.low)[chosen]
    starts = np.concatenate(([0], np.cumsum(sizes)))
    rows = np.arange(starts[-1]) + np.repeat(walk.low[chosen] - starts[:-1], sizes)
    hashes = np.stack([first[chosen], second[chosen]], axis=1)
    return WholePaths(hashes, counts, persons, starts, walk.codes[rows])


def _paths_numbered(
    first: NDArray[np.int64], second: NDArray[np.int64], owner: NDArray[np.int32]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """As `count_same`, for hashes that share their leading bits: paths are told apart by both whole hashes."""
    each = np.arange(len(first), dtype=np.int32)
    _, places = count_keys(first, each, owner, True)  # noqa: FBT003  (a kernel takes its arguments by place)
    table, _ = count_keys((places.astype(np.int64) << 32) | (second & _LOW), each, owner, False)  # noqa: FBT003  (as above)
    return table[:, 6].copy(), table[:, 1].copy(), table[:, 3].copy()


def largest_paths(parts: Sequence[WholePaths], most: int | None) -> tuple[list[tuple[Any, int, int]], int]:
    """The most frequent whole paths (codes, units, persons) of all parts, and how many different ones there are."""
    hashes = np.concatenate([part.hashes for part in parts])
    order = np.argsort(hashes[:, 0])
    first, second = hashes[order].T
    if ((first[1:] == first[:-1]) & (second[1:] != second[:-1])).any():
        order = np.lexsort((hashes[:, 1], hashes[:, 0]))
    new = np.ones(len(order), np.bool_)
    first, second = hashes[order].T
    new[1:] = (first[1:] != first[:-1]) | (second[1:] != second[:-1])
    place = np.empty(len(order), np.int64)
    place[order] = np.cumsum(new) - 1
    distinct = int(new.sum())
    counts, persons = (
        summed(place, [getattr(part, name) for part in parts], distinct) for name in ("counts", "persons")
    )
    example = np.empty(distinct, np.int64)
    example[place] = np.arange(len(place))
    bounds = np.concatenate(([0], np.cumsum([len(part.counts) for part in parts])))
    listed = []
    for number in np.argsort(-counts, kind="stable")[:most].tolist():
        which = int(np.searchsorted(bounds, example[number], side="right")) - 1
        own = int(example[number] - bounds[which])
        codes = parts[which].codes[parts[which].starts[own] : parts[which].starts[own + 1]]
        listed.append((codes.tolist(), int(counts[number]), int(persons[number])))
    return listed, distinct
