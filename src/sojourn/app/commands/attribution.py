"""`sojourn attribution`."""

from __future__ import annotations

from pathlib import Path
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
from sojourn.records.errors import BadOption

_KINDS = ("converters", "non_converters", "without_touch")
_Model = Literal[
    "first",
    "last",
    "last_non_direct",
    "linear",
    "time_decay",
    "position_u",
    "position_w",
    "markov",
    "shapley",
    "logistic",
]


def _read_models(text: str | None) -> list[_Model] | None:
    """Names with commas between; what is no model's name is refused by the question."""
    return None if text is None else [name.strip() for name in text.split(",")]  # type: ignore[misc]  # see above


def attribution(  # noqa: PLR0913  (one argument an option)
    goal: Annotated[
        str | None, typer.Option("--goal", "-g", help="What a conversion is: event, `A|B`, or predicate.")
    ] = None,
    touch: Annotated[
        str | None, typer.Option("--touch", "-t", help="Column whose values are the channels; `event` for event names.")
    ] = None,
    paths: Annotated[
        Path | None, typer.Option(help="A ready path table instead of a log: path, total_conversions, ...")
    ] = None,
    data: Data = DEFAULT_DATA,
    touch_event: Annotated[str | None, typer.Option(help="Only these events are touches.")] = None,
    touches: Annotated[
        Literal["events", "visits"], typer.Option(help="Every event with a channel is a touch, or a visit is one.")
    ] = "events",
    lookback: Annotated[str, typer.Option(help="Touches up to this long before the conversion count.")] = "30d",
    half_life: Annotated[str, typer.Option(help="In time decay a touch this much earlier weighs half.")] = "7d",
    value: Annotated[str, typer.Option(help="Column of the value of a conversion.")] = "revenue",
    currency: In = None,
    rates: RatesFile = None,
    orders: Annotated[
        Literal["once", "lines"], typer.Option(help="Rows of one order: only the first counts, or their values add up.")
    ] = "once",
    direct: Annotated[
        list[str] | None,
        typer.Option(help="A channel that last-non-direct passes over; else direct, (direct), (none)."),
    ] = None,
    milestone: Annotated[str | None, typer.Option(help="Event in the middle of the W model.")] = None,
    channels: Annotated[int, typer.Option(help="Channels kept, at most 60; the rest are put together.")] = 30,
    separator: Annotated[str, typer.Option(help="What stands between two channels of --paths.")] = ">",
    spend: Annotated[
        Path | None, typer.Option(help="CSV of costs: channel, cost, and if there are any date, currency.")
    ] = None,
    spend_channel: Annotated[str | None, typer.Option(help="Its column of channels, when the guess is wrong.")] = None,
    spend_cost: Annotated[str | None, typer.Option(help="Its column of costs, when the guess is wrong.")] = None,
    models: Annotated[
        str | None,
        typer.Option(help="Only these models, with commas: first,last,linear; all ten if not given."),
    ] = None,
    top: Annotated[int, typer.Option(min=0, help="Paths listed, those with most conversions.")] = 10,
    by: By = None,
    persons: Annotated[
        str | None,
        typer.Option(
            "--persons", help="List persons instead: of a channel, converters, non_converters or without_touch."
        ),
    ] = None,
    model: Annotated[_Model, typer.Option(help="Model that credits the channel of --persons.")] = "linear",
    where: Where = None,
    start: From = None,
    until: Until = None,
    time_zone: Zone = "UTC",
    bots: Bots = False,
    json: Json = False,
) -> None:
    """Share out conversions among the channels before them, by ten models side by side."""
    from sojourn.analyse.attribution import DIRECT, attribute_paths  # noqa: PLC0415  (heavy)
    from sojourn.analyse.attribution import attribution as ask  # noqa: PLC0415  (heavy)
    from sojourn.analyse.spend import SpendSource  # noqa: PLC0415  (heavy)

    if paths is not None:
        show(attribute_paths(paths, direct=direct or DIRECT, separator=separator, channels=channels), as_json=json)
        return
    if goal is None or touch is None:
        message = (
            "name a goal and the column of the channels, such as --goal purchase --touch channel; or give --paths FILE"
        )
        raise BadOption(message)
    source = SpendSource(spend, spend_channel, spend_cost) if spend is not None else None
    scope = Scope(data, tuple(where or ()), start, until, time_zone, bots)
    with progress_bar(quiet=json) as progress:
        result = ask(
            scope.journeys(progress=progress), goal=goal, touch=touch, touch_event=touch_event,
            touches=touches, lookback=lookback,
            half_life=half_life, value=value, currency=currency, rates=rates, orders=orders, direct=direct or DIRECT, milestone=milestone,
            channels=channels, by=by, spend=source, models=_read_models(models), top=top,
        )  # fmt: skip
        listed = None
        if persons is not None:
            listed = result.persons_of(persons) if persons in _KINDS else result.persons(persons, model=model)  # type: ignore[arg-type]  # one of the three, just tested
    if listed is None:
        show(result, as_json=json)
    else:
        show_persons(listed, as_json=json)
