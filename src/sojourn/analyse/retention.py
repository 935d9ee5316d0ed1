"""Retention: of those who began in one period, how many came back in the periods after.

In: parts and a `RetentionQuestion`. Out: `Retention`. Definitions and a worked example: docs/methods/retention.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from sojourn.analyse.groups import Breakdown, group_events, read_breakdown
from sojourn.analyse.period_places import coarse_places
from sojourn.analyse.results import Drill, Persons, Result
from sojourn.analyse.retention_kernel import BEGINS, RETURNS, follow
from sojourn.analyse.steps import match_steps, read_step
from sojourn.records.durations import microseconds
from sojourn.records.errors import BadOption
from sojourn.records.periods import Periods, from_us, periods, zone

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sojourn.analyse.groups import Grouping
    from sojourn.analyse.journeys import Journeys
    from sojourn.analyse.parts import Part
    from sojourn.analyse.steps import Step

Mode = Literal["bounded", "unbounded", "rolling"]
CohortPeriod = Literal["day", "week", "month"]
_DAYS: dict[str, int] = {"day": 1, "week": 7, "month": 30}
_DAY = 86_400_000_000
_MOST_CELLS = 1 << 21
_NEARLY = 100
"""A period with less than this part of it (one hundredth) after the end of the log counts as over."""


@dataclass(frozen=True, slots=True)
class RetentionQuestion:
    """What was asked.

    Attributes:
        first: What puts a person in a cohort; None for any event.
        returning: What counts as coming back; None for any event.
        mode: `bounded`: in exactly that period; `unbounded`: in it or later; `rolling`: in exactly that window, counted
            from the person's own first event.
        spans: The cohorts' periods.
        window_us: Length of a rolling window, microseconds; 0 for periods of the calendar.
        cells: Periods after the first that are kept.
        observed_us: The log is known until here.
        breakdown: What to break down by.
        time_zone: Where days begin.
    """

    first: Step | None
    returning: Step | None
    mode: Mode
    spans: Periods
    window_us: int
    cells: int
    observed_us: int
    breakdown: Breakdown | None
    time_zone: str


@dataclass(frozen=True, slots=True)
class Cohort:
    """The persons whose first event lies in one period.

    Attributes:
        start: The period: `2024-03` for a month, its first day for a week, the day.
        size: Persons.
        returned: Persons who came back, by period: the first is the period after the cohort's. Periods that begin after
            the end of the log are absent.
        share: The same divided by `size`, in [0, 1].
        complete: How many of these, counted from the first, were over for everybody when the log ended; a later one
            can still grow.
    """

    start: str
    size: int
    returned: tuple[int, ...]
    share: tuple[float, ...]
    complete: int


@dataclass(frozen=True, slots=True)
class ReturnPoint:
    """All cohorts together, so many periods after their first.

    Attributes:
        after: Periods after the first; 1 is the next.
        cohorts: Cohorts for which that period is over.
        persons: Persons in them: what the share is divided by, so that each cohort weighs by its size.
        returned: Of these, persons who came back.
        share: `returned / persons`; nan without persons.
    """

    after: int
    cohorts: int
    persons: int
    returned: int
    share: float


@dataclass(frozen=True, slots=True)
class RetentionGroup:
    """Retention of one group of a breakdown.

    Attributes:
        group: Its name.
        persons: Persons in its cohorts.
        cohorts: As in `Retention`.
        overall: As in `Retention`.
    """

    group: str
    persons: int
    cohorts: tuple[Cohort, ...]
    overall: tuple[ReturnPoint, ...]


@dataclass(frozen=True, slots=True)
class Retention(Result):
    """Cohorts and who of them came back.

    Attributes:
        first: What puts a person in a cohort; `any event` or as asked.
        returning: What counts as coming back.
        period: day, week or month: what a cohort's persons have in common.
        mode: `bounded`: came back in exactly that period; `unbounded`: in it or later; `rolling`: in exactly that
            window, counted from the person's own first event.
        window_days: Length of a rolling window in days; nan for periods of the calendar.
        persons: Persons in all cohorts.
        observed_until: The log is known until here (ISO 8601); a period that ends later is not complete.
        cohorts: Oldest first.
        overall: All cohorts together, by periods after the first, from complete periods only.
        groups: The same by group, largest first; empty without a breakdown.
    """

    first: str
    returning: str
    period: CohortPeriod
    mode: Mode
    window_days: float
    persons: int
    observed_until: str
    cohorts: tuple[Cohort, ...]
    overall: tuple[ReturnPoint, ...]
    groups: tuple[RetentionGroup, ...] = ()
    _drill: Drill | None = field(default=None, repr=False, compare=False)

    def rows(self) -> Sequence[Cohort]:
        """The cohorts."""
        return self.cohorts

    def persons_of(
        self, cohort: str | None = None, *, after: int = 0, group: str | None = None, over: int = 0
    ) -> Persons:
        """The persons of a cohort, or of these the ones who came back.

        Args:
            cohort: Its `start`; None for all cohorts.
            after: Which period after the first: `returned[after - 1]`; 0 for everybody in the cohort.
            group: Only of this group of the breakdown.
            over: Only cohorts for which so many periods were over when the log ended, as `overall` counts them.

        Raises:
            BadOption: There is no such cohort, period or group.
        """
        assert self._drill is not None  # every Retention is made by `retention`
        kept = frozenset(one.start for one in self.cohorts if one.complete >= over)
        return members(self._drill.journeys, self._drill.question, cohort, after, group, kept)


@dataclass(frozen=True, slots=True)
class RetentionPartial:
    """Counts of one part.

    Attributes:
        sizes: int64 (groups, cohorts).
        counts: int32 (groups, cohorts, cells): persons who returned so many periods later; for `unbounded` by the last
            such period.
        earliest: int64 a cohort: time of its earliest first event.
        latest: int64 a cohort: time of its latest first event.
    """

    sizes: NDArray[np.int64]
    counts: NDArray[np.int32]
    earliest: NDArray[np.int64]
    latest: NDArray[np.int64]


def retention(  # noqa: PLR0913  (each option is a word of the question)
    journeys: Journeys,
    *,
    first: str | None = None,
    returning: str | None = None,
    period: CohortPeriod = "week",
    mode: Mode = "bounded",
    window: str | dt.timedelta | None = None,
    periods_after: int | None = None,
    by: str | None = None,
) -> Retention:
    """Put persons in cohorts by the period of their first event and count who came back.

    Args:
        journeys: The log. Events without a time are left out.
        first: Event name, `A|B` or predicate; a person's first such event decides the cohort. None for any event.
        returning: What counts as coming back; None for any event.
        period: Cohorts by day, week or month in the journeys' time zone.
        mode: See `RetentionQuestion`.
        window: Length of a rolling window; None for 1, 7 or 30 days, as `period` says.
        periods_after: How many periods after the first to count; None for all.
        by: Break down by a column of the first event, `first COLUMN` or `last COLUMN`.

    Raises:
        UnknownEvent: No event has the name.
        BadOption: An option outside what it accepts, or a triangle of over two million cells.
    """
    breakdown = read_breakdown(by)
    parts = journeys.parts()
    groupings = group_events(parts, breakdown)
    groups = groupings[0].names
    question = _question(journeys, first, returning, period, mode, window, periods_after, breakdown)
    cells = len(question.spans.labels) * question.cells * max(len(groups), 1)
    if cells > _MOST_CELLS:
        message = (
            f"{cells:,} cells (cohorts x periods x groups); choose a longer period or fewer periods after the first"
        )
        raise BadOption(message)
    partials = journeys.map(lambda part, grouping: partial(part, question, grouping), parts, groupings)
    return merge(partials, question, groups, journeys=journeys)


def partial(part: Part, question: RetentionQuestion, grouping: Grouping) -> RetentionPartial:
    """Count the cohorts of one part."""
    return RetentionPartial(*_followed(part, question, grouping, after=0)[:4])


def merge(
    partials: Sequence[RetentionPartial],
    question: RetentionQuestion,
    groups: Sequence[str],
    *,
    journeys: Journeys | None = None,
) -> Retention:
    """Add up the parts."""
    sizes: NDArray[np.int64] = np.sum([p.sizes for p in partials], axis=0)
    counts: NDArray[np.int64] = np.sum([p.counts for p in partials], axis=0, dtype=np.int64)
    if question.mode == "unbounded":
        # Who returned last in period k has returned "in or after" each period up to k.
        counts = np.flip(np.cumsum(np.flip(counts, axis=2), axis=2), axis=2)
    earliest = np.min([p.earliest for p in partials], axis=0)
    latest = np.max([p.latest for p in partials], axis=0)
    begun, over = _observed(question, earliest, latest)
    cohorts = _cohorts(question, sizes.sum(axis=0), counts.sum(axis=0), begun, over)
    by_group = []
    if question.breakdown is not None:
        for number, name in enumerate(groups):
            own = _cohorts(question, sizes[number], counts[number], begun, over)
            by_group.append(RetentionGroup(name, int(sizes[number].sum()), own, _overall(own)))
    return Retention(
        first=question.first.text if question.first else "any event",
        returning=question.returning.text if question.returning else "any event",
        period=question.spans.period,  # type: ignore[arg-type]  # `_question` lets no other period through
        mode=question.mode,
        window_days=question.window_us / _DAY if question.window_us else np.nan,
        persons=int(sizes.sum()),
        observed_until=from_us(question.observed_us).astimezone(zone(question.time_zone)).isoformat(),
        cohorts=cohorts,
        overall=_overall(cohorts),
        groups=tuple(sorted((g for g in by_group if g.persons), key=lambda g: -g.persons)),
        _drill=Drill(journeys, question) if journeys is not None else None,
    )


def members(
    journeys: Journeys,
    question: RetentionQuestion,
    cohort: str | None,
    after: int,
    group: str | None,
    kept: frozenset[str],
) -> Persons:
    """The persons of one cell of the triangle, or of the cohorts that are kept; see `Retention.persons_of`."""
    labels = question.spans.labels
    if cohort is not None and cohort not in labels:
        message = f"there is no cohort {cohort!r}; the first is {labels[0]!r}, the last {labels[-1]!r}"
        raise BadOption(message)
    if not 0 <= after <= question.cells:
        message = f"expected a period after the first from 0 to {question.cells}, got {after}"
        raise BadOption(message)
    parts = journeys.parts()
    groupings = group_events(parts, question.breakdown)
    if group is not None and group not in groupings[0].names:
        message = f"there is no group {group!r}; there are {', '.join(groupings[0].names)}"
        raise BadOption(message)
    # The last place is that of persons in no cohort, -1.
    wanted = np.array([*(label in kept and cohort in (None, label) for label in labels), False], np.bool_)
    chosen = []
    for part, grouping in zip(parts, groupings, strict=True):
        *_, place, of, hit = _followed(part, question, grouping, after=after)
        mask = wanted[place]
        if after:
            mask &= hit
        if group is not None:
            mask &= of == grouping.names.index(group)
        chosen.append(part.person[mask])
    return journeys.persons_of(chosen)


def _question(  # noqa: PLR0913  (the options of `retention`, passed on once)
    journeys: Journeys,
    first: str | None,
    returning: str | None,
    period: CohortPeriod,
    mode: Mode,
    window: str | dt.timedelta | None,
    periods_after: int | None,
    breakdown: Breakdown | None,
) -> RetentionQuestion:
    for name, value, known in (
        ("period", period, tuple(_DAYS)),
        ("mode", mode, ("bounded", "unbounded", "rolling")),
    ):
        if value not in known:
            message = f"expected {name} to be one of {', '.join(known)}, got {value!r}"
            raise BadOption(message)
    if window is not None and mode != "rolling":
        message = f"a window belongs to mode rolling, the mode is {mode}"
        raise BadOption(message)
    if periods_after is not None and periods_after < 1:
        message = f"expected at least 1 period after the first, got {periods_after}"
        raise BadOption(message)
    start, end = _bounds(journeys)
    # A bound `until` is the first moment that is not known; the last event is the last one that is.
    spans = periods(period, start, max(end - (end == journeys.until_us), start), time_zone=journeys.time_zone)
    length = _DAYS[period] * _DAY if window is None else microseconds(window)
    rolling = mode == "rolling"
    cells = (end - start) // length if rolling else len(spans.labels) - 1
    return RetentionQuestion(
        first=None if first is None else read_step(first, journeys.events),
        returning=None if returning is None else read_step(returning, journeys.events),
        mode=mode,
        spans=spans,
        window_us=length if rolling else 0,
        cells=int(cells) if periods_after is None else min(int(cells), periods_after),
        observed_us=end,
        breakdown=breakdown,
        time_zone=journeys.time_zone,
    )


def _bounds(journeys: Journeys) -> tuple[int, int]:
    """From when and until when the log is known, microseconds: a filter on events does not shorten it."""
    manifest = journeys.index.manifest
    start = manifest.first_us if journeys.from_us is None else max(manifest.first_us, journeys.from_us)
    end = manifest.last_us if journeys.until_us is None else min(manifest.last_us, journeys.until_us)
    return min(start, end), end


def _followed(part: Part, question: RetentionQuestion, grouping: Grouping, *, after: int) -> tuple[NDArray[Any], ...]:
    asked = [step for step in (question.first, question.returning) if step is not None]
    matcher = match_steps(part, asked, time_zone=question.time_zone)
    roles = np.zeros(len(matcher.first) - 1, np.uint8)
    roles |= BEGINS if question.first is None else 0
    roles |= RETURNS if question.returning is None else 0
    flags = [role for role, step in ((BEGINS, question.first), (RETURNS, question.returning)) if step is not None]
    for number in range(len(roles)):
        for place in matcher.steps[matcher.first[number] : matcher.first[number + 1]]:
            roles[number] |= flags[place]
    bounds = np.array(question.spans.starts_us)
    windows = (question.observed_us - int(bounds[0])) // question.window_us + 1 if question.window_us else 0
    found: tuple[NDArray[Any], ...] = follow(
        part.start, part.stop, part.time, matcher.classes, roles, not asked, grouping.group, len(grouping.names),
        bounds, *coarse_places(bounds), question.window_us, windows, question.cells, question.mode == "unbounded", after,
    )  # fmt: skip
    return found


def _observed(
    question: RetentionQuestion, earliest: NDArray[np.int64], latest: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """For each cohort, how many periods after its first have begun for somebody, and how many are over for everybody."""
    end, count = question.observed_us, len(question.spans.labels)
    if question.window_us:
        known = latest > 0
        begun = np.where(known, (end - np.where(known, earliest, end)) // question.window_us, 0)
        over = np.where(known, (end - np.where(known, latest, end)) // question.window_us - 1, 0)
    else:
        bounds = np.array(question.spans.starts_us)
        begun = count - 1 - np.arange(count)
        nearly = (bounds[-1] - bounds[-2]) // _NEARLY if count else 0
        over = begun - (0 if bounds[-1] - end <= nearly else 1)
    return np.clip(begun, 0, question.cells), np.clip(over, 0, question.cells)


def _cohorts(
    question: RetentionQuestion,
    sizes: NDArray[np.int64],
    counts: NDArray[np.int64],
    begun: NDArray[np.int64],
    over: NDArray[np.int64],
) -> tuple[Cohort, ...]:
    some = np.flatnonzero(sizes)
    if not len(some):
        return ()
    made = []
    for c in range(some[0], some[-1] + 1):
        size = int(sizes[c])
        returned = tuple(counts[c, : begun[c]].tolist())
        share = tuple(n / size if size else np.nan for n in returned)
        made.append(Cohort(question.spans.labels[c], size, returned, share, int(over[c])))
    return tuple(made)


def _overall(cohorts: Sequence[Cohort]) -> tuple[ReturnPoint, ...]:
    points = []
    for after in range(1, max((cohort.complete for cohort in cohorts), default=0) + 1):
        known = [cohort for cohort in cohorts if cohort.complete >= after]
        persons = sum(cohort.size for cohort in known)
        returned = sum(cohort.returned[after - 1] for cohort in known)
        points.append(ReturnPoint(after, len(known), persons, returned, returned / persons if persons else np.nan))
    return tuple(points)
