"""Events that expired, run by run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sojourn.api.endpoint import endpoint
from sojourn.store.expiry import Expiry, expiries

if TYPE_CHECKING:
    from sojourn.api.call import Call


@dataclass(frozen=True, slots=True)
class Expiries:
    """Runs in which events expired.

    Attributes:
        events_days: Days for which events are kept by the settings; None for ever.
        receipts: Oldest first.
    """

    events_days: int | None
    receipts: tuple[Expiry, ...]


def listing(call: Call) -> Expiries:
    """For how long events are kept, and the receipts of the runs in which older ones left every store."""
    return Expiries(call.backing.history.settings.now().events_days, tuple(expiries(call.folder)))


ENDPOINTS = (endpoint("GET", "/api/expiries", listing, role="viewer", group="expiries"),)
