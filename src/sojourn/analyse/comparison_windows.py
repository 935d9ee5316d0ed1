"""Who is compared, and which of their events count: the looks.

In: parts and a question. Out: for each part a `Look`. The rules, and why they are fair: docs/methods/compare.md.
A look has a strict part, before the outcome, and may go on for the rest of its first minute. After it, for what shows late,
comes a continuation.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from sojourn.analyse.comparison_kernel import ends, events_of, spread, tries
from sojourn.analyse.parts import frozen, units_with
from sojourn.analyse.steps import mask_of, match_steps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sojourn.analyse.comparison_question import CompareQuestion
    from sojourn.analyse.groups import Grouping
    from sojourn.analyse.journeys import Journeys
    from sojourn.analyse.parts import Part
    from sojourn.analyse.steps import Step

_WORD, _MOST_WORDS = 64, 4
"""Bits of a word; of more event names no bits are kept, for they would take more memory than they save time."""
_GOLDEN = 0.6180339887498949
LEAST_US = 60_000_000
"""Everyone is looked at for at least a minute: people need that long to meet a thing and give up over it."""


@dataclass(frozen=True)
class Look:
    """Whose events of one part count, and from where to where.

    Attributes:
        unit: int64: places of the persons in the part.
        side: int64: 0 for the first group (leavers), 1 for the second (converters).
        group: int64: group of a breakdown.
        start: int64: first row.
        middle: int64: where the strict part ends (exclusive).
        end: int64: where the look ends.
        last: int64: where its continuation ends.
        wait: int64, (persons, steps before the entry - 1): microseconds between them.
        codes: Of each row of the part, the code of its event.
        made_of: bool, one an event name: whether such events make the groups.
        events: uint64, (persons, words): bit `c % 64` of word `c // 64` says that the person has an event of code c. Of looks
            that are strict throughout, in logs of few event names; None of others.
    """

    unit: NDArray[np.int64]
    side: NDArray[np.int64]
    group: NDArray[np.int64]
    start: NDArray[np.int64]
    middle: NDArray[np.int64]
    end: NDArray[np.int64]
    last: NDArray[np.int64]
    wait: NDArray[np.int64]
    codes: NDArray[Any]
    made_of: NDArray[np.bool_]
    events: NDArray[np.uint64] | None

    @cached_property
    def _rows(self) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int8]]:
        found: tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int8]] = spread(
            self.start, self.middle, self.end, self.last
        )
        return found

    @property
    def row(self) -> NDArray[np.int64]:
        """int64: rows of all looks, one after the other; put together when they are first asked for."""
        return self._rows[0]

    @property
    def owner(self) -> NDArray[np.int32]:
        """int32, one a row: whose it is, a place in `unit`."""
        return self._rows[1]

    @property
    def part(self) -> NDArray[np.int8]:
        """int8, one a row: 0 in the strict part, 1 in the rest of the look, 2 after it."""
        return self._rows[2]

    @cached_property
    def barred(self) -> NDArray[np.bool_]:
        """bool, one a row: it is of an event that makes the groups; its properties do not count."""
        found: NDArray[np.bool_] = self.made_of[self.codes[self.row]]
        return found


@dataclass(frozen=True, slots=True)
class Looks:
    """The looks of all parts.

    Attributes:
        parts: The parts.
        looks: One a part.
        watched_us: Strict lengths of the converters' looks, ascending; empty when two predicates are compared.
        undecided: Persons left out because the log ends sooner than any converter needed.
        both: Persons left out because they are in both groups.
    """

    parts: list[Part]
    looks: list[Look]
    watched_us: NDArray[np.int64]
    undecided: int = 0
    both: int = 0


@dataclass(frozen=True, slots=True)
class _Tries:
    """The last try of each person of one part who reached the step before."""

    unit: NDArray[np.int64]
    entry: NDArray[np.int64]
    outcome: NDArray[np.int64]
    wait: NDArray[np.int64]
    clock: NDArray[np.int64]

    @property
    def lengths(self) -> NDArray[np.int64]:
        """How long each converter needed."""
        done = self.outcome >= 0
        return self.clock[self.outcome[done]] - self.clock[self.entry[done]]


def find_looks(journeys: Journeys, question: CompareQuestion, groupings: Sequence[Grouping]) -> Looks:
    """The looks of a question.

    Args:
        journeys: The log.
        question: What is compared.
        groupings: Group of each event, by part.
    """
    parts = journeys.parts()
    if not question.steps:
        found = journeys.map(lambda part, grouping: _whole(part, question, grouping), parts, groupings)
        return Looks(parts, [look for look, _ in found], np.empty(0, np.int64), both=sum(both for _, both in found))
    tried = journeys.map(lambda part: _tries(part, question), parts)
    lengths = np.sort(np.concatenate([t.lengths for t in tried]))
    last = max((int(part.time.max()) for part in parts if len(part.time)), default=0)
    cut = journeys.map(
        lambda part, t, grouping: _cut(part, t, grouping, lengths, last, question), parts, tried, groupings
    )
    return Looks(parts, [look for look, _ in cut], lengths, undecided=sum(undecided for _, undecided in cut))


def left_out(journeys: Journeys, question: CompareQuestion, looks: Looks) -> list[NDArray[np.int64]]:
    """By part the numbers of the persons that `Looks.undecided` or `Looks.both` counts."""

    def chosen(part: Part, look: Look) -> NDArray[np.int64]:
        if question.steps:
            return part.person[np.setdiff1d(_tries(part, question).unit, look.unit)]
        assert question.group is not None
        assert question.against is not None
        in_a, in_b = _who_has_either(part, None, (question.group, question.against), question.time_zone)
        return part.person[in_a & in_b]

    return journeys.map(chosen, looks.parts, looks.looks)


def _tries(part: Part, question: CompareQuestion) -> _Tries:
    matcher = match_steps(part, question.steps, time_zone=question.time_zone)
    gaps = np.array([place for place, _ in question.excluded], np.int64)
    blocked = np.zeros((len(gaps), len(part.time) if len(gaps) else 0), np.bool_)
    for n, (_, step) in enumerate(question.excluded):
        blocked[n] = mask_of(part, step, time_zone=question.time_zone)
    unit, entry, outcome, wait = tries(
        part.start, part.stop, part.time, matcher.classes, matcher.first, matcher.steps,
        question.at, question.within_us, question.gap_us, gaps, blocked,
    )  # fmt: skip
    # Without times the place of an event in the log stands for its time.
    clock = frozen(np.arange(len(part.time))) if question.untimed else part.time
    return _Tries(unit, entry, outcome, wait, clock)


def _cut(
    part: Part, found: _Tries, grouping: Grouping, lengths: NDArray[np.int64], last: int, question: CompareQuestion
) -> tuple[Look, int]:
    """Deal each leaver a converter's length, and cut all looks."""
    horizon = np.zeros(len(found.unit), np.int64)
    done = found.outcome >= 0
    horizon[done] = found.lengths
    fits = np.full(len(found.unit), len(lengths), np.int64)
    if not question.untimed:
        fits = np.searchsorted(lengths, last - found.clock[found.entry], side="right")
    known = done | (fits > 0)
    left = ~done & known
    # In the order they came, so that the same log gives the same answer whatever its persons are numbered.
    order = part.person[found.unit[left]] if question.untimed else found.clock[found.entry[left]]
    horizon[left] = lengths[(_spread_evenly(order) * fits[left]).astype(np.int64)]
    keep = np.flatnonzero(known)
    entry, outcome, unit = found.entry[keep], found.outcome[keep], found.unit[keep]
    least = 0 if question.untimed else LEAST_US
    far = int(lengths[(len(lengths) * 9) // 10]) if len(lengths) and not question.untimed else 0
    gap = 0 if question.untimed else question.gap_us
    bounds = ends(entry, outcome, part.stop[unit], part.time, found.clock, horizon[keep], least, far, gap)
    look = _look(part, question, unit, (outcome >= 0).astype(np.int64), grouping, (entry, *bounds), found.wait[keep])
    return look, int((~known).sum())


def _spread_evenly(order: NDArray[np.int64]) -> NDArray[np.float64]:
    """Numbers in [0, 1), neighbours in the order far apart and any stretch of it evenly filled (golden ratio)."""
    place = np.empty(len(order))
    place[np.argsort(order, kind="stable")] = np.arange(len(order)) + 0.5
    found: NDArray[np.float64] = (place * _GOLDEN) % 1
    return found


def _whole(part: Part, question: CompareQuestion, grouping: Grouping) -> tuple[Look, int]:
    """All events of the persons with an event that matches one predicate, and none that matches the other."""
    assert question.group is not None
    assert question.against is not None
    # A bit an event: who is in which group, and who has which event, is told from it without the rows.
    wide = max(1, -(-len(part.events) // _WORD))
    words = events_of(part.start, part.stop, part.event, wide) if wide <= _MOST_WORDS else None
    in_a, in_b = _who_has_either(part, words, (question.group, question.against), question.time_zone)
    unit = np.flatnonzero(in_a ^ in_b)
    start, stop = np.asarray(part.start)[unit], np.asarray(part.stop)[unit]
    side = in_b[unit].astype(np.int64)
    wait = np.empty((len(unit), 0), np.int64)
    look = _look(
        part, question, unit, side, grouping, (start, stop, stop, stop), wait, None if words is None else words[unit]
    )
    return look, int((in_a & in_b).sum())


def _who_has_either(
    part: Part, words: NDArray[np.uint64] | None, steps: tuple[Step, Step], time_zone: str
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Units with an event that matches the first step, and those with one that matches the second."""
    if words is None or any(step.predicate is not None for step in steps):
        matcher = match_steps(part, steps, time_zone=time_zone)
        bits = np.array([sum(1 << number for number in numbers) for numbers in matcher.lists()], np.uint8)
        kinds = units_with(part.start, part.stop, matcher.classes, bits)
        return kinds & 1 > 0, kinds & 2 > 0
    masks = np.zeros((2, words.shape[1]), np.uint64)
    place = {name: code for code, name in enumerate(part.events)}
    for mask, step in zip(masks, steps, strict=True):
        for name in step.names:
            mask[place[name] // _WORD] |= np.uint64(1 << place[name] % _WORD)
    first, second = ((words & mask != 0).any(axis=1) for mask in masks)
    return np.asarray(first), np.asarray(second)


def _look(  # noqa: PLR0913  (the fields of a `Look`, passed on once)
    part: Part,
    question: CompareQuestion,
    unit: NDArray[np.int64],
    side: NDArray[np.int64],
    grouping: Grouping,
    bounds: tuple[NDArray[np.int64], ...],
    wait: NDArray[np.int64],
    events: NDArray[np.uint64] | None = None,
) -> Look:
    start, middle, end, last = bounds
    group = grouping.at(start).astype(np.int64)
    made_of = np.array([name in question.barred for name in part.events], np.bool_)
    return Look(unit, side, group, start, middle, end, last, wait, part.event, made_of, events)
