"""Events as they arrived."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sojourn.api.endpoint import endpoint
from sojourn.api.live_events import MOST, LiveTail, Seen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sojourn.api.call import Call


@dataclass(frozen=True, slots=True)
class LatestEvents:
    """Events of the log's end.

    Attributes:
        events: Oldest first.
        passed: Events that came too fast to be looked at.
        last: Place up to which everything was looked at; the next call goes on from it with `after`.
    """

    events: tuple[Seen, ...]
    passed: int
    last: int


def latest(call: Call, *, where: Sequence[str] = (), after: int | None = None, limit: int = 50) -> LatestEvents:
    """The newest collected events that match among the last 20,000, or those since a place. Imported files do not come through here.

    Args:
        call: The request.
        where: Only events that match this predicate (docs/predicates.md); all of several.
        after: Events since this place: `last` of an earlier answer.
        limit: Of the newest at most so many, 1 to 200.
    """
    tail = LiveTail(call.folder, where)
    if after is None:
        taken = tail.latest(min(max(limit, 1), MOST))
    else:
        tail.after = max(after, -1)
        taken = tail.take()
    return LatestEvents(taken.events, taken.passed, taken.last)


ENDPOINTS = (endpoint("GET", "/api/events", latest, role="viewer", group="events"),)
