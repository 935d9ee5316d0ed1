"""Lengths of time as people write them: `30m`, `7d`, `1.5h`.

In: text or `timedelta`. Out: microseconds. Never reads a clock.
"""

from __future__ import annotations

import datetime as dt
import re

from sojourn.records.errors import BadOption

_UNITS = {"ms": 1_000, "s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000, "d": 86_400_000_000, "w": 604_800_000_000}
_PART = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)")


def microseconds(duration: str | dt.timedelta) -> int:
    """Length of time in microseconds.

    Args:
        duration: A `timedelta`, or numbers with a unit of ms, s, m, h, d, w: `30m`, `1h30m`, `7d`.

    Raises:
        BadOption: It is not of that form, or not longer than nothing.
    """
    if isinstance(duration, dt.timedelta):
        total = duration // dt.timedelta(microseconds=1)
    else:
        parts = _PART.findall(duration)
        if not parts or _PART.sub("", duration).strip():
            message = f"expected a length of time such as 30m, 12h or 7d, got {duration!r}"
            raise BadOption(message)
        total = round(sum(float(number) * _UNITS[unit] for number, unit in parts))
    if total <= 0:
        message = f"expected a length of time above zero, got {duration!r}"
        raise BadOption(message)
    return total
