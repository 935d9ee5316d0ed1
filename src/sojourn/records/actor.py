"""What is known of one actor, from its own events alone.

In: nothing. Out: `ActorRecord`. A person's profile is put together from the records of its actors, so that joining two
persons, or parting them again, needs nothing but the records.
"""

from __future__ import annotations

from typing import Any

import msgspec


class Known(msgspec.Struct, frozen=True, array_like=True):
    """A value with the event it comes from.

    Attributes:
        value: Any JSON value; None when the event took it away.
        time: Of the event, microseconds UTC.
        seq: Its place in the log; decides between equal times.
    """

    value: Any
    time: int
    seq: int


class Stay(msgspec.Struct, frozen=True, array_like=True):
    """A stretch of events with no silence as long as the session gap.

    Attributes:
        start: Time of its first event, microseconds UTC.
        end: Time of its last event.
        events: Events in it.
    """

    start: int
    end: int
    events: int


class ActorRecord(msgspec.Struct, array_like=True):
    """One actor. New fields come last and have defaults.

    Attributes:
        actor: Its number.
        kind: `user`, `anonymous`, `daily`, `email`, ...
        value: The identifier as it was sent.
        first: Time of its earliest event, microseconds UTC.
        last: Time of its latest event.
        events: Events it sent.
        counts: Events by name; names past the limit are counted under `(other)`.
        traits: The latest value of each trait.
        consent: By purpose the latest choice: true for granted.
        stays: Its latest stays, oldest first.
        required: Whether any of its events came from a source that asks for consent.
        proven_consent: As `consent`, of the events alone that no browser could have made up.
    """

    actor: int
    kind: str
    value: str
    first: int
    last: int
    events: int = 0
    counts: dict[str, int] = {}
    traits: dict[str, Known] = {}
    consent: dict[str, Known] = {}
    stays: list[Stay] = []
    required: bool = False
    proven_consent: dict[str, Known] = {}
