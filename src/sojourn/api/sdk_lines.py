"""Lines to copy: how each supported client is pointed at a collector.

In: a key, its kind, and the collector's address. Out: for each client that may use such a key the program that sends a first event.
docs/clients.md has the same lines. Never makes a key.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from sojourn.records.event import SourceKind

FIRST_EVENT = "First Event"
"""What the programs send."""
_TRACKER = """<script defer src="HOST/t.js" data-sojourn-key="KEY"></script>"""
_SOJOURN = """\
import sojourn

with sojourn.Client("KEY", host="HOST") as client:
    client.track("anna", "First Event", {"from": "python"})"""
_CURL = """\
curl HOST/v1/track -H 'Authorization: Bearer KEY' \\
  -d '{"userId": "anna", "event": "First Event", "properties": {"from": "curl"}}'"""
_SEGMENT_PYTHON = """\
import segment.analytics as analytics

analytics.write_key = "KEY"
analytics.host = "HOST"
analytics.track("anna", "First Event", {"from": "segment"})
analytics.shutdown()"""
_SEGMENT_NODE = """\
const { Analytics } = require("@segment/analytics-node");

const analytics = new Analytics({ writeKey: "KEY", host: "HOST" });
analytics.track({ userId: "anna", event: "First Event", properties: { from: "segment" } });
analytics.closeAndFlush();"""
_SEGMENT_BROWSER = """\
import { AnalyticsBrowser } from "@segment/analytics-next";

const analytics = AnalyticsBrowser.load({ writeKey: "KEY", cdnURL: "HOST" });
analytics.track("First Event", { from: "segment" });"""
_RUDDER_PYTHON = """\
import rudderstack.analytics as rudder

rudder.write_key = "KEY"
rudder.dataPlaneUrl = "HOST"
rudder.track("anna", "First Event", {"from": "rudderstack"})
rudder.shutdown()"""
_RUDDER_NODE = """\
const Analytics = require("@rudderstack/rudder-sdk-node");

const rudder = new Analytics("KEY", { dataPlaneUrl: "HOST" });
rudder.track({ userId: "anna", event: "First Event", properties: { from: "rudderstack" } });
rudder.flush();"""
_POSTHOG_PYTHON = """\
from posthog import Posthog

posthog = Posthog("KEY", host="HOST")
posthog.capture("First Event", distinct_id="anna", properties={"from": "posthog"})
posthog.shutdown()"""
_POSTHOG_NODE = """\
const { PostHog } = require("posthog-node");

const posthog = new PostHog("KEY", { host: "HOST" });
posthog.capture({ distinctId: "anna", event: "First Event", properties: { from: "posthog" } });
posthog.shutdown();"""
_POSTHOG_BROWSER = """\
import posthog from "posthog-js";

posthog.init("KEY", { api_host: "HOST" });
posthog.capture("First Event", { from: "posthog" });"""
_SNOWPLOW_PYTHON = """\
from snowplow_tracker import Emitter, StructuredEvent, Subject, Tracker

emitter = Emitter("NAME", protocol="SCHEME", port=PORT, batch_size=1)
tracker = Tracker(namespace="shop", emitters=emitter, app_id="KEY", subject=Subject().set_user_id("anna"))
tracker.track(StructuredEvent(category="start", action="First Event"))
tracker.flush()"""
_SNOWPLOW_BROWSER = """\
import { newTracker, trackPageView } from "@snowplow/browser-tracker";

newTracker("sp", "HOST", { appId: "KEY" });
trackPageView();"""


@dataclass(frozen=True, slots=True)
class Lines:
    """A program for one client.

    Attributes:
        client: What it is called.
        language: `html`, `python`, `javascript` or `shell`.
        install: How to get it; empty where there is nothing to get.
        code: The program.
    """

    client: str
    language: Literal["html", "python", "javascript", "shell"]
    install: str
    code: str


_BROWSER = (
    Lines("Sojourn tracker", "html", "", _TRACKER),
    Lines("Segment, browser", "javascript", "npm install @segment/analytics-next", _SEGMENT_BROWSER),
    Lines("PostHog, browser", "javascript", "npm install posthog-js", _POSTHOG_BROWSER),
    Lines("Snowplow, browser", "javascript", "npm install @snowplow/browser-tracker", _SNOWPLOW_BROWSER),
)
_SERVER = (
    Lines("Sojourn, Python", "python", "pip install path/to/this/repository", _SOJOURN),
    Lines("curl, or anything that can POST", "shell", "", _CURL),
    Lines("Segment, Python", "python", "pip install segment-analytics-python", _SEGMENT_PYTHON),
    Lines("Segment, Node", "javascript", "npm install @segment/analytics-node", _SEGMENT_NODE),
    Lines("RudderStack, Python", "python", "pip install rudder-sdk-python", _RUDDER_PYTHON),
    Lines("RudderStack, Node", "javascript", "npm install @rudderstack/rudder-sdk-node", _RUDDER_NODE),
    Lines("PostHog, Python", "python", "pip install posthog", _POSTHOG_PYTHON),
    Lines("PostHog, Node", "javascript", "npm install posthog-node", _POSTHOG_NODE),
    Lines("Snowplow, Python", "python", "pip install snowplow-tracker", _SNOWPLOW_PYTHON),
)


def lines_for(key: str, kind: SourceKind, collector: str) -> list[Lines]:
    """A program for each client that may use a key of this kind, ready to run.

    Args:
        key: The key, or what stands for it.
        kind: `browser` or `server`.
        collector: The address of the collector, as in `http://127.0.0.1:8001`.
    """
    scheme, _, rest = collector.rstrip("/").partition("://")
    name, _, port = rest.partition(":")
    usual = "443" if scheme == "https" else "80"
    said = {"HOST": collector.rstrip("/"), "KEY": key, "NAME": name, "SCHEME": scheme, "PORT": port or usual}
    return [
        Lines(one.client, one.language, one.install, _filled(one.code, said))
        for one in (_BROWSER if kind == "browser" else _SERVER)
    ]


def _filled(code: str, said: dict[str, str]) -> str:
    for word, value in said.items():
        code = code.replace(word, value)
    return code
