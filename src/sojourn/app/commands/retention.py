"""`sojourn retention`."""

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


def retention(  # noqa: PLR0913  (one argument an option)
    data: Data = DEFAULT_DATA,
    first: Annotated[
        str | None, typer.Option(help="What puts a person in a cohort: event, `A|B` or predicate; else any event.")
    ] = None,
    returning: Annotated[str | None, typer.Option(help="What counts as coming back; else any event.")] = None,
    period: Annotated[Literal["day", "week", "month"], typer.Option(help="Length of the cohorts' periods.")] = "week",
    mode: Annotated[
        Literal["bounded", "unbounded", "rolling"],
        typer.Option(
            help="Came back in exactly that period, in it or later, or in windows from each one's own first event."
        ),
    ] = "bounded",
    window: Annotated[
        str | None, typer.Option(help="Length of a rolling window, e.g. 7d; else 1, 7 or 30 days.")
    ] = None,
    periods: Annotated[int | None, typer.Option(help="Periods after the first to count; else all.")] = None,
    by: By = None,
    persons: Annotated[
        str | None, typer.Option("--persons", help="List the persons of this cohort (or of `all`) instead.")
    ] = None,
    after: Annotated[
        int, typer.Option(help="Of those persons, who came back in this period after the first; 0 for all.")
    ] = 0,
    where: Where = None,
    start: From = None,
    until: Until = None,
    time_zone: Zone = "UTC",
    bots: Bots = False,
    json: Json = False,
) -> None:
    """Of those who began in one period, count who came back in the periods after."""
    from sojourn.analyse.retention import retention as ask  # noqa: PLC0415  (heavy)

    scope = Scope(data, tuple(where or ()), start, until, time_zone, bots)
    with progress_bar(quiet=json) as progress:
        result = ask(
            scope.journeys(progress=progress), first=first, returning=returning, period=period, mode=mode,
            window=window, periods_after=periods, by=by,
        )  # fmt: skip
        listed = None if persons is None else result.persons_of(None if persons == "all" else persons, after=after)
    if listed is None:
        show(result, as_json=json)
    else:
        show_persons(listed, as_json=json)
