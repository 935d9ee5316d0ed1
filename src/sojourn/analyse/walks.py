"""Walks: the steps that each person or session takes, from where to where a question looks at them.

In: parts and a `WalkQuestion`. Out: `Walk`, one a part: codes of steps, and for each unit where its path lies.
Shared by paths, transitions, n-grams and loops, so that they count the same steps. Definitions: docs/methods/paths.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypedDict, TypeVar

import numpy as np

from sojourn.analyse.groups import Breakdown, group_events, read_breakdown
from sojourn.analyse.parts import choose, cut_sessions, frozen
from sojourn.analyse.step_values import Values, code_steps, read_values
from sojourn.analyse.steps import mask_of, read_step
from sojourn.analyse.walk_kernel import collapse_runs, first_marked
from sojourn.records.durations import microseconds
from sojourn.records.errors import BadOption

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from sojourn.analyse.groups import Grouping
    from sojourn.analyse.journeys import Journeys
    from sojourn.analyse.parts import GapRule, Part
    from sojourn.analyse.results import Persons
    from sojourn.analyse.step_values import Coding
    from sojourn.analyse.steps import Step

P = TypeVar("P")
Unit = Literal["sessions", "persons"]
EXIT, ENTRY = "(exit)", "(entry)"


class WalkOptions(TypedDict, total=False):
    """Options that paths, transitions, n-grams and loops share.

    Attributes:
        start: Event, `A|B` or predicate: paths begin at the first such event of a unit; units without are left out.
        end: Paths end at the first such event (after the start); units without are left out.
        around: Paths before and after the first such event; units without are left out.
        unit: `sessions` (default): a path lies within a session; `persons`: it is all a person did.
        gap: Silence that ends a session; `30m` by default.
        gap_rule: `reaches` (default): a silence equal to the gap ends a session; `exceeds`: only a longer one.
        column: What a step is called; `event` by default, else any column or property, such as `path`.
        group_depth: Keep this many leading segments of paths such as `/shop/shoes/12`.
        groups: Names of groups of values and the `like` patterns that put values in them.
        group_values: With `group_depth` or `groups`: values kept, the rest become `(other)`; 100 by default.
        collapse: Whether equal steps in a row are one step; not by default.
        by: Break down by a column of the path's first event, `first COLUMN` or `last COLUMN`.
    """

    start: str | None
    end: str | None
    around: str | None
    unit: Unit
    gap: str | dt.timedelta
    gap_rule: GapRule
    column: str
    group_depth: int | None
    groups: Mapping[str, str] | None
    group_values: int
    collapse: bool
    by: str | None


@dataclass(frozen=True, slots=True)
class WalkQuestion:
    """What was asked; see `WalkOptions`.

    Attributes:
        start: Where paths begin; None for where units do.
        end: Where paths end; None for where units do.
        around: What paths lie around; None unless asked.
        unit: Who walks.
        gap_us: Silence that ends a session, microseconds.
        gap_rule: Whether a silence equal to it does.
        values: What steps are called.
        collapse: Whether equal steps in a row are one.
        breakdown: What to break down by.
        group: Only this group of the breakdown; None for all.
        time_zone: Zone of moments in predicates.
    """

    start: Step | None
    end: Step | None
    around: Step | None
    unit: Unit
    gap_us: int
    gap_rule: GapRule
    values: Values
    collapse: bool
    breakdown: Breakdown | None
    group: str | None
    time_zone: str

    @property
    def backwards(self) -> bool:
        """Whether steps are counted from the end of paths."""
        return self.end is not None and self.start is None

    @property
    def about(self) -> str:
        """What paths are looked at, in words."""
        if self.around:
            return f"around {self.around.text}"
        ends = [f"from {self.start.text}"] if self.start else []
        return " ".join(ends + ([f"to {self.end.text}"] if self.end else [])) or "whole"


@dataclass(frozen=True, slots=True)
class Walk:
    """The steps of the units of one part.

    Attributes:
        codes: int32, one a step.
        low: int64, one a unit: first step of its path.
        high: int64: behind the last step of its path.
        anchor: int64: the step that steps are counted from.
        person: int64: number of its person.
        owner: int32: which of the part's persons that is, ascending.
        group: int32: group of the breakdown.
    """

    codes: NDArray[np.int32]
    low: NDArray[np.int64]
    high: NDArray[np.int64]
    anchor: NDArray[np.int64]
    person: NDArray[np.int64]
    owner: NDArray[np.int32]
    group: NDArray[np.int32]

    @property
    def persons(self) -> int:
        """How many persons walk."""
        return int(np.count_nonzero(self.owner[1:] != self.owner[:-1])) + bool(len(self.owner))

    def only(self, units: NDArray[np.bool_]) -> Walk:
        """The units where `units` is true."""
        chosen = (
            frozen(column[units]) for column in (self.low, self.high, self.anchor, self.person, self.owner, self.group)
        )
        return Walk(self.codes, *chosen)


@dataclass(frozen=True, slots=True)
class Walking:
    """All walks of a question, made one part at a time.

    Attributes:
        question: What was asked.
        coding: What the codes are called.
        groups: Names of the groups.
        parts: Parts with the grouping of their events.
    """

    question: WalkQuestion
    coding: Coding
    groups: tuple[str, ...]
    parts: list[tuple[Part, Grouping]]

    def walk(self, part: Part, grouping: Grouping) -> Walk:
        """The walk of one part."""
        made = _walk(part, self.question, self.coding, grouping)
        if self.question.group is None:
            return made
        return made.only(made.group == self.groups.index(self.question.group))


def map_walks(
    journeys: Journeys, made: Walking, partial: Callable[[Walk], P]
) -> tuple[tuple[P, ...], list[tuple[str, tuple[P, ...]]]]:
    """Ask every part: the partials of all units, and by name those of each group of the breakdown that has units."""

    def one(part: Part, grouping: Grouping) -> tuple[list[P], list[int]]:
        walk = made.walk(part, grouping)
        places = range(len(made.groups)) if made.question.breakdown else ()
        split = [walk.only(walk.group == place) for place in places]
        return [partial(walk), *map(partial, split)], [len(group.low) for group in split]

    found = journeys.map(one, *zip(*made.parts, strict=True))
    whole, *groups = zip(*(partials for partials, _ in found), strict=True)
    sizes = [sum(column) for column in zip(*(sizes for _, sizes in found), strict=True)]
    named = sorted(zip(sizes, made.groups, groups, strict=False), key=lambda group: -group[0])
    return whole, [(name, partials) for size, name, partials in named if size]


def read_walk(journeys: Journeys, options: WalkOptions) -> WalkQuestion:
    """Read the shared options.

    Raises:
        UnknownEvent: No event has the name of a start, end or middle.
        BadOption: An option outside what it accepts.
    """
    unknown = sorted(set(options) - set(WalkOptions.__annotations__))
    if unknown:
        message = f"{unknown[0]!r} is no option of paths; there are {', '.join(WalkOptions.__annotations__)}"
        raise BadOption(message)
    unit, gap_rule = options.get("unit", "sessions"), options.get("gap_rule", "reaches")
    for name, value, known in (("unit", unit, ("sessions", "persons")), ("gap_rule", gap_rule, ("reaches", "exceeds"))):
        if value not in known:
            message = f"expected {name} to be one of {', '.join(known)}, got {value!r}"
            raise BadOption(message)
    start, end, around = (_step(options.get(name), journeys) for name in ("start", "end", "around"))
    if around and (start or end):
        message = "paths lie around an event, or between a start and an end; not both"
        raise BadOption(message)
    return WalkQuestion(
        start=start,
        end=end,
        around=around,
        unit=unit,
        gap_us=microseconds(options.get("gap", "30m")),
        gap_rule=gap_rule,
        values=read_values(
            options.get("column", "event"),
            options.get("group_depth"),
            options.get("groups"),
            options.get("group_values", 100),
        ),
        collapse=options.get("collapse", False),
        breakdown=read_breakdown(options.get("by")),
        group=None,
        time_zone=journeys.time_zone,
    )


def _step(text: object, journeys: Journeys) -> Step | None:
    return None if text is None else read_step(str(text), journeys.events)


def walking(journeys: Journeys, question: WalkQuestion) -> Walking:
    """Number the steps and the groups, so that walks can be made part by part."""
    parts = journeys.parts()
    groupings = group_events(parts, question.breakdown)
    coding = code_steps(journeys, parts, question.values)
    return Walking(question, coding, groupings[0].names, list(zip(parts, groupings, strict=True)))


def persons_walking(
    journeys: Journeys, question: WalkQuestion, chosen: Callable[[Walk, Coding], NDArray[np.bool_]]
) -> Persons:
    """The persons of the units that `chosen` says true for."""
    made = walking(journeys, question)
    walks = (made.walk(part, grouping) for part, grouping in made.parts)
    return journeys.persons_of([walk.person[chosen(walk, made.coding)] for walk in walks])


def everybody(walk: Walk, _: Coding) -> NDArray[np.bool_]:
    """All units, for `persons_walking`."""
    return np.ones(len(walk.low), np.bool_)


def coded(coding: Coding, names: Sequence[str]) -> NDArray[np.int32]:
    """Codes of step names."""
    return np.array([coding.code(name) for name in names], np.int32)


def _walk(part: Part, question: WalkQuestion, coding: Coding, grouping: Grouping) -> Walk:
    units = part if question.unit == "persons" else cut_sessions(part, question.gap_us, question.gap_rule)
    units, anchor, close = _anchored(units, question)
    group = grouping.at(anchor)
    codes, low, high = coding.codes(part), units.start, units.stop
    if question.end is not None:
        high = close + 1
    if question.start is not None:
        low = anchor
    if question.backwards:
        anchor = close
    if question.collapse:
        codes, _, _, place = collapse_runs(codes, units.start, units.stop)
        low, high, anchor = place[low], place[high - 1] + 1, place[anchor]
    owner = np.zeros(len(units.person), np.int32)
    np.cumsum(units.person[1:] != units.person[:-1], dtype=np.int32, out=owner[1:])
    arrays = (codes, low, high, anchor, units.person, owner, group)
    return Walk(*(frozen(np.ascontiguousarray(array)) for array in arrays))


def _anchored(units: Part, question: WalkQuestion) -> tuple[Part, NDArray[np.int64], NDArray[np.int64]]:
    """The units that have what was asked for, where their paths begin (or lie around), and where they end."""
    anchor, close = units.start, units.stop - 1
    begins = question.start or question.around
    if begins is not None:
        marked = mask_of(units, begins, time_zone=question.time_zone)
        anchor = first_marked(units.start, units.stop, frozen(marked), units.start)
        units, anchor = choose(units, anchor >= 0), anchor[anchor >= 0]
        close = units.stop - 1
    if question.end is not None:
        marked = mask_of(units, question.end, time_zone=question.time_zone)
        after = anchor if question.start is None else anchor + 1
        close = first_marked(units.start, units.stop, frozen(marked), frozen(np.ascontiguousarray(after)))
        reached = close >= 0
        units, anchor, close = choose(units, reached), anchor[reached], close[reached]
    return units, anchor, close
