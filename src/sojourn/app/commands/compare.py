"""`sojourn compare`."""

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


def compare(  # noqa: PLR0913  (one argument an option)
    step: Annotated[
        list[str] | None,
        typer.Option("--step", "-s", help="A step of a funnel: event, `A|B`, predicate, or `not X` between two."),
    ] = None,
    data: Data = DEFAULT_DATA,
    at: Annotated[
        int | None,
        typer.Option(help="Compare who was lost at this step with who reached it, from 1; the last if not given."),
    ] = None,
    within: Annotated[str | None, typer.Option(help="Longest time from first to last step, e.g. 7d.")] = None,
    group: Annotated[
        str | None, typer.Option(help="Instead of steps: persons with such an event (a name or a predicate).")
    ] = None,
    against: Annotated[str | None, typer.Option(help="Compare them with persons with such an event.")] = None,
    kind: Annotated[
        list[str] | None,
        typer.Option(help="Try only these: event, property, repeat, order, timing, moment."),
    ] = None,
    property_: Annotated[
        list[str] | None, typer.Option("--property", help="Try only this property, e.g. context.device.type.")
    ] = None,
    by: By = None,
    gap: Annotated[str, typer.Option(help="Silence that ends a visit.")] = "30m",
    most: Annotated[int, typer.Option(help="How many findings to list.")] = 20,
    persons: Annotated[
        int | None, typer.Option("--persons", help="List the persons who have this finding, from 0, instead.")
    ] = None,
    side: Annotated[
        Literal["a", "b"], typer.Option(help="Of the first group (a, leavers) or the second (b, converters).")
    ] = "a",
    where: Where = None,
    start: From = None,
    until: Until = None,
    time_zone: Zone = "UTC",
    bots: Bots = False,
    json: Json = False,
) -> None:
    """Find what separates those who leave at a step from those who go on, or two groups of persons."""
    from sojourn.analyse.compare import compare as ask  # noqa: PLC0415  (heavy)
    from sojourn.analyse.comparison_features import KINDS  # noqa: PLC0415  (heavy)

    scope = Scope(data, tuple(where or ()), start, until, time_zone, bots)
    with progress_bar(quiet=json) as progress:
        result = ask(
            scope.journeys(progress=progress), step or (), at=at, within=within, group=group, against=against, by=by,
            kinds=kind or KINDS,  # type: ignore[arg-type]  # `compare` says what it accepts
            properties=property_, gap=gap, most=most,
        )  # fmt: skip
        listed = None if persons is None else result.persons(persons, side)
    if listed is None:
        show(result, as_json=json)
    else:
        show_persons(listed, as_json=json)
