"""Loops: where people step on the spot, come back, or go there and back.

In: walks and a `WalkQuestion`. Out: `Loops`. Definitions: docs/methods/loops.md.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from sojourn.analyse.results import Drill, Persons, Result
from sojourn.analyse.tally_kernel import Tally, merge_tallies, tally
from sojourn.analyse.walk_kernel import loops_of
from sojourn.analyse.walks import everybody, map_walks, persons_walking, read_walk, walking
from sojourn.records.errors import BadOption

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Unpack

    from numpy.typing import NDArray

    from sojourn.analyse.journeys import Journeys
    from sojourn.analyse.step_values import Coding
    from sojourn.analyse.walks import Unit, Walk, WalkOptions, WalkQuestion

Kind = Literal["repeat", "return", "back_and_forth"]
_KINDS: tuple[Kind, ...] = ("repeat", "return", "back_and_forth")


@dataclass(frozen=True, slots=True)
class Loop:
    """A step that people come back to.

    Attributes:
        value: The step; of a step there and back, the one that is left and come back to.
        via: Where they were in between; empty but for steps there and back.
        count: How often.
        units: Units in which it happens.
        persons: Persons to whom it happens.
        share: `units` divided by all units, in [0, 1].
    """

    value: str
    via: str
    count: int
    units: int
    persons: int
    share: float


@dataclass(frozen=True, slots=True)
class Loops(Result):
    """Repeats, returns, and steps there and back.

    Attributes:
        unit: Within what steps follow each other: sessions or persons.
        about: What paths are looked at.
        column: What a step is called.
        units: Units.
        persons: Persons.
        repeating_units: Units with a repeat: a step equal to the one before it (A A).
        returning_units: Units with a return: a step seen before, with another in between (A ... A).
        back_and_forth_units: Units with a step there and back (A B A).
        repeats: Most frequent first.
        returns: Most frequent first; equal steps in a row count as one.
        back_and_forth: Most frequent first; equal steps in a row count as one.
        group: Name of the group; empty for everything.
        groups: The same by group, largest first; empty without a breakdown.
    """

    unit: Unit
    about: str
    column: str
    units: int
    persons: int
    repeating_units: int
    returning_units: int
    back_and_forth_units: int
    repeats: tuple[Loop, ...]
    returns: tuple[Loop, ...]
    back_and_forth: tuple[Loop, ...]
    group: str = ""
    groups: tuple[Loops, ...] = ()
    _drill: Drill | None = field(default=None, repr=False, compare=False)

    def rows(self) -> Sequence[Loop]:
        """All loops: repeats, returns, steps there and back."""
        return (*self.repeats, *self.returns, *self.back_and_forth)

    def persons_of(self, kind: Kind | None = None, value: str | None = None, via: str | None = None) -> Persons:
        """The persons behind a number.

        Args:
            kind: `repeat`, `return` or `back_and_forth`; None for everybody.
            value: The step; None for any.
            via: For `back_and_forth`: where they were in between; None for anywhere.

        Raises:
            BadOption: No step has the name, or `via` without `value`.
        """
        assert self._drill is not None  # every Loops is made by `loops`
        return members(self._drill.journeys, self._drill.question, kind, value, via)


@dataclass(frozen=True, slots=True)
class LoopsQuestion:
    """What was asked.

    Attributes:
        walk: Which steps.
        most: Loops listed of each kind; None for all.
    """

    walk: WalkQuestion
    most: int | None


@dataclass(frozen=True, slots=True)
class LoopsPartial:
    """Counts of one part.

    Attributes:
        units: Units.
        persons: Persons.
        tallies: Of repeats, returns, and steps there and back; keys as `loops_of` gives them.
        with_any: Units with any of each kind.
    """

    units: int
    persons: int
    tallies: tuple[Tally, ...]
    with_any: tuple[int, ...]


def loops(journeys: Journeys, *, most: int | None = 1000, **options: Unpack[WalkOptions]) -> Loops:
    """Count where people step on the spot, come back, or go there and back.

    Args:
        journeys: The log.
        most: List only so many of each kind; None for all.
        options: See `walks.WalkOptions`; `collapse` would leave no repeats and is refused.

    Raises:
        UnknownEvent: No event has the name of a start, end or middle.
        UnknownColumn: `column` or `by` is no column.
        BadOption: An option outside what it accepts.
    """
    walk = read_walk(journeys, options)
    if walk.collapse:
        message = "loops count equal steps in a row as repeats, and as one step elsewhere; leave `collapse` out"
        raise BadOption(message)
    question = LoopsQuestion(walk, most)
    made = walking(journeys, walk)
    whole, groups = map_walks(journeys, made, lambda walk: partial(walk, made.coding))
    by_group = []
    for name, partials in groups:
        own = dataclasses.replace(question, walk=dataclasses.replace(question.walk, group=name))
        by_group.append(merge(partials, own, made.coding, journeys=journeys))
    return merge(whole, question, made.coding, journeys=journeys, groups=tuple(by_group))


def partial(walk: Walk, coding: Coding) -> LoopsPartial:
    """Count the loops of one part."""
    found = loops_of(walk.codes, walk.low, walk.high, len(coding.names))
    size = len(coding.names)
    largest = (size - 1, size - 1, size * size - 1)
    tallies = tuple(tally(keys, unit, walk.owner, most=most) for (keys, unit), most in zip(found, largest, strict=True))
    with_any = tuple(int(np.count_nonzero(np.diff(unit, prepend=-1))) for _, unit in found)
    return LoopsPartial(len(walk.low), walk.persons, tallies, with_any)


def merge(
    partials: Sequence[LoopsPartial],
    question: LoopsQuestion,
    coding: Coding,
    *,
    journeys: Journeys | None = None,
    groups: tuple[Loops, ...] = (),
) -> Loops:
    """Add up the parts."""
    units = sum(p.units for p in partials)
    repeats, returns, back = (
        _listed(
            merge_tallies([p.tallies[n] for p in partials]),
            coding,
            units,
            question.most,
            pairs=kind == "back_and_forth",
        )
        for n, kind in enumerate(_KINDS)
    )
    with_any = [sum(p.with_any[n] for p in partials) for n in range(len(_KINDS))]
    return Loops(
        unit=question.walk.unit,
        about=question.walk.about,
        column=question.walk.values.column,
        units=units,
        persons=sum(p.persons for p in partials),
        repeating_units=with_any[0],
        returning_units=with_any[1],
        back_and_forth_units=with_any[2],
        repeats=repeats,
        returns=returns,
        back_and_forth=back,
        group=question.walk.group or "",
        groups=groups,
        _drill=Drill(journeys, question) if journeys is not None else None,
    )


def members(
    journeys: Journeys, question: LoopsQuestion, kind: Kind | None, value: str | None, via: str | None
) -> Persons:
    """The persons behind a number of `Loops`."""
    if kind is None:
        if value is not None or via is not None:
            raise BadOption("a step needs its kind: repeat, return or back_and_forth")
        return persons_walking(journeys, question.walk, everybody)
    if kind not in _KINDS:
        message = f"expected a kind of {', '.join(_KINDS)}, got {kind!r}"
        raise BadOption(message)
    if via is not None and (kind != "back_and_forth" or value is None):
        message = "`via` is where people were between leaving a step and coming back to it; it needs back_and_forth and a value"
        raise BadOption(message)

    def chosen(walk: Walk, coding: Coding) -> NDArray[np.bool_]:
        size = len(coding.names)
        keys, unit = loops_of(walk.codes, walk.low, walk.high, size)[_KINDS.index(kind)]
        mask = np.ones(len(keys), np.bool_)
        if value is not None:
            mask &= (keys // size if kind == "back_and_forth" else keys) == coding.code(value)
        if via is not None:
            mask &= keys % size == coding.code(via)
        some = np.zeros(len(walk.low), np.bool_)
        some[unit[mask]] = True
        return some

    return persons_walking(journeys, question.walk, chosen)


def _listed(found: Tally, coding: Coding, units: int, most: int | None, *, pairs: bool) -> tuple[Loop, ...]:
    size = len(coding.names)
    order = np.argsort(-found.counts, kind="stable")[:most]
    values, ways = (found.keys // size, found.keys % size) if pairs else (found.keys, None)
    return tuple(
        Loop(
            value=coding.names[values[n]],
            via="" if ways is None else coding.names[ways[n]],
            count=int(found.counts[n]),
            units=int(found.units[n]),
            persons=int(found.persons[n]),
            share=float(found.units[n] / units),
        )
        for n in order.tolist()
    )
