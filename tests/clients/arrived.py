"""What must be true of the three events that every client sends."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sojourn.records.event import Event

AGO = dt.timedelta(hours=1)
"""How long before it was sent `Bought` happened, as the caller says."""
_START_S = 4
"""A program takes so long to start before it sends its first event."""
_SECOND = 1_000_000


def check(events: Sequence[Event], names: Sequence[str], then: dt.datetime, before: dt.datetime) -> None:
    """Each once, and at its own time, not at that of a retry.

    Args:
        events: What arrived.
        names: What was sent.
        then: When `Bought` happened.
        before: When the program that sends was started.
    """
    assert sorted(event.event for event in events) == sorted(names)
    assert {event.user_id for event in events} == {"anna"}
    assert len({event.message_id for event in events}) == len(names)
    start = before.timestamp() * _SECOND
    for event in events:
        if event.event == "Bought":
            assert abs(event.time - then.timestamp() * _SECOND) < 2 * _SECOND
        else:
            assert start - 2 * _SECOND <= event.time <= start + (_START_S + 2) * _SECOND
