"""Which events a question is asked of, as query parameters say it.

In: `where`, `from`, `until`, `time_zone`, `bots` of a URL. Out: a `Scope`. Never opens a folder; `api.history` does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlencode

if TYPE_CHECKING:
    from starlette.datastructures import QueryParams

FIELDS = ("where", "from", "until", "time_zone", "bots")
"""Query parameters that every question and page understands."""


@dataclass(frozen=True, slots=True)
class Scope:
    """A part of the log.

    Attributes:
        where: Predicates that must all match (docs/predicates.md).
        start: First moment; None for no bound.
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
        start=query.get("from", "").strip() or None,
        until=query.get("until", "").strip() or None,
        time_zone=query.get("time_zone", "").strip() or time_zone,
        bots=query.get("bots", "") in {"yes", "true", "1", "on"},
    )
