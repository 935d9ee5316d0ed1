"""`sojourn funnel`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from sojourn.app.asking import (
    DEFAULT_DATA,
    Bots,
    By,
    Data,
    From,
    Json,
    Scope,
    Until,
    Where,
    Zone,
    progress_bar,
    show,
    show_persons,
)


def funnel(  # noqa: PLR0913  (one argument an option)
    step: Annotated[
        list[str], typer.Option("--step", "-s", help="A step: event, `A|B`, predicate, or `not X` between two.")
    ],
    data: Data = DEFAULT_DATA,
    within: Annotated[str | None, typer.Option(help="Longest time from first to last step, e.g. 7d.")] = None,
    order: Annotated[
        Literal["ordered", "strict", "any"], typer.Option(help="Whether other events may lie between.")
    ] = "ordered",
    ties: Annotated[Literal["sequence", "strict"], typer.Option(help="What decides between equal times.")] = "sequence",
    unit: Annotated[Literal["persons", "sessions"], typer.Option(help="What is counted.")] = "persons",
    by: By = None,
    trend: Annotated[
        Literal["hour", "day", "week", "month"] | None, typer.Option(help="Also by period of the first step.")
    ] = None,
    gap: Annotated[str, typer.Option(help="Silence that ends a session.")] = "30m",
    gap_rule: Annotated[
        Literal["reaches", "exceeds"], typer.Option(help="Whether a silence equal to the gap ends it.")
    ] = "reaches",
    persons: Annotated[
        int | None, typer.Option("--persons", help="List the persons of this step, from 0, instead.")
    ] = None,
    outcome: Annotated[
        Literal["reached", "dropped", "stopped"], typer.Option(help="Which persons of that step.")
    ] = "reached",
    where: Where = None,
    start: From = None,
    until: Until = None,
    time_zone: Zone = "UTC",
    bots: Bots = False,
    json: Json = False,
) -> None:
    """Count how many go from step to step, how long it takes, and where they are lost."""
    from sojourn.analyse.funnel import funnel as ask  # noqa: PLC0415  (heavy)

    scope = Scope(data, tuple(where or ()), start, until, time_zone, bots)
    with progress_bar(quiet=json) as progress:
        result = ask(
            scope.journeys(progress=progress), step, within=within, order=order, ties=ties,
            unit=unit, by=by, trend=trend, gap=gap, gap_rule=gap_rule,
        )  # fmt: skip
        listed = None if persons is None else result.persons(persons, outcome)
    if listed is None:
        show(result, as_json=json)
    else:
        show_persons(listed, as_json=json)
