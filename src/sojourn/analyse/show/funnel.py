"""How a funnel looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import plotly.graph_objects as go
from rich.console import Group

from sojourn.analyse.show.style import PALETTE, layout, table
from sojourn.analyse.show.words import bar, count, duration, percent

if TYPE_CHECKING:
    from rich.console import RenderableType

    from sojourn.analyse.funnel import Funnel, FunnelGroup

_PERIODS_SHOWN = 40


def render(funnel: Funnel) -> RenderableType:
    """Steps as a table with bars; groups and trend below."""
    caption = (
        f"Counted: {funnel.unit}. Dropped = reached the step before and not this one. Wait = since the step before."
    )
    columns = [("step", "left"), (funnel.unit, "right"), ("of start", "right"), ("", "left"), ("of previous", "right")]
    columns += [("dropped", "right"), ("median wait", "right"), ("p90 wait", "right")]
    main = table("Funnel", columns, caption=caption)
    for number, step in enumerate(funnel.steps):
        main.add_row(
            step.step,
            count(step.count),
            percent(step.share_of_start),
            bar(step.share_of_start),
            percent(step.share_of_previous) if number else "",
            count(step.dropped) if number else "",
            duration(step.median_wait_s) if number else "",
            duration(step.p90_wait_s) if number else "",
        )
    tables: list[RenderableType] = [main]
    if funnel.groups:
        tables.append(_groups("By group", funnel.groups))
    if funnel.trend:
        tables.append(_groups("By period of the first step", funnel.trend[-_PERIODS_SHOWN:]))
    return Group(*tables)


def figure(funnel: Funnel) -> go.Figure:
    """Bars a step, or lines over time when a trend was asked."""
    drawn = go.Figure()
    if funnel.trend:
        for number, step in enumerate(funnel.steps[1:], start=1):
            shares = [group.steps[number].share_of_start for group in funnel.trend]
            drawn.add_scatter(x=[g.group for g in funnel.trend], y=shares, name=step.step, mode="lines+markers")
        drawn.update_yaxes(tickformat=".0%", rangemode="tozero")
        return layout(drawn, "Conversion over time", y=f"share of starting {funnel.unit}")
    for group in funnel.groups or (None,):
        steps = group.steps if group else funnel.steps
        texts = [f"{count(step.count)} · {percent(step.share_of_start)}" for step in steps]
        drawn.add_bar(
            x=[step.count for step in steps],
            y=[step.step for step in steps],
            text=None if funnel.groups else texts,
            textposition="outside",
            cliponaxis=False,
            orientation="h",
            name=group.group if group else funnel.unit,
            marker_color=None if funnel.groups else PALETTE[0],
        )
    if not funnel.groups:
        # Room for the words behind the longest bar.
        drawn.update_xaxes(range=[0, 1.25 * max((step.count for step in funnel.steps), default=1) or 1])
    drawn.update_yaxes(autorange="reversed")
    drawn.update_layout(showlegend=bool(funnel.groups))
    return layout(drawn, "Funnel", x=funnel.unit)


def _groups(title: str, groups: tuple[FunnelGroup, ...]) -> RenderableType:
    steps = groups[0].steps
    made = table(
        title, [("group", "left"), *((step.step, "right") for step in steps), ("of start", "right"), ("", "left")]
    )
    for group in groups:
        share = group.steps[-1].share_of_start
        made.add_row(group.group, *(count(step.count) for step in group.steps), percent(share), bar(share, 12))
    return made
