"""A handler a protocol: parse, call the decoder, render what became of it.

In: a request. Out: its answer. Never judges a message; `collect.protocols` does.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from sojourn.api.answers import SUCCESS, Answer, accepted, answer_json, refusal
from sojourn.collect.body import inflate
from sojourn.collect.protocols import segment

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from sojourn.api.collector import Collector
    from sojourn.api.request import Receive, Request
    from sojourn.api.routes import Protocol, Route

    Handler = Callable[[Collector, Request, Receive, Route], Awaitable[Answer]]

_LARGE = 1 << 18
_Result = TypeVar("_Result")


async def _worked(size: int, work: Callable[[], _Result]) -> _Result:
    """Do work on a body; on a large one in a thread, so that small requests need not wait for it."""
    return work() if size < _LARGE else await asyncio.to_thread(work)


async def _text(request: Request, receive: Receive) -> bytes:
    body = await request.body(receive)
    encoding = request.header(b"content-encoding") or ""
    return await _worked(len(body), lambda: inflate(body, encoding))


def _unknown_key() -> Answer:
    return refusal(401, "unknown_key", "no source has this key; `sojourn keys create NAME` makes one")


async def _segment(collector: Collector, request: Request, receive: Receive, route: Route) -> Answer:
    text = await _text(request, receive)
    opened = await _worked(len(text), lambda: segment.open_request(text))
    known = await collector.known_key([*request.keys(), *([opened.key] if opened.key else [])])
    if known is None:
        return _unknown_key()
    arrival = collector.arrival(request, known)
    judged = await _worked(len(text), lambda: segment.read_request(opened, arrival, kind=route.detail))
    if not judged:
        return SUCCESS
    kept = await collector.keep(judged, len(text))
    return accepted(SUCCESS, kept.events, kept.rejected)


async def _segment_metrics(_collector: Collector, request: Request, receive: Receive, _route: Route) -> Answer:
    """What analytics-next tells of itself: read and thrown away."""
    await request.body(receive)
    return SUCCESS


async def _segment_settings(_collector: Collector, request: Request, _receive: Receive, route: Route) -> Answer:
    """What analytics-next asks before it sends anything; without the host in it, it would send to its maker."""
    prefix = request.path.partition("/v1/projects/")[0]
    scheme, _, host = request.origin.partition("://")
    segment_io = {"apiKey": route.detail, "apiHost": f"{host}{prefix}/v1", "protocol": scheme}
    return answer_json(
        {
            "integrations": {"Segment.io": segment_io},
            "metrics": {"sampleRate": 0},
            "plan": {"track": {"__default": {"enabled": True, "integrations": {}}}},
            "edgeFunction": {},
            "enabledMiddleware": {},
        }
    )


async def _rudder_settings(collector: Collector, request: Request, _receive: Receive, _route: Route) -> Answer:
    """What rudder-js asks before it sends anything."""
    known = await collector.known_key(request.keys())
    if known is None:
        return _unknown_key()
    key = next(iter(request.keys()))
    source = {
        "id": known.source.name,
        "name": known.source.name,
        "writeKey": key,
        "enabled": True,
        "workspaceId": "sojourn",
        "config": {"statsCollection": {"errors": {"enabled": False}, "metrics": {"enabled": False}}},
        "destinations": [],
        "dataplanes": {},
    }
    return answer_json({"source": source})


async def _health(_collector: Collector, _request: Request, _receive: Receive, _route: Route) -> Answer:
    return answer_json({"status": "alive"})


async def _ready(collector: Collector, _request: Request, _receive: Receive, _route: Route) -> Answer:
    if await collector.ready():
        return answer_json({"status": "ready"})
    return refusal(503, "storage", "nothing can be stored at the moment", retry_after_s=5)


async def _metrics(collector: Collector, _request: Request, _receive: Receive, _route: Route) -> Answer:
    return Answer(200, collector.metrics.text(), b"text/plain; version=0.0.4; charset=utf-8")


HANDLERS: dict[Protocol, Handler] = {
    "segment": _segment,
    "segment_metrics": _segment_metrics,
    "segment_settings": _segment_settings,
    "rudder_settings": _rudder_settings,
    "health": _health,
    "ready": _ready,
    "metrics": _metrics,
}
