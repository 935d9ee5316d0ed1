"""The time before which events have expired: they are refused on every path, and those there were are gone or going.

In: a data folder. Out: its limit. It only moves forward: what has gone does not come back because somebody keeps events for longer now.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sojourn.store.sqlite import database, queries

if TYPE_CHECKING:
    from sojourn.store.folder import Folder

NO_LIMIT = -(1 << 63)
"""Of a folder that never let an event expire."""
EXPIRED = "it happened before the time from which this folder keeps events; nothing of it is kept"
"""Why an event is refused."""


def limit_of(folder: Folder) -> int:
    """Events that happened before this time are refused, microseconds UTC."""
    return _asked(folder, "expiry_limit")


def reached_limit(folder: Folder) -> int:
    """The same as far as a run has come to its end: table, index and log hold nothing from before."""
    return _asked(folder, "expiry_reached")


def _asked(folder: Folder, name: str) -> int:
    if not folder.control.exists():
        return NO_LIMIT
    with database(folder.control, "control") as control:
        found = getattr(queries("control"), name)(control)
    return NO_LIMIT if found is None else int(found)
