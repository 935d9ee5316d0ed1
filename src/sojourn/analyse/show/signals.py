"""How signals look."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import plotly.graph_objects as go
from rich.console import Group
from rich.text import Text

from sojourn.analyse.show.style import PALETTE, layout, noted, table
from sojourn.analyse.show.words import bar, count, moment, percent, scored_persons

if TYPE_CHECKING:
    from rich.console import RenderableType

    from sojourn.analyse.signals import SignalReading, Signals


def render(signals: Signals) -> RenderableType:
    """One table a kind."""
    shown: list[RenderableType] = [
        Text(
            f"{scored_persons(signals.persons_total, signals.persons_unscored)}, {count(signals.events)} events until {moment(signals.at_us)} UTC; "
            f"catalogue: {signals.catalogue}"
        )
    ]
    most = max((one.persons for one in signals.signals), default=0) or 1
    silent = [one.name for one in signals.signals if not one.hits]
    for kind in dict.fromkeys(one.kind for one in signals.signals if one.hits):
        columns = [("signal", "left"), ("persons", "right"), ("share", "right"), ("", "left"), ("fired", "right")]
        made = table(kind, [*columns, ("median", "right"), ("p90", "right"), ("max", "right"), ("says", "left")])
        for one in signals.signals:
            if one.kind == kind and one.hits:
                made.add_row(*_row(one, most))
        shown.append(made)
    if silent:
        shown.append(Text(f"Never seen in this log: {', '.join(silent)}.", style="dim"))
    shown += noted(signals.note)
    shown.append(Text("Persons: those in whom it is not 0 at that time; median, p90, max are over them.", style="dim"))
    return Group(*shown)


def figure(signals: Signals) -> go.Figure:
    """Persons by signal, coloured by kind."""
    drawn = go.Figure()
    for n, kind in enumerate(dict.fromkeys(one.kind for one in signals.signals)):
        own = [one for one in signals.signals if one.kind == kind]
        drawn.add_bar(
            y=[one.name for one in own], x=[one.persons for one in own], name=kind, orientation="h",
            marker_color=PALETTE[n % len(PALETTE)], hovertext=[one.says for one in own],
        )  # fmt: skip
    drawn.update_yaxes(autorange="reversed", type="category", dtick=1)
    drawn.update_layout(height=140 + 20 * len(signals.signals))
    return layout(drawn, "Persons with each signal", x="persons")


def _row(one: SignalReading, most: int) -> tuple[str, ...]:
    return (
        one.name, count(one.persons), percent(one.share), bar(one.persons / most, 10), count(one.hits),
        short(one.median), short(one.p90), short(one.max), one.says,
    )  # fmt: skip


def short(value: float) -> str:
    """A value with three digits that matter."""
    if math.isnan(value):
        return "–"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"  # noqa: PLR2004  (a hundred and more need no digits)
