"""Settings of the data folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec import UNSET, UnsetType

from sojourn.api.endpoint import endpoint
from sojourn.api.settings import NAMES, change_settings
from sojourn.records.errors import BadField

if TYPE_CHECKING:
    from sojourn.api.call import Call
    from sojourn.store.settings import Settings


class SettingsChange(msgspec.Struct, forbid_unknown_fields=True):
    """Settings to change; what is left out stays.

    Attributes:
        time_zone: IANA name; where days begin for questions that name none.
        session_gap: Silence that ends a session for questions that name none, such as 30m.
        currency: ISO code in which amounts are told where the log has any in it; null: the one most amounts have.
        goal: What people come for: an event's name; null: the first usual name the log has.
        rejected_days: Days for which rejected events are kept; null for ever.
        events_days: Days for which accepted events are kept, by when they happened; null for ever. What is older goes for good.
    """

    time_zone: str | UnsetType = UNSET
    session_gap: str | UnsetType = UNSET
    currency: str | UnsetType | None = UNSET
    goal: str | UnsetType | None = UNSET
    rejected_days: int | UnsetType | None = UNSET
    events_days: int | UnsetType | None = UNSET


def read(call: Call) -> Settings:
    """The settings of the data folder."""
    return call.backing.history.settings.now()


def change(call: Call, *, body: SettingsChange) -> Settings:
    """Change settings; every question that does not say otherwise follows."""
    given = {name: getattr(body, name) for name in NAMES}
    changes = {name: value for name, value in given.items() if value is not UNSET}
    if not changes:
        raise BadField("body", f"expected some of {', '.join(NAMES)}")
    return change_settings(call.folder, changes, who=call.who)


ENDPOINTS = (
    endpoint("GET", "/api/settings", read, role="viewer", group="settings"),
    endpoint("PUT", "/api/settings", change, role="admin", group="settings"),
)
