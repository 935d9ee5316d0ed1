"""Sessions: how people's visits look.

In: parts and a `SessionsQuestion`. Out: `Sessions`. Definitions: docs/methods/sessions.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from sojourn.analyse.groups import Breakdown, group_events, read_breakdown
from sojourn.analyse.parts import cut_sessions, silence
from sojourn.analyse.period_places import places_of
from sojourn.analyse.quantiles import quantiles, quantiles_of_counts
from sojourn.analyse.results import Drill, Persons, Result
from sojourn.analyse.sessions_kernel import by_group, described
from sojourn.analyse.sessions_members import by_page, known_places, members
from sojourn.analyse.side_by_side import side_by_side
from sojourn.records.durations import microseconds
from sojourn.records.errors import BadOption
from sojourn.records.periods import Period, Periods, periods
from sojourn.store.columns import TextColumn

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sojourn.analyse.groups import Grouping
    from sojourn.analyse.journeys import Journeys
    from sojourn.analyse.parts import GapRule, Part

_SECOND = 1_000_000
_TOP = 10


@dataclass(frozen=True, slots=True)
class SessionsQuestion:
    """What was asked.

    Attributes:
        gap_us: Silence that ends a session, microseconds.
        gap_rule: Whether a silence equal to it does.
        page: Column whose values are the entry and exit pages.
        breakdown: What to break down by, taken from a session's first event.
        trend: Periods of the trend; None for no trend.
    """

    gap_us: int
    gap_rule: GapRule
    page: str
    breakdown: Breakdown | None
    trend: Periods | None


@dataclass(frozen=True, slots=True)
class Page:
    """One entry or exit page.

    Attributes:
        page: Its value.
        sessions: Sessions that began or ended there.
        share: Of all sessions, in [0, 1].
    """

    page: str
    sessions: int
    share: float


@dataclass(frozen=True, slots=True)
class SessionGroup:
    """Sessions of one group, or of one period of the trend.

    Attributes:
        group: Group's name or period's label.
        sessions: Sessions whose first event lies in it.
        bounced: Of these, sessions of one event.
        bounce_rate: `bounced / sessions`; nan without sessions.
        events: Events in them.
        median_duration_s: Median of last time minus first time, seconds; sessions of one event count as 0.
    """

    group: str
    sessions: int
    bounced: int
    bounce_rate: float
    events: int
    median_duration_s: float


@dataclass(frozen=True, slots=True)
class Sessions(Result):
    """All sessions together.

    Attributes:
        sessions: Sessions.
        persons: Persons who had them.
        events: Events in them.
        returning_persons: Persons with more than one session.
        bounced: Sessions of one event.
        bounce_rate: `bounced / sessions`: divided by sessions, not by events or persons.
        sessions_per_person: Mean.
        events_per_session: Mean.
        median_duration_s: Median of last time minus first time, seconds; sessions of one event count as 0.
        p90_duration_s: 90th percentile of the same.
        mean_duration_s: Mean of the same.
        median_depth: Median events a session.
        p90_depth: 90th percentile of the same.
        longest: Events of the longest session.
        entries: Most frequent entry pages, largest first.
        exits: Most frequent exit pages.
        groups: By group, largest first; empty without a breakdown.
        trend: By period of the session's first event, oldest first; empty when none was asked.
    """

    sessions: int
    persons: int
    events: int
    returning_persons: int
    bounced: int
    bounce_rate: float
    sessions_per_person: float
    events_per_session: float
    median_duration_s: float
    p90_duration_s: float
    mean_duration_s: float
    median_depth: float
    p90_depth: float
    longest: int
    entries: tuple[Page, ...]
    exits: tuple[Page, ...]
    groups: tuple[SessionGroup, ...] = ()
    trend: tuple[SessionGroup, ...] = ()
    _drill: Drill | None = field(default=None, repr=False, compare=False)

    def rows(self) -> Sequence[SessionGroup]:
        """The trend, else the groups, else everything as one group."""
        whole = SessionGroup("all", self.sessions, self.bounced, self.bounce_rate, self.events, self.median_duration_s)
        return self.trend or self.groups or (whole,)

    def persons_of(
        self,
        kind: Literal["all", "bounced", "returning"] = "all",
        *,
        group: str | None = None,
        started: str | None = None,
    ) -> Persons:
        """The persons behind a number: with any session, with a bounced one, or with more than one.

        Args:
            kind: With any session, with one of a single event, or with more than one session.
            group: Only sessions of this group of the breakdown; with `returning` more than one of them.
            started: Only sessions whose first event lies in the period of the trend with this label; with `returning` more
                than one of them.
        """
        assert self._drill is not None
        return members(self._drill.journeys, self._drill.question, kind, group=group, started=started)

    def persons_by_page(self, page: str, *, end: Literal["entry", "exit"] = "entry") -> Persons:
        """The persons with a session that began, or ended, on a page.

        Args:
            page: Its name in `entries` or `exits`.
            end: Whether it began there or ended.
        """
        assert self._drill is not None
        return by_page(self._drill.journeys, self._drill.question, page, end)


@dataclass(frozen=True, slots=True)
class GroupedSessions:
    """Sessions of one part by group; one row a group, but `duration`.

    Attributes:
        sessions: Sessions.
        bounced: Sessions of one event.
        events: Their events.
        begin: Where the group begins in `duration`; one more place at the end.
        duration: int64: microseconds, group by group.
    """

    sessions: NDArray[np.int64]
    bounced: NDArray[np.int64]
    events: NDArray[np.int64]
    begin: NDArray[np.int64]
    duration: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class SessionsPartial:
    """Sessions of one part, and how many persons had them.

    Attributes:
        duration: int64, one a session: microseconds.
        total_us: All of them together.
        depths: int64: how many sessions have 0, 1, 2, ... events.
        groups: By group of its first event; None without a breakdown.
        periods: By period of its first event; None without a trend.
        persons: Persons.
        returning: Persons with more than one session.
        entries: Sessions by entry page.
        exits: Sessions by exit page.
    """

    duration: NDArray[np.int64]
    total_us: int
    depths: NDArray[np.int64]
    groups: GroupedSessions | None
    periods: GroupedSessions | None
    persons: int
    returning: int
    entries: dict[str, int]
    exits: dict[str, int]


def sessions(
    journeys: Journeys,
    *,
    gap: str | dt.timedelta = "30m",
    gap_rule: GapRule = "reaches",
    page: str = "event",
    by: str | None = None,
    trend: Period | None = None,
) -> Sessions:
    """Cut journeys into sessions and describe them.

    Args:
        journeys: The log.
        gap: Silence that ends a session.
        gap_rule: `reaches`: a silence equal to the gap ends the session; `exceeds`: only a longer one.
        page: Column whose values are entry and exit pages, such as `path`.
        by: Break down by a column of the first event, `first COLUMN` or `last COLUMN`.
        trend: Also by hour, day, week or month of the first event, in the journeys' time zone.

    Raises:
        BadOption: An option outside what it accepts.
        UnknownColumn: `page` or `by` is no column.
    """
    if gap_rule not in ("reaches", "exceeds"):
        message = f"expected gap_rule to be reaches or exceeds, got {gap_rule!r}"
        raise BadOption(message)
    parts = journeys.parts()
    spans = None
    if trend is not None and any(len(part.time) for part in parts):
        timed = [part for part in parts if len(part.time)]
        bounds = journeys.map(lambda part: (int(part.time.min()), int(part.time.max())), timed)
        firsts, lasts = zip(*bounds, strict=True)
        spans = periods(trend, min(firsts), max(lasts), time_zone=journeys.time_zone)
    question = SessionsQuestion(microseconds(gap), gap_rule, page, read_breakdown(by), spans)
    groupings = group_events(parts, question.breakdown)
    partials = journeys.map(lambda part, grouping: partial(part, question, grouping), parts, groupings)
    return merge(partials, question, groupings[0].names, journeys=journeys)


def partial(part: Part, question: SessionsQuestion, grouping: Grouping) -> SessionsPartial:
    """Describe the sessions of one part."""
    limit, each = silence(question.gap_us, question.gap_rule), bool(question.breakdown or question.trend)
    duration, begins, depth, depths, *ends, returning = described(
        part.start, part.stop, part.time, part.event, len(part.events), limit, each
    )
    groups = periods = None
    if question.breakdown is not None:
        groups = GroupedSessions(*by_group(duration, depth, grouping.at(begins), len(grouping.names)))
    if question.trend is not None:
        place = places_of(part.time[begins], question.trend.starts_us)
        periods = GroupedSessions(*by_group(duration, depth, place, len(question.trend.labels)))
    if question.page == "event":
        entries, exits = ({name: n for name, n in zip(part.events, of.tolist(), strict=True) if n} for of in ends)
    else:
        cut = cut_sessions(part, question.gap_us, question.gap_rule)
        entries, exits = (_pages(part, question.page, cut, last=last) for last in (False, True))
    return SessionsPartial(
        duration=duration,
        total_us=int(duration.sum()),
        depths=depths,
        groups=groups,
        periods=periods,
        persons=len(part.person),
        returning=returning,
        entries=entries,
        exits=exits,
    )


def merge(
    partials: Sequence[SessionsPartial],
    question: SessionsQuestion,
    groups: Sequence[str],
    *,
    journeys: Journeys | None = None,
) -> Sessions:
    """Add up the parts."""
    persons = sum(p.persons for p in partials)
    depths = np.zeros(max(len(p.depths) for p in partials), np.int64)
    for p in partials:
        depths[: len(p.depths)] += p.depths
    total, bounced, events = int(depths.sum()), int(depths[1]), int(depths @ np.arange(len(depths)))
    median, p90 = quantiles([p.duration for p in partials], (0.5, 0.9))
    depth_median, depth_p90 = quantiles_of_counts(depths, (0.5, 0.9))
    by_group: tuple[SessionGroup, ...] = ()
    if question.breakdown is not None:
        found = _groups(groups, [p.groups for p in partials if p.groups])
        by_group = tuple(sorted((g for g in found if g.sessions), key=lambda g: -g.sessions))
    over_time: tuple[SessionGroup, ...] = ()
    if question.trend is not None:
        over_time = tuple(_groups(question.trend.labels, [p.periods for p in partials if p.periods]))
    return Sessions(
        sessions=total,
        persons=persons,
        events=events,
        returning_persons=sum(p.returning for p in partials),
        bounced=bounced,
        bounce_rate=bounced / total if total else np.nan,
        sessions_per_person=total / persons if persons else np.nan,
        events_per_session=events / total if total else np.nan,
        median_duration_s=median / _SECOND,
        p90_duration_s=p90 / _SECOND,
        mean_duration_s=sum(p.total_us for p in partials) / total / _SECOND if total else np.nan,
        median_depth=depth_median,
        p90_depth=depth_p90,
        longest=int(depths.nonzero()[0].max(initial=0)),
        entries=_top([p.entries for p in partials], total),
        exits=_top([p.exits for p in partials], total),
        groups=by_group,
        trend=over_time,
        _drill=Drill(journeys, question) if journeys is not None else None,
    )


def _groups(names: Sequence[str], parts: Sequence[GroupedSessions]) -> list[SessionGroup]:
    """The sessions of each group, all parts together."""
    sessions, bounced, events = (
        np.sum([getattr(p, of) for p in parts], axis=0).tolist() for of in ("sessions", "bounced", "events")
    )
    begins = [p.begin.tolist() for p in parts]

    def described(g: int) -> SessionGroup:
        durations = [p.duration[begin[g] : begin[g + 1]] for p, begin in zip(parts, begins, strict=True)]
        rate = bounced[g] / sessions[g] if sessions[g] else np.nan
        median = quantiles(durations, (0.5,))[0] / _SECOND
        return SessionGroup(names[g], sessions[g], bounced[g], rate, events[g], median)

    return side_by_side(described, range(len(names)))


def _pages(part: Part, page: str, cut: Part, *, last: bool) -> dict[str, int]:
    """Sessions by their first or last known value of a column; `(none)` for sessions without any."""
    places = cut.stop - 1 if last else cut.start
    column = part.column(page)
    places = known_places(
        column.codes >= 0 if isinstance(column, TextColumn) else ~np.isnan(column.values), cut, places, last=last
    )
    if isinstance(column, TextColumn):
        counts = np.bincount(column.codes[places] + 1)
        return {(column.names[c - 1] if c else "(none)"): int(counts[c]) for c in np.flatnonzero(counts).tolist()}
    values, counts = np.unique(column.values[places], return_counts=True)
    found: dict[str, int] = {}
    for value, many in zip(values.tolist(), counts.tolist(), strict=True):
        # Two large numbers may have one name.
        name = "(none)" if np.isnan(value) else f"{value:g}"
        found[name] = found.get(name, 0) + many
    return found


def _top(counted: Sequence[dict[str, int]], total: int) -> tuple[Page, ...]:
    pages: dict[str, int] = {}
    for counts in counted:
        for page, n in counts.items():
            pages[page] = pages.get(page, 0) + n
    largest = sorted(pages.items(), key=lambda item: (-item[1], item[0]))[:_TOP]
    return tuple(Page(page, n, n / total) for page, n in largest)
