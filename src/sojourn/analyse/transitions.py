"""Transitions: which step follows which.

In: walks and a `WalkQuestion`. Out: `Transitions`. Definitions: docs/methods/transitions.md.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from sojourn.analyse.results import Drill, Persons, Result
from sojourn.analyse.tally_kernel import Tally, merge_tallies, tally_pairs
from sojourn.analyse.walk_kernel import units_with
from sojourn.analyse.walks import coded, everybody, map_walks, persons_walking, read_walk, walking
from sojourn.records.errors import BadOption

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Unpack

    from numpy.typing import NDArray

    from sojourn.analyse.journeys import Journeys
    from sojourn.analyse.step_values import Coding
    from sojourn.analyse.walks import Unit, Walk, WalkOptions, WalkQuestion


@dataclass(frozen=True, slots=True)
class Transition:
    """One step right behind another.

    Attributes:
        from_: The step before; `from` in JSON and tables.
        to: The step behind it.
        count: How often, within units.
        units: Units in which it happens.
        persons: Persons to whom it happens.
        share: `count` divided by all transitions from the same step, in (0, 1].
    """

    from_: str
    to: str
    count: int
    units: int
    persons: int
    share: float


@dataclass(frozen=True, slots=True)
class Terminal:
    """A step with which units begin or end.

    Attributes:
        value: The step.
        count: Units that begin (or end) with it.
        share: Of all units, in [0, 1].
    """

    value: str
    count: int
    share: float


@dataclass(frozen=True, slots=True)
class Transitions(Result):
    """All transitions.

    Attributes:
        unit: Within what steps follow each other: sessions or persons.
        about: What paths are looked at: `whole`, or `from A to B`, or `around A`.
        column: What a step is called.
        units: Units.
        persons: Persons.
        steps: Steps in all units.
        total: Transitions in all units: steps less one, for each unit.
        distinct: Different transitions.
        transitions: Most frequent first.
        entries: First steps of units, most frequent first.
        exits: Last steps of units, most frequent first.
        group: Name of the group; empty for everything.
        groups: The same by group, largest first; empty without a breakdown.
    """

    unit: Unit
    about: str
    column: str
    units: int
    persons: int
    steps: int
    total: int
    distinct: int
    transitions: tuple[Transition, ...]
    entries: tuple[Terminal, ...]
    exits: tuple[Terminal, ...]
    group: str = ""
    groups: tuple[Transitions, ...] = ()
    _drill: Drill | None = field(default=None, repr=False, compare=False)

    def rows(self) -> Sequence[Transition]:
        """The transitions."""
        return self.transitions

    def persons_of(self, from_: str | None = None, to: str | None = None) -> Persons:
        """The persons to whom a transition happens; everybody without one.

        Args:
            from_: The step before, or `(entry)`.
            to: The step after, or `(exit)`.

        Raises:
            BadOption: No step has the name, or only one of the two is named.
        """
        assert self._drill is not None  # every Transitions is made by `transitions`
        return members(self._drill.journeys, self._drill.question, from_, to)


@dataclass(frozen=True, slots=True)
class TransitionsQuestion:
    """What was asked.

    Attributes:
        walk: Which steps.
        most: Transitions listed; None for all.
    """

    walk: WalkQuestion
    most: int | None


@dataclass(frozen=True, slots=True)
class TransitionsPartial:
    """Counts of one part.

    Attributes:
        units: Units.
        persons: Persons.
        steps: Steps.
        pairs: Packed pairs of steps.
        entries: int64 a code: units that begin with it.
        exits: int64 a code: units that end with it.
    """

    units: int
    persons: int
    steps: int
    pairs: Tally
    entries: NDArray[np.int64]
    exits: NDArray[np.int64]


def transitions(journeys: Journeys, *, most: int | None = None, **options: Unpack[WalkOptions]) -> Transitions:
    """Count which step follows which.

    Args:
        journeys: The log.
        most: List only so many, most frequent first; None for all.
        options: See `walks.WalkOptions`.

    Raises:
        UnknownEvent: No event has the name of a start, end or middle.
        UnknownColumn: `column` or `by` is no column.
        BadOption: An option outside what it accepts.
    """
    question = TransitionsQuestion(read_walk(journeys, options), most)
    made = walking(journeys, question.walk)
    whole, groups = map_walks(journeys, made, lambda walk: partial(walk, made.coding))
    by_group = []
    for name, partials in groups:
        own = dataclasses.replace(question, walk=dataclasses.replace(question.walk, group=name))
        by_group.append(merge(partials, own, made.coding, journeys=journeys))
    return merge(whole, question, made.coding, journeys=journeys, groups=tuple(by_group))


def partial(walk: Walk, coding: Coding) -> TransitionsPartial:
    """Count the transitions of one part."""
    size = len(coding.names)
    return TransitionsPartial(
        units=len(walk.low),
        persons=walk.persons,
        steps=int((walk.high - walk.low).sum()),
        pairs=tally_pairs(walk.codes, walk.low, walk.high, walk.owner, coding.bits),
        entries=np.bincount(walk.codes[walk.low], minlength=size),
        exits=np.bincount(walk.codes[walk.high - 1], minlength=size),
    )


def merge(
    partials: Sequence[TransitionsPartial],
    question: TransitionsQuestion,
    coding: Coding,
    *,
    journeys: Journeys | None = None,
    groups: tuple[Transitions, ...] = (),
) -> Transitions:
    """Add up the parts."""
    pairs = merge_tallies([p.pairs for p in partials])
    before, behind = pairs.keys >> coding.bits, pairs.keys & ((1 << coding.bits) - 1)
    leaving = np.bincount(before, pairs.counts, len(coding.names))
    order = np.argsort(-pairs.counts, kind="stable")[: question.most]
    listed = tuple(
        Transition(
            from_=coding.names[before[n]],
            to=coding.names[behind[n]],
            count=int(pairs.counts[n]),
            units=int(pairs.units[n]),
            persons=int(pairs.persons[n]),
            share=float(pairs.counts[n] / leaving[before[n]]),
        )
        for n in order.tolist()
    )
    units = sum(p.units for p in partials)
    return Transitions(
        unit=question.walk.unit,
        about=question.walk.about,
        column=question.walk.values.column,
        units=units,
        persons=sum(p.persons for p in partials),
        steps=sum(p.steps for p in partials),
        total=int(pairs.counts.sum()),
        distinct=len(pairs.keys),
        transitions=listed,
        entries=_terminals(sum(p.entries for p in partials), coding, units, question.most),
        exits=_terminals(sum(p.exits for p in partials), coding, units, question.most),
        group=question.walk.group or "",
        groups=groups,
        _drill=Drill(journeys, question) if journeys is not None else None,
    )


def members(journeys: Journeys, question: TransitionsQuestion, from_: str | None, to: str | None) -> Persons:
    """The persons to whom a transition happens; everybody without one."""
    if from_ is None or to is None:
        if from_ != to:
            raise BadOption(f"expected both steps of a transition; got only {from_ or to!r}")
        return persons_walking(journeys, question.walk, everybody)
    both = from_, to
    return persons_walking(
        journeys, question.walk, lambda walk, coding: units_with(walk.codes, walk.low, walk.high, coded(coding, both))
    )


def _terminals(counts: NDArray[np.int64] | int, coding: Coding, units: int, most: int | None) -> tuple[Terminal, ...]:
    known = np.asarray(counts)
    order = np.argsort(-known, kind="stable")
    some = order[known[order] > 0][:most]
    return tuple(Terminal(coding.names[n], int(known[n]), float(known[n] / units)) for n in some.tolist())
