"""How a journey map looks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import plotly.graph_objects as go
from rich.console import Group
from rich.text import Text

from sojourn.analyse.show.style import layout, table
from sojourn.analyse.show.words import bar, count, duration, percent

if TYPE_CHECKING:
    from rich.console import RenderableType

    from sojourn.analyse.journey_map import JourneyMap, MapCell

_ROOM = 90


def render(journey_map: JourneyMap) -> RenderableType:
    """The stages, then persons by stage and touchpoint."""
    head = f"Journey map of {count(journey_map.persons)} persons; stages: catalogue {journey_map.catalogue}"
    made: list[RenderableType] = [Text(head), _stages(journey_map)]
    if journey_map.cells:
        made.append(_cells(journey_map))
    made += [Text(f"{name} is not on the map: {why}.") for name, why in journey_map.left_out.items()]
    return Group(*made)


def figure(journey_map: JourneyMap) -> go.Figure:
    """Touchpoints from top to bottom, stages from left to right; the darker, the larger the share of the stage's persons."""
    found = _by_place(journey_map)
    stages = [stage.name for stage in journey_map.stages]
    rows = [[found.get((stage, touchpoint)) for stage in stages] for touchpoint in journey_map.touchpoints]
    drawn = go.Figure(
        go.Heatmap(
            x=stages,
            y=list(journey_map.touchpoints),
            z=[[cell.share if cell else None for cell in row] for row in rows],
            text=[
                [f"{count(cell.persons)}<br>{percent(cell.conversion, digits=0)}" if cell else "" for cell in row]
                for row in rows
            ],
            texttemplate="%{text}",
            customdata=[[_told(cell) if cell else "nobody" for cell in row] for row in rows],
            hovertemplate="%{y}, %{x}: %{customdata}<extra></extra>",
            colorscale="Blues",
            zmin=0,
            zmax=1,
            xgap=2,
            ygap=2,
            colorbar={"title": {"text": "of the stage's persons"}, "tickformat": ".0%"},
        )
    )
    drawn.update_yaxes(autorange="reversed", type="category")
    drawn.update_xaxes(side="top", type="category")
    drawn.update_layout(height=_ROOM + 60 + 46 * max(len(journey_map.touchpoints), 1))
    return layout(drawn, "Journey map: persons, and how many of them went on")


def _by_place(journey_map: JourneyMap) -> dict[tuple[str, str], MapCell]:
    return {(cell.stage, cell.touchpoint): cell for cell in journey_map.cells}


def _told(cell: MapCell) -> str:
    return (
        f"{count(cell.persons)} persons, {percent(cell.share)} of the stage; {percent(cell.conversion)} went on; "
        f"median {duration(cell.median_time_s)} there; {cell.effort:.1f} events a person"
    )


def _stages(journey_map: JourneyMap) -> RenderableType:
    columns = [("stage", "left"), ("persons", "right"), ("share", "right"), ("", "left"), ("went on", "right")]
    made = table(
        "Stages",
        [*columns, ("conversion", "right"), ("median time", "right"), ("effort", "right"), ("begins with", "left")],
        caption="Conversion = went on / persons. Time = until going on. Effort = events a person while on the stage.",
    )
    for stage in journey_map.stages:
        made.add_row(
            stage.name,
            count(stage.persons),
            percent(stage.share),
            bar(stage.share, 10),
            count(stage.went_on),
            percent(stage.conversion),
            duration(stage.median_time_s),
            _effort(stage.effort),
            stage.begins,
        )
    return made


def _cells(journey_map: JourneyMap) -> RenderableType:
    found = _by_place(journey_map)
    stages = [stage.name for stage in journey_map.stages]
    made = table(
        f"Persons by {journey_map.column} and stage",
        [(journey_map.column, "left"), *((stage, "right") for stage in stages)],
        caption="Persons with an event there while on the stage, and how many of them went on.",
    )
    for touchpoint in journey_map.touchpoints:
        cells = (found.get((stage, touchpoint)) for stage in stages)
        made.add_row(
            touchpoint,
            *(f"{count(cell.persons)} ({percent(cell.conversion, digits=0)})" if cell else "–" for cell in cells),
        )
    return made


def _effort(effort: float) -> str:
    return "–" if effort != effort else f"{effort:.1f}"  # noqa: PLR0124  (NaN is what differs from itself)
