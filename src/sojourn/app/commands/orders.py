"""`sojourn orders`."""

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


def orders(  # noqa: PLR0913  (one argument an option)
    data: Data = DEFAULT_DATA,
    order: Annotated[
        str, typer.Option(help="Column of the order's id; an id counts once a person, however many events carry it.")
    ] = "order_id",
    value: Annotated[
        str | None, typer.Option(help="Column of the order's value; else revenue, where the log has it.")
    ] = None,
    quantity: Annotated[str | None, typer.Option(help="Column of a line's quantity; negative: taken back.")] = None,
    price: Annotated[
        str | None, typer.Option(help="Column of a line's price a piece; with --quantity it makes the value.")
    ] = None,
    currency: In = None,
    rates: RatesFile = None,
    by: By = None,
    trend: Annotated[
        Literal["hour", "day", "week", "month"] | None, typer.Option(help="Also by period of the order's first event.")
    ] = None,
    persons: Annotated[
        Literal["all", "repeat", "taken_back"] | None,
        typer.Option("--persons", help="List persons instead: all who ordered, who did again, or who took one back."),
    ] = None,
    group: Annotated[str | None, typer.Option(help="With --by and --persons: only orders of this group.")] = None,
    where: Where = None,
    start: From = None,
    until: Until = None,
    time_zone: Zone = "UTC",
    bots: Bots = False,
    json: Json = False,
) -> None:
    """Count orders: how many, how large, who orders again, what is taken back. Amounts are told a currency, never added over several.

    An order is a person and an order id. Which events count is said with --where.
    """
    scope = Scope(data, tuple(where or ()), start, until, time_zone, bots)
    with progress_bar(quiet=json) as progress:
        result = scope.journeys(progress=progress).orders(
            order=order, value=value, quantity=quantity, price=price, currency=currency, rates=rates, by=by, trend=trend
        )
        listed = None if persons is None else result.persons_of(persons, group=group)
    if listed is None:
        show(result, as_json=json)
    else:
        show_persons(listed, as_json=json)
