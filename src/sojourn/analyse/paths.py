"""Paths: which way people go from a start, to an end, or around an event.

In: walks and a `PathsQuestion`. Out: `Paths`. Definitions and a worked example: docs/methods/paths.md.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from sojourn.analyse.path_tree import (
    Side,
    WholePaths,
    largest_branches,
    largest_paths,
    merge_sides,
    side_of,
    steps_away,
    whole_paths,
)
from sojourn.analyse.results import Drill, Persons, Result
from sojourn.analyse.walk_kernel import units_that_are
from sojourn.analyse.walks import ENTRY, EXIT, coded, everybody, map_walks, persons_walking, read_walk, walking
from sojourn.records.errors import BadOption

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Unpack

    from numpy.typing import NDArray

    from sojourn.analyse.journeys import Journeys
    from sojourn.analyse.step_values import Coding
    from sojourn.analyse.tally_kernel import Tally
    from sojourn.analyse.walks import Unit, Walk, WalkOptions, WalkQuestion

Direction = Literal["after", "before"]
_SIGNS: dict[Direction, int] = {"after": 1, "before": -1}
_DEEPEST = 50


@dataclass(frozen=True, slots=True)
class PathNode:
    """A step at one position of the paths.

    Attributes:
        position: Steps after the start (or the event); negative before the end (or the event); 0 is that step itself.
        value: The step; `(exit)` behind a unit's last step, `(entry)` before its first.
        count: Units that are there.
        persons: Persons who are there.
        share: `count` divided by all units, in [0, 1].
    """

    position: int
    value: str
    count: int
    persons: int
    share: float


@dataclass(frozen=True, slots=True)
class PathLink:
    """Going from a step at one position to a step at the next.

    Attributes:
        position: Position of the step before.
        from_: That step; `from` in JSON and tables.
        to: The step behind it.
        count: Units that go there.
        persons: Persons who go there.
    """

    position: int
    from_: str
    to: str
    count: int
    persons: int


@dataclass(frozen=True, slots=True)
class Branch:
    """All units whose paths begin alike (or end alike, where steps are counted before an end or event).

    Attributes:
        path: The steps they share, in order of time.
        position: Position of the step furthest from the start, end or event.
        count: Units.
        persons: Persons.
        share: `count` divided by all units, in [0, 1].
        share_of_previous: `count` divided by the units of the branch it grows from.
    """

    path: tuple[str, ...]
    position: int
    count: int
    persons: int
    share: float
    share_of_previous: float


@dataclass(frozen=True, slots=True)
class WholePath:
    """Units with exactly the same path.

    Attributes:
        path: All its steps, whatever the depth of the tree.
        count: Units.
        persons: Persons.
        share: `count` divided by all units, in [0, 1].
    """

    path: tuple[str, ...]
    count: int
    persons: int
    share: float


@dataclass(frozen=True, slots=True)
class Paths(Result):
    """Which way people go.

    Attributes:
        unit: What a path lies within: sessions or persons.
        about: What paths are looked at: `whole`, `from A`, `to B`, `from A to B`, or `around A`.
        column: What a step is called.
        depth: Steps away from the start, end or event that branches, nodes and links go.
        units: Units with such a path.
        persons: Persons with such a path.
        branches: The tree, largest first; a branch stands behind the one it grows from.
        nodes: Steps by position.
        links: Steps from position to position, largest first.
        whole: Whole paths, most frequent first.
        distinct: Different whole paths.
        group: Name of the group; empty for everything.
        groups: The same by group, largest first; empty without a breakdown.
    """

    unit: Unit
    about: str
    column: str
    depth: int
    units: int
    persons: int
    branches: tuple[Branch, ...]
    nodes: tuple[PathNode, ...]
    links: tuple[PathLink, ...]
    whole: tuple[WholePath, ...]
    distinct: int
    group: str = ""
    groups: tuple[Paths, ...] = ()
    _drill: Drill | None = field(default=None, repr=False, compare=False)

    def rows(self) -> Sequence[Branch]:
        """The branches."""
        return self.branches

    def persons_of(self, path: Sequence[str] = (), *, direction: Direction | None = None) -> Persons:
        """The persons of a branch; everybody without one.

        Args:
            path: Its steps, in order of time.
            direction: For paths around an event: a branch `after` it (default) or `before` it.
        """
        question = self._question()
        if not path:
            return persons_walking(self._asked(), question.walk, everybody)
        way = direction or ("before" if question.walk.backwards else "after")
        if way not in question.directions:
            message = f"these paths are not looked at {way} anything; there is {' and '.join(question.directions)}"
            raise BadOption(message)
        return self._members(_ByPosition(way, 0, tuple(path if way == "after" else reversed(path))))

    def persons_at(self, position: int, value: str, to: str | None = None) -> Persons:
        """The persons of a node, or of the link from it to a step at the next position.

        Args:
            position: As in `PathNode`.
            value: The step there.
            to: The step at the next position; None for the node.
        """
        forwards = position > 0 or (position == 0 and "after" in self._question().directions)
        if forwards or (to is None and position == 0):
            way: Direction = "after" if "after" in self._question().directions else "before"
            return self._members(_ByPosition(way, position, (value,) if to is None else (value, to)))
        if to is None:
            return self._members(_ByPosition("before", -position, (value,)))
        return self._members(_ByPosition("before", -position - 1, (to, value)))

    def persons_of_whole(self, path: Sequence[str] = (), *, place: int | None = None) -> Persons:
        """The persons with exactly this whole path.

        Args:
            path: Its steps, in order of time.
            place: Its place in `whole`, from 0, instead of its steps.

        Raises:
            BadOption: There is no such place, or neither or both are given.
        """
        question = self._question()
        if (place is None) == (not path):
            raise BadOption("expected the steps of a whole path or its place")
        if place is not None:
            if not 0 <= place < len(self.whole):
                raise BadOption(f"expected a place from 0 to {len(self.whole) - 1}, got {place}")
            path = self.whole[place].path

        def chosen(walk: Walk, coding: Coding) -> NDArray[np.bool_]:
            found: NDArray[np.bool_] = units_that_are(walk.codes, walk.low, walk.high, coded(coding, path))
            return found

        return persons_walking(self._asked(), question.walk, chosen)

    def _question(self) -> PathsQuestion:
        assert self._drill is not None  # every Paths is made by `paths`
        question: PathsQuestion = self._drill.question
        return question

    def _members(self, where: _ByPosition) -> Persons:
        return members(self._asked(), self._question(), where)

    def _asked(self) -> Journeys:
        assert self._drill is not None  # every Paths is made by `paths`
        return self._drill.journeys


@dataclass(frozen=True, slots=True)
class _ByPosition:
    """Units with these steps from a position on, counted away from the anchor."""

    direction: Direction
    position: int
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PathsQuestion:
    """What was asked.

    Attributes:
        walk: Which steps.
        depth: Steps away from the anchor.
        most: Branches, nodes, links and whole paths listed; None for all.
    """

    walk: WalkQuestion
    depth: int
    most: int | None

    @property
    def directions(self) -> tuple[Direction, ...]:
        """Which way steps are counted."""
        if self.walk.around:
            return ("after", "before")
        return ("before",) if self.walk.backwards else ("after",)

    def closed(self, direction: Direction) -> bool:
        """Whether paths end there because they were asked to."""
        return direction == "after" and self.walk.end is not None


@dataclass(frozen=True, slots=True)
class PathsPartial:
    """Counts of one part.

    Attributes:
        units: Units.
        persons: Persons.
        sides: One a direction of the question.
        whole: Whole paths.
    """

    units: int
    persons: int
    sides: tuple[Side, ...]
    whole: WholePaths


def paths(journeys: Journeys, *, depth: int = 4, most: int | None = 1000, **options: Unpack[WalkOptions]) -> Paths:
    """See which way people go.

    Args:
        journeys: The log.
        depth: Steps away from the start, end or event to look at.
        most: List only so many branches, nodes, links and whole paths, largest first; None for all.
        options: See `walks.WalkOptions`.

    Raises:
        UnknownEvent: No event has the name of a start, end or middle.
        UnknownColumn: `column` or `by` is no column.
        BadOption: An option outside what it accepts.
    """
    if not 1 <= depth <= _DEEPEST:
        message = f"expected a depth of 1 to {_DEEPEST} steps, got {depth}"
        raise BadOption(message)
    question = PathsQuestion(read_walk(journeys, options), depth, most)
    made = walking(journeys, question.walk)
    whole, groups = map_walks(journeys, made, lambda walk: partial(walk, question, made.coding))
    by_group = []
    for name, partials in groups:
        own = dataclasses.replace(question, walk=dataclasses.replace(question.walk, group=name))
        by_group.append(merge(partials, own, made.coding, journeys=journeys))
    return merge(whole, question, made.coding, journeys=journeys, groups=tuple(by_group))


def partial(walk: Walk, question: PathsQuestion, coding: Coding) -> PathsPartial:
    """Count the paths of one part."""
    width = len(coding.names) + 1
    sides = tuple(side_of(_steps(walk, question, way, width), walk.owner, width) for way in question.directions)
    return PathsPartial(len(walk.low), walk.persons, sides, whole_paths(walk))


def merge(
    partials: Sequence[PathsPartial],
    question: PathsQuestion,
    coding: Coding,
    *,
    journeys: Journeys | None = None,
    groups: tuple[Paths, ...] = (),
) -> Paths:
    """Add up the parts."""
    units = sum(p.units for p in partials)
    width = len(coding.names) + 1
    branches: list[Branch] = []
    nodes: list[PathNode] = []
    links: list[PathLink] = []
    for place, way in enumerate(question.directions):
        side = merge_sides([p.sides[place] for p in partials], width)
        # The event that paths lie around stands in both directions, and is listed once.
        branches += [b for b in _branches(side, way, coding, units, question.most) if b.position or not place]
        nodes += [n for n in _nodes(side.nodes, way, coding, units, question.most) if n.position or not place]
        links += _links(side.links, way, coding, question.most)
    whole, distinct = largest_paths([p.whole for p in partials], question.most)
    same = [WholePath(tuple(coding.names[c] for c in codes), n, who, n / units) for codes, n, who in whole]
    return Paths(
        unit=question.walk.unit,
        about=question.walk.about,
        column=question.walk.values.column,
        depth=question.depth,
        units=units,
        persons=sum(p.persons for p in partials),
        branches=tuple(sorted(branches, key=lambda branch: -branch.count)),
        nodes=tuple(sorted(nodes, key=lambda node: (node.position, -node.count))),
        links=tuple(sorted(links, key=lambda link: -link.count)),
        whole=tuple(sorted(same, key=lambda path: (-path.count, path.path))),
        distinct=distinct,
        group=question.walk.group or "",
        groups=groups,
        _drill=Drill(journeys, question) if journeys is not None else None,
    )


def members(journeys: Journeys, question: PathsQuestion, where: _ByPosition) -> Persons:
    """The persons with some steps from a position on."""
    if where.position < 0 or where.position + len(where.path) > question.depth + 2:
        message = f"steps {where.position} to {where.position + len(where.path) - 1} away; paths were looked at {question.depth} deep"
        raise BadOption(message)

    def chosen(walk: Walk, coding: Coding) -> NDArray[np.bool_]:
        steps = _steps(walk, question, where.direction, len(coding.names) + 1)
        mask = np.ones(len(steps), np.bool_)
        for place, name in enumerate(where.path, start=where.position):
            terminal = name == (EXIT if where.direction == "after" else ENTRY)
            mask &= steps[:, place] == (len(coding.names) if terminal else coding.code(name))
        return mask

    return persons_walking(journeys, question.walk, chosen)


def _steps(walk: Walk, question: PathsQuestion, way: Direction, width: int) -> NDArray[np.int32]:
    return steps_away(walk, closed=question.closed(way), depth=question.depth, direction=_SIGNS[way], last=width - 1)


def _name(coding: Coding, code: int, way: Direction) -> str:
    if code == len(coding.names):
        return EXIT if way == "after" else ENTRY
    return coding.names[code]


def _branches(side: Side, way: Direction, coding: Coding, units: int, most: int | None) -> list[Branch]:
    out = []
    for codes, count, persons, grown_from in largest_branches(side, most):
        names = tuple(_name(coding, code, way) for code in codes)
        position = _SIGNS[way] * (len(codes) - 1)
        path = names if way == "after" else names[::-1]
        out.append(Branch(path, position, count, persons, count / units, count / grown_from))
    return out


def _nodes(found: Tally, way: Direction, coding: Coding, units: int, most: int | None) -> list[PathNode]:
    width = len(coding.names) + 1
    out = []
    for n in np.argsort(-found.counts, kind="stable")[:most].tolist():
        position, code = divmod(int(found.keys[n]), width)
        count = int(found.counts[n])
        out.append(
            PathNode(_SIGNS[way] * position, _name(coding, code, way), count, int(found.persons[n]), count / units)
        )
    return out


def _links(found: Tally, way: Direction, coding: Coding, most: int | None) -> list[PathLink]:
    width = len(coding.names) + 1
    out = []
    for n in np.argsort(-found.counts, kind="stable")[:most].tolist():
        near, far = divmod(int(found.keys[n]), width)
        position, code = divmod(near, width)
        inner, outer = _name(coding, code, way), _name(coding, far, way)
        ends = (position, inner, outer) if way == "after" else (-position - 1, outer, inner)
        out.append(PathLink(*ends, int(found.counts[n]), int(found.persons[n])))
    return out
