"""Sojourn's own Python clients, and the unmodified ones of Segment, RudderStack, PostHog and Snowplow: each event exactly once, its time right to two seconds.

Also when the server answers 500 or 429 first, cuts the connection, or its answer is lost after the events are durable; and when every
request comes again byte for byte.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
import threading
from typing import TYPE_CHECKING, Any

import pytest
from tests.clients.arrived import AGO, check

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.clients.conftest import Shop
    from tests.clients.door import Fault

pytestmark = [pytest.mark.long, pytest.mark.filterwarnings("ignore")]  # the clients' own warnings are not ours to mend

FAULTS: dict[str, list[Fault]] = {
    "none": [],
    "500": ["500", "500"],
    "429": ["429"],
    "cut": ["cut"],
    "lost answer": ["lost answer"],
    "all of them": ["500", "lost answer", "429", "cut"],
}


def segment(url: str, key: str, then: dt.datetime) -> list[str]:
    from segment.analytics.client import Client  # type: ignore[import-untyped] # the package ships no types

    client = Client(key, host=url, max_retries=10, gzip=True)
    client.identify("anna", {"email": "anna@shop.example"})
    client.track("anna", "Bought", {"revenue": 5}, timestamp=then)
    client.page("anna", "Shop", "Home")
    client.flush()
    client.join()
    return ["Identified", "Bought", "Page Viewed"]


def rudder(url: str, key: str, then: dt.datetime) -> list[str]:
    from rudderstack.analytics.client import Client  # type: ignore[import-untyped] # the package ships no types

    client = Client(key, host=url)
    client.identify("anna", {"email": "anna@shop.example"})
    client.track("anna", "Bought", {"revenue": 5}, timestamp=then)
    client.page("anna", "Shop", "Home")
    client.flush()
    client.join()
    return ["Identified", "Bought", "Page Viewed"]


def posthog(url: str, key: str, then: dt.datetime, **options: Any) -> list[str]:
    from posthog import Posthog

    # Four faults in a row are one more than it tries by itself.
    client = Posthog(key, host=url, max_retries=6, **options)
    client.set(distinct_id="anna", properties={"email": "anna@shop.example"})
    client.capture("Bought", distinct_id="anna", properties={"revenue": 5}, timestamp=then)
    client.capture("$pageview", distinct_id="anna")
    client.shutdown()
    return ["$set", "Bought", "Page Viewed"]


def posthog_v1(url: str, key: str, then: dt.datetime) -> list[str]:
    return posthog(url, key, then, capture_mode="v1", capture_compression="gzip")


def snowplow(url: str, key: str, then: dt.datetime, method: Any = "post") -> list[str]:
    from snowplow_tracker.emitters import Emitter
    from snowplow_tracker.events.page_view import PageView
    from snowplow_tracker.events.structured_event import StructuredEvent
    from snowplow_tracker.subject import Subject
    from snowplow_tracker.tracker import Tracker

    host, _, port = url.removeprefix("http://").partition(":")
    sent = threading.Semaphore(0)
    emitter = Emitter(
        host, protocol="http", port=int(port), method=method, batch_size=3 if method == "post" else 1,
        max_retry_delay_seconds=1, on_success=lambda events: sent.release(len(events)),
    )  # fmt: skip
    subject = Subject().set_user_id("anna")
    tracker = Tracker(namespace="shop", emitters=emitter, subject=subject, app_id=key)
    for one in (
        StructuredEvent(category="shop", action="Looked"),
        StructuredEvent(category="shop", action="Bought", true_timestamp=then.timestamp() * 1000),
        PageView(page_url="https://shop.example/", page_title="Home"),
    ):
        tracker.track(one)
        # Pixels that wait together are lost by the client when any but the last one fails: each goes by itself.
        assert method == "post" or sent.acquire(timeout=30)
    assert method == "get" or all(sent.acquire(timeout=30) for _ in range(3))
    return ["Looked", "Bought", "Page Viewed"]


def snowplow_get(url: str, key: str, then: dt.datetime) -> list[str]:
    return snowplow(url, key, then, "get")


def own(url: str, key: str, then: dt.datetime) -> list[str]:
    import sojourn

    with sojourn.Client(key, url) as client:
        client.identify("anna", {"email": "anna@shop.example"})
        client.track("anna", "Bought", {"revenue": 5}, timestamp=then)
        client.page("anna", "Shop", "Home")
        assert client.flush(30)
    return ["Identified", "Bought", "Page Viewed"]


def own_async(url: str, key: str, then: dt.datetime) -> list[str]:
    import sojourn

    async def program() -> None:
        async with sojourn.AsyncClient(key, url) as client:
            client.identify("anna", {"email": "anna@shop.example"})
            client.track("anna", "Bought", {"revenue": 5}, timestamp=then)
            client.page("anna", "Shop", "Home")
            assert await client.flush(30)

    asyncio.run(program())
    return ["Identified", "Bought", "Page Viewed"]


CLIENTS = {one.__name__: one for one in (own, own_async, segment, rudder, posthog, posthog_v1, snowplow, snowplow_get)}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("client", CLIENTS)
def test_each_event_exactly_once_at_its_time(client: str, fault: str, shop: Shop) -> None:
    logging.disable(logging.CRITICAL)  # the clients tell of each fault
    faults = FAULTS[fault]
    if client == "snowplow_get":
        # Of several pixels it keeps those that failed only when the last one did: a second fault would lose an event there.
        faults = faults[:1]
    key = shop.open(faults)
    before = dt.datetime.now(dt.UTC)
    send: Callable[..., list[str]] = CLIENTS[client]

    names = send(shop.door.url, key, before - AGO)

    check(shop.wait_for(len(names)), names, before - AGO, before)
    assert not shop.door.faults, "every fault happened"
    assert shop.door.replay() >= 1
    check(shop.events(), names, before - AGO, before)
