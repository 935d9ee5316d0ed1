"""What is known of a request besides its body, and an event on its way to being accepted.

In: nothing. Out: `Arrival`, `Draft`. Never decides anything.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from sojourn.records.event import EventType, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A request, as far as its events need to know it.

    Attributes:
        source: Whose key it carried.
        received_at: When it arrived, microseconds UTC.
        address: The network address it came from; None when unknown. Of a server source it is the shop's own and tells nothing.
        user_agent: The header User-Agent.
        country: ISO 3166 code of where `address` is; None when unknown.
        opted_out: Whether the browser said `Sec-GPC: 1` or `DNT: 1`.
        salt: Today's random bytes for daily pseudonyms.
        user_secret: With which the shop signs user ids for this key.
        user_hash: The signature of the user id, where it came as a header.
        sent_at: When the client says it sent the request, where that came as a header; microseconds UTC.
        oldest: Events that happened before this time are refused, microseconds UTC; None: none are.
    """

    source: Source
    received_at: int
    address: str | None = None
    user_agent: str | None = None
    country: str | None = None
    opted_out: bool = False
    salt: bytes = field(default=b"", repr=False)
    user_secret: bytes = field(default=b"", repr=False)
    user_hash: str | None = None
    sent_at: int | None = None
    oldest: int | None = None


class Draft(msgspec.Struct):
    """One event as its protocol told it, before clock, privacy and permissions have been seen to.

    The attributes are those of `records.event.Event`; `said` and `sent` are the client's times in microseconds, `unread` the client's time
    where it could not be read, `user_hash` the shop's signature of `user_id`.
    """

    type: EventType
    event: str | None
    message_id: str | None = None
    sent_event: str | None = None
    user_id: str | None = None
    anonymous_id: str | None = None
    previous_id: str | None = None
    group_id: str | None = None
    external_ids: tuple[tuple[str, str], ...] = ()
    order_id: str | None = None
    revenue: float | None = None
    currency: str | None = None
    said: int | None = None
    sent: int | None = None
    unread: Any = None
    user_hash: str | None = None
    properties: dict[str, Any] = {}
    traits: dict[str, Any] = {}
    context: dict[str, Any] = {}
