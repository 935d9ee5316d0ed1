"""Amounts of money: which currency they are in, and what they are worth in another by a dated table of rates.

In: a column of amounts, the column of their currency, and perhaps rates. Out: amounts that may be added, because they are in
one currency. Amounts of different currencies are never added: without a rate they are left out and their number is said.
Definitions: docs/methods/orders.md.
"""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from sojourn.analyse.channels import has_column
from sojourn.analyse.number_columns import numbers
from sojourn.analyse.parts import frozen
from sojourn.records.errors import BadFile, BadOption
from sojourn.records.moments import moment_us
from sojourn.store.columns import TextColumn

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sojourn.analyse.journeys import Journeys
    from sojourn.analyse.parts import Part

UNNAMED = "(none)"
"""Amounts without a currency, in a log that names several."""
_CURRENCY = "currency"
_RATE_COLUMNS = ("date", "currency", "rate")


@dataclass(frozen=True, slots=True)
class Rates:
    """What one unit of each currency is worth, by date.

    Attributes:
        file: Where they were read.
        of: By currency: int64 moments (microseconds UTC) from which a rate holds, ascending, and the rates.
    """

    file: str
    of: dict[str, tuple[NDArray[np.int64], NDArray[np.float64]]]


@dataclass(frozen=True, slots=True)
class Money:
    """How a question reads its amounts.

    Attributes:
        value: Column of the amounts.
        names: Currencies of the log's amounts after conversion: the one that is reported first, then the others by
            events; empty when the log names none.
        others: Events with an amount in each of the others.
        rates: Rates that convert; None for none.
    """

    value: str
    names: tuple[str, ...] = ()
    others: tuple[int, ...] = ()
    rates: Rates | None = None

    @property
    def currency(self) -> str | None:
        """What amounts are reported in; None when the log names no currency."""
        return self.names[0] if self.names else None

    @property
    def left_out(self) -> dict[str, int]:
        """Events whose amount is in another currency and was not converted, by currency."""
        return dict(zip(self.names[1:], self.others, strict=True))

    @property
    def note(self) -> str:
        """What a reader of the amounts must know; empty when they are all in one currency."""
        if not self.others:
            return ""
        named = ", ".join(
            f"{name} ({count:,} {'event' if count == 1 else 'events'})" for name, count in self.left_out.items()
        )
        return f"Values are told in {self.currency}; those in {named} are left out. --in tells them in another, --rates converts."


def read_money(
    journeys: Journeys,
    value: str | None,
    *,
    currency: str | None = None,
    rates: str | os.PathLike[str] | None = None,
) -> Money | None:
    """Find out which currencies a column of amounts has.

    Args:
        journeys: The log.
        value: Column of the amounts; None for none, and `revenue` counts as none where the log has no revenue.
        currency: Report in this one; None for the one most events with an amount have.
        rates: File of rates into `currency`, with columns date, currency, rate.

    Returns:
        None when there are no amounts.

    Raises:
        UnknownColumn: There is no such column.
        BadOption: A currency no amount is in, rates without a currency, or amounts that are no numbers.
        BadFile: The rates cannot be read.
    """
    if rates is not None and currency is None:
        raise BadOption("rates convert into a currency; name it, such as currency='EUR' (--in EUR)")
    if value is None or (value == "revenue" and not has_column(journeys, "revenue")):
        return None
    if not has_column(journeys, _CURRENCY):
        if currency is not None:
            raise BadOption(
                f"the log names no currency, so nothing can be told in {currency}; import it with --currency"
            )
        return Money(value)
    table = None if rates is None else read_rates(rates, time_zone=journeys.time_zone)
    counts = _counts(journeys, Money(value), currency)
    named = [name for name in counts if name != UNNAMED]
    if currency is not None and currency not in counts and table is None:
        raise BadOption(f"no amount is in {currency!r}; there are {', '.join(sorted(named)) or 'none with a currency'}")
    if not named:
        return Money(value)
    if len(named) == 1 and currency in (None, named[0]):
        # What says nothing about its currency is in the only one there is.
        return Money(value, (named[0],))
    if table is not None:
        counts = _counts(journeys, Money(value, rates=table), currency)
    first = currency or max(named, key=lambda name: counts[name])
    rest = sorted((name for name in counts if name != first), key=lambda name: (-counts[name], name))
    return Money(value, (first, *rest), tuple(counts[name] for name in rest), table)


def amounts(part: Part, money: Money, *, other: float = math.nan) -> NDArray[np.float64]:
    """Each event's amount in the reported currency.

    Args:
        part: Any part.
        money: From `read_money`.
        other: What stands for an amount in another currency.

    Returns:
        float64; nan without an amount.
    """
    values, place = priced(part, money)
    if place is None:
        return values
    return frozen(np.where((place == 0) | np.isnan(values), values, other))


def priced(part: Part, money: Money) -> tuple[NDArray[np.float64], NDArray[np.int64] | None]:
    """Each event's amount, converted where there is a rate, and its currency as a place in `money.names`.

    Returns:
        float64, nan without an amount; int64, or None when all amounts are in one currency.
    """
    values = numbers(part, money.value)
    if len(money.names) < 2 and money.rates is None:  # noqa: PLR2004  (one currency: nothing to tell apart)
        return values, None
    codes, names = _codes(part)
    factor, converted = _factors(part, codes, names, money.rates)
    alone = len(money.names) == 1
    known = {name: place for place, name in enumerate(money.names)}
    places = np.array([*(known.get(name, 0) for name in names), 0 if alone else known.get(UNNAMED, 0)], np.int64)[codes]
    return frozen(values * factor), np.where(converted, 0, places)


def read_rates(file: str | os.PathLike[str], *, time_zone: str = "UTC") -> Rates:
    """Read a table of rates: a CSV with columns date, currency and rate, what one unit is worth from that day on.

    Args:
        file: Where it is.
        time_zone: Where days begin.

    Raises:
        BadFile: There is no such file, a column is missing, or a cell is no day or no number above 0.
    """
    path = Path(file)
    try:
        with path.open(encoding="utf-8-sig", newline="") as opened:
            rows = list(csv.DictReader(opened))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise BadFile(f"{path} cannot be read as a table of rates: {error}") from error
    missing = [name for name in _RATE_COLUMNS if not rows or name not in rows[0]]
    if missing:
        raise BadFile(f"{path} has no column {' and no column '.join(missing)}; expected date,currency,rate")
    found: dict[str, dict[int, float]] = {}
    for line, row in enumerate(rows, start=2):
        try:
            since, rate = moment_us(row["date"] or "", time_zone=time_zone), float(row["rate"] or "")
        except (BadOption, ValueError) as error:
            raise BadFile(
                f"{path}, line {line}: expected a day and a number, got {row['date']!r}, {row['rate']!r}"
            ) from error
        if not (rate > 0 and math.isfinite(rate)):
            raise BadFile(f"{path}, line {line}: expected a rate above 0, got {row['rate']!r}")
        found.setdefault((row["currency"] or "").strip(), {})[since] = rate
    return Rates(
        str(path),
        {
            name: (np.array(sorted(by_day), np.int64), np.array([by_day[day] for day in sorted(by_day)]))
            for name, by_day in found.items()
        },
    )


def _counts(journeys: Journeys, money: Money, currency: str | None) -> dict[str, int]:
    """Events with an amount, by currency, in all parts."""
    counts: dict[str, int] = {}
    for found in journeys.map(lambda part: _counted(part, money, currency), journeys.parts()):
        for name, events in found.items():
            counts[name] = counts.get(name, 0) + events
    return counts


def _counted(part: Part, money: Money, currency: str | None) -> dict[str, int]:
    """Events with an amount, by currency; what can be converted counts as the one asked for."""
    values = numbers(part, money.value)
    codes, names = _codes(part)
    known = ~np.isnan(values)
    if money.rates is not None and currency is not None:
        _, converted = _factors(part, codes, names, money.rates)
        mine = known & converted
        known &= ~converted
    else:
        mine = np.zeros(len(values), np.bool_)
    counts = np.bincount(codes[known] + 1, minlength=len(names) + 1)
    found = {names[code - 1] if code else UNNAMED: int(counts[code]) for code in np.flatnonzero(counts).tolist()}
    if mine.any() and currency is not None:
        found[currency] = found.get(currency, 0) + int(mine.sum())
    return found


def _codes(part: Part) -> tuple[NDArray[np.int64], Sequence[str]]:
    column = part.column(_CURRENCY)
    if not isinstance(column, TextColumn):
        raise BadOption("the column currency holds numbers; import it with --ignore currency if it names none")
    return column.codes.astype(np.int64), column.names


def _factors(
    part: Part, codes: NDArray[np.int64], names: Sequence[str], rates: Rates | None
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """By what each event's amount is multiplied, and whether that makes it one of the reported currency."""
    factor, converted = np.ones(len(codes)), np.zeros(len(codes), np.bool_)
    if rates is not None:
        for code in np.unique(codes[codes >= 0]).tolist():
            if names[code] in rates.of:
                since, each = rates.of[names[code]]
                rows = np.flatnonzero(codes == code)
                at = np.searchsorted(since, part.time[rows], side="right") - 1
                rows, at = rows[at >= 0], at[at >= 0]
                factor[rows], converted[rows] = each[at], True
    return factor, converted
