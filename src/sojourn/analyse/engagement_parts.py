"""Engagement of one part: active days, time on page, scroll depth, watched videos, comments.

In: a part and an `EngagementQuestion`. Out: `EngagementPartial`. Definitions: docs/methods/engagement.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sojourn.analyse import engagement_kernel as kernel
from sojourn.analyse.number_columns import numbers
from sojourn.analyse.parts import cut_sessions, frozen
from sojourn.analyse.roles import event_roles
from sojourn.analyse.steps import Step, mask_of
from sojourn.store.columns import TextColumn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sojourn.analyse.channels import Channels
    from sojourn.analyse.groups import Breakdown, Grouping
    from sojourn.analyse.parts import GapRule, Part
    from sojourn.records.periods import Periods

PLAYS = (
    "Video Playback Started", "Video Playback Resumed", "Video Playback Seek Completed",
    "Video Playback Buffer Completed", "Video Content Started", "Video Content Playing",
)  # fmt: skip
HALTS = (
    "Video Playback Paused", "Video Playback Interrupted", "Video Playback Exited",
    "Video Playback Seek Started", "Video Playback Buffer Started",
)  # fmt: skip
ENDS = ("Video Playback Completed", "Video Content Completed")
COMPLETE = 0.95
"""Share of a video's length that counts as completed, where no event says so."""
_SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class VideoColumns:
    """Where a log says what was watched.

    Attributes:
        asset: Column of the video's id; None for none.
        position: Column of seconds into the video.
        length: Column of the video's seconds.
        seconds: Column of seconds watched; None to tell them from positions and times.
    """

    asset: str | None
    position: str | None
    length: str | None
    seconds: str | None


@dataclass(frozen=True, slots=True)
class EngagementQuestion:
    """What was asked.

    Attributes:
        page: Column whose values are the pages.
        views: Events that are page views; None for all.
        time_property: Column of the time spent on a page; None to tell it from the next view.
        time_unit_s: Seconds of one of it.
        scroll: Column of the scroll depth; None for none.
        scroll_whole: What it reads at the bottom: 1 or 100.
        videos: Where a log says what was watched; None for nowhere.
        comments: Events that are comments; None for none.
        days: Days of the log; None in a log without times.
        gap_us: Silence that ends a session, microseconds; no view lasts longer.
        gap_rule: Whether a silence equal to it does.
        breakdown: What to break down by.
        time_zone: Zone of moments in predicates.
    """

    page: str
    views: Step | None
    time_property: str | None
    time_unit_s: float
    scroll: str | None
    scroll_whole: float
    videos: VideoColumns | None
    comments: Step | None
    days: Periods | None
    gap_us: int
    gap_rule: GapRule
    breakdown: Breakdown | None
    time_zone: str


@dataclass(frozen=True, slots=True)
class ViewsPartial:
    """Page views of one part, one row each.

    Attributes:
        row: Row of each view.
        page: Number of its page, -1 for none.
        lasted: Microseconds, -1 unknown.
    """

    row: NDArray[np.int64]
    page: NDArray[np.int16]
    lasted: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ScrollPartial:
    """Page views with a scroll reading, one row each.

    Attributes:
        row: Row of each view.
        page: Number of the page, -1 for none.
        depth: Deepest reading, in [0, 1].
    """

    row: NDArray[np.int64]
    page: NDArray[np.int16]
    depth: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class VideosPartial:
    """Videos watched, one row a person, session and video.

    Attributes:
        asset: Code of the video, -1 for none.
        seconds: Watched.
        done: Whether it was completed.
        length_s: Seconds the video has; 0 unknown.
        unit: Place of the person in the part.
        names: Names of the codes.
    """

    asset: NDArray[np.int64]
    seconds: NDArray[np.float64]
    done: NDArray[np.bool_]
    length_s: NDArray[np.float64]
    unit: NDArray[np.int64]
    names: Sequence[str]


@dataclass(frozen=True, slots=True)
class EngagementPartial:
    """What one part adds.

    Attributes:
        persons: Persons.
        events: Events.
        active: int64, shape (3, days): persons active on each day, in the week and month that end with it; None without times.
        active_days: int64, one a person: days active; None without times.
        views: Page views; None without times.
        scroll: Scroll readings; None without.
        videos: Videos watched; None without.
        commenters: Places of persons with a comment.
        comments: Events that are comments.
        by_group: int64, shape (groups, 3): persons, events, active days; empty without a breakdown.
        group: int32, one a view: its group; empty without a breakdown.
    """

    persons: int
    events: int
    active: NDArray[np.int64] | None
    active_days: NDArray[np.int64] | None
    views: ViewsPartial | None
    scroll: ScrollPartial | None
    videos: VideosPartial | None
    commenters: NDArray[np.int64]
    comments: int
    by_group: NDArray[np.int64]
    group: NDArray[np.int32]


def partial(part: Part, question: EngagementQuestion, grouping: Grouping, pages: Channels) -> EngagementPartial:
    """Measure one part.

    Args:
        part: Persons and their events.
        question: What was asked.
        grouping: Groups of the events.
        pages: Pages of the events.
    """
    begins = np.array(question.days.starts_us if question.days else (0, 1), np.int64)
    active = kernel.active_days(part.start, part.stop, part.time, begins) if question.days else (None, None)
    cut = cut_sessions(part, question.gap_us, question.gap_rule)
    views = page_views(part, cut, question, pages) if question.days or question.time_property else None
    comments = (
        np.flatnonzero(mask_of(part, question.comments, time_zone=question.time_zone)) if question.comments else None
    )
    return EngagementPartial(
        persons=len(part.person),
        events=len(part.time),
        active=active[0],
        active_days=active[1],
        views=views,
        scroll=scroll_depths(part, cut, question, pages) if question.scroll else None,
        videos=videos(part, cut, question) if question.videos else None,
        commenters=np.unique(unit_of(part, comments)) if comments is not None else np.empty(0, np.int64),
        comments=len(comments) if comments is not None else 0,
        by_group=_by_group(part, begins, grouping) if question.breakdown else np.empty((0, 3), np.int64),
        group=grouping.at(views.row) if views and question.breakdown else np.empty(0, np.int32),
    )


def page_views(part: Part, cut: Part, question: EngagementQuestion, pages: Channels) -> ViewsPartial:
    """Page views of a part and how long each lasted.

    Args:
        part: Persons and their events.
        cut: The same rows, one unit a session.
        question: What was asked.
        pages: Pages of the events.
    """
    if question.time_property is not None:
        values = numbers(part, question.time_property)
        row = np.flatnonzero(values >= 0)
        page = pages.channel_of[pages.codes[row] + 1]
        lasted = np.round(values[row] * question.time_unit_s * _SECOND).astype(np.int64)
    else:
        classes, kinds = event_roles(part, [(kernel.VIEW, question.views)], time_zone=question.time_zone)
        row, page, lasted = kernel.view_times(
            cut.start, cut.stop, part.time, classes, kinds, pages.codes, pages.channel_of, question.gap_us
        )
    return ViewsPartial(row, page, lasted)


def videos(part: Part, cut: Part, question: EngagementQuestion) -> VideosPartial:
    """Videos watched in a part; arguments as `page_views`."""
    columns = question.videos
    assert columns is not None  # asked only of logs with videos
    found = part.column(columns.asset) if columns.asset else None
    text = found if isinstance(found, TextColumn) else None
    none = frozen(np.empty(0, np.int32))
    position, length = (
        numbers(part, name, guessed=True) if name else frozen(np.empty(0))
        for name in (columns.position, columns.length)
    )
    seconds = numbers(part, columns.seconds) if columns.seconds else frozen(np.empty(0))
    roles = [(bit, Step("", names=_present(names, part.events))) for bit, names in _VIDEO_ROLES]
    classes, kinds = event_roles(part, roles, time_zone=question.time_zone)
    codes = none if text is None else text.codes
    if columns.seconds is None:
        row, asset, watched, done, whole = kernel.watched(
            cut.start, cut.stop, part.time, classes, kinds, codes, position, length, COMPLETE, question.gap_us / _SECOND
        )
    else:
        row, asset, watched, done, whole = _stated(cut, codes, seconds, length, (kinds & kernel.ENDS > 0)[classes])
    return VideosPartial(asset, watched, done, whole, unit_of(part, row), text.names if text else ())


def unit_of(part: Part, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Which unit of a part each row belongs to."""
    return np.searchsorted(part.stop, rows, side="right")


def _by_group(part: Part, begins: NDArray[np.int64], grouping: Grouping) -> NDArray[np.int64]:
    counted: NDArray[np.int64] = kernel.of_groups(
        part.start, part.stop, part.time, begins, grouping.group, len(grouping.names)
    )
    return counted


def _stated(
    cut: Part,
    codes: NDArray[np.int32],
    seconds: NDArray[np.float64],
    length: NDArray[np.float64],
    ends: NDArray[np.bool_],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.bool_], NDArray[np.float64]]:
    """Videos watched where events say how long; as `kernel.watched`."""
    rows = np.flatnonzero((seconds >= 0) | ends)
    session = np.searchsorted(cut.stop, rows, side="right")
    asset = codes[rows].astype(np.int64) if len(codes) else np.full(len(rows), -1, np.int64)
    keys = session * (int(asset.max(initial=-1)) + 2) + asset + 1
    _, first, place = np.unique(keys, return_index=True, return_inverse=True)
    watched = np.bincount(place, np.nan_to_num(seconds[rows]), len(first)).astype(np.float64)
    whole, done = np.zeros(len(first)), np.zeros(len(first), np.bool_)
    if len(length):
        np.maximum.at(whole, place, np.nan_to_num(length[rows]))
    np.logical_or.at(done, place, ends[rows])
    return (
        rows[first].astype(np.int64),
        asset[first],
        watched,
        done | ((whole > 0) & (watched >= COMPLETE * whole)),
        whole,
    )


def scroll_depths(part: Part, cut: Part, question: EngagementQuestion, pages: Channels) -> ScrollPartial:
    """How far the page views of a part were scrolled; arguments as `page_views`."""
    assert question.scroll is not None  # asked only of logs with readings
    classes, kinds = event_roles(part, [(kernel.VIEW, question.views)], time_zone=question.time_zone)
    depth = numbers(part, question.scroll)
    row, most = kernel.deepest(cut.start, cut.stop, classes, kinds, depth, question.views is None)
    return ScrollPartial(row, pages.channel_of[pages.codes[row] + 1], np.clip(most / question.scroll_whole, 0, 1))


_VIDEO_ROLES = ((kernel.PLAYS, PLAYS), (kernel.HALTS, HALTS), (kernel.ENDS, ENDS))


def _present(names: Sequence[str], events: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in names if name in events)
