"""One accepted event, as the log keeps it: who, what, when, properties, context.

In: nothing. Out: `Event`, its encoding, and the key of a source. Never decides what is accepted; `collect` does.
"""

from __future__ import annotations

import hashlib
from typing import Literal, NamedTuple

import msgspec

EventType = Literal["track", "page", "screen", "identify", "group", "alias", "control"]
SourceKind = Literal["browser", "server"]
Consent = Literal["required", "assumed"]
KEY_PREFIXES: dict[SourceKind, str] = {"browser": "sjb_", "server": "sjs_"}
"""How a key begins, by what it is for."""
_LONG_NAME = 64


class Event(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One event, immutable. New fields come last and have defaults: old records of the log stay readable.

    Attributes:
        source: Name of the source whose key sent it; message ids are unique within it.
        message_id: The event's own id; given by the collector when none came.
        type: Segment's word for its shape; `control` for what changes persons (revoke a link, consent by hand, erase).
        event: Canonical name, docs/event-names.md.
        time: When it happened: microseconds UTC, corrected by the clock rule, never after `received_at`.
        received_at: When it arrived: microseconds UTC.
        sent_event: The name as it was sent, where it differs from `event`.
        user_id: The user it names. null, "" and absent are alike on the wire: None here.
        anonymous_id: The device it names; a `daily` pseudonym in cookieless mode.
        previous_id: Of an alias: the identifier that is the same as `user_id`.
        group_id: Of a group event: the account.
        external_ids: Further identifiers it carries: pairs of kind (`email`, `loyalty_card`, ...) and value.
        proven: Whether `user_id` is proven: a secret server key sent it, or it carries the shop's HMAC.
        daily: Whether `anonymous_id` is a daily pseudonym: such an actor never links.
        browser: Whether a browser sent it: only then does the user agent tell of bots.
        order_id: Of an order.
        revenue: Its value; a refund is negative.
        currency: ISO 4217 code of `revenue`.
        original_time: The time as the client said it, microseconds UTC; None when it said none.
        sent_at: When the client says it sent it, microseconds UTC.
        properties: JSON object, text.
        traits: JSON object, text; None when it has none.
        context: JSON object, text; None when it has none.
    """

    source: str
    message_id: str
    type: EventType
    event: str
    time: int
    received_at: int
    sent_event: str | None = None
    user_id: str | None = None
    anonymous_id: str | None = None
    previous_id: str | None = None
    group_id: str | None = None
    external_ids: tuple[tuple[str, str], ...] = ()
    proven: bool = False
    daily: bool = False
    browser: bool = False
    order_id: str | None = None
    revenue: float | None = None
    currency: str | None = None
    original_time: int | None = None
    sent_at: int | None = None
    properties: str = "{}"
    traits: str | None = None
    context: str | None = None


class Arrived(NamedTuple):
    """An event with its place.

    Attributes:
        seq: Its place in the log.
        event: The event.
        key: The 16 bytes that tell it from all others: `event_key`, or of an imported row without a message id its fields'.
    """

    seq: int
    event: Event
    key: bytes


def arrived(seq: int, event: Event) -> Arrived:
    """A collected event with its place."""
    return Arrived(seq, event, event_key(event.source, event.message_id))


class Source(msgspec.Struct, frozen=True):
    """Where events come from, and what its key may do.

    Attributes:
        name: The source.
        kind: A `browser` key is public: it may only write, and only for the device that sends. A `server` key is secret.
        consent: `required`: nothing but cookieless counting until consent is granted; `assumed`: granted until denied.
        role: What else the key may do: None for writing events only.
    """

    name: str
    kind: SourceKind
    consent: Consent
    role: str | None = None


def event_key(source: str, message_id: str) -> bytes:
    """16 bytes that tell one event from all others: BLAKE2b over `source NUL message_id`.

    The same for an event that is collected and one that is imported, so that neither comes in twice.
    A source name of 64 bytes and more is hashed first.
    """
    return hashlib.blake2b(source_prefix(source) + message_id.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def source_prefix(source: str) -> bytes:
    """What is hashed before the message id."""
    name = source.encode("utf-8", "surrogatepass")
    return (name if len(name) < _LONG_NAME else hashlib.blake2b(name, digest_size=32).digest()) + b"\0"
