"""The tree, the layers and the whole paths of walks, as small arrays that can be added up.

In: a walk, or what its parts gave. Out: counts by branch, by node and link of each position, and by whole path.
Never knows what a code is called.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sojourn.analyse.tally_kernel import Tally, count_keys, merge_tallies, summed, tally
from sojourn.analyse.walk_kernel import path_hashes, unroll

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sojourn.analyse.walks import Walk

_LOW = (1 << 32) - 1


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
    each = np.arange(len(steps), dtype=np.int32)
    wide = steps.astype(np.int64)
    place = np.arange(steps.shape[1]) * width
    nodes = np.where(wide >= 0, wide + place, -1)
    links = np.where(wide[:, 1:] >= 0, nodes[:, :-1] * width + wide[:, 1:], -1)
    levels = []
    ids = np.zeros(len(steps), np.int64)
    for column in wide.T:
        keys = np.where(column >= 0, ids * width + column, -1)
        table, places = count_keys(keys, each, owner, True)  # noqa: FBT003  (a kernel takes its arguments by place)
        levels.append(Level(table[:, 0] // width, table[:, 0] % width, table[:, 1].copy(), table[:, 3].copy()))
        ids = places.astype(np.int64)
    return Side(
        tuple(levels),
        tally(nodes.ravel(), np.repeat(each, nodes.shape[1]), owner, most=len(place) * width),
        tally(links.ravel(), np.repeat(each, links.shape[1]), owner, most=len(place) * width * width),
    )


def merge_sides(sides: Sequence[Side], width: int) -> Side:
    """Add up the parts."""
    levels = []
    known = [np.zeros(1, np.int64) for _ in sides]
    for column in zip(*(side.levels for side in sides), strict=True):
        keys = [places[level.parent] * width + level.code for places, level in zip(known, column, strict=True)]
        unique, place = np.unique(np.concatenate(keys), return_inverse=True)
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
    each = np.arange(len(walk.low), dtype=np.int32)
    first, second = path_hashes(walk.codes, walk.low, walk.high)
    table, places = count_keys(first, each, walk.owner, True)  # noqa: FBT003  (a kernel takes its arguments by place)
    if not np.array_equal(second[table[places, 6]], second):
        # Two paths share their first hash: their second ones tell them apart.
        table, _ = count_keys((places.astype(np.int64) << 32) | (second & _LOW), each, walk.owner, False)  # noqa: FBT003  (as above)
    chosen = table[:, 6]
    sizes = (walk.high - walk.low)[chosen]
    starts = np.concatenate(([0], np.cumsum(sizes)))
    rows = np.arange(starts[-1]) + np.repeat(walk.low[chosen] - starts[:-1], sizes)
    hashes = np.stack([first[chosen], second[chosen]], axis=1)
    return WholePaths(hashes, table[:, 1].copy(), table[:, 3].copy(), starts, walk.codes[rows])


def largest_paths(parts: Sequence[WholePaths], most: int | None) -> tuple[list[tuple[Any, int, int]], int]:
    """The most frequent whole paths (codes, units, persons) of all parts, and how many different ones there are."""
    hashes = np.concatenate([part.hashes for part in parts])
    order = np.argsort(hashes[:, 0], kind="stable")
    if (np.diff(hashes[order, 0]) == 0)[np.diff(hashes[order, 1]) != 0].any():
        order = np.lexsort((hashes[:, 1], hashes[:, 0]))
    ordered = hashes[order]
    new = np.ones(len(order), np.bool_)
    new[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
    place = np.empty(len(order), np.int64)
    place[order] = np.cumsum(new) - 1
    distinct = int(new.sum())
    counts = summed(place, [part.counts for part in parts], distinct)
    persons = summed(place, [part.persons for part in parts], distinct)
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
