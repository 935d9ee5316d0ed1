"""Which protocol a path belongs to.

In: a method and a path. Out: a `Route`, or none. Segment's paths may have any prefix before `/v1`: hosts are configured freely.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

import msgspec

Protocol = Literal[
    "segment",
    "segment_metrics",
    "segment_settings",
    "rudder_settings",
    "posthog",
    "posthog_v1",
    "posthog_flags",
    "posthog_config",
    "posthog_script",
    "snowplow",
    "snowplow_pixel",
    "webhook",
    "link",
    "opened",
    "tracker",
    "health",
    "ready",
    "metrics",
]


class Route(msgspec.Struct, frozen=True):
    """Where a request goes.

    Attributes:
        protocol: Who reads it.
        methods: Which methods it takes, besides OPTIONS.
        detail: What the path says: Segment's type, a key, a name.
    """

    protocol: Protocol
    methods: tuple[str, ...]
    detail: str | None = None


_KEY = re.compile(r"[A-Za-z0-9_-]{1,100}")
_POST, _GET, _ANY = ("POST",), ("GET", "HEAD"), ("GET", "HEAD", "POST")
_TYPES = ("track", "identify", "page", "screen", "group", "alias")
_SEGMENT = {
    **{f"/v1/{name}": Route("segment", _POST) for name in ("batch", "b", "import")},
    **{f"/v1/{path}": Route("segment", _POST, kind) for kind in _TYPES for path in (kind, kind[0])},
    "/v1/m": Route("segment_metrics", _ANY),
}
_EXACT = {
    **{f"/{path}": Route("posthog", _ANY) for path in ("batch", "e", "i/v0/e", "capture", "track")},
    "/i/v1/analytics/events": Route("posthog_v1", _POST),
    "/flags": Route("posthog_flags", _ANY),
    "/decide": Route("posthog_flags", _ANY),
    "/i": Route("snowplow_pixel", _ANY),
    "/health": Route("health", _GET),
    "/ready": Route("ready", _GET),
    "/metrics": Route("metrics", _GET),
}


@lru_cache(maxsize=1024)
def find_route(path: str) -> Route | None:
    """The route of a path; None where there is nothing."""
    plain = path.rstrip("/") or "/"
    found = _EXACT.get(plain)
    if found is not None:
        return found
    at = plain.rfind("/v1/")
    if at >= 0 and plain[at:] in _SEGMENT:
        return _SEGMENT[plain[at:]]
    return _with_a_name(plain)


def _with_a_name(plain: str) -> Route | None:  # noqa: PLR0911  (a return a form of address)
    parts = plain.split("/")
    if parts[-1] == "tp2":
        return Route("snowplow", _POST)
    if parts[-1] == "t.js":
        return Route("tracker", _GET)
    if parts[-1] == "sourceConfig":
        return Route("rudder_settings", _GET)
    match parts[1:]:
        case [*_, "v1", "projects", key, "settings"] if _KEY.fullmatch(key):
            return Route("segment_settings", _GET, key)
        case [*_, "l", token]:
            return Route("link", _GET, token)
        case [*_, "o", name] if name.endswith(".gif"):
            return Route("opened", _GET, name.removesuffix(".gif"))
        case [*_, "v1", "webhooks", name]:
            return Route("webhook", _POST, name)
        case [*_, "array", key, "config"] if _KEY.fullmatch(key):
            return Route("posthog_config", _GET, key)
        case [*_, "array", key, "config.js"] if _KEY.fullmatch(key):
            return Route("posthog_script", _GET, key)
    return None
