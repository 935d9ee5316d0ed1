"""Orders as the demo shop's server tells them to the collector: browsers block trackers, servers do not forget.

In: an order and whose. Out: one message with the server key. Never waits longer than a moment, never fails an order.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import httpx
import structlog

if TYPE_CHECKING:
    from sojourn.demo.counter import Door
    from sojourn.demo.visits import Order

_log = structlog.get_logger()
_PURPOSES = ("analytics", "personalisation", "marketing")


class OrdersSent:
    """The way of orders to the collector."""

    def __init__(self, door: Door, client: httpx.AsyncClient) -> None:
        """Send with the door's server key."""
        self._door, self._client = door, client

    async def send(self, order: Order, *, user_id: str, anonymous_id: str, consent: str) -> bool:
        """Tell of an order; whether the collector took it. Whoever did not allow it is not named: `docs/privacy.md`.

        Args:
            order: The order.
            user_id: Who is signed in; empty when nobody is.
            anonymous_id: As the tracker in the browser says; empty when it keeps none.
            consent: JSON of what the tracker knows of each purpose.
        """
        message = {
            "type": "track",
            "event": "Order Completed",
            "messageId": f"order-{order.order_id}",
            "properties": order.properties,
            # Without an identifier of the browser the order stands for itself; the collector makes a pseudonym of it.
            "anonymousId": anonymous_id or order.order_id,
            "context": {
                "library": {"name": "sojourn-demo-shop"},
                "consent": {"categoryPreferences": _preferences(consent)},
            },
        }
        if user_id:
            message["userId"] = user_id
        headers = {"authorization": f"Bearer {self._door.server_key}"}
        try:
            answered = await self._client.post(
                f"{self._door.collector}/v1/batch", json={"batch": [message]}, headers=headers
            )
        except httpx.HTTPError as error:
            _log.warning("an order did not reach the collector; the page sends it too", error=type(error).__name__)
            return False
        return answered.is_success


def _preferences(text: str) -> dict[str, bool]:
    """What a browser says of consent, as far as it says it."""
    try:
        told = json.loads(text or "{}")
    except ValueError:
        return {}
    if not isinstance(told, dict):
        return {}
    return {purpose: told[purpose] for purpose in _PURPOSES if isinstance(told.get(purpose), bool)}
