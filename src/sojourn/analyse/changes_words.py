"""Changes of behaviour as sentences.

In: numbers of a finding. Out: one sentence: what fell or rose, from what to what, since when, how sure. Never computes.
"""

from __future__ import annotations

import math

_DAYS = {1: "day", 7: "week"}
MILLIONTH = 1e-6
"""A chance below which nobody wants more digits."""


def period_word(days: float) -> str:
    """`day`, `week`, or `10 days`."""
    return _DAYS.get(int(days) if days == int(days) else 0, f"{days:g} days")


def number(value: float) -> str:
    """About three digits: `5.2`, `0.31`, `1,204`."""
    if math.isnan(value):
        return "nothing known"
    if value >= 100:  # noqa: PLR2004  (three digits without a fraction)
        return f"{value:,.0f}"
    return f"{value:.3g}" if value >= 1 else f"{value:.2f}".rstrip("0").rstrip(".") or "0"


def odds(chance: float) -> str:
    """`once in 40,000`, two digits of it; `under once in a million`."""
    if chance <= MILLIONTH:
        return "under once in a million"
    times = 1 / chance
    digits = 10 ** max(0, len(str(int(times))) - 2)
    return f"once in {int(times / digits) * digits:,}"


def periods(count: int, period: str) -> str:
    """`1 week`, `6 weeks`, `3 periods of 10 days`."""
    if " " in period:
        return f"{count} x {period}"
    return f"{count} {period}{'' if count == 1 else 's'}"


def what(name: str, kind: str) -> str:
    """What fell or rose: `Visits`, `Spend`, `Events` or the name of an event."""
    return name if kind == "event" else name.capitalize()


def person_sentence(  # noqa: PLR0913  (the words of one sentence)
    subject: str, direction: str, before: float, after: float, unit: str, since: str, spans: tuple[int, int], period: str, chance: float
) -> str:  # fmt: skip
    """`Visits fell from 5.2 to 1.1 visits a week since 2024-07-22 (6 weeks against 30 before); ...`."""
    return (
        f"{subject} {direction} from {number(before)} to {number(after)} {unit} since {since} "
        f"({periods(spans[1], period)} against {spans[0]} before); a steady person shows that by chance {odds(chance)}."
    )


def group_sentence(  # noqa: PLR0913  (the words of one sentence)
    subject: str, direction: str, before: float, after: float, unit: str, since: str, percent: tuple[float, float, float], spans: tuple[int, int], period: str, chance: float
) -> str:  # fmt: skip
    """`view fell by 24 % (19 % to 29 %), from 5.2 to 4 events ... since 2024-07-22 ...`."""
    middle = f"{100 * abs(percent[0]):.0f} %"
    low, high = (f"{100 * part:.0f} %" for part in sorted(abs(end) for end in percent[1:]))
    return (
        f"{subject} {direction} by {middle} (between {low} and {high}), from {number(before)} to {number(after)} {unit} since {since} "
        f"({periods(spans[1], period)} against {spans[0]} before); a steady group shows that by chance {odds(chance)}."
    )
