"""`sojourn backtest`."""

from __future__ import annotations

from typing import Annotated

import typer

from sojourn.app.asking import (
    DEFAULT_DATA,
    Bots,
    Data,
    Json,
    Scope,
    Where,
    Zone,
    progress_bar,
    show,
    show_persons,
)


def backtest(  # noqa: PLR0913  (one argument an option)
    catalogue: Annotated[str, typer.Argument(help="The changed catalogue: a file, or shop, software, streaming.")],
    data: Data = DEFAULT_DATA,
    against: Annotated[
        str | None,
        typer.Option(help="What it is compared with; else signals.yaml of the data folder or the branch that fits."),
    ] = None,
    start: Annotated[str | None, typer.Option("--from", help="First look; else 30 days before the last.")] = None,
    until: Annotated[str | None, typer.Option("--until", help="Last look; else the log's last event.")] = None,
    every: Annotated[str, typer.Option(help="From one look to the next.")] = "1d",
    goal: Annotated[
        str | None, typer.Option(help="What entries should lead to: event, `A|B` or predicate; tells the precision.")
    ] = None,
    within: Annotated[str, typer.Option(help="How soon after the look at which they had entered.")] = "7d",
    persons: Annotated[
        str | None, typer.Option("--persons", help="List the persons who would have entered this segment instead.")
    ] = None,
    where: Where = None,
    time_zone: Zone = "UTC",
    bots: Bots = False,
    json: Json = False,
) -> None:
    """Try a changed catalogue on the past: who would have entered which segment, how many at a time, and was it right.

    Each look knows what had happened and was received by then, nothing later.
    """
    from sojourn.analyse.backtest import backtest as ask  # noqa: PLC0415  (heavy)

    with progress_bar(quiet=json) as progress:
        scope = Scope(data, tuple(where or ()), None, None, time_zone, bots)
        result = ask(
            scope.journeys(progress=progress), catalogue, against=against, start=start, end=until, every=every,
            goal=goal, within=within,
        )  # fmt: skip
        listed = None if persons is None else result.persons(persons)
    if listed is None:
        show(result, as_json=json)
    else:
        show_persons(listed, as_json=json)
