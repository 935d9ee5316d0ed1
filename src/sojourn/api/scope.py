"""Which events a question is asked of, as query parameters say it.

In: `where`, `from`, `until`, `time_zone`, `bots` of a URL. Out: a `Scope`. Never opens a folder; `api.history` does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

if TYPE_CHECKING:
    from starlette.datastructures import QueryParams

FIELDS = ("where", "from", "until", "time_zone", "bots")
"""Query parameters that every question and page understands."""
_DAYS = re.compile(r"([1-9]\d{0,3})d")


@dataclass(frozen=True, slots=True)
class Scope:
    """A part of the log.

    Attributes:
        where: Predicates that must all match (docs/predicates.md).
        start: First moment, or `28d` for the last 28 days up to `until` or to the day of the newest event; None for no bound.
        until: Moment after the last; None for no bound.
        time_zone: IANA name; where days begin.
        bots: Whether self-declared crawlers count.
    """

    where: tuple[str, ...] = ()
    start: str | None = None
    until: str | None = None
    time_zone: str = "UTC"
    bots: bool = False

    def query(self, *, time_zone: str = "UTC") -> str:
        """The same as text of a URL, without a question mark; what equals its default is left out.

        Args:
            time_zone: What is read where a URL names none.
        """
        pairs = [("where", predicate) for predicate in self.where]
        pairs += [(name, value) for name, value in (("from", self.start), ("until", self.until)) if value]
        if self.time_zone != time_zone:
            pairs.append(("time_zone", self.time_zone))
        if self.bots:
            pairs.append(("bots", "yes"))
        return urlencode(pairs)


def read_scope(query: QueryParams, *, time_zone: str = "UTC") -> Scope:
    """What a URL asks for; empty parameters, as forms send them, say nothing.

    Args:
        query: Of the request.
        time_zone: Where it names none.
    """
    return Scope(
        where=tuple(text.strip() for text in query.getlist("where") if text.strip()),
        start=_last(query.getlist("from")),
        until=query.get("until", "").strip() or None,
        time_zone=query.get("time_zone", "").strip() or time_zone,
        bots=query.get("bots", "") in {"yes", "true", "1", "on"},
    )


def days_of(start: str | None) -> int | None:
    """How many days `28d` are; None for anything else."""
    found = _DAYS.fullmatch(start or "")
    return int(found[1]) if found else None


def _last(texts: list[str]) -> str | None:
    """The last that is not empty: a form's date follows its list of usual periods, and is the more exact."""
    return next((text.strip() for text in reversed(texts) if text.strip()), None)
