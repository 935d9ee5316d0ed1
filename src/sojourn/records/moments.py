"""Moments as people write them in options and predicates.

In: `2024-03-01`, `2024-03-01 14:00`, with or without a zone. Out: microseconds since 1970 UTC. Never reads a clock.
"""

from __future__ import annotations

import datetime as dt

from sojourn.records.errors import BadOption
from sojourn.records.periods import to_us, zone


def moment_us(moment: str | dt.date, *, time_zone: str = "UTC") -> int:
    """Microseconds since 1970 UTC.

    Args:
        moment: ISO 8601 text, a `date` (its midnight) or a `datetime`.
        time_zone: Zone of a moment that names none.

    Raises:
        BadOption: It is not a moment, or one of the first or the last year of the calendar.
    """
    if isinstance(moment, str):
        try:
            moment = dt.datetime.fromisoformat(moment.strip())
        except ValueError as error:
            message = f"expected a moment such as 2024-03-01 or 2024-03-01T14:00:00Z, got {moment!r}"
            raise BadOption(message) from error
    if not dt.MINYEAR < moment.year < dt.MAXYEAR:
        # Their days lie outside the calendar in some zones, and so do the days around them.
        message = f"expected a moment between the years {dt.MINYEAR + 1} and {dt.MAXYEAR - 1}, got {moment.isoformat()}"
        raise BadOption(message)
    if not isinstance(moment, dt.datetime):
        moment = dt.datetime.combine(moment, dt.time())
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone(time_zone))
    return to_us(moment)
