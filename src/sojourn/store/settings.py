"""What somebody decided for all who use a data folder, in `control.sqlite`.

In: a data folder. Out: its `Settings`, each with a default. Never holds what belongs to one user or one question.
"""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from sojourn.records.durations import microseconds
from sojourn.records.errors import BadOption
from sojourn.records.periods import zone
from sojourn.store.sqlite import database, queries

if TYPE_CHECKING:
    from sojourn.store.folder import Folder

_CURRENCY = re.compile(r"[A-Z]{3}")
_LONGEST_GOAL = 200
MOST_DAYS = 3_650
"""The longest time that can be set; beyond it, keep for ever."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Decisions for a folder.

    Attributes:
        time_zone: IANA name; where days begin for questions that name none.
        session_gap: Silence that ends a session for questions that name none, such as 30m.
        currency: ISO code in which amounts are told where the log has any in it; None: the one most amounts have.
        goal: What people come for: an event's name; None: the first usual name the log has.
        rejected_days: Days for which rejected events are kept; None for ever.
        events_days: Days for which accepted events are kept, by when they happened; None for ever.
    """

    time_zone: str = "UTC"
    session_gap: str = "30m"
    currency: str | None = None
    goal: str | None = None
    rejected_days: int | None = None
    events_days: int | None = None

    def __post_init__(self) -> None:
        """Check them.

        Raises:
            BadOption: One is outside what it accepts.
        """
        zone(self.time_zone)
        microseconds(self.session_gap)
        if self.currency is not None and not _CURRENCY.fullmatch(self.currency):
            raise BadOption(f"expected a currency of three capitals such as EUR, got {self.currency!r}")
        if self.goal is not None and not (0 < len(self.goal) <= _LONGEST_GOAL and self.goal.isprintable()):
            raise BadOption(
                f"expected an event's name of 1 to {_LONGEST_GOAL} printable characters, got {self.goal[:40]!r}"
            )
        for days in (self.rejected_days, self.events_days):
            if days is not None and not 1 <= days <= MOST_DAYS:
                raise BadOption(f"expected 1 to {MOST_DAYS:,} days, got {days:,}")


NAMES = tuple(field.name for field in dataclasses.fields(Settings))
"""Every setting."""


def read_settings(folder: Folder) -> Settings:
    """The settings of a folder."""
    with database(folder.control, "settings") as control:
        rows = dict(queries("settings").all_settings(control))
    return Settings(**{name: msgspec.json.decode(rows[name]) for name in NAMES if name in rows})


def save_settings(folder: Folder, settings: Settings) -> dict[str, object]:
    """Decide.

    Returns:
        What differs from before, by name.
    """
    before = read_settings(folder)
    changed = {name: getattr(settings, name) for name in NAMES if getattr(settings, name) != getattr(before, name)}
    plain = Settings()
    with database(folder.control, "settings") as control:
        for name, value in changed.items():
            if value == getattr(plain, name):
                queries("settings").unset_setting(control, name=name)
            else:
                queries("settings").set_setting(control, name=name, value=msgspec.json.encode(value).decode())
    return changed
