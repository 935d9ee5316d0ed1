"""How the data folder is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sojourn.api.endpoint import endpoint
from sojourn.api.folder_health import Health, health

if TYPE_CHECKING:
    from sojourn.api.call import Call


def look(call: Call) -> Health:
    """Which processes run and how far behind they are, what takes how much of the disk, what is wrong and what to do."""
    return health(call.folder)


ENDPOINTS = (endpoint("GET", "/api/health", look, role="viewer", group="health"),)
