"""What is asked about changes of behaviour.

In: journeys and options. Out: a `ChangesQuestion`: the periods, what is counted in them, and how sure a finding must be.
Never looks at a person; what is counted twice under two names is told by `without_doubles` once the sums are known.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from sojourn.analyse.groups import Breakdown, read_breakdown
from sojourn.analyse.guessed_columns import usual_purchases
from sojourn.analyse.money import read_money
from sojourn.records.durations import microseconds
from sojourn.records.errors import BadOption, UnknownEvent
from sojourn.records.periods import from_us, to_us, zone

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sojourn.analyse.journeys import Journeys
    from sojourn.analyse.money import Money

Kind = Literal["events", "visits", "event", "spend"]
DAY_US = 86_400_000_000
YEAR_US = 365.25 * DAY_US
_MOST_PERIODS = 5_000
_FEWEST = 4
_FALLS = 0.85
"""Part of the chance that is spent on falls; the rest on rises, whose distribution has the longer tail."""
_STARTS = 3
"""The screen chooses where a stretch begins, which makes up to three chances of one (measured, docs/measurements.md)."""
_ALIKE = 0.95
_NEARLY = 100
"""A first period of which less than this part (one hundredth) is missing counts as whole."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One thing that is counted by period.

    Attributes:
        name: `events`, `visits`, `spend`, or the name of an event.
        kind: What it is.
        unit: What a number of it is, without the period: `events`, `EUR`.
    """

    name: str
    kind: Kind
    unit: str


@dataclass(frozen=True, slots=True)
class ChangesQuestion:
    """What was asked.

    Attributes:
        period_us: Length of a period, microseconds.
        begin_us: Where the first period begins; the last one ends where the log ends.
        periods: How many.
        whole_first: Whether the log covers all of the first period.
        baseline: Periods of a first baseline.
        chance: Most steady persons that are wrongly found in a year, as a part of all.
        least: Smallest change that is told, as a part of the baseline.
        metrics: What is counted.
        gap_us: Silence that ends a visit.
        money: How amounts are read; None for none.
        worth: Of each event of the log, whether its amount is spend.
        breakdown: Groups; None for none.
        told_from: First period whose beginning changes are told.
        time_zone: Zone of dates.
    """

    period_us: int
    begin_us: int
    periods: int
    whole_first: bool
    baseline: int
    chance: float
    least: float
    metrics: tuple[Metric, ...]
    gap_us: int
    money: Money | None
    worth: NDArray[np.bool_]
    breakdown: Breakdown | None
    told_from: int
    time_zone: str

    @property
    def end_us(self) -> int:
        """Where the last period ends."""
        return self.begin_us + self.periods * self.period_us

    def date(self, place: int) -> str:
        """Date a period begins, counted back from the end by the calendar; with the time when periods are shorter than days."""
        length = dt.timedelta(microseconds=self.period_us)
        end = from_us(self.end_us).astimezone(zone(self.time_zone))
        if self.period_us < DAY_US:
            return (
                (end.astimezone(dt.UTC) - (self.periods - place) * length)
                .astimezone(end.tzinfo)
                .isoformat("T", "minutes")
            )
        return (end.replace(tzinfo=None) - (self.periods - place) * length).date().isoformat()

    @property
    def ratio(self) -> float:
        """What is left of the baseline after the smallest fall that is told."""
        return 1 - self.least

    @property
    def looks_a_year(self) -> float:
        """Periods in a year."""
        return YEAR_US / self.period_us

    @property
    def weights(self) -> NDArray[np.float64]:
        """Part of the chance each metric may spend: half for all events together, the other half for the rest."""
        others = len(self.metrics) - 1
        return np.array([0.5, *[0.5 / others] * others]) if others else np.ones(1)

    @property
    def limits(self) -> NDArray[np.float64]:
        """What the tails of a fall and a rise may be, by metric: the chance shared among all looks of a year."""
        each = self.chance * self.weights / self.looks_a_year / _STARTS
        return np.stack([_FALLS * each, (1 - _FALLS) * each], axis=1)

    def place(self, kind: Kind) -> int:
        """Where the metric of a kind stands; -1 without it."""
        return next((n for n, metric in enumerate(self.metrics) if metric.kind == kind), -1)

    def metric_of(self, events: Sequence[str]) -> NDArray[np.int64]:
        """For each event of the log the metric of its own, or -1."""
        own = {metric.name: n for n, metric in enumerate(self.metrics) if metric.kind == "event"}
        return np.array([own.get(event, -1) for event in events], np.int64)


def read_changes(  # noqa: PLR0913  (the options of `changes`, passed on once)
    journeys: Journeys,
    *,
    every: str | dt.timedelta,
    baseline: int,
    chance: float,
    least: float,
    events: Sequence[str] | None,
    most_events: int,
    gap: str | dt.timedelta,
    value: str | None,
    currency: str | None,
    rates: str | os.PathLike[str] | None,
    by: str | None,
    recent: str | dt.timedelta | None,
) -> ChangesQuestion:
    """Read the options; see `changes`.

    Raises:
        BadOption: An option outside what it accepts.
        UnknownEvent: No event has the name.
    """
    if not 0 < chance < 1:
        raise BadOption(f"expected a chance between 0 and 1, such as 0.02, got {chance}")
    if not 0 <= least < 1:
        raise BadOption(f"expected a least change from 0 up to below 1, such as 0.3, got {least}")
    if baseline < _FEWEST:
        raise BadOption(f"expected a baseline of at least {_FEWEST} periods, got {baseline}")
    if most_events < 0:
        raise BadOption(f"expected 0 or more event names, got {most_events}")
    period_us = microseconds(every)
    start, end = _known(journeys, period_us)
    periods = max(0, -(-(end - start) // period_us))
    if periods > _MOST_PERIODS:
        raise BadOption(f"over {_MOST_PERIODS:,} periods of {every}; choose longer ones or a shorter stretch")
    money = read_money(journeys, value, currency=currency, rates=rates)
    bought = usual_purchases(journeys)
    return ChangesQuestion(
        period_us=period_us,
        begin_us=end - periods * period_us,
        periods=periods,
        whole_first=(periods * period_us - (end - start)) * _NEARLY < period_us,
        baseline=baseline,
        chance=chance,
        least=least,
        metrics=_metrics(journeys, events, most_events, money),
        gap_us=microseconds(gap),
        money=money,
        worth=np.array([bought is None or event in bought.names for event in journeys.events], np.bool_),
        breakdown=read_breakdown(by),
        told_from=0 if recent is None else periods - microseconds(recent) // period_us,
        time_zone=journeys.time_zone,
    )


def without_doubles(question: ChangesQuestion, totals: NDArray[np.float64]) -> tuple[ChangesQuestion, list[int]]:
    """The question without what is the same as all events: asking twice would only spend the chance twice.

    Args:
        question: The question.
        totals: Sum of each metric over the log.

    Returns:
        The question, and the places of the metrics that are left.
    """
    kept = [
        n
        for n, metric in enumerate(question.metrics)
        if metric.kind in ("events", "spend") or 0 < totals[n] < _ALIKE * totals[0]
    ]
    return dataclasses.replace(question, metrics=tuple(question.metrics[n] for n in kept)), kept


def _known(journeys: Journeys, period_us: int) -> tuple[int, int]:
    """From when and until when the log is known; a filter on events does not shorten it.

    Periods of days end at midnight: a last day that is not nearly over is left out, else it would look like a fall.
    """
    manifest = journeys.index.manifest
    start = manifest.first_us if journeys.from_us is None else max(manifest.first_us, journeys.from_us)
    end = manifest.last_us + 1
    if journeys.until_us is not None and journeys.until_us <= manifest.last_us:
        end = journeys.until_us
    elif period_us % DAY_US == 0:
        local = from_us(end).astimezone(zone(journeys.time_zone)) + dt.timedelta(hours=1)
        end = to_us(local.replace(hour=0, minute=0, second=0, microsecond=0))
    return start, end


def _metrics(
    journeys: Journeys, events: Sequence[str] | None, most_events: int, money: Money | None
) -> tuple[Metric, ...]:
    names = _frequent(journeys, most_events) if events is None else tuple(dict.fromkeys(events))
    unknown = [name for name in names if name not in journeys.events]
    if unknown:
        raise UnknownEvent(f"no event is called {unknown[0]!r}; there are {', '.join(sorted(journeys.events)[:20])}")
    made = [Metric("events", "events", "events"), Metric("visits", "visits", "visits")]
    made += [Metric(name, "event", "events") for name in names]
    if money is not None:
        made.append(Metric("spend", "spend", money.currency or money.value))
    return tuple(made)


def _frequent(journeys: Journeys, most: int) -> tuple[str, ...]:
    """The most frequent names of events, as many as asked for."""
    counts = np.sum([np.bincount(part.event, minlength=len(journeys.events)) for part in journeys.parts()], axis=0)
    order = np.argsort(-counts, kind="stable")[:most]
    return tuple(journeys.events[n] for n in order.tolist() if counts[n])
