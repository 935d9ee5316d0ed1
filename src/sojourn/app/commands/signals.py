"""`sojourn signals`."""

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


def signals(  # noqa: PLR0913  (one argument an option)
    data: Data = DEFAULT_DATA,
    catalogue: CatalogueFile = None,
    at: At = None,
    persons: Annotated[
        str | None, typer.Option("--persons", help="List the persons in whom this signal is not 0, instead.")
    ] = None,
    where: Where = None,
    time_zone: Zone = "UTC",
    bots: Bots = False,
    json: Json = False,
) -> None:
    """Read every signal of a catalogue: how many persons have it, how often it fired, how strong it is."""
    from sojourn.analyse.signals import signals as ask  # noqa: PLC0415  (heavy)

    with progress_bar(quiet=json) as progress:
        scope = Scope(data, tuple(where or ()), None, None, time_zone, bots)
        result = ask(scope.journeys(progress=progress), catalogue=catalogue, at=at)
        listed = None if persons is None else result.persons(persons)
    if listed is None:
        show(result, as_json=json)
    else:
        show_persons(listed, as_json=json)
