"""Incoming webhooks of shops, surveys, ticket and phone systems: one JSON object, read by a mapping file.

In: the JSON of a request, and a mapping: which member is what. Out: `Event | Rejected` an object. Four mappings are built in, for bodies
whose members have usual names: `order`, `survey`, `ticket`, `call`. The form of a mapping file: docs/collector.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

import msgspec

from sojourn.collect.accept import accept, rejected
from sojourn.collect.arrival import Draft
from sojourn.collect.clock import moment
from sojourn.collect.imports.external_id import normal_external
from sojourn.collect.imports.mapping import Mapping, mapping_from
from sojourn.collect.messages import Message, cut, read_message, text_of
from sojourn.collect.protocols.mapped import check_live, content_id, draft_of, objects_of
from sojourn.collect.protocols.segment import amount
from sojourn.records.errors import BadMapping
from sojourn.records.rejected import Reason

if TYPE_CHECKING:
    from sojourn.collect.arrival import Arrival
    from sojourn.records.event import Event
    from sojourn.records.rejected import Rejected

Kind = Literal["order", "survey", "ticket", "call"]
EVENTS: dict[Kind, str] = {
    "order": "Order Completed",
    "survey": "Survey Answered",
    "ticket": "Ticket Created",
    "call": "Phone Call Ended",
}
"""What an event is called where a mapping does not say."""


_OF_IMPORTS = frozenset(("person", "actor", "external_ids", "event_value", "rename"))
"""Keys that a mapping of imports has and one of webhooks has not."""


class WebhookMapping(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which member of a webhook's body is what. A selector is a path such as `customer.id`; several, best first, are parted by `|`.

    Attributes:
        kind: `order`, `survey`, `ticket` or `call`.
        event: Name of the event; empty: the usual one of the kind.
        event_from: Selector of a member that says what happened, looked up in `names`.
        names: Event by the value of `event_from`; a value that is not listed keeps `event`.
        list: Selector of a list whose objects are each one event; empty: the body is one.
        user: Selector of the known user.
        anonymous: Selector of the device.
        external: Selectors of further identifiers, by kind.
        time: Selector of when it happened.
        message_id: Selector of the id that tells a repeated webhook; with the event's name before it, so that an order and its refund differ.
        order_id: Selector of the order.
        revenue: Selector of its value.
        negate: Names of events whose revenue is taken off: refunds and returns.
        currency: Selector of the currency.
        properties: Selectors of properties, by name; empty: every member of the object.
        traits: Selectors of traits of the person, by name.
        drop: Members that are not kept where `properties` is empty, for what nobody needs to know.
    """

    kind: Kind
    event: str = ""
    event_from: str = ""
    names: dict[str, str] = {}
    list: str = ""
    user: str = ""
    anonymous: str = ""
    external: dict[str, str] = {}
    time: str = ""
    message_id: str = ""
    order_id: str = ""
    revenue: str = ""
    negate: tuple[str, ...] = ("Order Refunded", "Product Returned")
    currency: str = ""
    properties: dict[str, str] = {}
    traits: dict[str, str] = {}
    drop: tuple[str, ...] = ()


_USER = "userId|user_id|customerId|customer_id|customer.id|contact.id|user.id"
_EMAIL = "email|customer.email|contact.email|requester.email|user.email|respondent.email"
_PHONE = "phone|customer.phone|contact.phone|caller|from"
_TIME = "timestamp|occurred_at|created_at|createdAt|submitted_at|updated_at|date|time"
_ID = "messageId|message_id|event_id|id|uuid"
BUILT_IN: dict[str, WebhookMapping] = {
    "order": WebhookMapping(
        kind="order",
        event_from="topic|event|status|financial_status",
        names={
            "refunded": "Order Refunded",
            "orders/refunded": "Order Refunded",
            "cancelled": "Order Cancelled",
            "orders/cancelled": "Order Cancelled",
            "returned": "Product Returned",
        },
        user=_USER,
        external={"email": _EMAIL, "loyalty_card": "loyalty_card|loyaltyCard|customer.loyalty_card"},
        time=_TIME,
        message_id=_ID + "|order_id|orderId",
        order_id="order_id|orderId|order.id|id|number",
        revenue="revenue|total|total_price|amount|order.total",
        currency="currency|currency_code|order.currency",
    ),
    "survey": WebhookMapping(
        kind="survey", user=_USER, external={"email": _EMAIL}, time=_TIME, message_id=_ID + "|response_id|token"
    ),
    "ticket": WebhookMapping(
        kind="ticket",
        event_from="status|event",
        names={"solved": "Ticket Resolved", "closed": "Ticket Resolved", "reopened": "Ticket Reopened"},
        user=_USER + "|requester.id",
        external={"email": _EMAIL},
        time=_TIME,
        message_id=_ID + "|ticket_id",
    ),
    "call": WebhookMapping(
        kind="call",
        user=_USER,
        external={"email": _EMAIL, "phone": _PHONE},
        time="ended_at|" + _TIME + "|started_at",
        message_id=_ID + "|call_id",
    ),
}


def mapping_of(table: dict[str, Any], *, where: str) -> WebhookMapping | Mapping:
    """A mapping from the table of a mapping file: one of webhooks, or the one that files of the same system are imported by.

    Raises:
        BadMapping: It is none; the error says where.
    """
    if table.keys() & _OF_IMPORTS:
        return check_live(mapping_from(table, where), where)
    try:
        return msgspec.convert(table, WebhookMapping)
    except msgspec.ValidationError as error:
        message = f"{where} is no mapping of a webhook: {error}; expected kind = one of {', '.join(get_args(Kind))}, and selectors"
        raise BadMapping(message) from error


def read_webhook(body: bytes, mapping: WebhookMapping | Mapping, arrival: Arrival) -> list[Event | Rejected]:
    """Judge the objects of a webhook's body.

    Raises:
        BadBody: It is no JSON.
    """
    _, bodies = cut(body)
    found: list[Event | Rejected] = []
    for raw in bodies:
        whole = read_message(raw)
        if not isinstance(whole, dict):
            found.append(rejected(arrival, len(found) + 1, *whole, raw))
            continue
        if isinstance(mapping, WebhookMapping):
            listed = _select(whole, mapping.list) if mapping.list else None
            bodies_of = listed if isinstance(listed, list) else [whole]
        else:
            bodies_of = list(objects_of(whole, mapping))
        for number, one in enumerate(bodies_of):
            place = len(found) + 1
            if isinstance(one, dict):
                draft = draft_of(one, mapping) if isinstance(mapping, Mapping) else _draft(one, mapping)
                # Equal lines of two receipts are two: what is told apart is the whole, and the place in it.
                draft.message_id = draft.message_id or content_id([whole, number])
                found.append(accept(draft, arrival, place, raw))
            else:
                found.append(rejected(arrival, place, Reason.BAD_JSON, "expected an object in the list", raw))
    return found


def _draft(message: Message, mapping: WebhookMapping) -> Draft:
    usual = mapping.event or EVENTS[mapping.kind]
    state = text_of(_select(message, mapping.event_from))
    event = mapping.names.get(state, usual) if state is not None else usual
    given = text_of(_select(message, mapping.message_id))
    when = _select(message, mapping.time)
    said = moment(when)
    revenue = amount(_select(message, mapping.revenue))
    if revenue is not None and event in mapping.negate:
        revenue = -abs(revenue)
    if mapping.properties:
        chosen = {name: _select(message, selector) for name, selector in mapping.properties.items()}
        properties = {name: value for name, value in chosen.items() if value is not None}
    else:
        properties = {name: value for name, value in message.items() if name not in mapping.drop and value is not None}
    external = tuple(
        (kind, value)
        for kind, selector in mapping.external.items()
        if (value := normal_external(kind, text_of(_select(message, selector)))) is not None
    )
    traits = {name: _select(message, selector) for name, selector in mapping.traits.items()}
    return Draft(
        type="track",
        event=event,
        # The same ticket is sent again when it is solved: what happened is part of the id.
        message_id=None if given is None else f"{event}:{given}",
        sent_event=state,
        user_id=text_of(_select(message, mapping.user)),
        anonymous_id=text_of(_select(message, mapping.anonymous)),
        external_ids=external,
        order_id=text_of(_select(message, mapping.order_id)),
        revenue=revenue,
        currency=text_of(_select(message, mapping.currency)),
        said=said,
        unread=when if said is None else None,
        properties=properties,
        traits={name: value for name, value in traits.items() if value is not None},
    )


def _select(message: Message, selector: str) -> Any:  # noqa: ANN401 - JSON is anything
    """What the first of the selector's paths that leads to a value leads to; None when none does."""
    for path in selector.split("|") if selector else ():
        value: Any = message
        for name in path.split("."):
            value = value.get(name) if isinstance(value, dict) else None
        if value is not None and value != "":
            return value
    return None
