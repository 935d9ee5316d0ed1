"""How n-grams look."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import plotly.graph_objects as go
from rich.console import Group
from rich.text import Text

from sojourn.analyse.show.paths import titled
from sojourn.analyse.show.style import PALETTE, layout, table
from sojourn.analyse.show.words import count

if TYPE_CHECKING:
    from rich.console import RenderableType

    from sojourn.analyse.ngrams import NGrams

_SHOWN = 20
_SURE = 0.05
_SMALL = 1e-4
_WORDS = {
    "independence": "each step drawn from all steps alike",
    "first-order": "each step drawn from those that follow the step before",
}


def render(ngrams: NGrams) -> RenderableType:
    """The first runs of the list, with their lift, and groups."""
    if not ngrams.ngrams:
        return Text(f"{titled(f'Runs of {ngrams.length} steps', ngrams.about, ngrams.group)}: there are none.")
    columns = [
        ("steps", "left"),
        ("count", "right"),
        (ngrams.unit, "right"),
        ("by chance", "right"),
        ("lift", "right"),
        ("p corrected", "right"),
    ]
    made = table(titled(f"Runs of {ngrams.length} steps", ngrams.about, ngrams.group), columns)
    for one in ngrams.ngrams[:_SHOWN]:
        style = "" if one.p_corrected < _SURE else "dim"
        expected = count(one.expected) if one.expected >= 10 else f"{one.expected:.2g}"  # noqa: PLR2004  (digits that matter)
        made.add_row(
            " > ".join(one.steps),
            count(one.count),
            count(one.units),
            expected,
            _lift(one.lift),
            _p(one.p_corrected),
            style=style,
        )
    made.caption = (
        f"Lift = count / by chance; chance: {_WORDS[ngrams.null]}. p is corrected for {count(ngrams.tried)} different runs; "
        f"dim: it could be chance. First by {ngrams.rank}."
    )
    return Group(made, *map(render, ngrams.groups))


def figure(ngrams: NGrams) -> go.Figure:
    """Bars of lift on a logarithmic axis, chance in the middle."""
    shown = ngrams.ngrams[:_SHOWN][::-1]
    sure = [one.p_corrected < _SURE for one in shown]
    drawn = go.Figure()
    drawn.add_bar(
        x=[math.log2(one.lift) if one.lift > 0 else 0 for one in shown],
        y=[" > ".join(one.steps) for one in shown],
        orientation="h",
        marker_color=[PALETTE[0] if is_sure else "#C8C8C8" for is_sure in sure],
        text=[f"{_lift(one.lift)} · {count(one.count)}" for one in shown],
        customdata=[[one.expected, one.units, one.p_corrected] for one in shown],
        hovertemplate="%{y}: %{text}, by chance %{customdata[0]:,.1f}, corrected p %{customdata[2]:.2g}<extra></extra>",
    )
    largest = max((abs(math.log2(one.lift)) for one in shown if one.lift > 0), default=1)
    ticks = range(-math.ceil(largest), math.ceil(largest) + 1, max(1, math.ceil(largest / 6)))
    drawn.update_xaxes(tickvals=list(ticks), ticktext=[_lift(2.0**tick) for tick in ticks])
    drawn.update_yaxes(automargin=True)
    drawn.update_layout(height=max(360, 140 + 26 * len(shown)))
    return layout(
        drawn,
        f"{titled(f'Runs of {ngrams.length} steps', ngrams.about, ngrams.group)} against chance",
        x="lift: times as often as by chance",
    )


def _lift(lift: float) -> str:
    return f"{lift:,.0f} x" if lift >= 100 else f"{lift:.3g} x"  # noqa: PLR2004  (three digits tell enough)


def _p(p: float) -> str:
    return f"{p:.3f}" if p >= _SMALL * 10 else f"< {_SMALL * 10:.3f}"
