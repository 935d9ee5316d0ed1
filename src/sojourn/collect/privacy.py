"""What consent allows, and what is taken off an event before it is kept.

In: a draft and the request it came in. Out: the same draft, with addresses cut, and without anything that tells who it was where
consent is missing. Never stores; the salt of daily pseudonyms comes in and is forgotten by its owner at the end of the day.

The whole table of source, purpose and state is docs/privacy.md, and `records.consent`.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, get_args

from sojourn.collect.addresses import hide_address, holds_addresses
from sojourn.records.consent import UNKNOWN, consents, handling
from sojourn.records.event import Consent

if TYPE_CHECKING:
    from sojourn.collect.arrival import Arrival, Draft

_KEPT_CONTEXT = frozenset(
    ("app", "campaign", "channel", "consent", "country", "library", "locale", "page", "referrer", "userAgent")
)
"""What is left of the context of a cookieless event: where it happened and what led there, nothing that tells devices apart."""
_PERSONAL = frozenset(
    (
        *("email", "e_mail", "emailaddress", "phone", "phonenumber", "mobile", "name", "firstname", "first_name", "lastname"),
        *("last_name", "fullname", "full_name", "username", "user_name", "address", "street", "birthday", "dateofbirth"),
        *("userid", "user_id", "anonymousid", "anonymous_id", "customerid", "customer_id", "distinct_id", "$device_id"),
        *("deviceid", "device_id", "sessionid", "session_id", "$session_id", "$window_id", "$user_id", "$anon_distinct_id"),
        *("loyalty_card", "loyaltycard", "order_id", "orderid", "$set", "$set_once", "$initial_person_info"),
    )
)  # fmt: skip
"""Properties, in small letters, that tell who somebody is; a cookieless event goes without them."""


_NOTHING_SAID = {mode: handling(mode, UNKNOWN) for mode in get_args(Consent)}


def protect(draft: Draft, arrival: Arrival, *, telling: bool = False) -> bool:
    """Cut addresses, and make the event cookieless where consent asks for it.

    Args:
        draft: The event; it is changed.
        arrival: The request.
        telling: It tells of consent. A denial of analytics then stays with whom it names and says nothing else: withdrawn consent must
            reach what is known of them.

    Returns:
        Whether it is cookieless now: `anonymous_id` is a pseudonym of the day, and nothing else says who it was.
    """
    context = draft.context
    opted_out = arrival.opted_out and arrival.source.kind == "browser"
    said = consents(context, opted_out=opted_out)
    if opted_out:
        # The header is gone once the event is kept; what it said must stay.
        context["consent"] = {**_object(context.get("consent")), "optedOut": True}
    mode = arrival.source.consent
    allowed = _NOTHING_SAID[mode] if said is UNKNOWN else handling(mode, said)
    withdrawn = telling and said.analytics == "denied" and (draft.user_id or draft.anonymous_id) is not None
    if not allowed.identified:
        user_id, anonymous_id = draft.user_id, draft.anonymous_id
        _forget(draft, arrival)
        if withdrawn:
            draft.user_id, draft.anonymous_id = user_id, anonymous_id
    _hide(draft.properties)
    _hide(draft.traits)
    _hide(draft.context)
    for value in draft.context.values():
        if type(value) is dict:
            _hide(value)
    return not allowed.identified and not withdrawn


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


_plain: set[str] = set()
"""Names that were looked at and hold no addresses; the same few come with every event."""
_MOST_PLAIN = 1 << 15


def _hide(members: dict[str, Any]) -> None:
    if members.keys() <= _plain:
        return
    if len(_plain) > _MOST_PLAIN:
        _plain.clear()
    for name, value in members.items():
        if holds_addresses(name):
            # The name stays, so the dictionary may be changed while it is walked.
            if type(value) is str:
                members[name] = hide_address(value)
            elif type(value) is list:
                members[name] = [hide_address(one) if type(one) is str else one for one in value]
        else:
            _plain.add(name)


def _forget(draft: Draft, arrival: Arrival) -> None:
    """A pseudonym of the day instead of identifiers; nothing else that says who it was."""
    draft.anonymous_id = daily_pseudonym(draft, arrival)
    if draft.order_id is not None:
        # A reloaded thank-you page still counts once, and nobody's order can be looked up.
        draft.order_id = _pseudonym(arrival.salt, "order", arrival.source.name, draft.order_id)
    draft.user_id = draft.previous_id = draft.group_id = None
    draft.external_ids, draft.traits = (), {}
    draft.properties = {name: value for name, value in draft.properties.items() if name.lower() not in _PERSONAL}
    draft.context = {name: value for name, value in draft.context.items() if name in _KEPT_CONTEXT}


def daily_pseudonym(draft: Draft, arrival: Arrival) -> str:
    """32 hexadecimal digits, the same for a browser until the end of the day, and for nobody to undo after it.

    Of a browser: a hash, keyed by the salt of the day, over its address and user agent. Of a server's event, whose request tells of the
    server: over the identifier that it sent.
    """
    if arrival.source.kind == "browser":
        return _pseudonym(arrival.salt, "browser", arrival.source.name, arrival.address or "", arrival.user_agent or "")
    return _pseudonym(arrival.salt, "server", arrival.source.name, draft.user_id or draft.anonymous_id or "")


def _pseudonym(salt: bytes, *parts: str) -> str:
    text = "\0".join(parts).encode("utf-8", "replace")
    return hashlib.blake2b(text, key=salt, digest_size=16).hexdigest()
