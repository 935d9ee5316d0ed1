"""Behaviour change: whose recent past differs from their own baseline, in what, since when, and how sure that is.

In: parts and a `ChangesQuestion`. Out: `Changes`. Definitions, formulas and sources: docs/methods/changes.md.
Never judges a person by others: of others it takes only how much people vary from period to period.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from sojourn.analyse import changes_kernel as kernel
from sojourn.analyse.changes_groups import GroupChange, group_changes
from sojourn.analyse.changes_question import DAY_US, ChangesQuestion, read_changes, without_doubles
from sojourn.analyse.changes_words import period_word, person_sentence, what
from sojourn.analyse.groups import group_events
from sojourn.analyse.money import amounts
from sojourn.analyse.parts import frozen
from sojourn.analyse.person_names import names_of
from sojourn.analyse.results import Persons, Result
from sojourn.records.errors import BadOption
from sojourn.records.periods import from_us, zone

if TYPE_CHECKING:
    import datetime as dt
    import os
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sojourn.analyse.groups import Grouping
    from sojourn.analyse.journeys import Journeys
    from sojourn.analyse.parts import Part

Direction = Literal["fell", "rose"]
_SHUFFLE = 20_240_101
"""Any number but 0; the same, so that the same log gives the same answer."""


@dataclass(frozen=True, slots=True)
class Change:
    """One thing one person does less or more often than before.

    Attributes:
        person: As sent.
        metric: `events`, `visits`, `spend`, or the name of an event.
        unit: What `before` and `after` are: `events a week`, `EUR a week`.
        direction: fell or rose.
        since: Date the first changed period begins (ISO 8601, in the journeys' time zone).
        noticed: Date the period ends after which a look at the log first says so.
        noticed_after: Periods from `since` to `noticed`.
        before: Mean of the baseline, in `unit`.
        after: Mean since then, in `unit`.
        ratio: `after / before`; inf when there was nothing before.
        before_periods: Periods of the baseline.
        after_periods: Periods since, to the end of the log.
        chance: Probability that a steady person of this baseline and variability shows as few (or as many) in so many periods.
        sentence: The same as a sentence.
    """

    person: str
    metric: str
    unit: str
    direction: Direction
    since: str
    noticed: str
    noticed_after: int
    before: float
    after: float
    ratio: float
    before_periods: int
    after_periods: int
    chance: float
    sentence: str


@dataclass(frozen=True, slots=True)
class MetricChanges:
    """How many persons changed in one metric.

    Attributes:
        metric: Its name.
        unit: Its unit.
        fell: Persons in whom it fell.
        rose: Persons in whom it rose.
        spread: Everybody's variability from period to period beyond chance: variance = mean + spread * mean squared.
        fall_limit: What `chance` of a fall may be.
        rise_limit: What `chance` of a rise may be.
    """

    metric: str
    unit: str
    fell: int
    rose: int
    spread: float
    fall_limit: float
    rise_limit: float


@dataclass(frozen=True, slots=True)
class Changes(Result):
    """Whose behaviour changed.

    Attributes:
        every: Length of a period: `week`, `day`, `10 days`.
        periods: Periods of the log; the last ends where the log ends.
        first_day: Date the first period begins.
        end: Moment the last period ends (ISO 8601).
        baseline: Periods a person must be known for before it is looked at.
        persons: Persons with an event.
        tested: Persons known for longer than a baseline: the others cannot be judged.
        changed: Persons of these in whom anything fell or rose.
        fell: Persons in whom anything fell.
        rose: Persons in whom anything rose.
        expected_false: Most persons among `changed` expected to be there by chance: tested persons, times years looked at, times `chance_a_year`.
        changed_when_shuffled: Of the persons in whom nothing changed, those in whom something would once their periods are put in random order: what chance alone does in this log.
        chance_a_year: Most steady persons wrongly found in a year of looks, as a part of all; all metrics and both directions together.
        least: Smallest change that is told, as a part of the baseline.
        metrics: By metric.
        changes: The surest first, at most as many as asked for; a person stands once a metric.
        groups_tested: Groups whose rates were looked at.
        groups: Changes of groups: rates per active person, and the number of active persons.
        currency: What spend is in; None when the log names none.
        money_note: What a reader of spend must know; empty when all amounts are in one currency.
        note: What the reader should know; empty when nothing.
    """

    every: str
    periods: int
    first_day: str
    end: str
    baseline: int
    persons: int
    tested: int
    changed: int
    fell: int
    rose: int
    expected_false: float
    changed_when_shuffled: int
    chance_a_year: float
    least: float
    metrics: tuple[MetricChanges, ...]
    changes: tuple[Change, ...]
    groups_tested: int
    groups: tuple[GroupChange, ...]
    currency: str | None = None
    money_note: str = ""
    note: str = ""
    _found: Any = field(default=None, repr=False, compare=False)

    def rows(self) -> Sequence[Change]:
        """The changes of persons."""
        return self.changes

    def persons_of(self, direction: Direction | None = None, *, metric: str | None = None) -> Persons:
        """The persons counted in `changed`, `fell`, `rose` or a metric's numbers.

        Args:
            direction: Only those in whom something fell or rose; None for both.
            metric: Only in this metric.

        Raises:
            BadOption: There is no such direction or metric.
        """
        if direction is not None and direction not in get_args(Direction):
            raise BadOption(f"expected fell or rose, got {direction!r}")
        known = [one.metric for one in self.metrics]
        if metric is not None and metric not in known:
            raise BadOption(f"there is no metric {metric!r}; there are {', '.join(known)}")
        journeys, numbers, findings = self._found
        chosen = np.ones(len(findings), np.bool_)
        if direction is not None:
            chosen &= findings[:, kernel.DIRECTION] == get_args(Direction).index(direction)
        if metric is not None:
            chosen &= findings[:, kernel.METRIC] == known.index(metric)
        return journeys.persons_of([numbers[chosen]])


@dataclass(frozen=True, slots=True)
class ChangesPartial:
    """Findings of one part.

    Attributes:
        person: int64: number of the person of each finding.
        findings: Shape (n, `changes_kernel.FIELDS`).
        tested: Persons looked at.
        looked: Periods looked at, summed over persons.
        shuffled: Of the persons without a finding, those with one once their periods are shuffled.
    """

    person: NDArray[np.int64]
    findings: NDArray[np.float64]
    tested: int
    looked: int
    shuffled: int


def changes(  # noqa: PLR0913  (each option is a word of the question)
    journeys: Journeys,
    *,
    every: str | dt.timedelta = "7d",
    baseline: int = 12,
    chance: float = 0.02,
    least: float = 0.3,
    least_of_groups: float = 0.1,
    events: Sequence[str] | None = None,
    most_events: int = 8,
    gap: str | dt.timedelta = "30m",
    value: str | None = "revenue",
    currency: str | None = None,
    rates: str | os.PathLike[str] | None = None,
    by: str | None = None,
    recent: str | dt.timedelta | None = None,
    most: int = 1000,
) -> Changes:
    """Compare each person's recent past with their own baseline, and each group's.

    Args:
        journeys: The log. Events without a time are left out.
        every: Length of a period. Periods are counted back from the end of the log, so that the last one is whole.
        baseline: Periods a person (or group) must be known for before it is looked at.
        chance: Most steady persons wrongly found in a year, as a part of all; all metrics and both directions together.
        least: Smallest change of a person that is told, as a part of the baseline: 0.3 tells falls to 70 % or less, and rises from 70 % or less.
        least_of_groups: The same for groups.
        events: Event names counted by themselves; None for the most frequent.
        most_events: How many of these.
        gap: Silence that ends a visit.
        value: Column of amounts; None for none.
        currency: Tell amounts in this currency; None for the one most of them have.
        rates: File of rates into it.
        by: Also by group: a column of the event, `first COLUMN` or `last COLUMN`.
        recent: Only changes that began within this long before the end of the log; None for all that still hold.
        most: Changes listed in `changes`; counts and `persons_of` hold all.

    Raises:
        BadOption: An option outside what it accepts.
        UnknownEvent: No event has the name.
        UnknownColumn: There is no such column.
    """
    if most < 0:
        raise BadOption(f"expected to list 0 or more changes, got {most}")
    if not 0 <= least_of_groups < 1:
        raise BadOption(f"expected a least change of groups from 0 up to below 1, got {least_of_groups}")
    question = read_changes(
        journeys, every=every, baseline=baseline, chance=chance, least=least, events=events, most_events=most_events,
        gap=gap, value=value, currency=currency, rates=rates, by=by, recent=recent,
    )  # fmt: skip
    parts = journeys.parts()
    groupings = group_events(parts, question.breakdown)
    summed = journeys.map(lambda part, grouping: _sums(part, question, grouping), parts, groupings)
    sums = np.sum([one[0] for one in summed], axis=0)
    active = np.sum([one[1] for one in summed], axis=0)
    question, kept = without_doubles(question, sums.sum(axis=(0, 2)))
    varied = np.sum(journeys.map(lambda part: _spreads(part, question), parts), axis=0)
    pooled = np.maximum(0.0, np.divide(varied[:, 0], varied[:, 1], out=np.zeros(len(kept)), where=varied[:, 1] > 0))
    partials = journeys.map(lambda part: partial(part, question, pooled), parts)
    names = ["all"] if question.breakdown is None else groupings[0].names
    told = group_changes(names, sums[:, kept], active, dataclasses.replace(question, least=least_of_groups))
    return merge(partials, question, pooled, journeys=journeys, most=most, groups=told)


def partial(part: Part, question: ChangesQuestion, pooled: NDArray[np.float64]) -> ChangesPartial:
    """Find the changes of one part's persons."""
    findings, tested, looked, shuffled = kernel.find(
        part.start, part.stop, part.time, part.event, *_measures(part, question), question.begin_us,
        question.period_us, question.periods, question.gap_us, question.baseline, pooled, question.limits,
        question.ratio, part.person, _SHUFFLE,
    )  # fmt: skip
    return ChangesPartial(part.person[findings[:, kernel.UNIT].astype(np.int64)], findings, tested, looked, shuffled)


def merge(
    partials: Sequence[ChangesPartial],
    question: ChangesQuestion,
    pooled: NDArray[np.float64],
    *,
    journeys: Journeys,
    most: int,
    groups: tuple[int, tuple[GroupChange, ...]],
) -> Changes:
    """Put the parts together."""
    persons = np.concatenate([np.empty(0, np.int64), *[p.person for p in partials]])
    findings = np.concatenate([np.empty((0, kernel.FIELDS)), *[p.findings for p in partials]])
    told = findings[:, kernel.SINCE] >= question.told_from
    persons, findings = persons[told], findings[told]
    direction = findings[:, kernel.DIRECTION]
    years = sum(p.looked for p in partials) / question.looks_a_year
    tested = sum(p.tested for p in partials)
    period = period_word(question.period_us / DAY_US)
    surest = np.lexsort((persons, findings[:, kernel.METRIC], findings[:, kernel.TAIL]))[:most]
    names = names_of(journeys.index, persons[surest])
    return Changes(
        every=period,
        periods=question.periods,
        first_day=question.date(0),
        end=from_us(question.end_us).astimezone(zone(question.time_zone)).isoformat(),
        baseline=question.baseline,
        persons=sum(len(part.person) for part in journeys.parts()),
        tested=tested,
        changed=len(np.unique(persons)),
        fell=len(np.unique(persons[direction == kernel.FALL])),
        rose=len(np.unique(persons[direction == kernel.RISE])),
        expected_false=years * question.chance,
        changed_when_shuffled=sum(p.shuffled for p in partials),
        chance_a_year=question.chance,
        least=question.least,
        metrics=_by_metric(findings, question, pooled, period),
        changes=tuple(_change(name, findings[n], question, period) for name, n in zip(names, surest.tolist(), strict=True)),
        groups_tested=groups[0],
        groups=groups[1],
        currency=question.money.currency if question.money else None,
        money_note=question.money.note if question.money else "",
        note="" if tested else _too_short(question, period),
        _found=(journeys, persons, findings),
    )  # fmt: skip


def _sums(part: Part, question: ChangesQuestion, grouping: Grouping) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    metric_of, visits, spend, value, worth = _measures(part, question)
    out: tuple[NDArray[np.float64], NDArray[np.int64]] = kernel.group_sums(
        part.start, part.stop, part.time, part.event, metric_of, len(question.metrics), visits, spend, value, worth,
        frozen(grouping.group), len(grouping.names), question.begin_us, question.period_us, question.periods,
        question.gap_us,
    )  # fmt: skip
    return out


def _spreads(part: Part, question: ChangesQuestion) -> NDArray[np.float64]:
    metric_of, visits, spend, value, worth = _measures(part, question)
    out: NDArray[np.float64] = kernel.spreads(
        part.start, part.stop, part.time, part.event, metric_of, len(question.metrics), visits, spend, value, worth,
        question.begin_us, question.period_us, question.periods, question.gap_us, question.baseline,
    )  # fmt: skip
    return out


def _measures(
    part: Part, question: ChangesQuestion
) -> tuple[NDArray[np.int64], int, int, NDArray[np.float64], NDArray[np.bool_]]:
    """What the kernels need to count: metric of each event, places of visits and spend, amounts, which are spend."""
    value = amounts(part, question.money, other=math.nan) if question.money else frozen(np.empty(0))
    return question.metric_of(part.events), question.place("visits"), question.place("spend"), value, question.worth


def _by_metric(
    findings: NDArray[np.float64], question: ChangesQuestion, pooled: NDArray[np.float64], period: str
) -> tuple[MetricChanges, ...]:
    made = []
    for n, metric in enumerate(question.metrics):
        own = findings[findings[:, kernel.METRIC] == n, kernel.DIRECTION]
        fell, rose = int((own == kernel.FALL).sum()), int((own == kernel.RISE).sum())
        fall_limit, rise_limit = question.limits[n].tolist()
        unit = _unit(metric.unit, period)
        made.append(MetricChanges(metric.name, unit, fell, rose, float(pooled[n]), fall_limit, rise_limit))
    return tuple(made)


def _change(person: str, row: NDArray[np.float64], question: ChangesQuestion, period: str) -> Change:
    metric = question.metrics[int(row[kernel.METRIC])]
    since, noticed = int(row[kernel.SINCE]), int(row[kernel.NOTICED]) + 1
    spans = int(row[kernel.BEFORE_N]), int(row[kernel.AFTER_N])
    before = float(row[kernel.BEFORE] * row[kernel.SCALE]) / spans[0]
    after = float(row[kernel.AFTER] * row[kernel.SCALE]) / spans[1]
    direction: Direction = "fell" if row[kernel.DIRECTION] == kernel.FALL else "rose"
    day, unit, chance = question.date(since), _unit(metric.unit, period), float(row[kernel.TAIL])
    told = person_sentence(what(metric.name, metric.kind), direction, before, after, unit, day, spans, period, chance)
    return Change(
        person=person,
        metric=metric.name,
        unit=unit,
        direction=direction,
        since=day,
        noticed=question.date(noticed),
        noticed_after=noticed - since,
        before=before,
        after=after,
        ratio=after / before if before else math.inf,
        before_periods=spans[0],
        after_periods=spans[1],
        chance=chance,
        sentence=told,
    )


def _unit(unit: str, period: str) -> str:
    return f"{unit} in {period}" if " " in period else f"{unit} a {period}"


def _too_short(question: ChangesQuestion, period: str) -> str:
    return (
        f"Nobody is known for more than the {question.baseline} {period}s a baseline takes after the {period} of their first "
        f"event, so nobody can be judged; shorter periods (every) or a shorter baseline may do."
    )
