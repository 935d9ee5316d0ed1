"""Live: events as they arrive, over server-sent events; without script the latest ones as a table."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse, StreamingResponse

from sojourn.api.live_events import LiveTail
from sojourn.console.page import View, address, render

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from starlette.responses import Response

    from sojourn.console.asked import Asked

_LOOK_S = 0.25
_HEARTBEAT_S = 10.0
_SESSION_S = 5.0
_MOST_STREAMS = 50
_SHOWN = 50
_OPEN: set[object] = set()


async def live(asked: Asked) -> Response:
    """The latest events, and where the script gets those that follow."""
    tail = LiveTail(asked.backing.history.folder, asked.scope.where)
    latest = await run_in_threadpool(tail.latest, _SHOWN)
    stream = address(asked, "/live/stream", after=latest.last)
    return render(asked, "live.html", title="Live", latest=list(reversed(latest.events)), stream=stream)


async def stream(asked: Asked) -> Response:
    """What comes from now on, or after what the browser had last."""
    if len(_OPEN) >= _MOST_STREAMS:
        return PlainTextResponse(f"{_MOST_STREAMS} pages follow events already; close one", 503, {"retry-after": "30"})
    tail = LiveTail(asked.backing.history.folder, asked.scope.where)
    last = asked.request.headers.get("last-event-id") or asked.field("after")
    if last.lstrip("-").isdigit():
        tail.after = int(last)
    else:
        await run_in_threadpool(tail.latest, 1)
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}

    async def over() -> bool:
        return await run_in_threadpool(asked.accounts.session, asked.token) is None

    return StreamingResponse(messages(tail, over), headers=headers, media_type="text/event-stream")


async def messages(tail: LiveTail, over: Callable[[], Awaitable[bool]]) -> AsyncIterator[str]:
    """The text of a stream of server-sent events: what came as JSON, each message with the place to resume after.

    Args:
        tail: Reads the log.
        over: Whether whoever follows may see no more; asked every few seconds.
    """
    me = object()
    _OPEN.add(me)
    try:
        yield "retry: 2000\n\n"
        spoke = looked = time.monotonic()
        while True:
            if time.monotonic() - looked > _SESSION_S:
                looked = time.monotonic()
                if await over():
                    return
            before = tail.after
            taken = await run_in_threadpool(tail.take)
            if taken.events or taken.passed:
                yield f"id: {taken.last}\ndata: {msgspec.json.encode(taken.to_dict()).decode()}\n\n"
            elif time.monotonic() - spoke > _HEARTBEAT_S:
                yield ": nothing new\n\n"
            elif taken.last != before:
                # Without data nothing is dispatched, but the browser remembers the place.
                yield f"id: {taken.last}\n\n"
            else:
                await asyncio.sleep(_LOOK_S)
                continue
            spoke = time.monotonic()
            await asyncio.sleep(_LOOK_S)
    finally:
        _OPEN.discard(me)


VIEWS = (
    View("/live", "Live", live, group="Overview"),
    View("/live/stream", "Live", stream),
)
