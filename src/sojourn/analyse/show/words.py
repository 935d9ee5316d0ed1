"""Numbers as people read them.

In: counts, shares, seconds, amounts. Out: short text: `17,434`, `4.1 %`, `2 min 5 s`, a bar, a sparkline.
"""

from __future__ import annotations

import datetime as dt
import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_SPARKS = "▁▂▃▄▅▆▇█"
_LARGE = 10_000
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400


def count(number: float) -> str:
    """`17,434`."""
    return "–" if math.isnan(number) else f"{number:,.0f}"


def counted(number: int, one: str, many: str | None = None) -> str:
    """`1 person`, `2 persons`; with `many` where an s is not enough."""
    return f"{count(number)} {one if number == 1 else many or one + 's'}"


def percent(share: float, *, digits: int = 1) -> str:
    """`4.1 %` of a share in [0, 1]."""
    return "–" if math.isnan(share) else f"{100 * share:.{digits}f} %"


def money(amount: float, currency: str | None = None) -> str:
    """`1,234.50 EUR`; `8,300,066 EUR` from ten thousand on; without a currency the number alone."""
    if math.isnan(amount):
        return "–"
    digits = 2 if abs(amount) < _LARGE else 0
    return f"{amount:,.{digits}f}" + (f" {currency}" if currency else "")


def duration(seconds: float) -> str:
    """`0 s`, `12 s`, `2 min 5 s`, `3 h 10 min`, `2.4 d`."""
    if math.isnan(seconds):
        return "–"
    if 0 < seconds < 1:
        return f"{seconds:.2f} s"
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE} s"
    if whole < _DAY:
        return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"
    return f"{seconds / _DAY:.1f} d"


def moment(us: int) -> str:
    """`2024-03-01 14:00:05` of microseconds since 1970 UTC."""
    return (_EPOCH + dt.timedelta(seconds=us // 1_000_000)).strftime("%Y-%m-%d %H:%M:%S") if us else "–"


def bar(share: float, width: int = 20) -> str:
    """A bar of `width` characters for a share in [0, 1]."""
    if math.isnan(share):
        return ""
    eighths = round(max(0.0, min(1.0, share)) * width * 8)
    return "█" * (eighths // 8) + (_EIGHTHS[eighths % 8] if eighths % 8 else "")


def sparkline(values: Sequence[float]) -> str:
    """One character a value, the highest as a full block."""
    known = [value for value in values if not math.isnan(value)]
    top = max(known, default=0)
    if top <= 0:
        return _SPARKS[0] * len(values)
    return "".join(" " if math.isnan(v) else _SPARKS[min(7, int(v / top * 7.999))] for v in values)


def scored_persons(persons: int, unscored: int) -> str:
    """`1,204 persons`, and how many more are left out because their consent forbids it, when there are any."""
    told = f"{count(persons)} persons"
    return f"{told} ({count(unscored)} more may not be scored: consent)" if unscored else told
