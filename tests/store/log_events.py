"""Events as a collector accepts them, for tests of the log: short to write, each with an id that says which it is."""

from __future__ import annotations

import json
from typing import Any

from sojourn.records.event import Event

SECOND = 1_000_000
START = 1_704_067_200 * SECOND
"""As in `rows`, which loads Arrow: a process that only appends does without."""


def event(
    message_id: str,
    *,
    second: int = 0,
    user: str | None = None,
    anonymous: str | None = "device",
    name: str = "Page Viewed",
    source: str = "web",
    properties: dict[str, Any] | None = None,
    **more: Any,
) -> Event:
    """One event; seconds count from the start of 2024."""
    time = START + second * SECOND
    text = json.dumps(properties or {}, separators=(",", ":"))
    return Event(
        source=source, message_id=message_id, type="track", event=name, time=time, received_at=time, user_id=user,
        anonymous_id=anonymous, properties=text, **more,
    )  # fmt: skip


def events(first: int, last: int) -> list[Event]:
    """Events of ten devices, a second apart, with ids `m<n>`."""
    return [event(f"m{n}", second=n, anonymous=f"device{n % 10}", properties={"n": n}) for n in range(first, last)]
