"""The tracker on the pages of a shop, and a real collector behind a faulty door: each event once, over page loads and consent."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.browser.servers import Capture, Serving
from tests.chromium import chromium

from sojourn.store.folder import open_folder
from sojourn.store.sources import create_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page
    from tests.clients.conftest import Shop

pytestmark = pytest.mark.long

PAGES = ("/first", "/second", "/third")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context()
    yield context.new_page()
    context.close()


def snippet(shop: Shop, key: str, attributes: str = "") -> dict[str, str]:
    """The shop's pages."""
    tag = f'<script defer src="{shop.door.url}/metrics/t.js" data-sojourn-key="{key}" {attributes}></script>'
    body = "<button onclick='this.title += 1'>Buy</button><form name=ask><input name=mail></form>"
    return dict.fromkeys(PAGES, f"<!doctype html><title>Shop</title>{tag}{body}")


def test_a_visit_over_several_pages_is_kept_exactly_once(shop: Shop, page: Page) -> None:
    key = shop.open(["500", "lost answer", "cut", "500"], kind="browser")
    with Serving(Capture(), snippet(shop, key, 'data-sojourn-consent="assumed"'), {}) as url:
        for number, path in enumerate(PAGES):
            page.goto(url + path)
            page.click("button")
            page.fill("input", "anna@example.com")
            page.evaluate("(n) => sojourn.track('Counted', {n})", number)
        page.wait_for_timeout(500)
        page.goto("about:blank")
        page.goto(url + PAGES[0])
        page.wait_for_timeout(4000)

        events = shop.wait_for(17)

    assert len({event.message_id for event in events}) == len(events)
    counts = {name: sum(event.event == name for event in events) for name in {event.event for event in events}}
    assert counts.pop("Page Engaged", 0) <= 3
    assert counts == {
        "Page Viewed": 4,
        "Element Clicked": 3,
        "Form Started": 3,
        "Form Abandoned": 3,
        "Counted": 3,
    }
    assert [
        json.loads(event.properties)["n"]
        for event in sorted(events, key=lambda one: one.time)
        if event.event == "Counted"
    ] == [0, 1, 2]
    assert {event.sent_event for event in events} == {None}
    assert len({event.anonymous_id for event in events}) == 1
    assert "anna@example.com" not in "".join(event.properties + (event.context or "") for event in events)
    context = json.loads(events[0].context or "{}")
    assert context["page"]["path"] in PAGES
    assert "Chrome" in context["userAgent"]


def test_from_cookieless_over_consent_to_its_withdrawal(shop: Shop, page: Page) -> None:
    shop.open([])
    key = create_key(open_folder(shop.data), shop.source, kind="browser", consent="required")[0]
    with Serving(Capture(), snippet(shop, key, 'data-sojourn-auto="pages"'), {}) as url:
        page.goto(url + PAGES[0])
        page.evaluate("sojourn.identify('anna'); sojourn.track('Looked')")
        shop.wait_for(2)
        page.evaluate("sojourn.consent({analytics: true, marketing: true}); sojourn.track('Bought')")
        visitor = page.evaluate("sojourn.anonymousId()")
        shop.wait_for(5)
        page.evaluate("sojourn.consent({analytics: false}); sojourn.track('Never')")
        events = shop.wait_for(6)
        page.wait_for_timeout(500)

    told = [(event.event, event.daily, event.anonymous_id == visitor, event.user_id) for event in shop.events()]
    assert sorted(told[:2]) == [("Looked", True, False, None), ("Page Viewed", True, False, None)]
    assert told[2:] == [
        ("Consent Updated", False, True, None),
        ("Identified", False, True, "anna"),
        ("Bought", False, True, "anna"),
        ("Consent Updated", False, True, None),
    ]
    assert json.loads(events[-1].context or "{}")["consent"]["categoryPreferences"] == {
        "analytics": False,
        "marketing": True,
    }
