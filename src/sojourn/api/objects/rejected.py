"""Rejected events: what is wrong with each, sent again, thrown away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from sojourn.api.endpoint import endpoint
from sojourn.api.rejected_events import RejectedEvents, rejected_event, rejected_events, replay, replay_all
from sojourn.records.errors import BadField

if TYPE_CHECKING:
    from sojourn.api.call import Call


class Replay(msgspec.Struct, forbid_unknown_fields=True):
    """What to send again.

    Attributes:
        id: One row, by its id; else a reason is given.
        text: With an id: the message as it is to be; as it came when left out.
        reason: All messages of this reason, as they came.
        source: With a reason: only those of this source.
    """

    id: str | None = None
    text: str | None = None
    reason: str | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of messages that were sent again.

    Attributes:
        kept: Messages that are durable now and out of quarantine.
        rejected: Messages that are still rejected.
        detail: Of a single message that is: why; None else.
    """

    kept: int
    rejected: int
    detail: str | None = None


def listing(call: Call, *, reason: str | None = None, source: str | None = None, page: int = 1) -> RejectedEvents:
    """Rejected events, newest first, 50 a page.

    Args:
        call: The request.
        reason: Only of this reason (docs/glossary.md).
        source: Only of this source.
        page: From 1.
    """
    return rejected_events(call.folder, reason=reason, source=source, page=page)


def again(call: Call, *, body: Replay) -> Replayed:
    """Send rejected messages again, changed or as they came: what is good now is kept as though it had come then."""
    if (body.id is None) == (body.reason is None):
        raise BadField("body", "expected either an id or a reason")
    if body.id is None:
        return Replayed(*replay_all(call.folder, reason=str(body.reason), source=body.source, who=call.who))
    text = rejected_event(call.folder, body.id).raw if body.text is None else body.text
    still = replay(call.folder, body.id, text, who=call.who)
    return Replayed(1, 0) if still is None else Replayed(0, 1, f"{still.reason.value}: {still.detail}")


ENDPOINTS = (
    endpoint("GET", "/api/rejected", listing, role="viewer", group="rejected"),
    endpoint("POST", "/api/rejected/replay", again, role="marketer", group="rejected"),
)
