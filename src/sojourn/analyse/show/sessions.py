"""How sessions look."""

from __future__ import annotations

from typing import TYPE_CHECKING

import plotly.graph_objects as go
from rich.console import Group
from rich.text import Text

from sojourn.analyse.show.style import PALETTE, layout, table
from sojourn.analyse.show.words import bar, count, duration, percent, sparkline

if TYPE_CHECKING:
    from rich.console import RenderableType

    from sojourn.analyse.sessions import Page, Sessions

_PERIODS_SHOWN = 40


def render(sessions: Sessions) -> RenderableType:
    """The main numbers, entry and exit pages, groups and trend."""
    main = table(
        "Sessions", [("", "left"), ("", "right")], caption="Bounce rate = sessions of one event / all sessions."
    )
    main.show_header = False
    for name, value in (
        ("sessions", count(sessions.sessions)),
        ("persons", count(sessions.persons)),
        ("returning persons", count(sessions.returning_persons)),
        ("sessions a person", f"{sessions.sessions_per_person:.2f}"),
        ("bounce rate", percent(sessions.bounce_rate)),
        ("events a session, mean", f"{sessions.events_per_session:.1f}"),
        ("events a session, median / p90", f"{sessions.median_depth:.0f} / {sessions.p90_depth:.0f}"),
        ("duration, median", duration(sessions.median_duration_s)),
        ("duration, p90", duration(sessions.p90_duration_s)),
    ):
        main.add_row(name, value)
    shown: list[RenderableType] = [main, _pages("Entry pages", sessions.entries), _pages("Exit pages", sessions.exits)]
    if sessions.trend:
        shown.append(_trend(sessions))
    if sessions.groups:
        columns = [("group", "left"), ("sessions", "right"), ("bounce rate", "right"), ("median duration", "right")]
        groups = table("By group", columns)
        for group in sessions.groups:
            median = duration(group.median_duration_s)
            groups.add_row(group.group, count(group.sessions), percent(group.bounce_rate), median)
        shown.append(groups)
    return Group(*shown)


def figure(sessions: Sessions) -> go.Figure:
    """Sessions over time when a trend was asked, else by group, else entry pages."""
    drawn = go.Figure()
    if sessions.trend:
        labels = [group.group for group in sessions.trend]
        drawn.add_scatter(x=labels, y=[g.sessions for g in sessions.trend], name="sessions", fill="tozeroy")
        drawn.add_scatter(x=labels, y=[g.bounced for g in sessions.trend], name="bounced")
        return layout(drawn, "Sessions over time", y="sessions")
    if sessions.groups:
        drawn.add_bar(x=[g.group for g in sessions.groups], y=[g.sessions for g in sessions.groups])
        return layout(drawn, "Sessions by group", y="sessions")
    pages = sessions.entries[::-1]
    drawn.add_bar(x=[p.sessions for p in pages], y=[p.page for p in pages], orientation="h", marker_color=PALETTE[0])
    return layout(drawn, "Entry pages", x="sessions")


def _pages(title: str, pages: tuple[Page, ...]) -> RenderableType:
    made = table(title, [("page", "left"), ("sessions", "right"), ("share", "right"), ("", "left")])
    for page in pages:
        made.add_row(page.page, count(page.sessions), percent(page.share), bar(page.share, 16))
    return made


def _trend(sessions: Sessions) -> RenderableType:
    shown = sessions.trend[-_PERIODS_SHOWN:]
    line = Text(f"{shown[0].group} {sparkline([g.sessions for g in shown])} {shown[-1].group}")
    made = table("Over time", [("period", "left"), ("sessions", "right"), ("bounce rate", "right"), ("", "left")])
    most = max(group.sessions for group in shown)
    for group in shown:
        made.add_row(group.group, count(group.sessions), percent(group.bounce_rate), bar(group.sessions / most, 16))
    return Group(made, line)
