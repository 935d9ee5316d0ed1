"""Engagement: how long people stay on pages, how far they scroll, what they watch and say, and how often they come.

In: parts and an `EngagementQuestion`. Out: `Engagement`; a section the log has no data for is None, and `absent` says why.
Definitions, with worked examples: docs/methods/engagement.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from sojourn.analyse import engagement_kernel as kernel
from sojourn.analyse import engagement_members as who
from sojourn.analyse.engagement_members import pages_of
from sojourn.analyse.engagement_parts import EngagementPartial, partial
from sojourn.analyse.engagement_question import read_question
from sojourn.analyse.engagement_sums import day_means, days_a_person, scroll_rows, video_rows, view_row, views_by
from sojourn.analyse.groups import group_events
from sojourn.analyse.path_table import OTHER
from sojourn.analyse.quantiles import quantiles
from sojourn.analyse.results import Drill, Persons, Result

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from sojourn.analyse.engagement_parts import EngagementQuestion
    from sojourn.analyse.journeys import Journeys
    from sojourn.analyse.parts import GapRule

_SHOWN = 20
_SPANS = ((1, 1), (2, 3), (4, 7), (8, 14), (15, 30), (31, None))


@dataclass(frozen=True, slots=True)
class ActiveDay:
    """One day.

    Attributes:
        day: Its date in the time zone.
        persons: Persons with an event on it (DAU).
        week_persons: Persons with an event on it or the 6 days before (WAU).
        month_persons: Persons with an event on it or the 29 days before (MAU).
        stickiness: `persons / month_persons`; nan on the log's first 29 days, which have no whole month behind them.
    """

    day: str
    persons: int
    week_persons: int
    month_persons: int
    stickiness: float


@dataclass(frozen=True, slots=True)
class ActiveDays:
    """Persons active on so many days.

    Attributes:
        least: At least so many days.
        most: At most so many; None for no bound.
        persons: Persons.
        share: Of all persons, in [0, 1].
    """

    least: int
    most: int | None
    persons: int
    share: float


@dataclass(frozen=True, slots=True)
class Activity:
    """How often people come.

    Attributes:
        days: Days from the first event to the last.
        active_days_mean: Days with an event, mean a person.
        active_days_median: The same, median.
        dau_mean: Persons a day, mean over all days.
        wau_mean: Persons a week that ends with a day, mean over the days with a whole week behind them; nan without.
        mau_mean: The same of 30 days.
        dau_wau: Mean of a day's persons over its week's, over those days.
        stickiness: Mean of a day's persons over its month's (DAU/MAU), over the days with 30 days behind them.
        spread: Persons by active days.
        trend: Day by day, oldest first.
    """

    days: int
    active_days_mean: float
    active_days_median: float
    dau_mean: float
    wau_mean: float
    mau_mean: float
    dau_wau: float
    stickiness: float
    spread: tuple[ActiveDays, ...]
    trend: tuple[ActiveDay, ...]


@dataclass(frozen=True, slots=True)
class PageTime:
    """Views of one page, or of all.

    Attributes:
        page: Its value.
        views: Views.
        timed: Of these, views whose length is known; the others were the last of their session.
        mean_s: Mean length of the timed, seconds; nan without any.
        median_s: Their median.
        p90_s: Their 90th percentile.
        total_s: Their sum.
    """

    page: str
    views: int
    timed: int
    mean_s: float
    median_s: float
    p90_s: float
    total_s: float


@dataclass(frozen=True, slots=True)
class PageTimes:
    """Time on page.

    Attributes:
        column: Column of the pages.
        source: Where the time comes from: the next view of the session, or a property.
        untimed: Views of unknown length: the last of their session.
        all: All views.
        pages: By page, most views first.
    """

    column: str
    source: str
    untimed: int
    all: PageTime
    pages: tuple[PageTime, ...]


@dataclass(frozen=True, slots=True)
class ScrollPage:
    """Scroll depth of one page, or of all.

    Attributes:
        page: Its value.
        views: Views with a reading.
        mean_depth: Mean of their deepest readings, in [0, 1].
        reached: Share of them that reached 25, 50, 75, 90 and 100 %.
    """

    page: str
    views: int
    mean_depth: float
    reached: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Scroll:
    """Scroll depth: the deepest reading of each page view.

    Attributes:
        column: Column of the readings.
        all: All views with a reading.
        pages: By page, most views first.
    """

    column: str
    all: ScrollPage
    pages: tuple[ScrollPage, ...]


@dataclass(frozen=True, slots=True)
class Video:
    """One video, or all.

    Attributes:
        video: Its id.
        views: Times it was watched: once a person and session.
        persons: Persons who did.
        watched_s: Seconds watched in all.
        mean_watched_s: Seconds watched a view.
        completed: Views that reached its end.
        completion: `completed / views`.
        length_s: Its seconds; nan when no event says.
    """

    video: str
    views: int
    persons: int
    watched_s: float
    mean_watched_s: float
    completed: int
    completion: float
    length_s: float


@dataclass(frozen=True, slots=True)
class Videos:
    """Videos watched.

    Attributes:
        source: Where the time watched comes from.
        all: All videos.
        videos: By video, most views first.
    """

    source: str
    all: Video
    videos: tuple[Video, ...]


@dataclass(frozen=True, slots=True)
class Comments:
    """What people said.

    Attributes:
        events: Which events count.
        comments: How many there are.
        persons: Persons who wrote any.
        share: Of all persons, in [0, 1].
    """

    events: str
    comments: int
    persons: int
    share: float


@dataclass(frozen=True, slots=True)
class EngagementGroup:
    """One group of a breakdown.

    Attributes:
        group: Its name.
        persons: Persons with an event in it.
        events: Events.
        active_days_mean: Days with an event in it, mean a person; nan without times.
        views: Page views.
        median_view_s: Median length of the timed ones, seconds.
    """

    group: str
    persons: int
    events: int
    active_days_mean: float
    views: int
    median_view_s: float


@dataclass(frozen=True, slots=True)
class Engagement(Result):
    """How people engage.

    Attributes:
        persons: Persons.
        events: Events.
        activity: How often they come; None without times.
        page_time: How long they stay on pages; None without times.
        scroll: How far they scroll; None without readings.
        video: What they watch; None without video events.
        comments: What they say; None without comments.
        groups: By group, most persons first; empty without a breakdown.
        absent: By section that is None, why.
    """

    persons: int
    events: int
    activity: Activity | None
    page_time: PageTimes | None
    scroll: Scroll | None
    video: Videos | None
    comments: Comments | None
    groups: tuple[EngagementGroup, ...] = ()
    absent: dict[str, str] = field(default_factory=dict)
    _drill: Drill | None = field(default=None, repr=False, compare=False)

    def rows(self) -> Sequence[ActiveDay | PageTime]:
        """The days; without times the pages."""
        if self.activity is not None:
            return self.activity.trend
        return self.page_time.pages if self.page_time is not None else ()

    def _asked(self) -> tuple[Journeys, Any]:
        assert self._drill is not None  # every Engagement is made by `engagement`
        return self._drill.journeys, self._drill.question

    def persons_in(self, group: str | None = None) -> Persons:
        """Persons with an event, or with one in a group of the breakdown.

        Args:
            group: Its name; None for everybody.
        """
        return who.in_group(*self._asked(), group)

    def persons_on(
        self, page: str | None = None, *, length: Literal["any", "known", "unknown"] = "any", group: str | None = None
    ) -> Persons:
        """Persons with a view of a page, or of any.

        Args:
            page: Its name in the result; None for any.
            length: Only views of which it is `known` how long they lasted, or of which it is `unknown`.
            group: Only views in this group of the breakdown.
        """
        return who.viewing(*self._asked(), page, length, group=group)

    def persons_scrolling(self, page: str | None = None, *, at_least: float = 0.0) -> Persons:
        """Persons with a view that has a reading of the scroll depth.

        Args:
            page: Only views of this page; None for any.
            at_least: Only views that reached so much of the page, in [0, 1].
        """
        return who.scrolling(*self._asked(), page, at_least)

    def persons_active(self, start: str | dt.date, end: str | dt.date) -> Persons:
        """Persons with an event from `start` (inclusive) until `end` (exclusive).

        Args:
            start: First moment, in the time zone of the journeys.
            end: Moment after the last.
        """
        journeys = self._asked()[0].between(start, end)
        return journeys.persons_of([part.person for part in journeys.parts()])

    def persons_of(self, kind: Literal["watched", "completed", "commented"]) -> Persons:
        """Persons who watched a video, who watched one to its end, or who commented.

        Args:
            kind: Which of these.
        """
        return who.of_kind(*self._asked(), kind)

    def persons_watching(self, video: str, *, completed: bool = False) -> Persons:
        """Persons who watched one video.

        Args:
            video: Its id; `(none)` for events without one.
            completed: Only those who watched it to its end.
        """
        return who.watching(*self._asked(), video, completed=completed)

    def persons_of_days(self, least: int, most: int | None = None) -> Persons:
        """Persons active on so many days.

        Args:
            least: At least so many.
            most: At most so many; None for no bound.
        """
        return who.of_days(*self._asked(), least, most)


def engagement(  # noqa: PLR0913  (the options of the question; each has a default)
    journeys: Journeys,
    *,
    page: str | None = None,
    views: str | None = None,
    time_property: str | None = None,
    scroll: str | None = None,
    video: str | None = None,
    video_seconds: str | None = None,
    comments: str | None = None,
    gap: str | dt.timedelta = "30m",
    gap_rule: GapRule = "reaches",
    by: str | None = None,
) -> Engagement:
    """Measure how people engage.

    Args:
        journeys: The log.
        page: Column whose values are the pages; None for `path` or the like when there are page views, else the event's name.
        views: Events that are page views; None for Page Viewed and Screen Viewed, else all events.
        time_property: Column of the seconds spent on a page (milliseconds when its name ends in ms); None to tell the
            time from the next view of the session.
        scroll: Column of the scroll depth, in percent or in [0, 1]; None for `scroll_depth` or the like.
        video: Column of the video's id; None for `content_asset_id` or the like.
        video_seconds: Column of seconds watched; None to tell them from positions and times of Segment's video events.
        comments: Events that are comments; None for those with comment in their name.
        gap: Silence that ends a session; no view lasts longer.
        gap_rule: Whether a silence equal to the gap ends it.
        by: Break down by a column, `first COLUMN` or `last COLUMN`.

    Raises:
        UnknownColumn: A named column is none.
        UnknownEvent: A named event is none.
        BadOption: An option outside what it accepts.
    """
    question, absent = read_question(
        journeys, page=page, views=views, time_property=time_property, scroll=scroll, video=video,
        video_seconds=video_seconds, comments=comments, gap=gap, gap_rule=gap_rule, by=by,
    )  # fmt: skip
    parts = journeys.parts()
    groupings = group_events(parts, question.breakdown)
    pages = pages_of(journeys, parts, question)
    partials = journeys.map(lambda part, grouping, own: partial(part, question, grouping, own), parts, groupings, pages)
    return merge(partials, question, groupings[0].names, pages[0].names, journeys=journeys, absent=absent)


def merge(
    partials: Sequence[EngagementPartial],
    question: EngagementQuestion,
    groups: Sequence[str],
    pages: Sequence[str],
    *,
    journeys: Journeys | None = None,
    absent: dict[str, str] | None = None,
) -> Engagement:
    """Add up the parts."""
    persons = sum(p.persons for p in partials)
    said = sum(p.comments for p in partials)
    writers = sum(len(p.commenters) for p in partials)
    spoken = question.comments
    return Engagement(
        persons=persons,
        events=sum(p.events for p in partials),
        activity=_activity(partials, question),
        page_time=_page_times(partials, question, pages),
        scroll=_scroll(partials, question, pages),
        video=_videos(partials, question),
        comments=Comments(spoken.text, said, writers, writers / persons if persons else np.nan) if spoken else None,
        groups=_groups(partials, groups) if question.breakdown else (),
        absent=absent or {},
        _drill=Drill(journeys, question) if journeys is not None else None,
    )


def _activity(partials: Sequence[EngagementPartial], question: EngagementQuestion) -> Activity | None:
    if question.days is None:
        return None
    active = np.sum([p.active for p in partials if p.active is not None], axis=0)
    each = days_a_person(partials)
    all_days = np.concatenate(each)
    spread = []
    for least, most in _SPANS:
        persons = int(((all_days >= least) & (all_days <= (most or np.inf))).sum())
        spread.append(ActiveDays(least, most, persons, persons / len(all_days) if len(all_days) else np.nan))
    trend = tuple(
        ActiveDay(label, int(day), int(week), int(month), day / month if n >= kernel.MONTH - 1 and month else np.nan)
        for n, (label, day, week, month) in enumerate(zip(question.days.labels, *active, strict=True))
    )
    mean = float(all_days.mean()) if len(all_days) else np.nan
    return Activity(active.shape[1], mean, quantiles(each, (0.5,))[0], *day_means(active), tuple(spread), trend)


def _page_times(
    partials: Sequence[EngagementPartial], question: EngagementQuestion, pages: Sequence[str]
) -> PageTimes | None:
    found = [p.views for p in partials if p.views is not None]
    if not found:
        return None
    lasted = [views.lasted for views in found]
    rows = [
        PageTime(name, *row)
        for name, row in zip(pages, views_by([v.page for v in found], lasted, len(pages)), strict=True)
    ]
    whole = PageTime("all", *view_row(lasted))
    shown = sorted((row for row in rows if row.views), key=lambda row: (row.page == OTHER, -row.views, row.page))[
        :_SHOWN
    ]
    source = question.time_property or "time to the next view of the session"
    return PageTimes(question.page, source, whole.views - whole.timed, whole, tuple(shown))


def _scroll(partials: Sequence[EngagementPartial], question: EngagementQuestion, pages: Sequence[str]) -> Scroll | None:
    found = [p.scroll for p in partials if p.scroll is not None]
    if not found or question.scroll is None:
        return None
    rows = [ScrollPage(name, *row) for name, row in zip(("all", *pages), scroll_rows(found, len(pages)), strict=True)]
    shown = sorted((row for row in rows[1:] if row.views), key=lambda row: (row.page == OTHER, -row.views, row.page))[
        :_SHOWN
    ]
    return Scroll(question.scroll, rows[0], tuple(shown))


def _videos(partials: Sequence[EngagementPartial], question: EngagementQuestion) -> Videos | None:
    found = [p.videos for p in partials if p.videos is not None]
    if not found or question.videos is None:
        return None
    rows = [Video(*row) for row in video_rows(found)]
    told = "positions and times of the video events" if question.videos.position else "times of the video events"
    return Videos(question.videos.seconds or told, rows[0], tuple(rows[1 : _SHOWN + 1]))


def _groups(partials: Sequence[EngagementPartial], groups: Sequence[str]) -> tuple[EngagementGroup, ...]:
    counted = np.sum([p.by_group for p in partials], axis=0)
    found = [p for p in partials if p.views is not None]
    codes = [p.group.astype(np.int16) for p in found]
    rows = views_by(codes, [p.views.lasted for p in found if p.views is not None], len(groups)) if found else None
    made = []
    for n, name in enumerate(groups):
        persons, events, active = (int(value) for value in counted[n])
        if persons:
            views, median = (rows[n][0], rows[n][3]) if rows else (0, np.nan)
            made.append(EngagementGroup(name, persons, events, active / persons if active else np.nan, views, median))
    return tuple(sorted(made, key=lambda group: -group.persons))
