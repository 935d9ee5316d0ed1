"""Requests as the tests of the collector need them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sojourn.collect.arrival import Arrival
from sojourn.records.event import Event, Source

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sojourn.records.event import Consent, SourceKind
    from sojourn.records.rejected import Rejected

NOON = 1_700_000_000_000_000
"""2023-11-14T22:13:20Z in microseconds."""
SALT = b"s" * 32


def arrival(
    kind: SourceKind = "server",
    consent: Consent = "assumed",
    *,
    received_at: int = NOON,
    address: str | None = None,
    user_agent: str | None = None,
    opted_out: bool = False,
    sent_at: int | None = None,
    user_secret: bytes = b"",
    salt: bytes = SALT,
) -> Arrival:
    return Arrival(
        source=Source("web", kind, consent),
        received_at=received_at,
        address=address,
        user_agent=user_agent,
        opted_out=opted_out,
        sent_at=sent_at,
        user_secret=user_secret,
        salt=salt,
    )


def events(judged: Sequence[Event | Rejected]) -> list[Event]:
    """All of them, where all must be events."""
    found = [one for one in judged if isinstance(one, Event)]
    assert len(found) == len(judged), judged
    return found


def one_event(judged: Sequence[Event | Rejected]) -> Event:
    (found,) = events(judged)
    return found


def reasons(judged: Sequence[Event | Rejected]) -> list[str]:
    """`accepted` or the reason, a message."""
    return ["accepted" if isinstance(one, Event) else one.reason.value for one in judged]
