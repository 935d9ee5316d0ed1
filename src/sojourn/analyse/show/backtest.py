"""How a backtest looks."""

from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING

import plotly.graph_objects as go
from rich.console import Group
from rich.text import Text

from sojourn.analyse.show.style import layout, table
from sojourn.analyse.show.words import count, duration, moment, percent, sparkline

if TYPE_CHECKING:
    from rich.console import RenderableType

    from sojourn.analyse.backtest import Backtest, BacktestSegment

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def render(backtest: Backtest) -> RenderableType:
    """Entries and volume by segment, and against the catalogue of now; precision where there is a goal."""
    head = (
        f"{count(backtest.looks)} looks, one every {duration(backtest.every_s)}, from {moment(backtest.from_us)} to "
        f"{moment(backtest.until_us)} UTC; {backtest.catalogue} against {backtest.now}"
    )
    columns = [("segment", "left"), ("", "left"), ("entries", "right"), ("persons", "right"), ("a look", "right")]
    columns += [("over time", "left"), ("now", "right"), ("overlap", "right")]
    if backtest.goal is not None:
        columns += [
            ("judged", "right"),
            ("precision", "right"),
            ("95 %", "right"),
            ("now", "right"),
            ("chance", "right"),
        ]
    made = table("Segments", columns, caption=_caption(backtest))
    for one in backtest.segments:
        made.add_row(*_row(one, with_goal=backtest.goal is not None))
    return Group(Text(head), made)


def figure(backtest: Backtest) -> go.Figure:
    """Entries over time, a line a segment."""
    drawn = go.Figure()
    for one in backtest.segments:
        if one.change != "gone":
            moments = [_EPOCH + dt.timedelta(microseconds=day.at_us) for day in one.days]
            drawn.add_scatter(x=moments, y=[day.entries for day in one.days], name=one.name, mode="lines+markers")
    return layout(drawn, "Entries into segments", y="entries")


def _row(one: BacktestSegment, *, with_goal: bool) -> list[str]:
    row = [
        one.name, one.change, count(one.entries), count(one.persons),
        "–" if math.isnan(one.volume) else f"{one.volume:.1f}",
        sparkline([day.entries for day in one.days]), count(one.now_entries), percent(one.overlap),
    ]  # fmt: skip
    if with_goal:
        between = "–" if math.isnan(one.low) else f"{100 * one.low:.1f} to {100 * one.high:.1f}"
        row += [count(one.judged), percent(one.precision), between, percent(one.now_precision), percent(one.base_rate)]
    return row


def _caption(backtest: Backtest) -> str:
    told = "Entries: persons in at a look and not at the one before; now: by the catalogue of now; overlap: who entered by both."
    if backtest.goal is None:
        return told
    return (
        f"{told} Precision: entries followed by {backtest.goal} within {duration(backtest.within_s)}; "
        "chance: the same for anybody at any look."
    )
