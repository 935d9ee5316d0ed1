"""One JSON object read by a mapping file of imports: what is sent as it happens means what it means in a file.

In: an object, a `Mapping`. Out: `Draft`s. Times are ISO 8601 or numbers since 1970; what is for files only is refused by `check_live`.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import msgspec

from sojourn.collect.arrival import Draft
from sojourn.collect.clock import moment
from sojourn.collect.imports.external_id import normal_external
from sojourn.collect.imports.mapping import EVERY_COLUMN
from sojourn.collect.imports.rename import renamed_item
from sojourn.collect.messages import Message, text_of
from sojourn.collect.protocols.segment import amount
from sojourn.records.errors import BadMapping

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sojourn.collect.imports.mapping import Mapping
    from sojourn.records.event import EventType

_FOR_FILES = (
    "actor_prefix",
    "date",
    "key_values",
    "kind",
    "page_name",
    "person_is_actor",
    "prefixed",
    "protocol",
    "time_format",
)
_TYPES: dict[str, EventType] = {
    "track": "track", "page": "page", "screen": "screen", "identify": "identify", "group": "group", "alias": "alias",
}  # fmt: skip
_ENCODE = msgspec.json.Encoder(order="deterministic", enc_hook=str).encode


def check_live(mapping: Mapping, where: str) -> Mapping:
    """The mapping, when single objects can be read by it.

    Raises:
        BadMapping: It says nothing of who and what, or something that only files have.
    """
    wrong = next((name for name in _FOR_FILES if getattr(mapping, name)), None)
    if wrong is not None:
        message = f"{where}: `{wrong}` is for files; an object that is sent has no use for it"
        raise BadMapping(message)
    who = mapping.person or mapping.actor or mapping.external_ids
    if not who or not (mapping.event or mapping.event_value):
        message = f"{where}: expected who (person, actor or external_ids) and what (event or event_value)"
        raise BadMapping(message)
    return mapping


def objects_of(whole: Message, mapping: Mapping) -> Iterator[Any]:
    """The objects that are events: itself, or those of its list with what stands around them."""
    listed = whole.get(mapping.explode) if mapping.explode else None
    if not isinstance(listed, list) or not listed:
        yield whole
        return
    around = {name: value for name, value in whole.items() if name != mapping.explode}
    for one in listed:
        yield {**around, **one} if isinstance(one, dict) else one


def content_id(item: object) -> str:
    """The id of an object that has none of its own: the same object again is the same event, as the same row of a file is."""
    return hashlib.blake2b(_ENCODE(item), digest_size=16).hexdigest()


def draft_of(item: Message, mapping: Mapping) -> Draft:
    """An object in our words."""
    new = {name for name, _ in mapping.rename}
    named = {name for _, selector in mapping.selectors for name in selector.split("|")}
    flat = _flat(renamed_item(item, mapping.rename, named - new), mapping.spread)

    def said(field: str) -> Any:  # noqa: ANN401 - JSON is anything
        return _select(flat, mapping.selector(field))

    sent, event = _event(text_of(said("event")), mapping)
    given = text_of(said("message_id"))
    message_id = content_id(item) if given is None else given
    revenue = amount(said("revenue"))
    when = said("time")
    at = moment(when)
    external = [
        (kind, normal_external(kind, text_of(said(f"external_ids.{kind}")))) for kind, _ in mapping.external_ids
    ]
    kept = {"event", "user_agent"} if mapping.names_only else {"user_agent"}
    used = {name for field, one in mapping.selectors if field not in kept for name in one.split("|")}
    rest = {name: value for name, value in flat.items() if name not in {*used, *mapping.ignore} and value is not None}
    every = EVERY_COLUMN in mapping.traits
    traits = {name: flat.get(name) for name in ((*rest, *mapping.traits) if every else mapping.traits)}
    context = {name: rest.pop(name) for name in mapping.context if name in rest}
    properties = {} if every else {name: value for name, value in rest.items() if name not in mapping.traits}
    if mapping.properties is not None:
        properties = {name: value for name, value in flat.items() if name in mapping.properties}
    return Draft(
        type=_TYPES.get(dict(mapping.kinds).get(event or "", "track"), "track"),
        event=event,
        message_id=f"{event}:{message_id}" if mapping.id_per_event and given is not None else message_id,
        sent_event=sent,
        user_id=text_of(said("person")),
        anonymous_id=text_of(said("actor")),
        previous_id=text_of(said("previous")),
        group_id=text_of(said("group")),
        external_ids=tuple((kind, value) for kind, value in external if value is not None),
        order_id=text_of(said("order")),
        revenue=-abs(revenue) if revenue is not None and event in mapping.negate else revenue,
        currency=text_of(said("currency")),
        said=at,
        unread=when if at is None else None,
        properties=properties,
        traits={name: value for name, value in traits.items() if value is not None and name != EVERY_COLUMN},
        context=context,
    )


def _event(sent: str | None, mapping: Mapping) -> tuple[str | None, str | None]:
    """The name as it was sent where it was renamed, and the canonical one."""
    names = dict(mapping.names)
    if mapping.names_only:
        known = {name.strip().lower(): event for name, event in mapping.names}
        return None, known.get((sent or "").strip().lower(), mapping.event_value)
    plain = sent if sent is not None else mapping.event_value
    return (sent, names[plain]) if plain in names else (None, plain)


def _flat(item: Message, spread: tuple[str, ...]) -> Message:
    flat = dict(item)
    for name in spread:
        inner = flat.pop(name, None)
        if isinstance(inner, dict):
            flat |= {key if key not in item else f"{name}.{key}": value for key, value in inner.items()}
        elif inner is not None:
            flat[name] = inner
    return flat


def _select(item: Message, selector: str | None) -> Any:  # noqa: ANN401 - JSON is anything
    for path in selector.split("|") if selector else ():
        value: Any = item.get(path)
        if value is None and "." in path:
            value = item
            for name in path.split("."):
                value = value.get(name) if isinstance(value, dict) else None
        if value is not None and value != "":
            return value
    return None
