"""When people come: by day of the week and hour of the day.

In: a period, a daily habit, chance. Out: start times of sessions in milliseconds since 1970.
Never reads a clock; hours are those of the person's winter time, so a change to summer time is not acted out.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sojourn.simulate.dice import Weighted

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sojourn.simulate.dice import Dice

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

# A session must be over before the period is, else a purchase in the truth could miss the file.
_LAST_START = 3 * HOUR
_APART = 2 * HOUR
_WAKING = range(7, 24)


@dataclass(frozen=True, slots=True)
class Period:
    """The time a world runs.

    Attributes:
        start_ms: First instant, milliseconds since 1970.
        days: Length in days.
    """

    start_ms: int
    days: int

    @classmethod
    def of(cls, start: dt.date, days: int) -> Period:
        """`days` days from midnight UTC of `start`."""
        midnight = dt.datetime(start.year, start.month, start.day, tzinfo=dt.UTC)
        return cls(int(midnight.timestamp()) * SECOND, days)

    @property
    def end_ms(self) -> int:
        """First instant after the period."""
        return self.start_ms + self.days * DAY

    def weekday(self, day: int) -> int:
        """Day of the week (Monday 0) of day number `day` of the period."""
        return (self.start_ms // DAY + 3 + day) % 7  # 1 January 1970 was a Thursday


@dataclass(frozen=True, slots=True)
class Habit:
    """When in the week and the day someone is online.

    Attributes:
        hours: Hour of the day, 0 to 23.
        weekdays: Relative weight of Monday to Sunday; the greatest is 1.
    """

    hours: Weighted[int]
    weekdays: tuple[float, ...]


def habit(peaks: Mapping[int, float], *, weekdays: tuple[float, ...]) -> Habit:
    """A habit with its weight spread one and two hours around each peak, and little at night."""
    weights = {hour: 0.35 if hour in _WAKING else 0.04 for hour in range(24)}
    for peak, weight in peaks.items():
        for away, share in ((-2, 0.25), (-1, 0.6), (0, 1.0), (1, 0.6), (2, 0.25)):
            weights[(peak + away) % 24] += weight * share
    return Habit(Weighted.of(weights), weekdays)


OFFICE = habit({10: 2.0, 15: 1.6}, weekdays=(1.0, 1.0, 1.0, 0.95, 0.8, 0.12, 0.1))
EVENING = habit({20: 3.0, 13: 0.6}, weekdays=(0.85, 0.8, 0.8, 0.8, 0.75, 0.9, 1.0))
COMMUTE = habit({8: 2.0, 18: 2.0, 22: 0.8}, weekdays=(1.0, 1.0, 1.0, 1.0, 0.95, 0.5, 0.5))
LEISURE = habit({11: 1.0, 16: 1.2, 21: 1.5}, weekdays=(0.6, 0.6, 0.6, 0.65, 0.8, 1.0, 1.0))
NIGHT = habit({23: 3.0, 1: 1.0}, weekdays=(0.7, 0.7, 0.7, 0.75, 1.0, 1.0, 0.8))


def first_day(period: Period, usual: Habit, dice: Dice) -> int:
    """Day number someone first comes on, busier weekdays more often."""
    while True:
        day = dice.below(period.days)
        if dice.chance(usual.weekdays[period.weekday(day)]):
            return day


def instant(period: Period, usual: Habit, day: int, offset_h: int, dice: Dice) -> int:
    """A start time on day `day` at an hour of the habit; `offset_h` is the person's distance from UTC."""
    hour = (dice.draw(usual.hours) - offset_h) % 24
    at = period.start_ms + day * DAY + hour * HOUR + int(dice.uniform() * HOUR)
    return min(at, period.end_ms - _LAST_START)


def session_starts(period: Period, usual: Habit, gaps: list[float], offset_h: int, dice: Dice) -> list[int]:
    """Start times of 1 + len(gaps) sessions, ascending, at least two hours apart.

    Args:
        period: The time they must lie in.
        usual: Hours and weekdays of this person.
        gaps: Days between one session and the next; shortened when the period would be over.
        offset_h: Hours the person's clock is ahead of UTC.
        dice: Chance.
    """
    first = first_day(period, usual, dice)
    room = period.days - 1 - first
    wanted = sum(gaps)
    shrink = min(1.0, room / wanted) if wanted else 1.0
    at = float(first)
    days = [first]
    for gap in gaps:
        at += gap * shrink
        days.append(min(int(at), period.days - 1))
    starts = sorted(instant(period, usual, day, offset_h, dice) for day in days)
    for later in range(len(starts) - 2, -1, -1):
        starts[later] = min(starts[later], starts[later + 1] - _APART)
    return [max(at, period.start_ms + place * MINUTE) for place, at in enumerate(starts)]
