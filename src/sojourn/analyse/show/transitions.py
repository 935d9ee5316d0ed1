"""How transitions look."""

from __future__ import annotations

from typing import TYPE_CHECKING

import plotly.graph_objects as go
from rich.console import Group
from rich.text import Text

from sojourn.analyse.show.paths import titled
from sojourn.analyse.show.style import PALETTE, layout, table
from sojourn.analyse.show.words import bar, count, percent

if TYPE_CHECKING:
    from rich.console import RenderableType

    from sojourn.analyse.transitions import Terminal, Transitions

_SHOWN, _ENDS_SHOWN, _VALUES_DRAWN = 20, 8, 30
_BARS = 14


def render(transitions: Transitions) -> RenderableType:
    """The most frequent transitions, first and last steps, and groups."""
    if not transitions.units:
        return Text(f"{titled('Transitions', transitions.about)}: no {transitions.unit} have such a path.")
    columns = [
        ("from", "left"),
        ("to", "left"),
        ("count", "right"),
        ("of from", "right"),
        ("", "left"),
        (transitions.unit, "right"),
    ]
    main = table(titled("Transitions", transitions.about, transitions.group), columns)
    for one in transitions.transitions[:_SHOWN]:
        main.add_row(one.from_, one.to, count(one.count), percent(one.share), bar(one.share, _BARS), count(one.units))
    shown = min(_SHOWN, len(transitions.transitions))
    main.caption = (
        f"{count(transitions.total)} transitions in {count(transitions.units)} {transitions.unit}; "
        f"{shown} of {count(transitions.distinct)} different ones. Of from = of all transitions from that step."
    )
    ends = [
        _ends("First steps", transitions.unit, transitions.entries),
        _ends("Last steps", transitions.unit, transitions.exits),
    ]
    return Group(main, *ends, *map(render, transitions.groups))


def figure(transitions: Transitions) -> go.Figure:
    """A heatmap: from each of the most frequent steps, the share that goes to each."""
    sizes: dict[str, int] = {}
    for one in transitions.transitions:
        for value in (one.from_, one.to):
            sizes[value] = sizes.get(value, 0) + one.count
    values = sorted(sizes, key=lambda value: -sizes[value])[:_VALUES_DRAWN]
    place = {value: number for number, value in enumerate(values)}
    shares: list[list[float | None]] = [[None] * len(values) for _ in values]
    counts: list[list[int | None]] = [[None] * len(values) for _ in values]
    for one in transitions.transitions:
        if one.from_ in place and one.to in place:
            shares[place[one.from_]][place[one.to]] = one.share
            counts[place[one.from_]][place[one.to]] = one.count
    drawn = go.Figure()
    drawn.add_heatmap(
        z=shares,
        x=values,
        y=values,
        customdata=counts,
        hovertemplate="%{y} > %{x}: %{customdata:,}, %{z:.1%} of from<extra></extra>",
        colorscale=[[0, "#ECF4FA"], [1, PALETTE[0]]],
        colorbar={"title": "of from", "tickformat": ".0%"},
        xgap=1,
        ygap=1,
    )
    drawn.update_xaxes(type="category", showgrid=False, automargin=True, tickangle=-45)
    drawn.update_yaxes(type="category", showgrid=False, automargin=True, autorange="reversed")
    drawn.update_layout(height=max(420, 160 + 22 * len(values)))
    return layout(
        drawn,
        f"{titled('Transitions', transitions.about, transitions.group)}: {count(transitions.total)}",
        x="to",
        y="from",
    )


def _ends(title: str, unit: str, ends: tuple[Terminal, ...]) -> RenderableType:
    made = table(title, [("step", "left"), (unit, "right"), ("share", "right"), ("", "left")])
    for end in ends[:_ENDS_SHOWN]:
        made.add_row(end.value, count(end.count), percent(end.share), bar(end.share, _BARS))
    return made
