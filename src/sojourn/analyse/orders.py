"""Orders: how many, how large, how often the same person orders again, and how many were taken back.

In: parts and an `OrdersQuestion`. Out: `Orders`. Never adds amounts of different currencies.
Definitions and a worked example: docs/methods/orders.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from sojourn.analyse.groups import Breakdown, Grouping, group_events, read_breakdown
from sojourn.analyse.money import Money, priced, read_money
from sojourn.analyse.number_columns import numbers
from sojourn.analyse.quantiles import quantiles
from sojourn.analyse.results import UNNAMED, Drill, Persons, Result
from sojourn.records.errors import BadOption
from sojourn.records.periods import Period, Periods, periods
from sojourn.store.columns import TextColumn

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sojourn.analyse.journeys import Journeys
    from sojourn.analyse.parts import Part

OrderPersons = Literal["all", "repeat", "taken_back"]

_DAY = 86_400_000_000
_MANY = 10


@dataclass(frozen=True, slots=True)
class OrdersQuestion:
    """What was asked.

    Attributes:
        order: Column of the order's id.
        money: How amounts are read: of the order's value, the same on each of its rows, or with `quantity` and a price of a
            line's price a piece; None for none.
        quantity: Column of a line's quantity; None for none.
        priced: Whether `money` is a price a piece.
        breakdown: Groups; None for none.
        trend: Periods of the trend; None for none.
    """

    order: str
    money: Money | None
    quantity: str | None
    priced: bool
    breakdown: Breakdown | None = None
    trend: Periods | None = None

    @property
    def currencies(self) -> tuple[str, ...]:
        """Currencies of the amounts; one without a name when the log names none, none without amounts."""
        return () if self.money is None else self.money.names or ("",)


@dataclass(frozen=True, slots=True)
class OrderAmount:
    """Orders with an amount in one currency.

    Attributes:
        currency: Which; empty when the log names none, `(none)` for amounts without one in a log that names several.
        orders: Orders with an amount in it, taken-back ones too.
        value: Sum of their values, taken-back ones subtracted.
        median_value: Median value of one that is not taken back; nan when all are.
    """

    currency: str
    orders: int
    value: float
    median_value: float


@dataclass(frozen=True, slots=True)
class OrderGroup:
    """Orders of one group, or of one period of the trend.

    Attributes:
        group: Group's name or period's label; an order belongs where its first event does.
        orders: Orders.
        lines: Their events.
        persons: Persons with an order in it.
        repeat_persons: Of these, persons with more than one order in it.
        repeat_share: `repeat_persons / persons`; nan without persons.
        taken_back: Orders of negative quantity or value.
        amounts: Value by currency.
    """

    group: str
    orders: int
    lines: int
    persons: int
    repeat_persons: int
    repeat_share: float
    taken_back: int
    amounts: tuple[OrderAmount, ...]


@dataclass(frozen=True, slots=True)
class OrderCount:
    """Persons by how many orders they have.

    Attributes:
        orders: How many orders; the last row is that many or more.
        persons: Persons.
        share: Of the persons with any order, in [0, 1].
    """

    orders: int
    persons: int
    share: float


@dataclass(frozen=True, slots=True)
class Orders(Result):
    """All orders together.

    Attributes:
        orders: Orders: an order id counts once a person.
        lines: Events with an order id.
        persons: Persons with an order.
        repeat_persons: Of these, persons with more than one.
        repeat_share: `repeat_persons / persons`; nan without persons.
        orders_per_person: Mean.
        median_lines: Median events an order.
        median_days_between: Median time between a person's order and the next, days; nan when nobody has two.
        currency: What `value` is in; None when the log names no currency, or amounts are in several.
        value: Sum of the orders' values, taken-back ones subtracted; nan when no column says it, and when amounts are in
            several currencies: those are never added, see `amounts`.
        median_value: Median value of an order that is not taken back; nan as `value`.
        amounts: Value by currency, the one asked for or most used first; empty when no column says it.
        taken_back: Orders of negative quantity or value: cancellations, refunds, returns.
        negative_lines: Events with a negative quantity.
        counts: Persons by how many orders they have.
        groups: By breakdown, most orders first; empty when none was asked.
        trend: By period of the order's first event, oldest first; empty when none was asked.
    """

    orders: int
    lines: int
    persons: int
    repeat_persons: int
    repeat_share: float
    orders_per_person: float
    median_lines: float
    median_days_between: float
    currency: str | None
    value: float
    median_value: float
    amounts: tuple[OrderAmount, ...]
    taken_back: int
    negative_lines: int
    counts: tuple[OrderCount, ...]
    groups: tuple[OrderGroup, ...] = ()
    trend: tuple[OrderGroup, ...] = ()
    _drill: Drill | None = field(default=None, repr=False, compare=False)

    def rows(self) -> Sequence[OrderCount | OrderGroup]:
        """The trend, else the groups, when one was asked; else persons by how many orders they have."""
        return self.trend or self.groups or self.counts

    def persons_of(
        self,
        kind: OrderPersons = "all",
        *,
        group: str | None = None,
        started: str | None = None,
        orders: int | None = None,
        currency: str | None = None,
    ) -> Persons:
        """The persons behind a number.

        Args:
            kind: With any order, with more than one, or with one taken back.
            group: Only orders of this group; with `repeat` more than one in it.
            started: Only orders whose first event lies in the period of the trend with this label; with `repeat` more than
                one in it.
            orders: Only persons with so many orders; from 10 on with so many or more.
            currency: Only orders with an amount in this currency, as `amounts` names it; `(unnamed)` where it names none.

        Raises:
            BadOption: No such kind, group, period or currency.
        """
        assert self._drill is not None  # every Orders is made by `orders`
        which = _Which(kind, group, started, orders, currency)
        return members(self._drill.journeys, self._drill.question, which)


@dataclass(frozen=True, slots=True)
class _Which:
    """Whose orders are meant; as the arguments of `Orders.persons_of`."""

    kind: str
    group: str | None
    started: str | None
    orders: int | None
    currency: str | None


@dataclass(frozen=True, slots=True)
class OrdersPartial:
    """Orders of one part, a row each, by person and then by time.

    Attributes:
        person: int64: the person's number.
        began: int64: time of its first event.
        lines: int64: its events.
        group: int32: group of its first event.
        value: float64, shape (orders, currencies): its value in each currency; nan when it has none in it.
        back: bool: whether its quantity or value is negative.
        negative: Events with a negative quantity.
    """

    person: NDArray[np.int64]
    began: NDArray[np.int64]
    lines: NDArray[np.int64]
    group: NDArray[np.int32]
    value: NDArray[np.float64]
    back: NDArray[np.bool_]
    negative: int


def orders(  # noqa: PLR0913  (one argument an option)
    journeys: Journeys,
    *,
    order: str = "order_id",
    value: str | None = None,
    quantity: str | None = None,
    price: str | None = None,
    currency: str | None = None,
    rates: str | os.PathLike[str] | None = None,
    by: str | None = None,
    trend: Period | None = None,
) -> Orders:
    """Count orders.

    Args:
        journeys: The log.
        order: Column of the order's id; events without one are no orders.
        value: Column of the order's value; the first known one of its events counts. None for `revenue` where the log has
            it and no price was named.
        quantity: Column of a line's quantity.
        price: Column of a line's price a piece; with `quantity` an order's value is the sum of their products.
        currency: Of several currencies (column `currency`) this one comes first, and `rates` convert into it.
        rates: CSV of date, currency, rate: what one unit is worth in `currency` from that day on.
        by: Break down by a column of the order's first event, `first COLUMN` or `last COLUMN`.
        trend: Also by hour, day, week or month of the order's first event, in the journeys' time zone.

    Raises:
        UnknownColumn: A column nobody has.
        BadOption: A price without a quantity, both a value and a price, a column that is no number, or a currency there is not.
        BadFile: The rates cannot be read.
    """
    if price is not None and (quantity is None or value is not None):
        raise BadOption("a price needs a quantity beside it, and no value: the order's value is their product")
    for column in filter(None, (order, value, quantity, price)):
        journeys.index.column(column)
    money = read_money(journeys, price or value or "revenue", currency=currency, rates=rates)
    parts = journeys.parts()
    spans = None
    timed = [time for part in parts if trend is not None and len(time := part.time[part.time != 0])]
    if trend is not None and timed:
        first, last = min(int(time.min()) for time in timed), max(int(time.max()) for time in timed)
        spans = periods(trend, first, last, time_zone=journeys.time_zone)
    question = OrdersQuestion(order, money, quantity, price is not None, read_breakdown(by), spans)
    groupings = group_events(parts, question.breakdown)
    partials = journeys.map(lambda part, grouping: partial(part, question, grouping), parts, groupings)
    return merge(partials, question, groupings[0].names, journeys=journeys)


def partial(part: Part, question: OrdersQuestion, grouping: Grouping) -> OrdersPartial:
    """Put the events of one part together to orders."""
    codes = _codes(part, question.order)
    rows = np.flatnonzero(codes >= 0)
    unit = np.repeat(np.arange(len(part.person)), part.stop - part.start)[rows]
    _, first, which, lines = np.unique(
        unit * (codes.max(initial=0) + 1) + codes[rows], return_index=True, return_inverse=True, return_counts=True
    )
    # Orders in the order of their first events: persons stay together, and within a person time ascends.
    place = np.argsort(first)
    turned = np.empty_like(place)
    turned[place] = np.arange(len(place))
    of = turned[which]
    quantity = None if question.quantity is None else numbers(part, question.quantity)[rows]
    value = _values(part, question, rows, of, quantity)
    sums = np.zeros(len(place)) if quantity is None else np.bincount(of, np.nan_to_num(quantity), minlength=len(place))
    return OrdersPartial(
        person=part.person[unit[first[place]]],
        began=part.time[rows[first[place]]],
        lines=lines[place],
        group=grouping.group[rows[first[place]]],
        value=value,
        back=(sums < 0) | (value < 0).any(axis=1),
        negative=0 if quantity is None else int((quantity < 0).sum()),
    )


def merge(
    partials: Sequence[OrdersPartial],
    question: OrdersQuestion,
    groups: Sequence[str] = ("",),
    *,
    journeys: Journeys | None = None,
) -> Orders:
    """Add up the parts."""
    whole = _group("", partials, [np.ones(len(p.person), np.bool_) for p in partials], question)
    each = np.concatenate([np.empty(0, np.int64), *(_runs(p.person) for p in partials)])
    again = [p.person[1:] == p.person[:-1] for p in partials]
    waits = [np.diff(p.began)[same] for p, same in zip(partials, again, strict=True)]
    counted = np.bincount(np.minimum(each, _MANY), minlength=_MANY + 1)
    only = whole.amounts[0] if len(whole.amounts) == 1 else None
    grouped: list[OrderGroup] = []
    if question.breakdown is not None:
        grouped = [_group(name, partials, [p.group == n for p in partials], question) for n, name in enumerate(groups)]
    over_time: list[OrderGroup] = []
    if question.trend is not None:
        bounds = np.array(question.trend.starts_us)
        places = [np.searchsorted(bounds, p.began, side="right") - 1 for p in partials]
        labels = enumerate(question.trend.labels)
        over_time = [_group(label, partials, [place == n for place in places], question) for n, label in labels]
    return Orders(
        orders=whole.orders,
        lines=whole.lines,
        persons=whole.persons,
        repeat_persons=whole.repeat_persons,
        repeat_share=whole.repeat_share,
        orders_per_person=whole.orders / whole.persons if whole.persons else np.nan,
        median_lines=quantiles([p.lines for p in partials], (0.5,))[0],
        median_days_between=quantiles(waits, (0.5,))[0] / _DAY,
        currency=(only.currency or None) if only is not None else None,
        value=only.value if only is not None else np.nan,
        median_value=only.median_value if only is not None else np.nan,
        amounts=whole.amounts,
        taken_back=whole.taken_back,
        negative_lines=sum(p.negative for p in partials),
        counts=tuple(
            OrderCount(n, int(counted[n]), int(counted[n]) / whole.persons) for n in range(1, _MANY + 1) if counted[n]
        ),
        groups=tuple(sorted((g for g in grouped if g.orders), key=lambda g: -g.orders)),
        trend=tuple(over_time),
        _drill=Drill(journeys, question) if journeys is not None else None,
    )


def members(journeys: Journeys, question: OrdersQuestion, which: _Which) -> Persons:
    """The persons behind a number of `Orders`."""
    if which.kind not in get_args(OrderPersons):
        raise BadOption(f"expected all, repeat or taken_back, got {which.kind!r}")
    parts = journeys.parts()
    groupings = group_events(parts, question.breakdown)
    group = _place(which.group, groupings[0].names if question.breakdown else (), "group")
    period = _place(which.started, question.trend.labels if question.trend else (), "period")
    currency = _place(which.currency, [name or UNNAMED for name in question.currencies], "currency")
    starts = np.array(question.trend.starts_us if question.trend else (), np.int64)
    chosen = []
    for part, grouping in zip(parts, groupings, strict=True):
        found = partial(part, question, grouping)
        mine = np.ones(len(found.person), np.bool_)
        if group is not None:
            mine &= found.group == group
        if period is not None:
            mine &= np.searchsorted(starts, found.began, side="right") - 1 == period
        if currency is not None:
            mine &= ~np.isnan(found.value[:, currency])
        if which.kind == "taken_back":
            mine &= found.back
        person, many = np.unique(found.person[mine], return_counts=True)
        kept = many > (which.kind == "repeat")
        if which.orders is not None:
            kept &= np.minimum(many, _MANY) == which.orders
        chosen.append(person[kept])
    return journeys.persons_of(chosen)


def _place(name: str | None, names: Sequence[str], what: str) -> int | None:
    if name is not None and name not in names:
        raise BadOption(f"there is no {what} {name!r}; there are {', '.join(names) or 'none, for none was asked'}")
    return None if name is None else list(names).index(name)


def _values(
    part: Part,
    question: OrdersQuestion,
    rows: NDArray[np.int64],
    of: NDArray[np.int64],
    quantity: NDArray[np.float64] | None,
) -> NDArray[np.float64]:
    """Each order's value in each currency; nan where it has none."""
    many, currencies = int(of.max(initial=-1)) + 1, len(question.currencies)
    value = np.full((many, currencies), np.nan)
    if question.money is None:
        return value
    amount, place = priced(part, question.money)
    amount = amount[rows] if not question.priced or quantity is None else amount[rows] * quantity
    at = np.zeros(len(rows), np.int64) if place is None else place[rows]
    if not question.priced:
        # The first known value counts; written from the last to the first.
        known = np.flatnonzero(~np.isnan(amount))[::-1]
        first = np.full(many, -1)
        first[of[known]] = known
        have = np.flatnonzero(first >= 0)
        value[have, at[first[have]]] = amount[first[have]]
        return value
    cell = of * currencies + at
    sums = np.bincount(cell, np.nan_to_num(amount), minlength=many * currencies)
    lines = np.bincount(cell, minlength=many * currencies)
    return np.where(lines > 0, sums, np.nan).reshape(many, currencies)


def _group(
    name: str, partials: Sequence[OrdersPartial], masks: Sequence[NDArray[np.bool_]], question: OrdersQuestion
) -> OrderGroup:
    """Orders of a group, by the mask of each part."""
    both = list(zip(partials, masks, strict=True))
    each = np.concatenate([np.empty(0, np.int64), *(_runs(p.person[mask]) for p, mask in both)])
    persons, repeat = len(each), int((each > 1).sum())
    amounts = []
    for n, currency in enumerate(question.currencies):
        found = [p.value[mask, n] for p, mask in both]
        kept = [p.value[mask & ~p.back, n] for p, mask in both]
        many = sum(int((~np.isnan(value)).sum()) for value in found)
        settled = np.concatenate([np.empty(0), *(value[~np.isnan(value)] for value in kept)])
        middle = float(np.median(settled)) if len(settled) else np.nan
        if many:
            amounts.append(OrderAmount(currency, many, float(sum(np.nansum(value) for value in found)), middle))
    return OrderGroup(
        group=name,
        orders=int(each.sum()),
        lines=sum(int(p.lines[mask].sum()) for p, mask in both),
        persons=persons,
        repeat_persons=repeat,
        repeat_share=repeat / persons if persons else np.nan,
        taken_back=sum(int(p.back[mask].sum()) for p, mask in both),
        amounts=tuple(amounts),
    )


def _runs(person: NDArray[np.int64]) -> NDArray[np.int64]:
    """Orders of each person."""
    if not len(person):
        return np.empty(0, np.int64)
    ends = np.flatnonzero(np.append(np.diff(person) != 0, True))
    runs: NDArray[np.int64] = np.diff(ends, prepend=-1)
    return runs


def _codes(part: Part, column: str) -> NDArray[np.int64]:
    """A number a distinct value, -1 for none."""
    found = part.column(column)
    if isinstance(found, TextColumn):
        return found.codes.astype(np.int64)
    codes = np.full(len(found.values), -1, np.int64)
    known = ~np.isnan(found.values)
    codes[known] = np.unique(found.values[known], return_inverse=True)[1]
    return codes
