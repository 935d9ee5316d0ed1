"""Bringing a data folder of an older version up to this one's format, step by step.

In: a folder of any older format. Out: the same events in the newest format. Every writer begins with it; readers read older
formats as they are. A step that is killed is done again: each can be.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sojourn.store.events import EventsTable
from sojourn.store.folder import open_folder, set_format

if TYPE_CHECKING:
    from collections.abc import Callable

    from sojourn.store.folder import Folder


def migrate(folder: Folder) -> list[int]:
    """Do the steps that a folder has not had. For the holder of `Folder.writing`.

    Returns:
        The formats it was brought to, in order; empty when it is up to date.
    """
    had = open_folder(folder.path).format
    done = []
    for number, step in sorted(_STEPS.items()):
        if number > had:
            step(folder)
            set_format(folder, number)
            done.append(number)
    return done


def _columns_of_collected_events(folder: Folder) -> None:
    """2: the events table gets the columns of collected events; rows of before have null there."""
    table = EventsTable(folder.events)
    table.recover()
    if table.read().number >= 0:
        table.create()


_STEPS: dict[int, Callable[[Folder], None]] = {2: _columns_of_collected_events}
"""What brings a folder to a format, from the one before it."""
