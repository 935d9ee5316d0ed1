"""What templates draw with: cells of tables, changes against the period before, small lines, meanings of fields.

In: numbers of results. Out: texts and paths of SVG. Never computes a number that a script could not fetch, but the ratio of two.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from sojourn.analyse.results import plain
from sojourn.analyse.show.words import percent
from sojourn.api.docstrings import section
from sojourn.api.scope import days_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sojourn.api.scope import Scope

EVERYTHING = "9999d"
"""As a period: all there is, for pages that show less where nothing is said."""
USUAL: tuple[tuple[str, str], ...] = (
    ("7d", "Last 7 days"),
    ("28d", "Last 28 days"),
    ("90d", "Last 90 days"),
    ("365d", "Last 365 days"),
)
"""Periods up to the day of the log's newest event."""
_HIGH = 28.0
_DIGITS = 4
_LARGE = 1_000
_CODE = re.compile(r"`+")


@dataclass(frozen=True, slots=True)
class Change:
    """A number against the same number of the period before.

    Attributes:
        text: `+12.3 %`, `no change`, `new`.
        kind: Whether that is good, bad, or neither.
        against: What it is compared with.
    """

    text: str
    kind: Literal["good", "bad", ""]
    against: str


def change(now: float, before: float | None, *, more_is: Literal["good", "bad", ""] = "good") -> Change | None:
    """How a number moved; None where one of the two is unknown.

    Args:
        now: Of the period.
        before: Of the period of the same length before it.
        more_is: What a rise means.
    """
    if before is None or math.isnan(now) or math.isnan(before):
        return None
    if now == before:
        return Change("no change", "", "vs before")
    less: dict[str, Literal["good", "bad", ""]] = {"good": "bad", "bad": "good", "": ""}
    kind = more_is if now > before else less[more_is]
    if not before:
        return Change("new", kind, "none before")
    share = now / before - 1
    arrow = "▲" if share > 0 else "▼"
    return Change(f"{arrow} {percent(abs(share))}", kind, "vs before")


def spark_of(values: Sequence[float]) -> tuple[str, str]:
    """A line through values, and the area under it, as paths in a box of 100 by 30; zero is at the bottom."""
    known = [0.0 if math.isnan(value) else float(value) for value in values]
    top = max(known, default=0.0) or 1.0
    step = 100 / max(1, len(known) - 1)
    points = [f"{place * step:.1f} {29 - max(0.0, value) / top * _HIGH:.1f}" for place, value in enumerate(known)]
    if not points:
        return "", ""
    line = "M" + "L".join(points)
    return line, f"{line}L{(len(known) - 1) * step:.1f} 30L0 30Z"


def height_of(part: float, whole: float) -> float:
    """Height of a bar in a box 40 high; what is more than nothing can be seen."""
    return 0.0 if not part else max(1.0, round(math.sqrt(part / whole) * 40, 1))


def cell(value: Any) -> str:  # noqa: ANN401  (whatever a record holds)
    """A value as a table shows it: counts with commas, shares and amounts with four digits that count, None as a dash.

    What is markup already, as the macros of parts.html make it, stays so.
    """
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return _float(value)
    return value if isinstance(value, str) else str(value)


def _float(value: float) -> str:
    if not math.isfinite(value):
        return "–" if math.isnan(value) else "∞"
    if value == round(value) or abs(value) >= _LARGE:
        return f"{value:,.0f}"
    return f"{value:.{_DIGITS}g}"


def is_number(value: Any) -> bool:  # noqa: ANN401  (whatever a record holds)
    """Whether a cell stands at the right."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def records_of(rows: Sequence[Any]) -> tuple[list[str], list[list[Any]]]:
    """Records as a table: the names of the plain fields of the first, and each one's values."""
    plain_rows = [plain(row) for row in rows]
    names = [name for name, value in plain_rows[0].items() if not isinstance(value, list | dict)] if plain_rows else []
    return names, [[row[name] for name in names] for row in plain_rows]


def meaning_of(result: Any) -> list[tuple[str, str]]:  # noqa: ANN401  (any Result, or a figure)
    """What the fields of a result's rows, and of the result, mean, as its records say it; empty for a bare figure."""
    if not hasattr(result, "rows"):
        return []
    rows = result.rows()
    kinds = dict.fromkeys([*(type(row) for row in rows[:1]), type(result)])
    found: dict[str, str] = {}
    for kind in kinds:
        for name, text in section(kind, "Attributes").items():
            if not name.startswith("_"):
                found.setdefault(name.rstrip("_"), _CODE.sub("", text))
    return list(found.items())


def usual_periods(scope: Scope, everything: str = "") -> list[tuple[str, str]]:
    """What the list of periods offers: the usual ones, and what the address asks for.

    Args:
        scope: Of the address.
        everything: What the list sends for all time.
    """
    start = scope.start or ""
    days = days_of(start)
    other = [(start, f"Last {days} days")] if days and start not in {*dict(USUAL), EVERYTHING} else []
    exact = [("", "Exact dates")] if scope.until or (start and not days) else []
    if start == EVERYTHING:
        everything = start
    return [*exact, *([] if exact and not everything else [(everything, "All time")]), *USUAL, *other]
