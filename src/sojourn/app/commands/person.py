"""`sojourn person`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from sojourn.app.asking import (
    DEFAULT_DATA,
    Bots,
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

if TYPE_CHECKING:
    from sojourn.analyse.journeys import Journeys

_DAY_US = 86_400_000_000
_DAYS, _WEEKS = 21, 120


def person(  # noqa: PLR0913  (one argument an option)
    person: Annotated[
        str | None, typer.Argument(help="A user id or anonymous id; left out: everybody, by cohort.")
    ] = None,
    data: Data = DEFAULT_DATA,
    cohort: Annotated[
        str | None,
        typer.Option(help="Everybody by `month` (`day`, `week`) of the first event, or by a column's first value."),
    ] = None,
    period: Annotated[
        Literal["hour", "day", "week", "month"] | None, typer.Option(help="How long a period is; else one that suits.")
    ] = None,
    asset: Annotated[str | None, typer.Option(help="Column of the pages to count; else path or the like.")] = None,
    views: Annotated[str | None, typer.Option(help="Events that are page views; else Page Viewed, else all.")] = None,
    purchase: Annotated[
        str | None, typer.Option(help="Events that are purchases; else Order Completed or the like.")
    ] = None,
    value: Annotated[str, typer.Option(help="Column of the value of a purchase.")] = "revenue",
    currency: In = None,
    rates: RatesFile = None,
    gap: Annotated[str, typer.Option(help="Silence that ends a session.")] = "30m",
    gap_rule: Annotated[
        Literal["reaches", "exceeds"], typer.Option(help="Whether a silence equal to the gap ends it.")
    ] = "reaches",
    sessions: Annotated[int, typer.Option(help="At most so many sessions with their events, the latest.")] = 100,
    persons: Annotated[
        str | None,
        typer.Option("--persons", help="Without a person: list the persons of this cohort, or `all`, instead."),
    ] = None,
    where: Where = None,
    start: From = None,
    until: Until = None,
    time_zone: Zone = "UTC",
    bots: Bots = False,
    json: Json = False,
) -> None:
    """Show one person's timeline, identities and measures over time, or how measures develop over everybody's lives."""
    if person is not None and cohort is not None:
        message = f"name a person or a cohort, not both: got {person!r} and --cohort {cohort}"
        raise BadOption(message)
    if person is not None and persons is not None:
        message = f"--persons lists a cohort; leave out the person {person!r}, or the option"
        raise BadOption(message)
    scope = Scope(data, tuple(where or ()), start, until, time_zone, bots)
    with progress_bar(quiet=json) as progress:
        journeys = scope.journeys(progress=progress)
        if person is not None:
            told = journeys.person(
                person, period=period, asset=asset, views=views, purchase=purchase, value=value, currency=currency,
                rates=rates, gap=gap, gap_rule=gap_rule, sessions=sessions,
            )  # fmt: skip
            from sojourn.app.live import live_profile  # noqa: PLC0415  (heavy)
            from sojourn.app.live_profile import PersonAnswer  # noqa: PLC0415  (heavy)

            show(PersonAnswer(told, live_profile(journeys.index.folder, person)), as_json=json)
            return
        fitting = cohort if cohort in ("hour", "day", "week", "month") else _fitting(journeys)
        result = journeys.history(
            period=period or fitting, cohort=cohort, asset=asset, views=views, purchase=purchase, value=value,
            currency=currency, rates=rates, gap=gap, gap_rule=gap_rule,
        )  # fmt: skip
        listed = result.persons(persons) if persons is not None else None
    if listed is None:
        show(result, as_json=json)
    else:
        show_persons(listed, as_json=json)


def _fitting(journeys: Journeys) -> Literal["day", "week", "month"]:
    """A period of which the log has some, and not too many."""
    manifest = journeys.index.manifest
    days = (manifest.last_us - manifest.first_us) / _DAY_US
    return "day" if days <= _DAYS else "week" if days <= _WEEKS else "month"
