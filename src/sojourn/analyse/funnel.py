"""Funnel: how many go from step to step, how long it takes, and where they are lost.

In: parts and a `FunnelQuestion`. Out: `Funnel`. Semantics, with a worked example: docs/methods/funnel.md.
The automaton is that of ClickHouse's `windowFunnel` (the latest start wins), with the times of each step kept;
its state is two times a step, whatever the length of the journey.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from sojourn.analyse.funnel_kernel import times_by_group, walk_in_any_order, walk_in_order, walk_plainly
from sojourn.analyse.funnel_seat_kernel import walk_in_any_order_once
from sojourn.analyse.groups import Breakdown, group_events, read_breakdown
from sojourn.analyse.parts import cut_sessions
from sojourn.analyse.period_places import places_of
from sojourn.analyse.quantiles import quantiles
from sojourn.analyse.results import Drill, Persons, Result
from sojourn.analyse.side_by_side import side_by_side
from sojourn.analyse.steps import match_steps, read_steps
from sojourn.records.durations import microseconds
from sojourn.records.errors import BadOption
from sojourn.records.periods import Period, Periods, periods

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sojourn.analyse.groups import Grouping
    from sojourn.analyse.journeys import Journeys
    from sojourn.analyse.parts import GapRule, Part
    from sojourn.analyse.steps import Step

Unit = Literal["persons", "sessions"]
Order = Literal["ordered", "strict", "any"]
Ties = Literal["sequence", "strict"]
_FOREVER = np.iinfo(np.int64).max
_ORDERS: tuple[Order, ...] = ("ordered", "strict", "any")
_SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class FunnelQuestion:
    """A funnel, as asked.

    Attributes:
        steps: In order.
        excluded: By place of the later step: what must not happen between it and the step before.
        within_us: The last step is reached at most this long after the first; a very large number for no limit.
        order: `ordered`: other events may lie between; `strict`: none may; `any`: steps in any order.
        ties: `sequence`: order of arrival decides between equal times; `strict`: a step must be later than the one before.
        unit: Who moves through it.
        gap_us: Silence that ends a session.
        gap_rule: Whether a silence equal to it does.
        breakdown: What to break down by; None for nothing.
        time_zone: Zone of moments in predicates.
    """

    steps: tuple[Step, ...]
    excluded: tuple[tuple[int, Step], ...]
    within_us: int
    order: Order
    ties: Ties
    unit: Unit
    gap_us: int
    gap_rule: GapRule
    breakdown: Breakdown | None
    time_zone: str


@dataclass(frozen=True, slots=True)
class FunnelStep:
    """One step.

    Attributes:
        step: The step as it was asked.
        count: Units that reached it.
        share_of_start: Of the units that reached the first step, in [0, 1]; nan when none did.
        share_of_previous: Of the units that reached the step before; 1 for the first step.
        dropped: Units that reached the step before and not this one; 0 for the first step.
        median_wait_s: Median time since the step before, seconds; nan for the first step.
        p90_wait_s: 90th percentile of the same.
        median_since_start_s: Median time since the first step, seconds.
    """

    step: str
    count: int
    share_of_start: float
    share_of_previous: float
    dropped: int
    median_wait_s: float
    p90_wait_s: float
    median_since_start_s: float


@dataclass(frozen=True, slots=True)
class FunnelGroup:
    """The funnel of one group of a breakdown, or of the units that started in one period.

    Attributes:
        group: The group's name or the period's label.
        steps: As in `Funnel`.
    """

    group: str
    steps: tuple[FunnelStep, ...]


@dataclass(frozen=True, slots=True)
class Funnel(Result):
    """A funnel.

    Attributes:
        unit: What is counted: persons or sessions.
        steps: The steps.
        groups: The same by group, largest first; empty without a breakdown.
        trend: The same by period of the first step; empty when none was asked.
    """

    unit: Unit
    steps: tuple[FunnelStep, ...]
    groups: tuple[FunnelGroup, ...] = ()
    trend: tuple[FunnelGroup, ...] = ()
    _drill: Drill | None = field(default=None, repr=False, compare=False)
    _spans: Periods | None = field(default=None, repr=False, compare=False)

    def rows(self) -> Sequence[FunnelStep]:
        """The steps."""
        return self.steps

    def persons(
        self,
        step: int,
        outcome: Literal["reached", "dropped", "stopped"] = "reached",
        *,
        group: str | None = None,
        started: str | None = None,
    ) -> Persons:
        """The persons behind a step's number.

        Args:
            step: Which, from 0.
            outcome: `reached` the step; `dropped`: reached the step before and not this one; `stopped`: reached this
                one and no further.
            group: Only those in this group of the breakdown; None for all.
            started: Only those who started in the period of the trend with this label; None for all.

        Raises:
            BadOption: There is no such step, group or period.
        """
        assert self._drill is not None
        spans = None
        if started is not None:
            if started not in [period.group for period in self.trend]:
                raise BadOption(f"expected a period of the trend, got {started!r}")
            spans = self._spans
        return members(
            self._drill.journeys, self._drill.question, step, outcome, group=group, started=started, spans=spans
        )


@dataclass(frozen=True, slots=True)
class FunnelPartial:
    """What one part adds: one row a unit that reached the first step.

    Attributes:
        unit: Places of those units in the part.
        level: int32: steps reached, 1 or more.
        group: int32: group of the event that started the furthest chain.
        started: int64: time of that event.
        wait: int64, shape (units, steps): microseconds since the step before, when that step was first reached; -1 below.
        since: int64, same shape: microseconds since the first step.
    """

    unit: NDArray[np.int64]
    level: NDArray[np.int32]
    group: NDArray[np.int32]
    started: NDArray[np.int64]
    wait: NDArray[np.int64]
    since: NDArray[np.int64]


def funnel(  # noqa: PLR0913  (the options of the question)
    journeys: Journeys,
    steps: Sequence[str],
    *,
    within: str | dt.timedelta | None = None,
    order: Order = "ordered",
    ties: Ties = "sequence",
    unit: Unit = "persons",
    by: str | None = None,
    trend: Period | None = None,
    gap: str | dt.timedelta = "30m",
    gap_rule: GapRule = "reaches",
) -> Funnel:
    """Count how many go from step to step.

    Args:
        journeys: The log.
        steps: Event names, alternatives `A|B`, predicates, and exclusions `not X` between two steps.
        within: Longest time from the first step to the last; None for no limit.
        order: See `FunnelQuestion`.
        ties: See `FunnelQuestion`.
        unit: Count persons or sessions.
        by: Break down by a column, `first COLUMN` or `last COLUMN`.
        trend: Also by day, week or month of the first step.
        gap: Silence that ends a session, for `unit="sessions"`.
        gap_rule: Whether a silence equal to the gap ends it.

    Raises:
        UnknownEvent: A step no event has the name of.
        BadOption: No steps, or an option outside what it accepts.
    """
    question = _question(journeys, steps, within, order, ties, unit, by, gap, gap_rule)
    parts = _units(journeys, question)
    groupings = group_events(parts, question.breakdown)
    partials = journeys.map(lambda part, grouping: partial(part, question, grouping), parts, groupings)
    return merge(partials, question, groupings[0].names, journeys=journeys, trend=trend)


def partial(part: Part, question: FunnelQuestion, grouping: Grouping) -> FunnelPartial:
    """Run the steps over one part."""
    steps, excluded = len(question.steps), [step for _, step in question.excluded]
    matcher = match_steps(part, question.steps, excluded=excluded, time_zone=question.time_zone)
    rows = part.start, part.stop, part.time, matcher.classes
    strict, single = question.ties == "strict", matcher.single()
    if question.order == "any" and single is None:
        found = walk_in_any_order_once(*rows, *matcher.kinds(), steps, question.within_us)
    elif question.order == "any":
        found = walk_in_any_order(*rows, matcher.first, matcher.steps, steps, question.within_us)
    elif question.order == "ordered" and not strict and not excluded and single is not None:
        found = walk_plainly(*rows, single, steps, question.within_us)
    else:
        gaps = np.array([place for place, _ in question.excluded], np.int64)
        adjacent = question.order == "strict"
        limits = question.within_us, adjacent, strict, gaps
        found = walk_in_order(*rows, matcher.first, matcher.steps, steps, *limits)
    unit, level, row, started, wait, since = found
    return FunnelPartial(unit, level, grouping.at(row, unit), started, wait, since)


def merge(
    partials: Sequence[FunnelPartial],
    question: FunnelQuestion,
    groups: Sequence[str],
    *,
    journeys: Journeys | None = None,
    trend: Period | None = None,
) -> Funnel:
    """Add up the parts."""
    names = tuple(step.text for step in question.steps)
    whole, *by_group = _groups(partials, names, [p.group for p in partials], groups if question.breakdown else ())
    by_group = sorted((g for g in by_group if g.steps[0].count), key=lambda g: -g.steps[0].count)
    drill = Drill(journeys, question) if journeys is not None else None
    over_time, spans = _trend(partials, names, trend, question.time_zone) if trend else ((), None)
    return Funnel(question.unit, whole.steps, tuple(by_group), over_time, drill, spans)


def members(  # noqa: PLR0913  (what a number of a funnel is a number of)
    journeys: Journeys,
    question: FunnelQuestion,
    step: int,
    outcome: str,
    *,
    group: str | None = None,
    started: str | None = None,
    spans: Periods | None = None,
) -> Persons:
    """The persons a step counted; see `Funnel.persons`. `spans` are the periods of the trend."""
    n = len(question.steps)
    if not 0 <= step < n:
        message = f"expected a step from 0 to {n - 1}, got {step}"
        raise BadOption(message)
    if outcome not in ("reached", "dropped", "stopped"):
        message = f"expected an outcome of reached, dropped or stopped, got {outcome!r}"
        raise BadOption(message)
    parts = _units(journeys, question)
    groupings = group_events(parts, question.breakdown if group is not None else None)
    if group is not None and (question.breakdown is None or group not in groupings[0].names):
        raise BadOption(f"expected a group of the breakdown, got {group!r}")
    chosen = []
    for part, grouping in zip(parts, groupings, strict=True):
        found = partial(part, question, grouping)
        mask = {
            "reached": found.level > step,
            "dropped": found.level == step,
            "stopped": found.level == step + 1,
        }[outcome]
        if group is not None:
            mask = mask & (found.group == grouping.names.index(group))
        if spans is not None and started is not None:
            mask = mask & (places_of(found.started, spans.starts_us) == spans.labels.index(started))
        chosen.append(part.person[found.unit[mask]])
    return journeys.persons_of(chosen)


def _question(  # noqa: PLR0913  (the options of `funnel`, passed on once)
    journeys: Journeys,
    texts: Sequence[str],
    within: str | dt.timedelta | None,
    order: Order,
    ties: Ties,
    unit: Unit,
    by: str | None,
    gap: str | dt.timedelta,
    gap_rule: GapRule,
) -> FunnelQuestion:
    steps, excluded = read_steps(texts, journeys.events)
    if not steps:
        message = "a funnel needs at least one step"
        raise BadOption(message)
    for name, value, known in (
        ("order", order, _ORDERS),
        ("ties", ties, ("sequence", "strict")),
        ("unit", unit, ("persons", "sessions")),
        ("gap_rule", gap_rule, ("reaches", "exceeds")),
    ):
        if value not in known:
            message = f"expected {name} to be one of {', '.join(known)}, got {value!r}"
            raise BadOption(message)
    if excluded and order == "any":
        message = "steps in any order have no between: leave the exclusion out, or use order ordered or strict"
        raise BadOption(message)
    if ties == "strict" and order == "any":
        message = "steps in any order have none before them to be later than: leave ties strict out, or use order ordered or strict"
        raise BadOption(message)
    return FunnelQuestion(
        steps=tuple(steps),
        excluded=tuple(excluded.items()),
        within_us=_FOREVER if within is None else microseconds(within),
        order=order,
        ties=ties,
        unit=unit,
        gap_us=microseconds(gap),
        gap_rule=gap_rule,
        breakdown=read_breakdown(by),
        time_zone=journeys.time_zone,
    )


def _units(journeys: Journeys, question: FunnelQuestion) -> list[Part]:
    parts = journeys.parts()
    if question.unit == "persons":
        return parts
    return journeys.map(lambda part: cut_sessions(part, question.gap_us, question.gap_rule), parts)


def _groups(
    partials: Sequence[FunnelPartial],
    names: Sequence[str],
    group: Sequence[NDArray[np.int32]],
    groups: Sequence[str],
) -> list[FunnelGroup]:
    """The funnel of all units, then of each group; `group` holds one number a unit of each part."""
    n = max(len(groups), 1)
    split = side_by_side(lambda p, of: times_by_group(p.level, p.wait, p.since, of, n), partials, group)

    def of_cells(name: str, first: int, last: int) -> FunnelGroup:
        bounds = [[(begin[k * n + first], begin[k * n + last]) for begin, _, _ in split] for k in range(len(names))]
        waits, since = (
            [[part[of][low:high] for part, (low, high) in zip(split, step, strict=True)] for step in bounds]
            for of in (1, 2)
        )
        return FunnelGroup(name, _steps(names, waits, since))

    places = range(len(groups))
    return side_by_side(of_cells, ("all", *groups), (0, *places), (n, *(g + 1 for g in places)))


def _steps(
    names: Sequence[str], waits: Sequence[list[NDArray[np.int64]]], since: Sequence[list[NDArray[np.int64]]]
) -> tuple[FunnelStep, ...]:
    """The steps, from the times of the units that reached each of them."""
    counts = [sum(map(len, times)) for times in since]
    out = []
    for k, name in enumerate(names):
        median, p90, since_start = np.nan, np.nan, 0.0 if counts[0] else np.nan
        if k:
            median, p90 = (q / _SECOND for q in quantiles(waits[k], (0.5, 0.9)))
            since_start = quantiles(since[k], (0.5,))[0] / _SECOND
        before = counts[k - 1] if k else counts[0]
        out.append(
            FunnelStep(
                step=name,
                count=counts[k],
                share_of_start=counts[k] / counts[0] if counts[0] else np.nan,
                share_of_previous=counts[k] / before if before else np.nan,
                dropped=before - counts[k],
                median_wait_s=median,
                p90_wait_s=p90,
                median_since_start_s=since_start,
            )
        )
    return tuple(out)


def _trend(
    partials: Sequence[FunnelPartial], names: Sequence[str], period: Period, time_zone: str
) -> tuple[tuple[FunnelGroup, ...], Periods | None]:
    started = np.concatenate([p.started for p in partials])
    if not len(started):
        return (), None
    spans = periods(period, int(started.min()), int(started.max()), time_zone=time_zone)
    places = [places_of(p.started, spans.starts_us) for p in partials]
    return tuple(_groups(partials, names, places, spans.labels)[1:]), spans
