"""`sojourn changes`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from sojourn.app.asking import (
    DEFAULT_DATA,
    Bots,
    By,
    Data,
    From,
    In,
    Json,
    RatesFile,
    Scope,
    Until,
    Where,
    Zone,
    progress_bar,
    show,
    show_persons,
)


def changes(  # noqa: PLR0913  (one argument an option)
    data: Data = DEFAULT_DATA,
    every: Annotated[str, typer.Option(help="Length of a period, counted back from the end of the log.")] = "7d",
    baseline: Annotated[int, typer.Option(help="Periods a person must be known for before it is looked at.")] = 12,
    chance: Annotated[
        float,
        typer.Option(
            help="Most steady persons wrongly found in a year, as a part of all.", envvar="SOJOURN_CHANGES_CHANCE"
        ),
    ] = 0.02,
    least: Annotated[
        float,
        typer.Option(
            help="Smallest change of a person that is told, as a part of the baseline.", envvar="SOJOURN_CHANGES_LEAST"
        ),
    ] = 0.3,
    least_of_groups: Annotated[
        float, typer.Option(help="The same for groups.", envvar="SOJOURN_CHANGES_LEAST_OF_GROUPS")
    ] = 0.1,
    event: Annotated[
        list[str] | None,
        typer.Option("--event", "-e", help="Count this event by itself; without any, the most frequent ones."),
    ] = None,
    most_events: Annotated[int, typer.Option(help="How many of the most frequent events.")] = 8,
    gap: Annotated[str, typer.Option(help="Silence that ends a visit.")] = "30m",
    value: Annotated[str, typer.Option(help="Column of amounts: spend.")] = "revenue",
    in_: In = None,
    rates: RatesFile = None,
    by: By = None,
    recent: Annotated[
        str | None, typer.Option(help="Only changes that began within this long before the end, e.g. 8w.")
    ] = None,
    most: Annotated[int, typer.Option(help="Changes that are listed; counts and --persons hold all.")] = 1000,
    persons: Annotated[
        Literal["all", "fell", "rose"] | None, typer.Option("--persons", help="List these persons instead.")
    ] = None,
    metric: Annotated[str | None, typer.Option("--metric", help="With --persons: only those of this metric.")] = None,
    where: Where = None,
    start: From = None,
    until: Until = None,
    time_zone: Zone = "UTC",
    bots: Bots = False,
    json: Json = False,
) -> None:
    """Compare each person's recent past with their own baseline: what fell or rose, since when, how sure; and each group's."""
    from sojourn.analyse.changes import changes as ask  # noqa: PLC0415  (heavy)

    scope = Scope(data, tuple(where or ()), start, until, time_zone, bots)
    with progress_bar(quiet=json) as progress:
        result = ask(
            scope.journeys(progress=progress),
            every=every,
            baseline=baseline,
            chance=chance,
            least=least,
            least_of_groups=least_of_groups,
            events=event,
            most_events=most_events,
            gap=gap,
            value=value,
            currency=in_,
            rates=rates,
            by=by,
            recent=recent,
            most=most,
        )
        listed = None
        if persons is not None:
            listed = result.persons_of(None if persons == "all" else persons, metric=metric)
    if listed is None:
        show(result, as_json=json)
    else:
        show_persons(listed, as_json=json)
