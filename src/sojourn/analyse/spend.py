"""What advertising cost, by channel, read from a small table.

In: a CSV file with a channel, a cost and perhaps a date and a currency a row. Out: `Spend`.
Never guesses silently: which column was taken for what is in the result.
"""

from __future__ import annotations

import csv
import gzip
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sojourn.records.errors import BadFile, BadOption
from sojourn.records.moments import moment_us

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Sequence

    from sojourn.analyse.journeys import Journeys

_CHANNEL = ("channel", "utm_source", "source", "utm_campaign", "campaign", "utm_medium", "medium")
_COST = ("cost", "spend", "ad_spend", "costs", "amount", "media_cost", "price")
_DATE = ("date", "day", "time", "timestamp")
_CURRENCY = ("currency", "currency_code")
_SAMPLE = 4096
_DAY_US = 86_400_000_000


@dataclass(frozen=True, slots=True)
class SpendSource:
    """Where spend is read from.

    Attributes:
        file: CSV, also gz.
        channel: Its column of channels; None to guess.
        cost: Its column of costs; None to guess.
    """

    file: str | os.PathLike[str]
    channel: str | None = None
    cost: str | None = None


@dataclass(frozen=True, slots=True)
class Spend:
    """Spend of a period, by channel.

    Attributes:
        cost: Cost by channel as it is written there.
        outside: Cost of days outside the period; not in `cost`.
        currency: Its currency; None when the table names none.
        columns: Which column was taken for what.
    """

    cost: dict[str, float]
    outside: float
    currency: str | None
    columns: dict[str, str]

    @property
    def note(self) -> str:
        """Which column was taken for what, as a sentence."""
        roles = ", ".join(f"{role} = column {column}" for role, column in self.columns.items())
        dated = (
            "days outside the period left out" if "date" in self.columns else "all of it counted, for it has no dates"
        )
        return f"Spend read as {roles}; {dated}."

    def costs(self, channels: Iterable[str]) -> dict[str, float]:
        """Costs of these channels, by their names; upper and lower case are one."""
        paid: dict[str, float] = {}
        for name, cost in self.cost.items():
            paid[name.lower()] = paid.get(name.lower(), 0.0) + cost
        return {channel: paid[channel.lower()] for channel in channels if channel.lower() in paid}

    def unmatched(self, channels: Iterable[str]) -> dict[str, float]:
        """Costs by names that are none of these channels."""
        known = {channel.lower() for channel in channels}
        return {name: cost for name, cost in self.cost.items() if name.lower() not in known}


def spend_within(journeys: Journeys, source: str | os.PathLike[str] | SpendSource, *, touch: str) -> Spend:
    """Spend of the days the journeys cover, or of those they were narrowed to; errors as `read_spend`."""
    manifest = journeys.index.manifest
    return read_spend(
        source if isinstance(source, SpendSource) else SpendSource(source),
        touch=touch,
        from_us=journeys.from_us if journeys.from_us is not None else (manifest.first_us or None),
        until_us=journeys.until_us
        if journeys.until_us is not None
        else (manifest.last_us + 1 if manifest.last_us else None),
        time_zone=journeys.time_zone,
    )


def read_spend(
    source: SpendSource, *, touch: str, from_us: int | None, until_us: int | None, time_zone: str = "UTC"
) -> Spend:
    """Read a table of spend.

    Args:
        source: File and columns.
        touch: Column of the touches; a column of the same name holds the channels.
        from_us: Days that end at or before this are outside; None for no bound.
        until_us: Days that begin at or after this are outside.
        time_zone: Where days begin.

    Raises:
        BadFile: There is no such file, or it has no rows.
        BadOption: A column is missing, a cost is no number, or there are several currencies.
    """
    names, rows, comma = _rows(Path(source.file))
    columns = {"channel": _column(names, source.channel, (touch, *_CHANNEL), "channel", source.file)}
    columns["cost"] = _column(names, source.cost, _COST, "cost", source.file)
    columns |= {
        role: found for role, known in (("date", _DATE), ("currency", _CURRENCY)) if (found := _first(names, known))
    }
    cost: dict[str, float] = {}
    outside = 0.0
    currencies: set[str] = set()
    for line, row in enumerate(rows, start=2):
        paid = _number(row[columns["cost"]], comma=comma, where=f"{source.file}, line {line}, column {columns['cost']}")
        if "currency" in columns and row[columns["currency"]]:
            currencies.add(row[columns["currency"]].strip().upper())
        if "date" in columns and not _inside(row[columns["date"]], from_us, until_us, time_zone):
            outside += paid
            continue
        channel = (row[columns["channel"]] or "").strip()
        cost[channel] = cost.get(channel, 0.0) + paid
    if len(currencies) > 1:
        message = f"{source.file} has costs in {', '.join(sorted(currencies))}; convert them to one currency first"
        raise BadOption(message)
    return Spend(cost, outside, next(iter(currencies), None), columns)


def _rows(path: Path) -> tuple[list[str], list[dict[str, str]], bool]:
    """Header, rows and whether numbers may be written with a decimal comma."""
    if not path.is_file():
        raise BadFile(f"there is no file {path}")
    try:
        content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
        text = content.decode("utf-8-sig")
    except (UnicodeDecodeError, gzip.BadGzipFile) as error:
        raise BadFile(f"{path} cannot be read as a table of spend: {error}") from error
    delimiter = max(",;\t|", key=text[:_SAMPLE].split("\n", 1)[0].count)
    reader = csv.DictReader(text.splitlines(), delimiter=delimiter)
    rows = [row for row in reader if any(value for value in row.values() if isinstance(value, str))]
    if not rows:
        raise BadFile(f"{path} has no rows; expected columns such as date, channel, cost")
    return list(reader.fieldnames or ()), rows, delimiter != ","


def _column(names: Sequence[str], asked: str | None, known: Sequence[str], role: str, file: object) -> str:
    if asked is not None and asked in names:
        return asked
    found = None if asked is not None else _first(names, known)
    if found is None:
        wanted = f"column {asked!r}" if asked is not None else f"a column that looks like a {role}"
        message = f"{file} has no {wanted}; it has {', '.join(names)}; name the right one with --spend-{role}"
        raise BadOption(message)
    return found


def _first(names: Sequence[str], known: Sequence[str]) -> str | None:
    plain = {name.strip().lower(): name for name in reversed(names)}
    return next((plain[name.lower()] for name in known if name.lower() in plain), None)


def _number(text: str | None, *, comma: bool, where: str) -> float:
    plain = (text or "").strip().strip("€$£").replace(" ", "").replace("\u00a0", "")
    if not plain:
        return 0.0
    if comma and "," in plain:
        plain = plain.replace(".", "").replace(",", ".")
    try:
        return float(plain)
    except ValueError:
        raise BadOption(f"expected a number, got {text!r} - at {where}") from None


def _inside(text: str | None, from_us: int | None, until_us: int | None, time_zone: str) -> bool:
    if not (text or "").strip():
        return True
    begins = moment_us(str(text).strip(), time_zone=time_zone)
    return (from_us is None or begins + _DAY_US > from_us) and (until_us is None or begins < until_us)
