"""`sojourn map`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from sojourn.app.asking import (
    DEFAULT_DATA,
    Bots,
    CatalogueFile,
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


def map(  # noqa: A001, PLR0913  (named as the command; one argument an option)
    data: Data = DEFAULT_DATA,
    catalogue: CatalogueFile = None,
    touchpoint: Annotated[
        str | None,
        typer.Option(help="A column whose values are the touchpoints, e.g. channel; else families of events."),
    ] = None,
    gap: Annotated[str, typer.Option(help="Silence that counts as absence and not as time spent.")] = "30m",
    persons: Annotated[str | None, typer.Option("--persons", help="List the persons of this stage instead.")] = None,
    at_touchpoint: Annotated[
        str | None, typer.Option("--at-touchpoint", help="Of these only those with an event at this touchpoint.")
    ] = None,
    outcome: Annotated[
        Literal["there", "went_on", "stayed"], typer.Option(help="Everybody, who went on, or who did not.")
    ] = "there",
    where: Where = None,
    start: From = None,
    until: Until = None,
    time_zone: Zone = "UTC",
    bots: Bots = False,
    json: Json = False,
) -> None:
    """Lay out the journey: who comes to which stage, where they meet us there, and who goes on."""
    from sojourn.analyse.journey_map import journey_map as ask  # noqa: PLC0415  (heavy)

    scope = Scope(data, tuple(where or ()), start, until, time_zone, bots)
    with progress_bar(quiet=json) as progress:
        result = ask(scope.journeys(progress=progress), catalogue=catalogue, touchpoint=touchpoint, gap=gap)
        listed = None if persons is None else result.persons_on(persons, touchpoint=at_touchpoint, outcome=outcome)
    if listed is None:
        show(result, as_json=json)
    else:
        show_persons(listed, as_json=json)
