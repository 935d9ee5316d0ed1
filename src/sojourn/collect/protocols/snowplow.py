"""Events of Snowplow's trackers: the tracker protocol v2, as POST and as a pixel.

In: the JSON of a request, or a query. Out: the source it names, and `Event | Rejected` an event. All values of the protocol are texts.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any

import msgspec

from sojourn.collect.accept import accept, rejected
from sojourn.collect.arrival import Draft
from sojourn.collect.canonical import PAGE_VIEWED, SCREEN_VIEWED
from sojourn.collect.clock import moment
from sojourn.collect.messages import Message, cut, read_message, text_of, written
from sojourn.collect.protocols.segment import amount, external_ids
from sojourn.records.event import KEY_PREFIXES
from sojourn.records.rejected import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sojourn.collect.arrival import Arrival
    from sojourn.records.event import Event, EventType
    from sojourn.records.rejected import Rejected

CODES = (("pv", PAGE_VIEWED), ("pp", "Page Pinged"), ("tr", "Order Completed"), ("ti", "Order Item Sent"))
"""Events by the code `e`; `se` has its action for a name, `ue` its schema."""
SCHEMAS = (
    ("link_click", "Link Clicked"),
    ("site_search", "Products Searched"),
    ("screen_view", SCREEN_VIEWED),
    ("submit_form", "Form Submitted"),
    ("change_form", "Form Changed"),
    ("focus_form", "Form Focused"),
    ("add_to_cart", "Product Added"),
    ("remove_from_cart", "Product Removed"),
    ("application_install", "Application Installed"),
    ("application_foreground", "Application Opened"),
    ("application_background", "Application Backgrounded"),
)
"""Events by the name of the schema of a self-describing event; others keep that name."""
ACTIONS = (
    ("product_view", "Product Viewed"),
    ("list_view", "Product List Viewed"),
    ("list_click", "Product Clicked"),
    ("add_to_cart", "Product Added"),
    ("remove_from_cart", "Product Removed"),
    ("checkout_step", "Checkout Step Viewed"),
    ("transaction", "Order Completed"),
    ("refund", "Order Refunded"),
    ("promo_view", "Promotion Viewed"),
    ("promo_click", "Promotion Clicked"),
)
"""Events by the type of a `snowplow_ecommerce_action`."""
_CODES, _SCHEMAS, _ACTIONS = dict(CODES), dict(SCHEMAS), dict(ACTIONS)
_PAGE = (("url", "url"), ("page", "title"), ("refr", "referrer"))
_STRUCTURED = (
    ("se_ca", "category"),
    ("se_ac", "action"),
    ("se_la", "label"),
    ("se_pr", "property"),
    ("se_va", "value"),
)
_ORDER = (
    *(("tr_id", "order_id"), ("tr_af", "affiliation"), ("tr_tt", "total"), ("tr_tx", "tax"), ("tr_sh", "shipping")),
    *(("tr_ci", "city"), ("tr_st", "state"), ("tr_co", "country"), ("tr_cu", "currency")),
)
_ITEM = (
    *(("ti_id", "order_id"), ("ti_sk", "sku"), ("ti_nm", "name"), ("ti_ca", "category"), ("ti_pr", "price")),
    *(("ti_qu", "quantity"), ("ti_cu", "currency")),
)
_PINGED = (("pp_mix", "x_min"), ("pp_max", "x_max"), ("pp_miy", "y_min"), ("pp_may", "y_max"))
_PROPERTIES = {"se": _STRUCTURED, "tr": _ORDER, "ti": _ITEM, "pp": (*_PAGE, *_PINGED), "pv": _PAGE, "ue": _PAGE}
_NUMBERS = frozenset(("value", "total", "tax", "shipping", "price", "quantity", "x_min", "x_max", "y_min", "y_max"))
_CONTEXT = (
    *(
        ("ip", "ip"),
        ("ua", "userAgent"),
        ("lang", "locale"),
        ("tz", "timezone"),
        ("res", "screen"),
        ("sid", "sessionId"),
    ),
    *(("vid", "sessionNumber"), ("p", "channel"), ("aid", "app")),
)
_KEYS = tuple(KEY_PREFIXES.values())
_PLACED = frozenset(
    (
        *("e", "eid", "uid", "duid", "nuid", "tnuid", "dtm", "stm", "ttm", "co", "cx", "ue_pr", "ue_px"),
        *(sent for pairs in (*_PROPERTIES.values(), _CONTEXT) for sent, _ in pairs),
    )
)


class Request(msgspec.Struct, frozen=True):
    """A request, cut into its events.

    Attributes:
        messages: The bytes of each.
        app: The app id of the first, which names the source.
    """

    messages: list[bytes]
    app: str | None


def open_request(body: bytes) -> Request:
    """Cut the body of a POST into its events.

    Raises:
        BadBody: It is no JSON.
    """
    _, messages = cut(body, "data")
    first = read_message(messages[0]) if messages else None
    return Request(messages, text_of(first.get("aid")) if isinstance(first, dict) else None)


def open_pixel(query: Mapping[str, str]) -> Request:
    """The one event of a GET."""
    return Request([written(dict(query)).encode("utf-8", "replace")], query.get("aid") or None)


def read_request(request: Request, arrival: Arrival) -> list[Event | Rejected]:
    """Judge each event of a request."""
    found: list[Event | Rejected] = []
    for place, raw in enumerate(request.messages, start=1):
        message = read_message(raw)
        draft = _draft(message) if isinstance(message, dict) else message
        if isinstance(draft, Draft):
            if str(draft.context.get("app")).startswith(_KEYS):
                # The key came as app id; who reads events must not be able to send with it.
                draft.context["app"] = arrival.source.name
            found.append(accept(draft, arrival, place, raw))
        else:
            found.append(rejected(arrival, place, *draft, raw))
    return found


def _draft(message: Message) -> Draft | tuple[Reason, str]:
    code = text_of(message.get("e")) or ""
    properties = _renamed(message, _PROPERTIES.get(code, ()))
    name: str | None
    sent_event = code
    if code == "ue":
        told = _json_in(message, "ue_pr", "ue_px")
        inside = told.get("data") if isinstance(told, dict) else None
        if not isinstance(inside, dict):
            return Reason.BAD_JSON, "expected a self-describing event in ue_pr or ue_px"
        sent_event, name, told_properties = _self_described(inside)
        properties |= told_properties
    elif code == "se":
        sent_event = name = text_of(message.get("se_ac")) or ""
    elif code in _CODES:
        name = _CODES[code]
    else:
        return Reason.BAD_TYPE, f"expected e to be pv, pp, se, ue, tr or ti, got {code[:40]!r}"
    context, device = _context(message)
    true = moment(message.get("ttm"))
    said = true if true is not None else moment(message.get("dtm"))
    when = message.get("ttm") or message.get("dtm")
    return Draft(
        type=_kind(name),
        event=name or None,
        sent_event=sent_event,
        message_id=text_of(message.get("eid")),
        user_id=text_of(message.get("uid")),
        anonymous_id=text_of(message.get("duid"))
        or device
        or text_of(message.get("nuid"))
        or text_of(message.get("tnuid")),
        external_ids=external_ids(None, {}),
        order_id=text_of(properties.get("order_id")) or text_of(properties.get("transaction_id")),
        revenue=amount(properties.get("revenue"), properties.get("total")),
        currency=text_of(properties.get("currency")),
        said=said,
        sent=None if true is not None else moment(message.get("stm")),
        unread=when if said is None else None,
        properties=properties,
        context=context,
    )


def _kind(name: str | None) -> EventType:
    return "page" if name == PAGE_VIEWED else "screen" if name == SCREEN_VIEWED else "track"


def _renamed(message: Message, pairs: tuple[tuple[str, str], ...]) -> Message:
    found: Message = {}
    for sent, name in pairs:
        value = message.get(sent)
        if value is None or value == "":
            continue
        number = amount(value) if name in _NUMBERS else None
        found[name] = value if number is None else number
    return found


def _self_described(inside: Message) -> tuple[str, str, Message]:
    """Name as sent, canonical name and properties of `{schema, data}`."""
    schema = text_of(inside.get("schema")) or ""
    name = _schema_name(schema)
    properties = inside.get("data")
    properties = dict(properties) if isinstance(properties, dict) else {}
    if name == "snowplow_ecommerce_action":
        action = text_of(properties.get("type")) or name
        return action, _ACTIONS.get(action, action), properties
    return name, _SCHEMAS.get(name, name), properties


def _schema_name(schema: str) -> str:
    """`link_click` of `iglu:com.snowplowanalytics.snowplow/link_click/jsonschema/1-0-1`; another text as it is."""
    parts = schema.split("/")
    return parts[1] if len(parts) == 4 else schema  # noqa: PLR2004 - vendor, name, format, version


def _context(message: Message) -> tuple[Message, str | None]:
    """What was around the event, with the contexts by their names; and the device that a session of an app names."""
    context = _renamed(message, _CONTEXT)
    others = {name: value for name, value in message.items() if name not in _PLACED and value not in (None, "")}
    if others:
        context["snowplow"] = others
    told = _json_in(message, "co", "cx")
    listed = told.get("data") if isinstance(told, dict) else None
    entities: Message = {}
    for one in listed if isinstance(listed, list) else ():
        if isinstance(one, dict) and (schema := text_of(one.get("schema"))) is not None:
            entities.setdefault(_schema_name(schema), one.get("data"))
    if entities:
        context["contexts"] = entities
    session = entities.get("client_session")
    return context, text_of(session.get("userId")) if isinstance(session, dict) else None


def _json_in(message: Message, plain: str, coded: str) -> Any:  # noqa: ANN401 - JSON is anything
    """The object in a member as text, or in another as base64; None when neither holds one."""
    text = message.get(plain)
    if isinstance(text, str) and text:
        found = read_message(text.encode("utf-8", "replace"))
        return found if isinstance(found, dict) else None
    code = message.get(coded)
    if isinstance(code, str) and code:
        # Padding is left out by some trackers, and the alphabet is the one for addresses.
        bare = code.strip().replace("+", "-").replace("/", "_").rstrip("=")
        try:
            raw = base64.urlsafe_b64decode(bare + "=" * (-len(bare) % 4))
        except (binascii.Error, ValueError):
            return None
        found = read_message(raw)
        return found if isinstance(found, dict) else None
    return None
