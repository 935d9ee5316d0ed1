"""What persons said to each purpose, counted; and who they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from sojourn.analyse.consent import ConsentNumbers, consent_numbers, consent_persons
from sojourn.api.asking import SCOPE, ListedPersons, listed
from sojourn.api.endpoint import endpoint

if TYPE_CHECKING:
    from sojourn.api.call import Call


def counts(call: Call) -> ConsentNumbers:
    """How many persons granted, denied, or said nothing to each purpose, and with how many it may be served."""
    return consent_numbers(call.journeys())


def persons(
    call: Call,
    *,
    purpose: Literal["analytics", "personalisation", "marketing"],
    state: Literal["granted", "denied", "unknown", "allowed"],
    offset: int = 0,
    limit: int | None = None,
) -> ListedPersons:
    """The persons whom a number of `consent` counts.

    Args:
        call: Who asks.
        purpose: analytics, personalisation or marketing.
        state: granted, denied, unknown, or allowed: with whom it may be served.
        offset: Leave out so many persons at the beginning; the count is of all.
        limit: List at most so many persons; all by default.
    """
    return listed(consent_persons(call.journeys(), purpose, state), offset=offset, limit=limit)


ENDPOINTS = (
    endpoint("GET", "/api/consent", counts, role="viewer", group="consent", scope=SCOPE),
    endpoint("GET", "/api/consent/persons", persons, role="viewer", group="consent", scope=SCOPE, table=True),
)
