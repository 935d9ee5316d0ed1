"""`sojourn events`."""

from __future__ import annotations

from typing import Annotated

import typer

from sojourn.app.asking import DEFAULT_DATA, Bots, Data, From, Json, Scope, Until, Where, Zone, progress_bar, say, show
from sojourn.records.errors import BadOption


def events(  # noqa: PLR0913  (one argument an option)
    data: Data = DEFAULT_DATA,
    rejected: Annotated[
        bool, typer.Option("--rejected", help="Show rows in quarantine instead, newest first.")
    ] = False,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Show new events as they are collected, one a line, until Ctrl-C.")
    ] = False,
    most: Annotated[int, typer.Option(min=1, help="At most this many names or rows.")] = 50,
    where: Where = None,
    start: From = None,
    until: Until = None,
    time_zone: Zone = "UTC",
    bots: Bots = False,
    json: Json = False,
) -> None:
    """Say what the folder holds: events by name, persons, first and last time, bots, and rows in quarantine.

    With `--follow`, collected events as they come instead.
    """
    from sojourn.analyse.overview import overview  # noqa: PLC0415  (heavy)
    from sojourn.app.quarantine import quarantine  # noqa: PLC0415  (heavy)
    from sojourn.store.folder import open_folder  # noqa: PLC0415  (heavy)

    if follow:
        from sojourn.app.following import follow as lines  # noqa: PLC0415  (heavy)

        if rejected or where or start or until:
            message = "--follow shows every event as it comes; it goes with --json alone"
            raise BadOption(message)
        for line in lines(open_folder(data), as_json=json):
            say(line)
        return
    if rejected:
        show(quarantine(open_folder(data), most=most), as_json=json)
        return
    scope = Scope(data, tuple(where or ()), start, until, time_zone, bots)
    with progress_bar(quiet=json) as progress:
        result = overview(scope.journeys(progress=progress), most=most)
    show(result, as_json=json)
