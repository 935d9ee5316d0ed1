"""`sojourn sessions`."""

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


def sessions(  # noqa: PLR0913  (one argument an option)
    data: Data = DEFAULT_DATA,
    gap: Annotated[str, typer.Option(help="Silence that ends a session.")] = "30m",
    gap_rule: Annotated[
        Literal["reaches", "exceeds"], typer.Option(help="Whether a silence equal to the gap ends it.")
    ] = "reaches",
    page: Annotated[str, typer.Option(help="Column whose values are entry and exit pages, e.g. path.")] = "event",
    by: By = None,
    trend: Annotated[
        Literal["hour", "day", "week", "month"] | None, typer.Option(help="Also by period of the first event.")
    ] = None,
    persons: Annotated[
        Literal["all", "bounced", "returning"] | None, typer.Option("--persons", help="List these persons instead.")
    ] = None,
    where: Where = None,
    start: From = None,
    until: Until = None,
    time_zone: Zone = "UTC",
    bots: Bots = False,
    json: Json = False,
) -> None:
    """Cut journeys into sessions: count, bounce rate, duration, depth, entry and exit pages."""
    from sojourn.analyse.sessions import sessions as ask  # noqa: PLC0415  (heavy)

    scope = Scope(data, tuple(where or ()), start, until, time_zone, bots)
    with progress_bar(quiet=json) as progress:
        result = ask(scope.journeys(progress=progress), gap=gap, gap_rule=gap_rule, page=page, by=by, trend=trend)
        listed = None if persons is None else result.persons_of(persons)
    if listed is None:
        show(result, as_json=json)
    else:
        show_persons(listed, as_json=json)
