"""History of measures: how visits, time, purchases and clicks develop over people's lives, by cohort.

In: parts and a `HistoryQuestion`. Out: `History`: means a person by periods since the first event.
Definitions, with a worked example: docs/methods/person-history.md. One person's own: `analyse.person`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from sojourn.analyse import history_kernel as kernel
from sojourn.analyse.channels import find_channels
from sojourn.analyse.groups import Breakdown, group_events
from sojourn.analyse.history_question import HistoryQuestion, day_bounds, read_history
from sojourn.analyse.money import amounts
from sojourn.analyse.parts import frozen
from sojourn.analyse.results import Drill, Persons, Result
from sojourn.analyse.roles import event_roles, view_masks
from sojourn.analyse.steps import Step
from sojourn.records.errors import BadOption
from sojourn.records.periods import Period
from sojourn.store.columns import TextColumn

if TYPE_CHECKING:
    import datetime as dt
    import os
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sojourn.analyse.channels import Channels
    from sojourn.analyse.groups import Grouping
    from sojourn.analyse.journeys import Journeys
    from sojourn.analyse.parts import GapRule, Part

_SECOND = 1_000_000
_MOST_SUMS = 5_000_000


@dataclass(frozen=True, slots=True)
class HistoryPeriod:
    """What persons of a cohort did in one period of their lives, a person.

    Attributes:
        cohort: The cohort.
        period: Periods since the one of the first event; 0 is that one.
        persons: Persons of the cohort whose life has this period within the log; the means are over them.
        active_persons: Of these, persons with an event in it.
        visits: Sessions begun in it, mean.
        events: Events, mean.
        session_s: Length of the sessions begun in it, seconds, mean.
        page_s: Time on the pages viewed in it, as far as known, seconds, mean.
        active_days: Days with an event, mean.
        purchases: Purchases, mean.
        revenue: Their value, mean.
        assets: Page views by page, without known page views events by name, mean.
    """

    cohort: str
    period: int
    persons: int
    active_persons: int
    visits: float
    events: float
    session_s: float
    page_s: float
    active_days: float
    purchases: float
    revenue: float
    assets: dict[str, float]


@dataclass(frozen=True, slots=True)
class HistoryCohort:
    """One cohort.

    Attributes:
        cohort: Its name; `all` for everybody.
        persons: Persons.
        first_session_s: Length of a person's first session, seconds, mean.
        periods: By period since the first event.
    """

    cohort: str
    persons: int
    first_session_s: float
    periods: tuple[HistoryPeriod, ...]


@dataclass(frozen=True, slots=True)
class History(Result):
    """How measures develop over people's lives.

    Attributes:
        period: How long a period is.
        by: What makes a cohort; None without cohorts.
        asset: Column of the pages or events in `assets`.
        all: Everybody together.
        cohorts: By cohort, oldest or largest first; empty without cohorts.
        currency: What `revenue` is in; None when the log names none.
        money_note: What a reader of `revenue` must know; empty when all amounts are in one currency.
        note: What the reader should know; empty when nothing.
    """

    period: Period
    by: str | None
    asset: str
    all: HistoryCohort
    cohorts: tuple[HistoryCohort, ...] = ()
    currency: str | None = None
    money_note: str = ""
    note: str = ""
    _drill: Drill | None = field(default=None, repr=False, compare=False)

    def rows(self) -> Sequence[HistoryPeriod]:
        """Every period of everybody, then of each cohort."""
        return [period for cohort in (self.all, *self.cohorts) for period in cohort.periods]

    def persons(
        self, cohort: str = "all", period: int | None = None, *, standing: Literal["active", "known"] = "active"
    ) -> Persons:
        """Persons of a cohort; with a period, those of them active in that period of their lives.

        Args:
            cohort: Its name in the result; `all` for everybody.
            period: Which period of their lives, from 0; None for any.
            standing: With a period: those `active` in it, or all whose life has it within the log (`known`).
        """
        assert self._drill is not None  # every History is made by `history`
        return members(self._drill.journeys, self._drill.question, cohort, period, standing)


@dataclass(frozen=True, slots=True)
class HistoryPartial:
    """What one part adds; see `history_kernel.develop`.

    Attributes:
        sums: Shape (cohorts, periods, measures and assets).
        joined: Shape (cohorts, periods): persons by period of their first event.
        first_session_us: Sum of the lengths of first sessions, one a cohort.
    """

    sums: NDArray[np.float64]
    joined: NDArray[np.int64]
    first_session_us: NDArray[np.float64]


def history(  # noqa: PLR0913  (the options of the question; each has a default)
    journeys: Journeys,
    *,
    period: Period = "month",
    cohort: str | None = None,
    asset: str | None = None,
    assets: int = 5,
    views: str | None = None,
    purchase: str | None = None,
    value: str | None = "revenue",
    currency: str | None = None,
    rates: str | os.PathLike[str] | None = None,
    gap: str | dt.timedelta = "30m",
    gap_rule: GapRule = "reaches",
) -> History:
    """Follow measures over people's lives.

    Args:
        journeys: The log.
        period: hour, day, week or month: how long a period is; it follows the calendar of the time zone.
        cohort: `hour`, `day`, `week` or `month` of the first event, or a column: its first known value of a person.
        asset: Column of the pages in `assets`; None for `path` or the like where there are page views, else the event's name.
        assets: How many of its values, the most frequent.
        views: Events that are page views; None for Page Viewed and Screen Viewed, else all events.
        purchase: Events that are purchases; None for names such as Order Completed, else all events with a value.
        value: Column of the value of a purchase; None for none.
        currency: Of values in several currencies only those in this one count; None for the one most are in.
        rates: CSV of date, currency, rate, which converts the others into `currency`.
        gap: Silence that ends a session.
        gap_rule: Whether a silence equal to the gap ends it.

    Raises:
        UnknownColumn: A named column is none.
        UnknownEvent: A named event is none.
        BadOption: An option outside what it accepts.
    """
    if cohort in get_args(Period) and cohort != period:
        raise BadOption(
            f"periods of a {period} go with cohorts of a {period}, got {cohort!r}; choose the same for both"
        )
    question = read_history(
        journeys, period=period, cohort=cohort, asset=asset, assets=assets, views=views, purchase=purchase, value=value,
        currency=currency, rates=rates,
        gap=gap, gap_rule=gap_rule, times=[part.time for part in journeys.parts()],
    )  # fmt: skip
    parts = journeys.parts()
    groupings = group_events(parts, Breakdown(cohort, "first") if cohort and not question.by_period else None)
    found = find_channels(
        journeys,
        parts,
        question.asset,
        most=assets + 1,
        only=view_masks(parts, question.views, time_zone=journeys.time_zone),
    )
    if question.periods is None:
        nobody = HistoryCohort("all", 0, np.nan, ())
        drill = Drill(journeys, question)
        return History(period, cohort, question.asset, nobody, note="No event has a time.", _drill=drill)
    names = question.periods.labels if question.by_period else groupings[0].names
    if len(names) * len(question.periods.labels) * kernel.MEASURES > _MOST_SUMS:
        raise BadOption(f"{len(question.periods.labels):,} periods of a {period} are too many; choose a longer one")
    partials = journeys.map(lambda part, grouping, own: partial(part, question, grouping, own), parts, groupings, found)
    return merge(partials, question, names, found[0].names, journeys=journeys)


def partial(part: Part, question: HistoryQuestion, grouping: Grouping, assets: Channels) -> HistoryPartial:
    """Measure one part.

    Args:
        part: Persons and their events.
        question: What was asked.
        grouping: Cohort of every event's person, when cohorts are not periods.
        assets: Assets of the events.
    """
    assert question.periods is not None  # a log without times is not measured
    cohort = np.empty(0, np.int64) if question.by_period else grouping.at(part.start).astype(np.int64)
    cohorts = len(question.periods.labels) if question.by_period else len(grouping.names)
    classes, kinds = event_roles(
        part,
        [(kernel.VIEW, question.views), (kernel.PURCHASE, question.purchase or Step("", names=()))],
        time_zone=question.time_zone,
    )
    # An amount in a currency that is not told is worth 0, and still a purchase.
    values = amounts(part, question.money, other=0.0) if question.money else frozen(np.empty(0))
    order = part.column("order_id") if question.orders else None
    text = order if isinstance(order, TextColumn) else None
    begins = np.array(question.periods.starts_us, np.int64)
    sums, joined, first = kernel.develop(
        part.start, part.stop, part.time, classes, kinds,
        values, question.purchase is None,
        frozen(np.empty(0, np.int32)) if text is None else text.codes, 0 if text is None else len(text.names),
        assets.codes, assets.channel_of, len(assets.names), begins, day_bounds(question.periods, question.time_zone),
        cohort, cohorts, question.gap_us,
    )  # fmt: skip
    return HistoryPartial(sums, joined, first)


def merge(
    partials: Sequence[HistoryPartial],
    question: HistoryQuestion,
    cohorts: Sequence[str],
    assets: Sequence[str],
    *,
    journeys: Journeys | None = None,
) -> History:
    """Add up the parts."""
    sums = np.sum([p.sums for p in partials], axis=0)
    joined = np.sum([p.joined for p in partials], axis=0)
    first = np.sum([p.first_session_us for p in partials], axis=0)
    whole = _cohort("all", sums.sum(axis=0), joined.sum(axis=0), float(first.sum()), assets)
    made = []
    if question.cohort is not None:
        made = [_cohort(name, sums[n], joined[n], float(first[n]), assets) for n, name in enumerate(cohorts)]
        made = [cohort for cohort in made if cohort.persons]
        if not question.by_period:
            made.sort(key=lambda cohort: -cohort.persons)
    drill = Drill(journeys, question) if journeys is not None else None
    money = question.money
    return History(
        question.period, question.cohort, question.asset, whole, tuple(made), money.currency if money else None,
        money.note if money else "", _drill=drill,
    )  # fmt: skip


def members(journeys: Journeys, question: HistoryQuestion, cohort: str, period: int | None, standing: str) -> Persons:
    """The persons of a cohort, or those of them active in a period of their lives; see `History.persons`."""
    if standing not in ("active", "known"):
        raise BadOption(f"expected active or known, got {standing!r}")
    if question.periods is None:
        # A log without times has no cohorts.
        return Persons(())
    parts = journeys.parts()
    begins = np.array(question.periods.starts_us, np.int64)
    by_column = question.cohort is not None and not question.by_period
    groupings = group_events(parts, Breakdown(str(question.cohort), "first") if by_column else None)
    names = question.periods.labels if question.by_period else groupings[0].names
    if cohort != "all" and cohort not in names:
        raise BadOption(f"{cohort!r} is no cohort; there are {', '.join(names[:20])}")
    chosen = []
    for part, grouping in zip(parts, groupings, strict=True):
        unit = np.repeat(np.arange(len(part.person)), part.stop - part.start)
        timed = np.flatnonzero(part.time != 0)
        place = np.searchsorted(begins, part.time[timed], side="right") - 1
        who, first = np.unique(unit[timed], return_index=True)
        born = np.full(len(part.person), -1)
        born[who] = place[first]
        own = born if question.by_period else np.where(born >= 0, grouping.at(part.start), -1)
        wanted = (born >= 0) & ((cohort == "all") | (own == (list(names).index(cohort) if cohort != "all" else 0)))
        if period is not None and standing == "known":
            wanted &= born + period < len(question.periods.labels)
        elif period is not None:
            active = np.zeros(len(part.person), np.bool_)
            active[unit[timed][place - born[unit[timed]] == period]] = True
            wanted &= active
        chosen.append(part.person[wanted])
    return journeys.persons_of(chosen)


def _cohort(
    name: str, sums: NDArray[np.float64], joined: NDArray[np.int64], first_us: float, assets: Sequence[str]
) -> HistoryCohort:
    """One cohort from its sums by period, and how many joined it in each period of the calendar."""
    periods = len(joined)
    made = []
    for k in range(periods):
        persons = int(joined[: periods - k].sum())
        if persons:
            made.append(_period(name, k, persons, sums[k], assets))
    persons = int(joined.sum())
    return HistoryCohort(name, persons, first_us / _SECOND / persons if persons else np.nan, tuple(made))


def _period(name: str, k: int, persons: int, sums: NDArray[np.float64], assets: Sequence[str]) -> HistoryPeriod:
    mean = sums / persons
    return HistoryPeriod(
        cohort=name,
        period=k,
        persons=persons,
        active_persons=int(sums[kernel.ACTIVE]),
        visits=float(mean[kernel.VISITS]),
        events=float(mean[kernel.EVENTS]),
        session_s=float(mean[kernel.SESSION_US]) / _SECOND,
        page_s=float(mean[kernel.PAGE_US]) / _SECOND,
        active_days=float(mean[kernel.ACTIVE_DAYS]),
        purchases=float(mean[kernel.PURCHASES]),
        revenue=float(mean[kernel.REVENUE]),
        assets={asset: float(mean[kernel.MEASURES + n]) for n, asset in enumerate(assets)},
    )
