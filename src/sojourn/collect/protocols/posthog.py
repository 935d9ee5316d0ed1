"""Events of PostHog's clients, in all forms they are sent in (v0 and v1 of its capture API).

In: the JSON of a request. Out: its key, and `Event | Rejected` an event. Names and kinds are those of the import recipe, so that an
event means the same by either way.
"""

from __future__ import annotations

import tomllib
from importlib import resources
from typing import TYPE_CHECKING, Any, cast

import msgspec

from sojourn.collect.accept import accept, rejected
from sojourn.collect.arrival import Draft
from sojourn.collect.clock import moment
from sojourn.collect.messages import Message, cut, inner, read_message, text_of
from sojourn.collect.protocols.segment import amount, external_ids
from sojourn.records.rejected import Reason

if TYPE_CHECKING:
    from sojourn.collect.arrival import Arrival
    from sojourn.records.event import Event, EventType
    from sojourn.records.rejected import Rejected

_RECIPE = tomllib.loads(resources.files("sojourn.collect.imports").joinpath("recipes/posthog.toml").read_text("utf-8"))
_NAMES: dict[str, str] = _RECIPE["names"]
_KINDS: dict[str, EventType] = _RECIPE["kinds"]
_ELSEWHERE = ("token", "distinct_id", "$set", "$set_once", "$ignore_sent_at")
"""Properties that have a place of their own in an event."""
_MIXPANEL = (
    "this is an event of Mixpanel's client, whose protocol is not taken; Segment's, PostHog's and Snowplow's are"
)
_PLACED = frozenset(
    (
        *("event", "properties", "timestamp", "uuid", "distinct_id", "offset", "api_key", "token", "sent_at", "type", "library"),
        *("library_version", "messageId", "context", "options", "$set", "$set_once"),
    )
)  # fmt: skip


class Request(msgspec.Struct, frozen=True):
    """A request, cut into its events.

    Attributes:
        envelope: What stands around them.
        messages: The bytes of each.
        key: The project's key in the body; None when there is none.
    """

    envelope: Message
    messages: list[bytes]
    key: str | None


def open_request(body: bytes) -> Request:
    """Cut a body into its events, and find the key in it.

    Raises:
        BadBody: It is no JSON.
    """
    envelope, messages = cut(body, "batch")
    key = text_of(envelope.get("api_key")) or text_of(envelope.get("token"))
    if key is None and messages:
        first = read_message(messages[0])
        if isinstance(first, dict):
            around = (first.get("api_key"), first.get("token"), inner(first, "properties").get("token"))
            key = next((found for one in around if (found := text_of(one)) is not None), None)
    return Request(envelope, messages, key)


def read_request(request: Request, arrival: Arrival) -> list[Event | Rejected]:
    """Judge each event of a request."""
    said = request.envelope.get("sent_at")
    sent = moment(said) if isinstance(said, str) else arrival.sent_at
    found: list[Event | Rejected] = []
    for place, raw in enumerate(request.messages, start=1):
        message = read_message(raw)
        if isinstance(message, dict) and "mp_lib" in inner(message, "properties"):
            # Its address and shape are those of PostHog's older clients; its times, ids and names are not.
            found.append(rejected(arrival, place, Reason.BAD_TYPE, _MIXPANEL, raw))
        elif isinstance(message, dict):
            found.append(accept(_draft(message, sent, arrival), arrival, place, raw))
        else:
            found.append(rejected(arrival, place, *message, raw))
    return found


def uuids(request: Request) -> list[str | None]:
    """The id that each event carries, for answers an event; None where it has none."""
    found = []
    for raw in request.messages:
        message = read_message(raw)
        found.append(text_of(message.get("uuid")) if isinstance(message, dict) else None)
    return found


def _draft(message: Message, sent: int | None, arrival: Arrival) -> Draft:
    properties = dict(inner(message, "properties"))
    name = text_of(message.get("event"))
    event = _NAMES.get(name, name) if name is not None else None
    kind = _KINDS.get(event, "track") if event is not None else "track"
    said, unread = _said(message, arrival)
    if sent is None and isinstance(message.get("sent_at"), str):
        sent = moment(message["sent_at"])
    ignores = properties.get("$ignore_sent_at") is True or _ignores_sent_at(message)
    user, anonymous = _ids(message, properties, name)
    traits = {**_traits(message, properties, "$set_once"), **_traits(message, properties, "$set")}
    previous, group = None, None
    if kind == "alias":
        previous = text_of(properties.get("alias"))
    elif kind == "group":
        group, traits = text_of(properties.get("$group_key")), _object(properties.pop("$group_set", None))
    context = inner(message, "context")
    agent = text_of(properties.get("$raw_user_agent")) or text_of(properties.get("$user_agent"))
    if agent is not None:
        context.setdefault("userAgent", agent)
    for placed in _ELSEWHERE:
        properties.pop(placed, None)
    for other in message.keys() - _PLACED:
        if message[other] is not None:
            properties.setdefault(other, message[other])
    return Draft(
        type=kind,
        event=event,
        message_id=text_of(message.get("uuid")) or text_of(message.get("messageId")),
        sent_event=name,
        user_id=user,
        anonymous_id=anonymous,
        previous_id=previous,
        group_id=group,
        external_ids=external_ids(None, traits if kind != "group" else {}),
        order_id=text_of(properties.get("order_id")) or text_of(properties.get("orderId")),
        revenue=amount(properties.get("revenue"), properties.get("total")),
        currency=text_of(properties.get("currency")),
        said=said,
        sent=None if ignores else sent,
        unread=unread,
        user_hash=text_of(context.pop("userHash", None)),
        properties=properties,
        traits=traits,
        context=context,
    )


def _said(message: Message, arrival: Arrival) -> tuple[int | None, Any]:
    """The event's own time and, where it cannot be read, what stood there; a number is taken for now, as PostHog does."""
    when = message.get("timestamp")
    if isinstance(when, str) and when:
        said = moment(when)
        return said, when if said is None else None
    offset = message.get("offset")
    if when is None and isinstance(offset, int | float) and not isinstance(offset, bool) and 0 <= offset < _YEAR_MS:
        return arrival.received_at - round(offset * 1000), None
    return None, None


_YEAR_MS = 366 * 86_400_000


def _ignores_sent_at(message: Message) -> bool:
    # An offset counts back from the arrival; there is no clock of the client in it.
    return not message.get("timestamp") and "offset" in message


def _ids(message: Message, properties: Message, name: str | None) -> tuple[str | None, str | None]:
    """The known user and the device; a distinct id that is only the device's is no user."""
    distinct = text_of(message.get("distinct_id")) or text_of(properties.get("distinct_id"))
    device = text_of(properties.get("$device_id"))
    if name == "$identify":
        return distinct, text_of(properties.get("$anon_distinct_id")) or (device if device != distinct else None)
    anonymous = (
        distinct == device
        or properties.get("$is_identified") is False
        or properties.get("$process_person_profile") is False
        or inner(message, "options").get("process_person_profile") is False
    )
    if anonymous and name != "$create_alias":
        return None, distinct
    return distinct, device


def _traits(message: Message, properties: Message, name: str) -> Message:
    return {**_object(message.get(name)), **_object(properties.get(name))}


def _object(value: Any) -> Message:  # noqa: ANN401 - JSON is anything
    return cast("Message", value) if isinstance(value, dict) else {}
