"""How an overview looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import plotly.graph_objects as go

from sojourn.analyse.show.style import PALETTE, layout, table
from sojourn.analyse.show.words import bar, count, counted

if TYPE_CHECKING:
    from rich.console import RenderableType

    from sojourn.analyse.overview import Overview


def render(overview: Overview) -> RenderableType:
    """Events by name, with the bounds of the log below."""
    times = (
        f"{_short(overview.first)} to {_short(overview.last)} UTC" if overview.first else "no times: file order decides"
    )
    bots = f" · {counted(overview.bots, 'event')} of bots left out" if overview.bots else ""
    caption = f"{counted(overview.events, 'event')} of {counted(overview.persons, 'person')} · {times}{bots}"
    made = table(
        "Events", [("event", "left"), ("events", "right"), ("persons", "right"), ("", "left")], caption=caption
    )
    most = max((name.count for name in overview.names), default=1)
    for name in overview.names:
        made.add_row(name.event, count(name.count), count(name.persons), bar(name.count / most))
    return made


def figure(overview: Overview) -> go.Figure:
    """Events by name as bars."""
    names = overview.names[::-1]
    drawn = go.Figure()
    drawn.add_bar(x=[n.count for n in names], y=[n.event for n in names], orientation="h", marker_color=PALETTE[0])
    return layout(drawn, "Events by name", x="events")


def _short(moment: str | None) -> str:
    return (moment or "").replace("T", " ")[:19]
