"""`sojourn scores`."""

from __future__ import annotations

from typing import Annotated

import typer

from sojourn.app.asking import (
    DEFAULT_DATA,
    At,
    Bots,
    CatalogueFile,
    Data,
    Json,
    Scope,
    Where,
    Zone,
    progress_bar,
    show,
    show_persons,
)
from sojourn.records.errors import BadOption


def scores(  # noqa: PLR0913  (one argument an option)
    data: Data = DEFAULT_DATA,
    catalogue: CatalogueFile = None,
    at: At = None,
    since: Annotated[str | None, typer.Option(help="Also tell the means at this moment, to compare with.")] = None,
    top: Annotated[int, typer.Option(min=0, max=1000, help="How many persons with the most points to explain.")] = 5,
    persons: Annotated[
        str | None,
        typer.Option("--persons", help="List the persons with points of this score instead; with --at-least."),
    ] = None,
    at_least: Annotated[float | None, typer.Option(help="With --persons: so many points or more.")] = None,
    where: Where = None,
    time_zone: Zone = "UTC",
    bots: Bots = False,
    json: Json = False,
) -> None:
    """Read every score of a catalogue: how points are spread, who has most, and why."""
    from sojourn.analyse.scores import scores as ask  # noqa: PLC0415  (heavy)

    if (persons is None) != (at_least is None):
        raise BadOption("--persons NAME and --at-least POINTS go together")
    with progress_bar(quiet=json) as progress:
        scope = Scope(data, tuple(where or ()), None, None, time_zone, bots)
        result = ask(scope.journeys(progress=progress), catalogue=catalogue, at=at, since=since, top=top)
        listed = None
        if persons is not None and at_least is not None:
            listed = result.persons(persons, at_least=at_least)
    if listed is None:
        show(result, as_json=json)
    else:
        show_persons(listed, as_json=json)
