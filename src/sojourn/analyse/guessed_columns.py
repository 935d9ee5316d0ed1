"""Columns a log has under a usual name.

In: names that are usual for something, the likeliest first. Out: the one the log has, or none.
Only columns the events table knows by name are tried; what lies deeper in JSON must be named.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sojourn.analyse.channels import has_column
from sojourn.store.column_source import ColumnSource
from sojourn.store.events import EventsTable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sojourn.analyse.journeys import Journeys


def guess_column(journeys: Journeys, names: Sequence[str]) -> str | None:
    """The first of the names that is a column of the log, in any case; None without one.

    Args:
        journeys: The log.
        names: In lower case, the likeliest first.
    """
    table = EventsTable(journeys.index.folder.events)
    known = {name.lower(): name for name in reversed(ColumnSource(table, table.read()).names())}
    found = (known[name] for name in names if name in known)
    return next((name for name in found if has_column(journeys, name)), None)
