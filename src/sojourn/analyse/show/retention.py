"""How retention looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import plotly.graph_objects as go
from rich.console import Group
from rich.text import Text

from sojourn.analyse.show.style import PALETTE, layout, table
from sojourn.analyse.show.words import bar, count, percent

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from sojourn.analyse.retention import Cohort, Retention, ReturnPoint

_COHORTS_SHOWN = 40
_PERIODS_SHOWN = 13
_POINTS_SHOWN = 14
_BLUES = ((236, 244, 250), (0, 114, 178))
_LIGHT = 0.45
_WORDS = {
    "bounded": "came back in exactly that {unit}",
    "unbounded": "came back in that {unit} or later",
    "rolling": "came back in that window of {days:g} days, counted from the person's own first event",
}


def render(retention: Retention) -> RenderableType:
    """The triangle, the curve of all cohorts, and the groups' curves."""
    if not retention.cohorts:
        return Text("Retention: no event with a time puts anybody in a cohort.")
    shown: list[RenderableType] = [_triangle(retention), _curve(retention.overall)]
    if retention.groups:
        ahead = [point.after for point in retention.overall[:_PERIODS_SHOWN]]
        made = table(
            "By group, per cent who came back",
            [("group", "left"), ("persons", "right"), *((f"+{n}", "right") for n in ahead)],
        )
        for group in retention.groups:
            cells = [_cell(point.share, point.share, hollow=False) for point in group.overall[: len(ahead)]]
            made.add_row(group.group, count(group.persons), *cells)
        shown.append(made)
    return Group(*shown)


def figure(retention: Retention) -> go.Figure:
    """A heatmap of the triangle; with a breakdown, a curve a group."""
    drawn = go.Figure()
    title = f"Retention by {retention.period}: {retention.first}, then {retention.returning}"
    after = f"{_unit(retention)}s after the first"
    if retention.groups:
        for group in retention.groups[: len(PALETTE)]:
            drawn.add_scatter(
                x=[point.after for point in group.overall],
                y=[point.share for point in group.overall],
                customdata=[[point.returned, point.persons] for point in group.overall],
                hovertemplate="%{y:.1%}: %{customdata[0]:,} of %{customdata[1]:,} persons",
                name=group.group,
                mode="lines+markers",
            )
        drawn.update_yaxes(tickformat=".0%", rangemode="tozero")
        return layout(drawn, title, x=after, y="share of persons who came back")
    cohorts = retention.cohorts
    width = max((len(cohort.returned) for cohort in cohorts), default=0)
    filled = [[*cohort.share, *[None] * (width - len(cohort.share))] for cohort in cohorts]
    counted = [[*cohort.returned, *[None] * (width - len(cohort.returned))] for cohort in cohorts]
    drawn.add_heatmap(
        z=filled,
        x=list(range(1, width + 1)),
        y=[f"{cohort.start} ({count(cohort.size)})" for cohort in cohorts],
        customdata=counted,
        hovertemplate="%{y}, +%{x}: %{z:.1%}, %{customdata:,} persons<extra></extra>",
        text=[_marked(cohort, width) for cohort in cohorts],
        texttemplate="%{text}" if width <= 2 * _PERIODS_SHOWN else None,
        colorscale=[[0, f"rgb{_BLUES[0]}"], [1, f"rgb{_BLUES[1]}"]],
        colorbar={"title": "came back", "tickformat": ".0%"},
        xgap=1,
        ygap=1,
    )
    drawn.update_xaxes(showgrid=False, zeroline=False, dtick=1 if width <= 2 * _PERIODS_SHOWN else None)
    drawn.update_yaxes(autorange="reversed", type="category", showgrid=False, automargin=True)
    drawn.update_layout(height=max(360, 130 + 24 * len(cohorts)))
    open_ = any(cohort.complete < len(cohort.returned) for cohort in cohorts)
    return layout(drawn, title, x=after + (" (* not over yet)" if open_ else ""))


def _unit(retention: Retention) -> str:
    return "window" if retention.mode == "rolling" else retention.period


def _triangle(retention: Retention) -> RenderableType:
    cohorts = retention.cohorts[-_COHORTS_SHOWN:]
    width = max(len(cohort.returned) for cohort in cohorts)
    kept = min(width, _PERIODS_SHOWN)
    words = _WORDS[retention.mode].format(unit=retention.period, days=retention.window_days)
    caption = f"Per cent of a cohort's persons who {words}; +1 is the first after the cohort's own."
    if any(cohort.complete < len(cohort.returned) for cohort in cohorts):
        caption += f" * not over yet: the log ends {retention.observed_until[:16].replace('T', ' ')}."
    if kept < width or len(cohorts) < len(retention.cohorts):
        caption += f" Shown: {len(cohorts)} of {len(retention.cohorts)} cohorts, {kept} of {width} periods."
    title = f"Retention by {retention.period}: {retention.first}, then {retention.returning}"
    columns = [("cohort", "left"), ("persons", "right"), *((f"+{n}", "right") for n in range(1, kept + 1))]
    made = table(title, columns, caption=caption)
    most = max((share for cohort in cohorts for share in cohort.share[:kept] if share == share), default=0.0)  # noqa: PLR0124  (NaN is what differs from itself)
    for cohort in cohorts:
        made.add_row(cohort.start, count(cohort.size), *_cells(cohort, kept, most))
    return made


def _cells(cohort: Cohort, kept: int, most: float) -> list[Text]:
    shares = cohort.share[:kept]
    return [_cell(share, share / most if most else 0, hollow=n >= cohort.complete) for n, share in enumerate(shares)]


def _marked(cohort: Cohort, width: int) -> list[str]:
    """Words of a cohort's cells: a star when the period is not over."""
    words = [percent(share, digits=0) + ("*" if n >= cohort.complete else "") for n, share in enumerate(cohort.share)]
    return words + [""] * (width - len(words))


def _cell(share: float, shade: float, *, hollow: bool) -> Text:
    """A share on a background as dark as `shade` says; a star when its period is not over."""
    words = percent(share, digits=0).removesuffix(" %") + ("*" if hollow else "")
    if share != share:  # noqa: PLR0124  (NaN is what differs from itself)
        return Text(words)
    light, dark = _BLUES
    red, green, blue = (round(a + (b - a) * shade) for a, b in zip(light, dark, strict=True))
    ink = "black" if shade < _LIGHT else "white"
    return Text(words, style=f"{ink} on rgb({red},{green},{blue})")


def _curve(points: Sequence[ReturnPoint]) -> RenderableType:
    caption = "Each cohort weighs by its size; only periods that are over count."
    columns = [
        ("after", "right"),
        ("came back", "right"),
        ("", "left"),
        ("returned", "right"),
        ("of persons", "right"),
        ("cohorts", "right"),
    ]
    made = table("All cohorts together", columns, caption=caption)
    for point in points[:_POINTS_SHOWN]:
        made.add_row(
            f"+{point.after}", percent(point.share), bar(point.share), count(point.returned), count(point.persons), count(point.cohorts)
        )  # fmt: skip
    return made
