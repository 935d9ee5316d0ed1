"""`sojourn events`."""

from __future__ import annotations

from typing import Annotated

import typer

from sojourn.app.asking import DEFAULT_DATA, Bots, Data, From, Json, Scope, Until, Where, Zone, progress_bar, show


def events(  # noqa: PLR0913  (one argument an option)
    data: Data = DEFAULT_DATA,
    rejected: Annotated[
        bool, typer.Option("--rejected", help="Show rows in quarantine instead, newest first.")
    ] = False,
    most: Annotated[int, typer.Option(min=1, help="At most this many names or rows.")] = 50,
    where: Where = None,
    start: From = None,
    until: Until = None,
    time_zone: Zone = "UTC",
    bots: Bots = False,
    json: Json = False,
) -> None:
    """Say what the folder holds: events by name, persons, first and last time, bots, and rows in quarantine."""
    from sojourn.analyse.overview import overview  # noqa: PLC0415  (heavy)
    from sojourn.app.quarantine import quarantine  # noqa: PLC0415  (heavy)
    from sojourn.store.folder import open_folder  # noqa: PLC0415  (heavy)

    if rejected:
        show(quarantine(open_folder(data), most=most), as_json=json)
        return
    scope = Scope(data, tuple(where or ()), start, until, time_zone, bots)
    with progress_bar(quiet=json) as progress:
        result = overview(scope.journeys(progress=progress), most=most)
    show(result, as_json=json)
