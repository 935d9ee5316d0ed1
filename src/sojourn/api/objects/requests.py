"""Privacy requests: what persons asked about their data, by when, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from sojourn.api.endpoint import endpoint
from sojourn.api.privacy_requests import (
    Kind,
    Outcome,
    PrivacyRequests,
    Which,
    add_privacy_request,
    close_privacy_request,
    privacy_requests,
)
from sojourn.records.errors import BadField

if TYPE_CHECKING:
    from sojourn.api.call import Call
    from sojourn.store.privacy_requests import PrivacyRequest

_DIGITS = 18


class NewRequest(msgspec.Struct, forbid_unknown_fields=True):
    """What somebody asked.

    Attributes:
        kind: access (what is known, a copy of it), erasure, objection (consent withdrawn among it), or rectification.
        person: An identifier of the person, as it was sent.
        received_on: Day it came, such as 2026-01-31; today when left out.
        due_on: Day by which it has to be answered; a month later when left out.
        note: How it came, in words.
    """

    kind: Kind
    person: str
    received_on: str = ""
    due_on: str = ""
    note: str = ""


class Closing(msgspec.Struct, forbid_unknown_fields=True):
    """What became of a request.

    Attributes:
        outcome: done, or refused.
        reason: Why, in words; a refusal needs one.
    """

    outcome: Outcome
    reason: str | None = None


def listing(call: Call, *, state: Which = "all") -> PrivacyRequests:
    """What persons asked about their data, open requests by the day they are due.

    Args:
        call: Who asks.
        state: all, open, overdue, done or refused.
    """
    return privacy_requests(call.folder, state=state)


def add(call: Call, *, body: NewRequest) -> PrivacyRequest:
    """Note what somebody asked."""
    given = {name: getattr(body, name) for name in ("received_on", "due_on", "note")}
    return add_privacy_request(call.folder, body.kind, body.person, **given, who=call.who)


def close(call: Call, *, number: str, body: Closing) -> PrivacyRequest:
    """Say that a request was done, or why it is refused. An erasure closes those for it by itself.

    Args:
        call: Who decides.
        number: Of the request.
        body: What became of it.
    """
    if not (number.isascii() and number.isdecimal() and len(number) <= _DIGITS):
        raise BadField("number", f"expected the number of a request, got {number[:40]!r}")
    return close_privacy_request(call.folder, int(number), body.outcome, reason=body.reason, who=call.who)


ENDPOINTS = (
    endpoint("GET", "/api/requests", listing, role="viewer", group="requests"),
    endpoint("POST", "/api/requests", add, role="marketer", group="requests", status=201),
    endpoint("POST", "/api/requests/{number}/close", close, role="marketer", group="requests"),
)
