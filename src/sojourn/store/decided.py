"""What `control.sqlite` remembers of work done: imports and erasures.

In: a data folder. Out: rows. Never changes any.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sojourn.store.sqlite import database, queries

if TYPE_CHECKING:
    from sojourn.store.folder import Folder


def erasures(folder: Folder) -> list[tuple[int, str, int, int, int]]:
    """(id, erased_at, actors, events, quarantined) of each erasure, oldest first."""
    with database(folder.control, "control") as control:
        return list(queries("control").receipts(control))


def imports(folder: Folder) -> list[tuple[int, str, str, str, int, int, int, int, int, int]]:
    """(id, file, source, finished_at, read, imported, duplicates, repeated, rejected, bots) of each import, oldest first."""
    with database(folder.control, "control") as control:
        return list(queries("control").imports(control))
