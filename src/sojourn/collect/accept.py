"""A draft becomes an event, or is rejected with a reason.

In: drafts and the request they came in. Out: `Event | Rejected`. The steps, in order: sizes, permissions, proof of the user id, clock,
privacy, and that somebody is named. Never reads a clock, a key or a disk.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
from typing import TYPE_CHECKING

from sojourn.collect.clock import event_time
from sojourn.collect.messages import text_of, written
from sojourn.collect.privacy import protect
from sojourn.records.consent import CONSENT_KEPT, CONSENT_SET, TELLING
from sojourn.records.event import KEY_PREFIXES, Event
from sojourn.records.junk_ids import is_junk
from sojourn.records.rejected import RAW_LIMIT, Reason, Rejected

if TYPE_CHECKING:
    from sojourn.collect.arrival import Arrival, Draft

_KEY = re.compile(f"({'|'.join(KEY_PREFIXES.values())})[0-9a-f]{{8,}}".encode())
LONGEST_ID = 1_000
"""Characters of an identifier or a name."""

RESERVED = frozenset(
    (
        *(
            CONSENT_KEPT,
            CONSENT_SET,
            "Decision Made",
            "Link Added",
            "Link Revoked",
            "Outcome Recorded",
            "Person Erased",
        ),
        *("Segment Entered", "Segment Left"),
    )
)
"""What a browser key cannot say happened, whatever else begins with `sojourn`: these change what others are shown."""


def rejected(arrival: Arrival, place: int, reason: Reason, detail: str, raw: bytes) -> Rejected:
    """A message that could not be accepted; `place` is its own in the batch, from 1."""
    # Some clients write their key into every message; who may see what was rejected must not be able to send with it.
    kept = _KEY.sub(rb"\1...", raw[:RAW_LIMIT])
    return Rejected(file=arrival.source.name, line=place, reason=reason, detail=detail, raw=kept)


def accept(draft: Draft, arrival: Arrival, place: int, raw: bytes) -> Event | Rejected:
    """Judge one draft.

    Args:
        draft: What the protocol made of the message; it is changed.
        arrival: The request.
        place: Of the message in its batch, from 1.
        raw: Its bytes, for quarantine.
    """
    if draft.event is None:
        return rejected(arrival, place, Reason.NO_EVENT, "expected a name of the event, got none", raw)
    # A field of a short message is short.
    refused = (_too_long(draft) if len(raw) > LONGEST_ID else None) or _forbidden(draft, arrival)
    if refused is not None:
        return rejected(arrival, place, *refused, raw)
    time = event_time(draft.said, draft.sent, arrival.received_at)
    if arrival.oldest is not None and time < arrival.oldest:
        expired = "it happened before the time from which events are kept here; nothing of it is kept"
        return rejected(arrival, place, Reason.EXPIRED, expired, b"")
    source = arrival.source
    browser = source.kind == "browser"
    proven = draft.user_id is not None and (not browser or _signed(draft, arrival))
    if browser and not proven and draft.event in TELLING:
        draft.user_id, draft.external_ids = None, ()
    if browser:
        _add_request(draft, arrival)
    if draft.unread is not None:
        draft.context["originalTimestamp"] = draft.unread
    daily = protect(draft, arrival, telling=draft.event in TELLING)
    named = (draft.user_id, draft.anonymous_id, *(value for _, value in draft.external_ids))
    if all(map(is_junk, named)):
        expected = "expected a userId, an anonymousId or an external id, got none that names somebody"
        return rejected(arrival, place, Reason.NO_PERSON, expected, raw)
    return Event(
        source=source.name,
        message_id=draft.message_id or os.urandom(16).hex(),
        type=draft.type,
        event=draft.event,
        time=time,
        received_at=arrival.received_at,
        sent_event=draft.sent_event if draft.sent_event != draft.event else None,
        user_id=draft.user_id,
        anonymous_id=draft.anonymous_id,
        previous_id=draft.previous_id,
        group_id=draft.group_id,
        external_ids=draft.external_ids,
        proven=proven and not daily,
        daily=daily,
        browser=browser,
        order_id=draft.order_id,
        revenue=draft.revenue,
        currency=draft.currency,
        original_time=draft.said,
        sent_at=draft.sent,
        properties=written(draft.properties) if draft.properties else "{}",
        traits=written(draft.traits) if draft.traits else None,
        context=written(draft.context) if draft.context else None,
    )


def _too_long(draft: Draft) -> tuple[Reason, str] | None:
    for name in (
        "event",
        "message_id",
        "user_id",
        "anonymous_id",
        "previous_id",
        "group_id",
        "order_id",
        "sent_event",
        "currency",
    ):
        value = getattr(draft, name)
        if value is not None and len(value) > LONGEST_ID:
            return Reason.FIELD_TOO_LARGE, f"{name} has {len(value):,} characters, at most {LONGEST_ID:,} are accepted"
    if any(len(part) > LONGEST_ID for pair in draft.external_ids for part in pair):
        return Reason.FIELD_TOO_LARGE, f"an external id has more than {LONGEST_ID:,} characters"
    return None


def _forbidden(draft: Draft, arrival: Arrival) -> tuple[Reason, str] | None:
    if arrival.source.kind != "browser":
        return None
    name = draft.event or ""
    if name in RESERVED or name[:7].lower() == "sojourn":
        return Reason.NOT_ALLOWED, f"a browser key cannot send {name[:60]!r}; send it from a server with a server key"
    return None


def sign_user(secret: bytes, user_id: str) -> str:
    """HMAC-SHA256 of a user id, hexadecimal: how a shop proves to whom a page belongs."""
    return hmac.new(secret, user_id.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def _signed(draft: Draft, arrival: Arrival) -> bool:
    given = draft.user_hash or arrival.user_hash
    if not given or not arrival.user_secret or draft.user_id is None:
        return False
    expected = sign_user(arrival.user_secret, draft.user_id)
    return hmac.compare_digest(expected.encode(), given.strip().lower().encode("utf-8", "replace"))


def _add_request(draft: Draft, arrival: Arrival) -> None:
    """What a browser's request tells and its message does not."""
    context = draft.context
    if arrival.address is not None and text_of(context.get("ip")) is None:
        context["ip"] = arrival.address
    if arrival.user_agent is not None and text_of(context.get("userAgent")) is None:
        context["userAgent"] = arrival.user_agent
    if arrival.country is not None and "country" not in context:
        context["country"] = arrival.country
