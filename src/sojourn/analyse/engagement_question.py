"""What is asked about engagement, and what a log can answer.

In: journeys and options. Out: an `EngagementQuestion`, and for each section that cannot be answered why not.
Columns nobody named are looked for under their usual names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sojourn.analyse.engagement_parts import ENDS, HALTS, PLAYS, EngagementQuestion, VideoColumns
from sojourn.analyse.groups import read_breakdown
from sojourn.analyse.guessed_columns import guess_column, usual_events, usual_page, usual_views
from sojourn.analyse.number_columns import numbers
from sojourn.analyse.steps import read_step
from sojourn.records.durations import microseconds
from sojourn.records.errors import BadOption
from sojourn.records.periods import Periods, periods

if TYPE_CHECKING:
    import datetime as dt

    from sojourn.analyse.journeys import Journeys
    from sojourn.analyse.parts import GapRule
    from sojourn.analyse.steps import Step

_SCROLL = ("scroll_depth", "scroll_depth_percent", "percent_scrolled", "scroll_percent", "scrolldepth")
_ASSETS = ("content_asset_id", "asset_id", "video_id", "content_asset_ids")
_POSITIONS = ("position", "playhead_position", "current_time")
_LENGTHS = ("total_length", "video_length", "duration")
_THOUSANDTHS = ("ms", "msec", "millis", "milliseconds")


def read_question(  # noqa: PLR0913  (the options of `engagement`, passed on once)
    journeys: Journeys,
    *,
    page: str | None,
    views: str | None,
    time_property: str | None,
    scroll: str | None,
    video: str | None,
    video_seconds: str | None,
    comments: str | None,
    gap: str | dt.timedelta,
    gap_rule: GapRule,
    by: str | None,
) -> tuple[EngagementQuestion, dict[str, str]]:
    """Read the options; see `engagement`.

    Returns:
        The question, and by section why there is none.
    """
    if gap_rule not in ("reaches", "exceeds"):
        raise BadOption(f"expected gap_rule to be reaches or exceeds, got {gap_rule!r}")
    absent: dict[str, str] = {}
    days = _days(journeys)
    if days is None:
        absent["activity"] = "the log has no times"
    if days is None and time_property is None:
        absent["page_time"] = "the log has no times; a column of seconds can be named with --time-property"
    named = read_step(views, journeys.events) if views is not None else usual_views(journeys)
    depth = scroll or guess_column(journeys, _SCROLL, deep=any("scroll" in name.lower() for name in journeys.events))
    if depth is None:
        absent["scroll"] = f"no column of scroll depth such as {_SCROLL[0]}; name one with --scroll"
    watched = _videos(journeys, video, video_seconds)
    if watched is None:
        absent["video"] = f"no video events such as {PLAYS[0]}"
    said = _comments(journeys, comments)
    if said is None:
        absent["comments"] = "no event has comment in its name; name some with --comments"
    question = EngagementQuestion(
        page=page or usual_page(journeys, named),
        views=named,
        time_property=time_property,
        time_unit_s=0.001 if time_property and time_property.lower().endswith(_THOUSANDTHS) else 1.0,
        scroll=depth,
        scroll_whole=_whole(journeys, depth) if depth else 1.0,
        videos=watched,
        comments=said,
        days=days,
        gap_us=microseconds(gap),
        gap_rule=gap_rule,
        breakdown=read_breakdown(by),
        time_zone=journeys.time_zone,
    )
    return question, absent


def _days(journeys: Journeys) -> Periods | None:
    """Days from the first event to the last; None without times."""
    timed = [part.time[part.time != 0] for part in journeys.parts()]
    timed = [time for time in timed if len(time)]
    if not timed:
        return None
    first, last = min(int(time.min()) for time in timed), max(int(time.max()) for time in timed)
    return periods("day", first, last, time_zone=journeys.time_zone)


def _videos(journeys: Journeys, asset: str | None, seconds: str | None) -> VideoColumns | None:
    if seconds is None and usual_events(journeys, (*PLAYS, *HALTS, *ENDS)) is None:
        return None
    return VideoColumns(
        asset=asset or guess_column(journeys, _ASSETS, deep=True),
        position=_guess_numbers(journeys, _POSITIONS),
        length=_guess_numbers(journeys, _LENGTHS),
        seconds=seconds,
    )


def _guess_numbers(journeys: Journeys, names: tuple[str, ...]) -> str | None:
    """As `guess_column`, of columns with numbers: a `position` may as well be a place on the page."""
    name = guess_column(journeys, names, deep=True)
    if name is None or all(np.isnan(numbers(part, name, guessed=True)).all() for part in journeys.parts()):
        return None
    return name


def _comments(journeys: Journeys, comments: str | None) -> Step | None:
    if comments is not None:
        return read_step(comments, journeys.events)
    return usual_events(journeys, [name for name in journeys.events if "comment" in name.lower()])


def _whole(journeys: Journeys, scroll: str) -> float:
    """What the scroll depth reads at the bottom of a page: 1 when no reading is above it, else 100."""
    most = [np.nanmax(numbers(part, scroll), initial=0.0) for part in journeys.parts()]
    return 1.0 if max(most, default=0.0) <= 1 else 100.0
