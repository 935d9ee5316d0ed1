"""From a newsletter to the shop: a browser follows a signed link at a running collector, and its visit is the recipient's."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import pytest
from tests.browser.servers import Capture, Serving
from tests.chromium import chromium

from sojourn.api.links import MARK, link_address
from sojourn.app.reading import open_journeys
from sojourn.identify.click_token import Token, sign
from sojourn.store.folder import open_folder
from sojourn.store.log import Log

if TYPE_CHECKING:
    from tests.clients.conftest import Shop

pytestmark = pytest.mark.long

AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"


def test_the_visit_after_a_click_is_in_the_journey_of_the_recipient(shop: Shop) -> None:
    key = shop.open([], kind="browser")
    folder = open_folder(shop.data)
    consent = 'data-sojourn-consent="assumed" data-sojourn-auto="pages"'
    tag = f'<script defer src="{shop.door.url}/t.js" data-sojourn-key="{key}" {consent}></script>'
    pages = dict.fromkeys(("/sale", "/kettle"), f"<!doctype html><title>Shop</title>{tag}")
    with Serving(Capture(), pages, {}) as site, chromium() as browser:
        now = time.time_ns() // 1_000
        token = Token("0" * 31 + "7", "newsletter-7", "email", "carla@shop.example", f"{site}/sale", now - 1_000_000)
        page = browser.new_context(user_agent=AGENT).new_page()
        page.goto(link_address(shop.door.url, sign(token, folder.secret)))
        assert page.url.startswith(f"{site}/sale?{MARK}=")
        page.wait_for_timeout(500)
        page.goto(f"{site}/kettle")
        events = shop.wait_for(2)

    views = sorted((event for event in events if event.event == "Page Viewed"), key=lambda event: event.time)
    assert [json.loads(event.properties)["path"] for event in views] == ["/sale", "/kettle"]
    assert all(MARK + "=" not in f"{event.context}{event.properties}" for event in events)
    clicked = [event for _, event in Log(folder).read(-1, 1_000_000) if event.source == "links"]
    assert [event.event for event in clicked] == ["Email Link Clicked"]
    timeline = [
        event.event
        for session in open_journeys(shop.data).person("carla@shop.example").sessions
        for event in session.timeline
    ]
    assert timeline == ["Email Link Clicked", "Page Viewed", "Page Viewed"]
