"""What a page can offer to choose from: the log's events and columns, and an example to begin with.

In: a request. Out: `Known`. Never asks about persons.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sojourn.analyse.known_names import known_columns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sojourn.analyse.journeys import Journeys
    from sojourn.console.asked import Asked

_WAYS: tuple[tuple[str, ...], ...] = (
    ("Product Viewed", "Product Added", "Checkout Started", "Order Completed"),
    ("Pricing Viewed", "Signed Up", "Trial Started", "Feature Used", "Subscription Started"),
    ("Trailer Watched", "Signed Up", "Trial Started", "Video Playback Started", "Subscription Started"),
    ("view", "cart", "purchase"),
    ("view", "addtocart", "transaction"),
    ("page_view", "view_item", "add_to_cart", "begin_checkout", "purchase"),
    ("Page Viewed", "Signed Up", "Subscription Started"),
    ("Page Viewed", "Form Started", "Form Submitted"),
)
"""Usual ways to a goal, by the names events usually have."""
_GOALS = (
    "Order Completed", "Subscription Started", "purchase", "transaction", "Demo Requested", "Signed Up", "Form Submitted",
)  # fmt: skip
_CHANNELS = (
    "channel",
    "utm_source",
    "source_medium",
    "utm_medium",
    "referrer",
    "traffic_source",
    "context.campaign.source",
)
_FEWEST = 2


@dataclass(frozen=True, slots=True)
class Known:
    """What a log knows.

    Attributes:
        events: Names of events, the most frequent first where the log counts them.
        columns: Columns and properties.
    """

    events: Sequence[str]
    columns: Sequence[str]

    def way(self) -> list[str]:
        """A usual way to a goal of which the log has most steps, else its first two events."""
        found = max(([step for step in way if step in self.events] for way in _WAYS), key=len)
        return found if len(found) >= _FEWEST else list(self.events[:_FEWEST])

    def goal(self) -> str | None:
        """The event that is usually a goal; None without any."""
        return next((name for name in _GOALS if name in self.events), None)

    def channel(self) -> str | None:
        """The column that usually says where people come from; None without any."""
        return next((name for name in _CHANNELS if name in self.columns), None)


async def known(asked: Asked) -> Known:
    """What the log of a request knows."""

    def look(journeys: Journeys) -> Known:
        return Known(journeys.events, known_columns(journeys))

    found: Known = await asked.ask(look)
    return found
