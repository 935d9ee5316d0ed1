"""Days, weeks and months in a time zone.

In: a stretch of time and a zone. Out: where each period begins. Weeks begin on Monday (ISO 8601).
A day of a clock change has 23 or 25 hours; periods follow the wall clock. Never reads a clock.
"""

from __future__ import annotations

import bisect
import datetime as dt
from dataclasses import dataclass
from typing import Literal, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sojourn.records.errors import BadOption

Period = Literal["hour", "day", "week", "month"]
_MICRO = dt.timedelta(microseconds=1)
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MOST = 100_000


@dataclass(frozen=True, slots=True)
class Periods:
    """Consecutive periods.

    Attributes:
        period: How long each is.
        zone: IANA name of the time zone.
        starts_us: Where each begins, microseconds since 1970 UTC, ascending; one more than there are periods.
        labels: `2024-03-01` for a day, the Monday for a week, `2024-03` for a month, `2024-03-01 14:00` for an hour.
    """

    period: Period
    zone: str
    starts_us: tuple[int, ...]
    labels: tuple[str, ...]

    def place(self, time_us: int) -> int:
        """The period a time lies in; -1 before the first."""
        return bisect.bisect_right(self.starts_us, time_us) - 1


def zone(name: str) -> ZoneInfo:
    """A time zone by its IANA name.

    Raises:
        BadOption: There is no such zone.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        message = f"expected a time zone such as UTC or Europe/Berlin, got {name!r}"
        raise BadOption(message) from error


def periods(period: Period, first_us: int, last_us: int, *, time_zone: str = "UTC") -> Periods:
    """Periods that cover a stretch of time.

    Args:
        period: hour, day, week or month.
        first_us: Microseconds since 1970 UTC; lies in the first period.
        last_us: Lies in the last.
        time_zone: IANA name; periods begin at its local midnight.

    Raises:
        BadOption: An unknown period or zone, or over 100,000 periods.
    """
    if period not in get_args(Period):
        message = f"expected a period of {', '.join(get_args(Period))}, got {period!r}"
        raise BadOption(message)
    where = zone(time_zone)
    local = _begin(period, from_us(first_us).astimezone(where).replace(tzinfo=None))
    starts: list[int] = []
    labels: list[str] = []
    while True:
        start = to_us(local.replace(tzinfo=where))
        if starts and start <= starts[-1]:
            # The wall clock went back over this hour: it is the same period.
            local = _next(period, local)
            continue
        starts.append(start)
        if start > last_us:
            break
        labels.append(_label(period, local))
        if len(starts) > _MOST:
            message = f"over {_MOST:,} periods of one {period}; choose a longer period or a shorter stretch"
            raise BadOption(message)
        local = _next(period, local)
    return Periods(period, time_zone, tuple(starts), tuple(labels))


def to_us(moment: dt.datetime) -> int:
    """Microseconds since 1970 UTC of an aware moment."""
    return (moment - _EPOCH) // _MICRO


def from_us(time_us: int) -> dt.datetime:
    """The moment, in UTC, of microseconds since 1970 UTC."""
    return _EPOCH + time_us * _MICRO


def _begin(period: Period, local: dt.datetime) -> dt.datetime:
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    match period:
        case "hour":
            return local.replace(minute=0, second=0, microsecond=0)
        case "day":
            return midnight
        case "week":
            return midnight - dt.timedelta(days=midnight.weekday())
        case "month":
            return midnight.replace(day=1)


def _next(period: Period, local: dt.datetime) -> dt.datetime:
    match period:
        case "hour":
            return local + dt.timedelta(hours=1)
        case "day":
            return local + dt.timedelta(days=1)
        case "week":
            return local + dt.timedelta(days=7)
        case "month":
            return local.replace(year=local.year + local.month // 12, month=local.month % 12 + 1)


def _label(period: Period, local: dt.datetime) -> str:
    match period:
        case "hour":
            return local.strftime("%Y-%m-%d %H:00")
        case "month":
            return local.strftime("%Y-%m")
        case _:
            return local.strftime("%Y-%m-%d")
