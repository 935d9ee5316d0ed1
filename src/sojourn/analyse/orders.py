"""Orders: how many, how large, how often the same person orders again, and how many were taken back.

In: parts and an `OrdersQuestion`. Out: `Orders`. Definitions and a worked example: docs/methods/orders.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from sojourn.analyse.quantiles import quantiles
from sojourn.analyse.results import Drill, Persons, Result
from sojourn.records.errors import BadOption
from sojourn.store.columns import TextColumn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sojourn.analyse.journeys import Journeys
    from sojourn.analyse.parts import Part

_DAY = 86_400_000_000
_MANY = 10


@dataclass(frozen=True, slots=True)
class OrdersQuestion:
    """What was asked.

    Attributes:
        order: Column of the order's id.
        value: Column of the order's value, the same on each of its rows; None for none.
        quantity: Column of a line's quantity; None for none.
        price: Column of a line's price a piece; with `quantity` it makes the order's value.
    """

    order: str
    value: str | None
    quantity: str | None
    price: str | None


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
        value: Sum of the orders' values, taken-back ones subtracted; nan when no column says it.
        median_value: Median value of an order that is not taken back; nan when no column says it.
        taken_back: Orders of negative quantity or value: cancellations, refunds, returns.
        negative_lines: Events with a negative quantity.
        counts: Persons by how many orders they have.
    """

    orders: int
    lines: int
    persons: int
    repeat_persons: int
    repeat_share: float
    orders_per_person: float
    median_lines: float
    median_days_between: float
    value: float
    median_value: float
    taken_back: int
    negative_lines: int
    counts: tuple[OrderCount, ...]
    _drill: Drill | None = field(default=None, repr=False, compare=False)

    def rows(self) -> Sequence[OrderCount]:
        """Persons by how many orders they have."""
        return self.counts

    def persons_of(self, kind: Literal["all", "repeat", "taken_back"] = "all") -> Persons:
        """The persons behind a number: with any order, with more than one, or with one taken back."""
        assert self._drill is not None  # every Orders is made by `orders`
        return members(self._drill.journeys, self._drill.question, kind)


@dataclass(frozen=True, slots=True)
class OrdersPartial:
    """Orders of one part, a row each, by person and then by time.

    Attributes:
        person: int64: the person's number.
        began: int64: time of its first event.
        lines: int64: its events.
        value: float64: its value; nan when unknown.
        back: bool: whether its quantity or value is negative.
        negative: Events with a negative quantity.
    """

    person: NDArray[np.int64]
    began: NDArray[np.int64]
    lines: NDArray[np.int64]
    value: NDArray[np.float64]
    back: NDArray[np.bool_]
    negative: int


def orders(
    journeys: Journeys,
    *,
    order: str = "order_id",
    value: str | None = None,
    quantity: str | None = None,
    price: str | None = None,
) -> Orders:
    """Count orders.

    Args:
        journeys: The log.
        order: Column of the order's id; events without one are no orders.
        value: Column of the order's value; the first known one of its events counts.
        quantity: Column of a line's quantity.
        price: Column of a line's price a piece; with `quantity` an order's value is the sum of their products.

    Raises:
        UnknownColumn: A column nobody has.
        BadOption: A price without a quantity, both a value and a price, or a column that is no number.
    """
    if price is not None and (quantity is None or value is not None):
        raise BadOption("a price needs a quantity beside it, and no value: the order's value is their product")
    question = OrdersQuestion(order, value, quantity, price)
    for column in filter(None, (order, value, quantity, price)):
        journeys.index.column(column)
    return merge(journeys.map(lambda part: partial(part, question), journeys.parts()), question, journeys=journeys)


def partial(part: Part, question: OrdersQuestion) -> OrdersPartial:
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
    quantity = None if question.quantity is None else _numbers(part, question.quantity)[rows]
    amount = np.full(len(place), np.nan)
    if question.price is not None and quantity is not None:
        amount = np.bincount(of, np.nan_to_num(quantity * _numbers(part, question.price)[rows]), minlength=len(place))
    elif question.value is not None:
        values = _numbers(part, question.value)[rows]
        known = np.flatnonzero(~np.isnan(values))[::-1]
        amount[of[known]] = values[known]
    sums = np.zeros(len(place)) if quantity is None else np.bincount(of, np.nan_to_num(quantity), minlength=len(place))
    return OrdersPartial(
        person=part.person[unit[first[place]]],
        began=part.time[rows[first[place]]],
        lines=lines[place],
        value=amount,
        back=(sums < 0) | (amount < 0),
        negative=0 if quantity is None else int((quantity < 0).sum()),
    )


def merge(partials: Sequence[OrdersPartial], question: OrdersQuestion, *, journeys: Journeys | None = None) -> Orders:
    """Add up the parts."""
    each = np.concatenate([np.empty(0, np.int64), *(_runs(p.person) for p in partials)])
    total, persons = int(each.sum()), len(each)
    again = [p.person[1:] == p.person[:-1] for p in partials]
    waits = [np.diff(p.began)[same] for p, same in zip(partials, again, strict=True)]
    kept = [p.value[~p.back & ~np.isnan(p.value)] for p in partials]
    known = any((~np.isnan(p.value)).any() for p in partials)
    repeat = int((each > 1).sum())
    counted = np.bincount(np.minimum(each, _MANY), minlength=_MANY + 1)
    return Orders(
        orders=total,
        lines=sum(int(p.lines.sum()) for p in partials),
        persons=persons,
        repeat_persons=repeat,
        repeat_share=repeat / persons if persons else np.nan,
        orders_per_person=total / persons if persons else np.nan,
        median_lines=quantiles([p.lines for p in partials], (0.5,))[0],
        median_days_between=quantiles(waits, (0.5,))[0] / _DAY,
        value=float(sum(np.nansum(p.value) for p in partials)) if known else np.nan,
        median_value=float(np.median(np.concatenate(kept))) if known and any(len(k) for k in kept) else np.nan,
        taken_back=sum(int(p.back.sum()) for p in partials),
        negative_lines=sum(p.negative for p in partials),
        counts=tuple(
            OrderCount(n, int(counted[n]), int(counted[n]) / persons) for n in range(1, _MANY + 1) if counted[n]
        ),
        _drill=Drill(journeys, question) if journeys is not None else None,
    )


def members(journeys: Journeys, question: OrdersQuestion, kind: str) -> Persons:
    """The persons behind a number of `Orders`."""
    if kind not in ("all", "repeat", "taken_back"):
        raise BadOption(f"expected all, repeat or taken_back, got {kind!r}")
    chosen = []
    for part in journeys.parts():
        found = partial(part, question)
        again = np.concatenate((found.person[1:] == found.person[:-1], [False]))[: len(found.person)]
        masks = {"all": np.ones(len(found.person), np.bool_), "repeat": again, "taken_back": found.back}
        chosen.append(found.person[masks[kind]])
    return journeys.persons_of(chosen)


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


def _numbers(part: Part, column: str) -> NDArray[np.float64]:
    found = part.column(column)
    if isinstance(found, TextColumn):
        raise BadOption(f"{column} is text, and amounts are numbers")
    return found.values
