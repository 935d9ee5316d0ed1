"""Names a log knows: for lists to choose from.

In: journeys. Out: names of columns and properties, those of questions first. Reads no events beyond the sample that `compare` reads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sojourn.store.column_source import ColumnSource
from sojourn.store.events import EventsTable
from sojourn.store.index import retried
from sojourn.store.property_profile import property_rows
from sojourn.store.tail import read_version

if TYPE_CHECKING:
    from sojourn.analyse.journeys import Journeys

_NO_CHOICE = {"event", "time", "received_at", "type", "sent_event", "message_id", "bot", "source"}
"""Columns every log has and nobody breaks down by."""


def known_columns(journeys: Journeys) -> list[str]:
    """Columns and properties that a question may be asked by; those on most events first, the fixed ones last."""
    version = retried(lambda: read_version(journeys.index.folder))
    sizes = {name: sum(by_event.values()) for name, by_event in property_rows(version).items()}
    fixed = [
        name for name in ColumnSource(EventsTable(journeys.index.folder.events), version).names() if name not in sizes
    ]
    ranked = sorted(sizes, key=lambda name: (-sizes[name], name))
    return [name for name in dict.fromkeys([*ranked, *fixed]) if name not in _NO_CHOICE]
