"""`sojourn segments`."""

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


def segments(  # noqa: PLR0913  (one argument an option)
    data: Data = DEFAULT_DATA,
    catalogue: CatalogueFile = None,
    at: At = None,
    persons: Annotated[str | None, typer.Option("--persons", help="List the persons in this segment instead.")] = None,
    stage: Annotated[str | None, typer.Option(help="List the persons on this stage instead.")] = None,
    where: Where = None,
    time_zone: Zone = "UTC",
    bots: Bots = False,
    json: Json = False,
) -> None:
    """Count the persons in every segment and on every stage of the lifecycle."""
    from sojourn.analyse.segments import segments as ask  # noqa: PLC0415  (heavy)

    with progress_bar(quiet=json) as progress:
        scope = Scope(data, tuple(where or ()), None, None, time_zone, bots)
        result = ask(scope.journeys(progress=progress), catalogue=catalogue, at=at)
        listed = None if persons is None and stage is None else result.persons(persons, stage=stage)
    if listed is None:
        show(result, as_json=json)
    else:
        show_persons(listed, as_json=json)
