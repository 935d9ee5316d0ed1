"""How overlaps of segments look.

In: a `SegmentOverlap`. Out: a table, a figure. Never computes a number.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import plotly.graph_objects as go
from rich.console import Group
from rich.text import Text

from sojourn.analyse.show.style import PALETTE, layout, table
from sojourn.analyse.show.words import count, counted, percent

if TYPE_CHECKING:
    from rich.console import RenderableType

    from sojourn.analyse.segment_overlap import SegmentOverlap

_PAIRS = 20


def render(overlap: SegmentOverlap) -> RenderableType:
    """Who fits the predicate, and who is in two segments."""
    shown: list[RenderableType] = []
    if overlap.predicate is not None:
        told = f"{overlap.predicate}: {counted(overlap.tried, 'person')} of {count(overlap.persons_total)}"
        shown.append(Text(f"{told}, such as {', '.join(overlap.examples[:3])}" if overlap.examples else told))
        own = table(
            "With the segments",
            [("segment", "left"), ("persons", "right"), ("in both", "right"), ("of those tried", "right")],
        )
        for one in overlap.segments:
            own.add_row(one.name, count(one.persons), count(one.both), _share(one.of_tried))
        shown.append(own)
    pairs = table("In two segments", [("one", "left"), ("other", "left"), ("in both", "right"), ("of either", "right")])
    for pair in overlap.pairs[:_PAIRS]:
        pairs.add_row(pair.one, pair.other, count(pair.both), _share(pair.of_either))
    shown.append(pairs if overlap.pairs else Text("No two segments share anybody."))
    return Group(*shown)


def figure(overlap: SegmentOverlap) -> go.Figure:
    """Persons of each segment, and of these those who fit the predicate."""
    drawn = go.Figure()
    names = [one.name for one in overlap.segments]
    drawn.add_bar(
        y=names, x=[one.persons for one in overlap.segments], name="in the segment", orientation="h",
        marker_color=PALETTE[0], hovertext=[one.says for one in overlap.segments],
    )  # fmt: skip
    if overlap.predicate is not None:
        drawn.add_bar(
            y=names, x=[one.both for one in overlap.segments], name="fit the predicate, too", orientation="h",
            marker_color=PALETTE[1],
        )  # fmt: skip
    drawn.update_yaxes(autorange="reversed", type="category", dtick=1)
    drawn.update_layout(height=140 + 34 * len(names), barmode="group")
    return layout(drawn, "Persons in each segment", x="persons")


def _share(value: float) -> str:
    return "–" if math.isnan(value) else percent(value)
