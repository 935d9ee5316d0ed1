"""How engagement looks.

In: an `Engagement`. Out: tables for a terminal, a figure.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import plotly.graph_objects as go
from rich.console import Group
from rich.text import Text

from sojourn.analyse.show.style import PALETTE, layout, table
from sojourn.analyse.show.words import bar, count, duration, percent, sparkline

if TYPE_CHECKING:
    from rich.console import RenderableType

    from sojourn.analyse.engagement import Activity, Engagement, PageTimes, Scroll, Videos

_ROWS = 15
_POINTS = 40
_LONG = 44
_SECTIONS = {
    "activity": "How often people come",
    "page_time": "Time on page",
    "scroll": "Scroll depth",
    "video": "Videos",
    "comments": "Comments",
}


def render(engagement: Engagement) -> RenderableType:
    """One table a section, and in a line what the log says nothing about."""
    opening = f"Engagement\n{count(engagement.persons)} persons, {count(engagement.events)} events."
    shown: list[RenderableType] = [Text(opening)]
    if engagement.activity and engagement.activity.days > 1:
        shown += [_activity(engagement.activity), _spread(engagement.activity)]
    if engagement.page_time:
        shown.append(_page_times(engagement.page_time))
    if engagement.scroll:
        shown.append(_scroll(engagement.scroll))
    if engagement.video:
        shown.append(_videos(engagement.video))
    if engagement.comments:
        said = engagement.comments
        shown.append(
            Text(f"Comments: {count(said.comments)} by {count(said.persons)} persons ({percent(said.share)}).\n")
        )
    if engagement.groups:
        shown.append(_groups(engagement))
    if engagement.absent:
        each = "; ".join(
            f"{_SECTIONS[name].lower()} ({why.replace(';', ',')})" for name, why in engagement.absent.items()
        )
        shown.append(Text(f"Not in this log: {each}.", style="dim"))
    return Group(*shown)


def figure(engagement: Engagement) -> go.Figure:
    """Persons a day, week and month over time; without times the pages."""
    drawn = go.Figure()
    if engagement.activity:
        days = engagement.activity.trend
        labels = [day.day for day in days]
        drawn.add_scatter(x=labels, y=[day.month_persons for day in days], name="in 30 days (MAU)")
        drawn.add_scatter(x=labels, y=[day.week_persons for day in days], name="in 7 days (WAU)")
        drawn.add_scatter(x=labels, y=[day.persons for day in days], name="on the day (DAU)", fill="tozeroy")
        return layout(drawn, "Active persons", y="persons")
    pages = engagement.page_time.pages[:_ROWS][::-1] if engagement.page_time else ()
    drawn.add_bar(x=[p.median_s for p in pages], y=[p.page for p in pages], orientation="h", marker_color=PALETTE[0])
    return layout(drawn, "Time on page", x="median, seconds")


def _activity(activity: Activity) -> RenderableType:
    made = table("How often people come", [("", "left"), ("", "right"), ("", "left")])
    made.show_header = False
    step = max(1, math.ceil(len(activity.trend) / _POINTS))
    daily = [day.persons for day in activity.trend]
    runs = [daily[n : n + step] for n in range(0, len(daily), step)]
    line = sparkline([sum(run) / len(run) for run in runs])
    for name, value, beside in (
        ("days in the log", count(activity.days), ""),
        (
            "active days a person, mean / median",
            f"{activity.active_days_mean:.1f} / {activity.active_days_median:.0f}",
            "",
        ),
        ("persons a day (DAU), mean", count(activity.dau_mean), line),
        ("persons in 7 days (WAU), mean", count(activity.wau_mean), ""),
        ("persons in 30 days (MAU), mean", count(activity.mau_mean), ""),
        ("stickiness, DAU / WAU", percent(activity.dau_wau), ""),
        ("stickiness, DAU / MAU", percent(activity.stickiness), _whole(activity)),
    ):
        if value != "–" or beside:
            made.add_row(name, value, beside)
    return made


def _short(page: str) -> str:
    """A long address without its middle."""
    return page if len(page) <= _LONG else f"{page[: _LONG // 2 - 1]}…{page[-_LONG // 2 :]}"


def _whole(activity: Activity) -> str:
    return "no 30 days to look back on" if math.isnan(activity.stickiness) else ""


def _spread(activity: Activity) -> RenderableType:
    made = table("Persons by active days", [("days", "left"), ("persons", "right"), ("share", "right"), ("", "left")])
    for span in activity.spread:
        if span.persons:
            label = (
                f"{span.least}"
                if span.most == span.least
                else f"{span.least}–{span.most}"
                if span.most
                else f"{span.least}+"
            )
            made.add_row(label, count(span.persons), percent(span.share), bar(span.share))
    return made


def _page_times(times: PageTimes) -> RenderableType:
    columns = [
        ("page", "left"),
        ("views", "right"),
        ("timed", "right"),
        ("median", "right"),
        ("p90", "right"),
        ("mean", "right"),
    ]
    caption = f"By {times.column}; {times.source}."
    if times.untimed:
        caption += f" Of unknown length, for they were the last of their session: {count(times.untimed)}."
    made = table("Time on page", columns, caption=caption)
    for page in (times.all, *times.pages[:_ROWS]):
        spent = (duration(page.median_s), duration(page.p90_s), duration(page.mean_s))
        made.add_row(_short(page.page), count(page.views), count(page.timed), *spent)
    return made


def _scroll(scroll: Scroll) -> RenderableType:
    columns = [("page", "left"), ("views", "right"), ("mean", "right")]
    columns += [(mark, "right") for mark in ("25 %", "50 %", "75 %", "90 %", "100 %")]
    made = table(
        "Scroll depth",
        columns,
        caption=f"Deepest {scroll.column} of each page view that has a reading; share that reached 25 % ... of the page.",
    )
    for page in (scroll.all, *scroll.pages[:_ROWS]):
        made.add_row(
            _short(page.page), count(page.views), percent(page.mean_depth), *(percent(share) for share in page.reached)
        )
    return made


def _videos(videos: Videos) -> RenderableType:
    columns = [("video", "left"), ("views", "right"), ("persons", "right"), ("watched", "right"), ("a view", "right")]
    columns += [("completed", "right"), ("", "left"), ("length", "right")]
    made = table("Videos", columns, caption=f"Watched as told by {videos.source}.")
    for video in (videos.all, *videos.videos[:_ROWS]):
        made.add_row(
            video.video,
            count(video.views),
            count(video.persons),
            duration(video.watched_s),
            duration(video.mean_watched_s),
            percent(video.completion),
            bar(video.completion, 10),
            duration(video.length_s),
        )
    return made


def _groups(engagement: Engagement) -> RenderableType:
    columns = [
        ("group", "left"),
        ("persons", "right"),
        ("events", "right"),
        ("active days", "right"),
        ("views", "right"),
    ]
    made = table("By group", [*columns, ("median view", "right")], caption="Active days: mean a person of the group.")
    for group in engagement.groups:
        days = "–" if math.isnan(group.active_days_mean) else f"{group.active_days_mean:.1f}"
        made.add_row(
            group.group,
            count(group.persons),
            count(group.events),
            days,
            count(group.views),
            duration(group.median_view_s),
        )
    return made
