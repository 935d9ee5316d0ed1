"""Messages of the Segment spec, as Segment, RudderStack and Customer.io clients and our tracker send them.

In: the JSON of a request. Out: its key, and `Event | Rejected` a message. Absorbs what the real clients do: explicit nulls, empty ids,
numbers as ids, traits in the context only, no type on single endpoints.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from sojourn.collect.accept import accept, rejected
from sojourn.collect.arrival import Draft
from sojourn.collect.canonical import SEGMENT
from sojourn.collect.clock import moment
from sojourn.collect.messages import Message, cut, inner, read_message, text_of
from sojourn.records.rejected import Reason

if TYPE_CHECKING:
    from sojourn.collect.arrival import Arrival
    from sojourn.records.event import Event, EventType
    from sojourn.records.rejected import Rejected

_NAMES: dict[str, str] = dict(SEGMENT)
_TYPES: dict[str, EventType] = {
    "track": "track",
    "page": "page",
    "screen": "screen",
    "identify": "identify",
    "group": "group",
    "alias": "alias",
}
_PLACED = frozenset(
    (
        *("type", "messageId", "userId", "anonymousId", "event", "name", "properties", "traits", "groupId", "previousId", "context"),
        *("timestamp", "originalTimestamp", "sentAt", "receivedAt", "writeKey", "_metadata", "integrations", "channel", "projectId"),
    )
)  # fmt: skip
_OBJECTS = ("properties", "traits", "context")
_ABOUT_THE_REQUEST = ("integrations", "channel")


class Request(msgspec.Struct, frozen=True):
    """A request, cut into its messages.

    Attributes:
        envelope: What stands around the messages.
        messages: The bytes of each.
        key: The write key in the body; None when there is none.
    """

    envelope: Message
    messages: list[bytes]
    key: str | None


def open_request(body: bytes) -> Request:
    """Cut a body into its messages, and find the key in it.

    Raises:
        BadBody: It is no JSON.
    """
    envelope, messages = cut(body, "batch")
    key = text_of(envelope.get("writeKey"))
    if key is None and messages and b"writeKey" in messages[0]:
        first = read_message(messages[0])
        key = text_of(first.get("writeKey")) if isinstance(first, dict) else None
    return Request(envelope, messages, key)


def read_request(request: Request, arrival: Arrival, *, kind: str | None = None) -> list[Event | Rejected]:
    """Judge each message of a request.

    Args:
        request: What `open_request` made.
        arrival: What else is known of the request.
        kind: The type that the address says, for messages without one.
    """
    envelope = request.envelope
    sent = moment(envelope.get("sentAt"))
    around = {name: envelope[name] for name in ("context", "integrations") if type(envelope.get(name)) is dict}
    found: list[Event | Rejected] = []
    for place, raw in enumerate(request.messages, start=1):
        message = read_message(raw)
        if not isinstance(message, dict):
            found.append(rejected(arrival, place, *message, raw))
            continue
        for name, value in around.items():
            message[name] = {**value, **inner(message, name)}
        draft = _draft(message, sent if sent is not None else arrival.sent_at, kind)
        if isinstance(draft, str):
            found.append(rejected(arrival, place, Reason.BAD_TYPE, draft, raw))
        else:
            found.append(accept(draft, arrival, place, raw))
    return found


def _draft(message: Message, sent: int | None, kind: str | None) -> Draft | str:
    """The message in our words, or what is wrong with its type."""
    said_type = message.get("type") or kind
    type_ = _TYPES.get(said_type) if isinstance(said_type, str) else None
    if type_ is None:
        return f"expected type track, page, screen, identify, group or alias, got {str(said_type)[:60]!r}"
    context, properties = inner(message, "context"), inner(message, "properties")
    traits = inner(message, "traits")
    if type_ != "group" and type(around := context.pop("traits", None)) is dict:
        # rudder-py and rudder-js have them there alone; a group's own traits are not the person's.
        traits = {**around, **traits}
    for name in message.keys() - _PLACED:
        if message[name] is not None:
            properties.setdefault(name, message[name])
    for name in _OBJECTS:
        # Sent as something else than an object, it is kept as a property of its own name.
        if message.get(name) and type(message[name]) is not dict:
            properties.setdefault(name, message[name])
    for name in _ABOUT_THE_REQUEST:
        if message.get(name):
            context.setdefault(name, message[name])
    when = message.get("timestamp") or message.get("originalTimestamp")
    said = moment(when)
    if said is None:
        said = moment(message.get("originalTimestamp"))
    track = type_ == "track"
    return Draft(
        type=type_,
        event=text_of(message.get("event")) if track else _NAMES[type_],
        message_id=text_of(message.get("messageId")),
        sent_event=None if track else text_of(message.get("name")),
        user_id=text_of(message.get("userId")),
        anonymous_id=text_of(message.get("anonymousId")),
        previous_id=text_of(message.get("previousId")),
        group_id=text_of(message.get("groupId")) or text_of(context.get("groupId")),
        external_ids=external_ids(context.pop("externalIds", None), traits if type_ != "group" else {}),
        order_id=text_of(properties.get("order_id")) or text_of(properties.get("orderId")),
        revenue=amount(properties.get("revenue"), properties.get("total")),
        currency=text_of(properties.get("currency")),
        said=said,
        sent=moment(message.get("sentAt")) if message.get("sentAt") else sent,
        unread=when if said is None else None,
        user_hash=text_of(context.pop("userHash", None)),
        properties=properties,
        traits=traits,
        context=context,
    )


def external_ids(listed: Any, traits: Message) -> tuple[tuple[str, str], ...]:  # noqa: ANN401 - JSON is anything
    """Further identifiers: `context.externalIds` as Segment writes them, an object of kind and value, and the e-mail among the traits."""
    found: dict[tuple[str, str], None] = {}
    if type(listed) is list:
        for one in listed:
            if type(one) is dict:
                kind, value = text_of(one.get("type")), text_of(one.get("id")) or text_of(one.get("value"))
                if kind is not None and value is not None:
                    found[kind, value] = None
    elif type(listed) is dict:
        found = {(kind, text): None for kind, value in listed.items() if (text := text_of(value)) is not None and kind}
    email = text_of(traits.get("email")) if traits else None
    if email is not None and "@" in email:
        found["email", email.strip().lower()] = None
    return tuple(found)


def amount(*candidates: Any) -> float | None:
    """The first candidate that is a finite number, or a text that is one."""
    for value in candidates:
        if value is None or isinstance(value, bool) or not isinstance(value, int | float | str):
            continue
        try:
            number = float(value)
        except (ValueError, OverflowError):
            continue
        if abs(number) < float("inf"):
            return number
    return None
