"""What is asked about a history of measures.

In: journeys and options. Out: a `HistoryQuestion`. Columns and events nobody named are looked for under their usual names.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

import numpy as np

from sojourn.analyse.channels import has_column
from sojourn.analyse.guessed_columns import usual_page, usual_purchases, usual_views
from sojourn.analyse.money import read_money
from sojourn.analyse.steps import read_step
from sojourn.records.durations import microseconds
from sojourn.records.errors import BadOption
from sojourn.records.periods import Period, Periods, periods

if TYPE_CHECKING:
    import datetime as dt
    import os
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sojourn.analyse.journeys import Journeys
    from sojourn.analyse.money import Money
    from sojourn.analyse.parts import GapRule
    from sojourn.analyse.steps import Step

_MOST_ASSETS = 50


@dataclass(frozen=True, slots=True)
class HistoryQuestion:
    """What was asked.

    Attributes:
        period: How long a period is.
        periods: Periods of the log; None in one without times.
        cohort: What makes a cohort; None for none.
        by_period: Whether it is the period of the first event.
        asset: Column of the assets.
        views: Events that are page views; None for all.
        purchase: Events that are purchases; None for all with a value.
        money: How values of purchases are read; None for none.
        orders: Whether the log has order ids.
        gap_us: Silence that ends a session, microseconds.
        time_zone: Where days begin.
    """

    period: Period
    periods: Periods | None
    cohort: str | None
    by_period: bool
    asset: str
    views: Step | None
    purchase: Step | None
    money: Money | None
    orders: bool
    gap_us: int
    time_zone: str


def read_history(  # noqa: PLR0913  (the options of `history`, passed on once)
    journeys: Journeys,
    *,
    period: Period,
    cohort: str | None,
    asset: str | None,
    assets: int,
    views: str | None,
    purchase: str | None,
    value: str | None,
    currency: str | None,
    rates: str | os.PathLike[str] | None,
    gap: str | dt.timedelta,
    gap_rule: GapRule,
    times: Sequence[NDArray[np.int64]],
) -> HistoryQuestion:
    """Read the options; see `history`.

    Args:
        journeys: The log.
        period: See `history`; so are the others.
        cohort: Cohorts.
        asset: Column of the assets.
        assets: How many.
        views: Page views.
        purchase: Purchases.
        value: Column of their value.
        currency: In which values are told.
        rates: Rates into it.
        gap: Silence that ends a session.
        gap_rule: Whether a silence equal to it does.
        times: Times of the events that the periods cover, 0 for none.
    """
    if gap_rule not in ("reaches", "exceeds"):
        raise BadOption(f"expected gap_rule to be reaches or exceeds, got {gap_rule!r}")
    if period not in get_args(Period):
        raise BadOption(f"expected a period of hour, day, week or month, got {period!r}")
    if not 1 <= assets <= _MOST_ASSETS:
        raise BadOption(f"expected 1 to {_MOST_ASSETS} assets, got {assets}")
    named = read_step(views, journeys.events) if views is not None else usual_views(journeys)
    return HistoryQuestion(
        period=period,
        periods=_spanned(times, period, journeys.time_zone),
        cohort=cohort,
        by_period=cohort in get_args(Period),
        asset=asset or usual_page(journeys, named),
        views=named,
        purchase=read_step(purchase, journeys.events) if purchase is not None else usual_purchases(journeys),
        money=read_money(journeys, value, currency=currency, rates=rates),
        orders=has_column(journeys, "order_id"),
        gap_us=microseconds(gap) + (gap_rule == "exceeds"),
        time_zone=journeys.time_zone,
    )


def _spanned(times: Sequence[NDArray[np.int64]], period: Period, time_zone: str) -> Periods | None:
    """Periods from the earliest time to the latest; None without times."""
    timed = [time[time != 0] for time in times]
    timed = [time for time in timed if len(time)]
    if not timed:
        return None
    first, last = min(int(time.min()) for time in timed), max(int(time.max()) for time in timed)
    return periods(period, first, last, time_zone=time_zone)


def day_bounds(spans: Periods, time_zone: str) -> NDArray[np.int64]:
    """Where each day of these periods begins, and where the last ends."""
    days = periods("day", spans.starts_us[0], spans.starts_us[-1], time_zone=time_zone)
    return np.array(days.starts_us, np.int64)
