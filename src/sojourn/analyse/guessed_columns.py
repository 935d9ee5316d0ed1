"""Columns and events a log has under a usual name.

In: names that are usual for something, the likeliest first. Out: those the log has, or none.
Columns the events table knows by name are tried; what lies deeper in JSON only when it is asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sojourn.analyse.channels import has_column
from sojourn.analyse.steps import Step
from sojourn.store.column_source import ColumnSource
from sojourn.store.events import EventsTable
from sojourn.store.tail import read_version

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sojourn.analyse.journeys import Journeys

_VIEWS = ("Page Viewed", "Screen Viewed")
_PAGES = ("path", "page_path", "page", "url", "page_location", "screen", "screen_name")
_PURCHASES = frozenset(
    (
        "ordercompleted",
        "completedorder",
        "orderplaced",
        "purchase",
        "purchased",
        "transaction",
        "checkoutcompleted",
        "buy",
    )
)


def usual_events(journeys: Journeys, names: Sequence[str]) -> Step | None:
    """The events of these names the log has, as one step; None without any."""
    present = tuple(name for name in names if name in journeys.events)
    return Step("|".join(present), names=present) if present else None


def usual_views(journeys: Journeys) -> Step | None:
    """The events that are page views; None in a log without such names, where every event may be one."""
    return usual_events(journeys, _VIEWS)


def usual_page(journeys: Journeys, views: Step | None) -> str:
    """Column of the pages: `path` or the like where there are page views, else the event's name."""
    return (guess_column(journeys, _PAGES) if views is not None else None) or "event"


def usual_purchases(journeys: Journeys) -> Step | None:
    """The events that are purchases, by name; None without any."""
    plain = {name: "".join(c for c in name.lower() if c.isalnum()) for name in journeys.events}
    return usual_events(journeys, [name for name in journeys.events if plain[name] in _PURCHASES])


def guess_column(journeys: Journeys, names: Sequence[str], *, deep: bool = False) -> str | None:
    """The first of the names that is a column of the log, in any case; None without one.

    Args:
        journeys: The log.
        names: In lower case, the likeliest first.
        deep: Also look for rare properties, which have no column of their own: that reads the log once a name.
    """
    table = EventsTable(journeys.index.folder.events)
    known = {name.lower(): name for name in reversed(ColumnSource(table, read_version(journeys.index.folder)).names())}
    found = [known.get(name, name) for name in names if deep or name in known]
    return next((name for name in found if has_column(journeys, name)), None)
