"""The settings of a data folder as questions, pages and the API use them.

In: a data folder. Out: its settings as of now, and what they add to a question that does not say. A change leaves a line in the audit log.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from sojourn.store.audit import record
from sojourn.store.settings import NAMES, Settings, read_settings, save_settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sojourn.api.questions import Question
    from sojourn.store.folder import Folder

__all__ = ["NAMES", "CurrentSettings", "Settings", "change_settings", "defaults_for"]


class CurrentSettings:
    """A folder's settings, read again when its decisions changed; safe to share among threads."""

    def __init__(self, folder: Folder) -> None:
        """Read nothing yet."""
        self._folder = folder
        self._read: tuple[tuple[int, int], Settings] | None = None

    def now(self) -> Settings:
        """The settings."""
        stamp = _stamp(self._folder)
        if self._read is None or self._read[0] != stamp:
            settings = read_settings(self._folder)
            # Stamped as it was before: what changed meanwhile is read again.
            self._read = (stamp, settings)
        return self._read[1]


def change_settings(folder: Folder, changes: Mapping[str, object], *, who: str) -> Settings:
    """Change some settings.

    Args:
        folder: The data folder.
        changes: New values by name.
        who: Who does, for the audit log.

    Raises:
        BadOption: A value is outside what the setting accepts.
    """
    settings = dataclasses.replace(read_settings(folder), **changes)  # type: ignore[arg-type]  # checked by the record
    if changed := save_settings(folder, settings):
        record(folder, who=who, what="changed settings", detail=changed)
    return settings


def defaults_for(question: Question, settings: Settings) -> dict[str, str]:
    """What the settings say for options of a question, by argument."""
    said = {"gap": settings.session_gap, "currency": settings.currency}
    plain = Settings()
    told = {"gap": settings.session_gap != plain.session_gap, "currency": settings.currency is not None}
    return {option.name: str(said[option.name]) for option in question.options if told.get(option.name)}


def _stamp(folder: Folder) -> tuple[int, int]:
    try:
        state = folder.control.stat()
    except FileNotFoundError:
        return 0, 0
    return state.st_mtime_ns, state.st_size
