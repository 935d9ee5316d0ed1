"""When an event happened, by a clock that may be wrong.

In: what the client said, and when it arrived. Out: microseconds since 1970 UTC. Never later than the arrival: a device whose clock
stands in 2099 must not freeze sessions and timers. Never reads a clock.
"""

from __future__ import annotations

import datetime as dt
from email.utils import parsedate_to_datetime

YEAR_2000 = 946_684_800_000_000
"""2000-01-01T00:00:00Z; a clock that says less was never set."""
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_DAY_US, _SECOND_US = 86_400_000_000, 1_000_000
_ERAS = ((1e8, 1e11, 1e6), (1e11, 1e14, 1e3), (1e14, 1e17, 1.0))
"""Numbers from, to, and microseconds in one unit: seconds, milliseconds, microseconds since 1970."""


def moment(said: object) -> int | None:
    """Microseconds since 1970 UTC of a time as clients write it; None when it is none.

    Args:
        said: ISO 8601 with or without fraction and offset (without: UTC), or a number of seconds, milliseconds or microseconds since
            1970, which its size tells apart; as a text too.
    """
    if isinstance(said, str):
        try:
            read = dt.datetime.fromisoformat(said.strip())
            since = (read if read.tzinfo is not None else read.replace(tzinfo=dt.UTC)) - _EPOCH
        except (ValueError, OverflowError):
            return _number_moment(said) or _written_otherwise(said)
        return since.days * _DAY_US + since.seconds * _SECOND_US + since.microseconds
    if isinstance(said, int | float) and not isinstance(said, bool):
        return _from_number(said)
    return None


def _number_moment(said: str) -> int | None:
    try:
        return _from_number(float(said))
    except ValueError:
        return None


def _written_otherwise(said: str) -> int | None:
    """A time of HTTP's (`Sun, 06 Nov 1994 08:49:37 GMT`, JavaScript's `toUTCString`), or ISO 8601 in small letters."""
    try:
        read = parsedate_to_datetime(said)
    except (ValueError, OverflowError, IndexError, TypeError):
        return moment(said.upper()) if said.islower() else None
    return moment(read.isoformat())


def _from_number(said: float) -> int | None:
    for low, high, unit in _ERAS:
        if low <= said < high:
            return round(said * unit)
    return None


def event_time(said: int | None, sent_at: int | None, received_at: int) -> int:
    """When an event happened: `received_at - (sent_at - said)`, which is right whatever the client's clock says.

    Without `said` it is `received_at`; without `sent_at` what was said. What comes out later than `received_at` or before 2000 becomes
    `received_at`. All in microseconds since 1970 UTC. Source: docs/methods/clock.md.
    """
    if said is None:
        return received_at
    time = said if sent_at is None else received_at - (sent_at - said)
    return received_at if time < YEAR_2000 else min(time, received_at)


def overruled(said: int | None, sent_at: int | None, received_at: int) -> bool:
    """Whether `event_time` could not follow what the client said: it came out after the arrival or before 2000."""
    if said is None:
        return False
    time = said if sent_at is None else received_at - (sent_at - said)
    return not YEAR_2000 <= time <= received_at
