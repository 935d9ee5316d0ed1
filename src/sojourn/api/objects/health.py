"""How the data folder is, and letting a restored one send."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from sojourn.api.endpoint import endpoint
from sojourn.api.folder_health import Health, health, release_sends

if TYPE_CHECKING:
    from sojourn.api.call import Call


class Release(msgspec.Struct, forbid_unknown_fields=True):
    """What becomes of the sends that a restored folder holds.

    Attributes:
        what: `send`: what waits is sent, receivers know what they have by its id; `drop`: it is passed over.
    """

    what: Literal["send", "drop"]


def look(call: Call) -> Health:
    """Which processes run and how far behind they are, what takes how much of the disk, what is wrong and what to do."""
    return health(call.folder)


def release(call: Call, *, body: Release) -> Health:
    """Let the sends of a restored folder go on, as they stand under `held`; nothing changes where none are held."""
    release_sends(call.folder, body.what, who=call.who)
    return health(call.folder)


ENDPOINTS = (
    endpoint("GET", "/api/health", look, role="viewer", group="health"),
    endpoint("POST", "/api/health/release", release, role="admin", group="health"),
)
