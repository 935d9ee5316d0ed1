"""How segments and stages look."""

from __future__ import annotations

from typing import TYPE_CHECKING

import plotly.graph_objects as go
from rich.console import Group
from rich.text import Text

from sojourn.analyse.show.style import layout, noted, table
from sojourn.analyse.show.words import bar, count, moment, percent, scored_persons

if TYPE_CHECKING:
    from rich.console import RenderableType

    from sojourn.analyse.segments import SegmentCount, Segments, StageCount


def render(segments: Segments) -> RenderableType:
    """Segments, then stages."""
    head = f"{scored_persons(segments.persons_total, segments.persons_unscored)} until {moment(segments.at_us)} UTC; catalogue: {segments.catalogue}"
    made = [Text(head), *noted(segments.note), _counts("Segments", "segment", segments.segments)]
    if segments.stages:
        made.append(_counts("Stages", "stage", segments.stages))
    return Group(*made)


def figure(segments: Segments) -> go.Figure:
    """Persons by stage as a funnel where there are stages, else by segment."""
    drawn = go.Figure()
    rows = segments.stages or segments.segments
    drawn.add_bar(y=[row.name or "none" for row in rows], x=[row.persons for row in rows], orientation="h")
    drawn.update_yaxes(autorange="reversed", type="category")
    return layout(drawn, "Persons by stage" if segments.stages else "Persons by segment", x="persons")


def _counts(title: str, named: str, rows: tuple[SegmentCount, ...] | tuple[StageCount, ...]) -> RenderableType:
    made = table(title, [(named, "left"), ("persons", "right"), ("share", "right"), ("", "left"), ("says", "left")])
    for row in rows:
        made.add_row(row.name or "–", count(row.persons), percent(row.share), bar(row.share), row.says)
    return made
