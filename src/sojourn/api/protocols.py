"""A handler a protocol: parse, call the decoder, render what became of it.

In: a request. Out: its answer. Never judges a message; `collect.protocols` does.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

import msgspec

from sojourn.api.answers import PIXEL, STATUS_ONE, SUCCESS, Answer, accepted, answer_json, refusal
from sojourn.api.tracker import tracker_answer
from sojourn.collect.body import inflate, unwrap
from sojourn.collect.clock import moment
from sojourn.collect.protocols import posthog, segment, snowplow
from sojourn.collect.protocols.webhook import read_webhook

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


async def _posthog(collector: Collector, request: Request, receive: Receive, _route: Route) -> Answer:
    body = await _text(request, receive)
    text = await _worked(len(body), lambda: unwrap(body, request.query))
    if not text:
        return STATUS_ONE
    opened = await _worked(len(text), lambda: posthog.open_request(text))
    known = await collector.known_key([*request.keys(), *([opened.key] if opened.key else [])])
    if known is None:
        return _unknown_key()
    # Older clients say in the address when they sent.
    arrival = collector.arrival(request, known, sent_at=moment(request.query.get("_")))
    judged = await _worked(len(text), lambda: posthog.read_request(opened, arrival))
    if not judged:
        return STATUS_ONE
    kept = await collector.keep(judged, len(text))
    return accepted(STATUS_ONE, kept.events, kept.rejected)


async def _posthog_v1(collector: Collector, request: Request, receive: Receive, _route: Route) -> Answer:
    """A verdict an event, by its id; without one the client reports a failure."""
    text = await _text(request, receive)
    opened = await _worked(len(text), lambda: posthog.open_request(text))
    known = await collector.known_key([*request.keys(), *([opened.key] if opened.key else [])])
    if known is None:
        return _unknown_key()
    arrival = collector.arrival(request, known, sent_at=moment(request.header(b"posthog-request-timestamp")))
    judged = await _worked(len(text), lambda: posthog.read_request(opened, arrival))
    kept = await collector.keep(judged, len(text))
    bad = {one.line - 1: {"result": "drop", "details": f"{one.reason.value}: {one.detail}"} for one in kept.rejected}
    ids = posthog.uuids(opened)
    results = {one: bad.get(place, {"result": "ok"}) for place, one in enumerate(ids) if one is not None}
    return answer_json({"results": results})


async def _posthog_flags(_collector: Collector, request: Request, receive: Receive, _route: Route) -> Answer:
    """No flags: there are none of PostHog's here."""
    await request.body(receive)
    return answer_json(
        {
            **_POSTHOG_CONFIG,
            "flags": {},
            "featureFlags": {},
            "featureFlagPayloads": {},
            "errorsWhileComputingFlags": False,
        }
    )


_POSTHOG_CONFIG: dict[str, object] = {
    "supportedCompression": ["gzip-js"],
    "hasFeatureFlags": False,
    "analytics": {"endpoint": "/i/v0/e/"},
    "autocaptureExceptions": False,
    "captureDeadClicks": False,
    "capturePerformance": False,
    "heatmaps": False,
    "sessionRecording": False,
    "surveys": False,
    "siteApps": [],
    "isAuthenticated": False,
    "toolbarParams": {},
}


async def _posthog_config(_collector: Collector, _request: Request, _receive: Receive, route: Route) -> Answer:
    return answer_json({"token": route.detail, **_POSTHOG_CONFIG})


async def _posthog_script(_collector: Collector, _request: Request, _receive: Receive, route: Route) -> Answer:
    """The same as a script, for pages that load it as one."""
    token = msgspec.json.encode(route.detail).decode()
    config = msgspec.json.encode({"token": route.detail, **_POSTHOG_CONFIG}).decode()
    script = (
        "window._POSTHOG_REMOTE_CONFIG=window._POSTHOG_REMOTE_CONFIG||{};"
        f"window._POSTHOG_REMOTE_CONFIG[{token}]={{config:{config},siteApps:[]}};"
    )
    return Answer(200, script.encode(), b"application/javascript")


async def _snowplow(collector: Collector, request: Request, receive: Receive, _route: Route) -> Answer:
    text = await _text(request, receive)
    opened = await _worked(len(text), lambda: snowplow.open_request(text))
    return await _keep_snowplow(collector, request, opened, Answer(200, b"ok", b"text/plain"))


async def _snowplow_pixel(collector: Collector, request: Request, _receive: Receive, _route: Route) -> Answer:
    return await _keep_snowplow(collector, request, snowplow.open_pixel(request.query), PIXEL)


async def _keep_snowplow(collector: Collector, request: Request, opened: snowplow.Request, success: Answer) -> Answer:
    keys = [*request.keys(), *([opened.app] if opened.app else [])]
    known = await collector.known_key(keys)
    if known is None and opened.app is not None:
        # The protocol has no keys; a page tells its app id, and only a browser's source, public anyway, opens by its name.
        known = collector.named_source(opened.app)
    if known is None:
        return _unknown_key()
    arrival = collector.arrival(request, known)
    size = sum(map(len, opened.messages))
    judged = await _worked(size, lambda: snowplow.read_request(opened, arrival))
    kept = await collector.keep(judged, size)
    if kept.rejected and not kept.events:
        return accepted(SUCCESS, 0, kept.rejected)
    return success


async def _webhook(collector: Collector, request: Request, receive: Receive, route: Route) -> Answer:
    text = await _text(request, receive)
    known = await collector.known_key(request.keys())
    if known is None:
        return _unknown_key()
    if known.source.kind != "server":
        return refusal(403, "not_allowed", "webhooks are sent with a server key, in the address as ?key= or as Bearer")
    mapping = None if collector.webhooks is None else collector.webhooks.find(route.detail or "")
    if mapping is None:
        return refusal(
            404, "not_found", f"there is no mapping webhooks/{(route.detail or '')[:60]}.toml in the data folder"
        )
    arrival = collector.arrival(request, known)
    judged = await _worked(len(text), lambda: read_webhook(text, mapping, arrival))
    kept = await collector.keep(judged, len(text))
    return accepted(SUCCESS, kept.events, kept.rejected)


async def _link(collector: Collector, request: Request, _receive: Receive, route: Route) -> Answer:
    if collector.links is None:
        return refusal(404, "not_found", "this collector follows no links")
    return await collector.links.follow(request, route.detail or "", collector.now(), collector.keep)


async def _opened(collector: Collector, request: Request, _receive: Receive, route: Route) -> Answer:
    if collector.links is None:
        return PIXEL
    return await collector.links.opened(request, route.detail or "", collector.now(), collector.keep)


async def _tracker(_collector: Collector, request: Request, _receive: Receive, _route: Route) -> Answer:
    return tracker_answer(
        accept_encoding=request.header(b"accept-encoding"), if_none_match=request.header(b"if-none-match")
    )


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
    "posthog": _posthog,
    "posthog_v1": _posthog_v1,
    "posthog_flags": _posthog_flags,
    "posthog_config": _posthog_config,
    "posthog_script": _posthog_script,
    "snowplow": _snowplow,
    "snowplow_pixel": _snowplow_pixel,
    "webhook": _webhook,
    "link": _link,
    "opened": _opened,
    "tracker": _tracker,
    "health": _health,
    "ready": _ready,
    "metrics": _metrics,
}
