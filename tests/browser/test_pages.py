"""Page views: loads, navigations of pages that replace their own content, searches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.browser.conftest import Shop

pytestmark = pytest.mark.long


def test_a_load_is_a_page_view_with_segments_properties(shop: Shop) -> None:
    shop.visit("/prices?utm_source=mail#plans", title="Prices")

    (view,) = shop.wait("page")
    (message,) = shop.capture.kept
    assert view == {
        "path": "/prices",
        "referrer": "",
        "search": "?utm_source=mail",
        "title": "Prices",
        "url": f"{shop.url}/prices?utm_source=mail#plans",
    }
    assert message["context"]["page"] == view
    assert message["timestamp"].endswith("Z")
    assert len(message["anonymousId"]) > 20
    assert "userId" not in message


def test_the_next_page_names_the_one_before(shop: Shop) -> None:
    shop.put("/second")
    page = shop.visit("/first", '<a href="/second">on</a>')
    page.click("a")

    first, second = shop.wait("page", 2)
    assert (first["path"], second["path"]) == ("/first", "/second")
    assert second["referrer"] == f"{shop.url}/first"
    assert len({message["anonymousId"] for message in shop.capture.kept}) == 1


def test_a_page_that_replaces_its_content_is_a_new_page_under_its_new_title(shop: Shop) -> None:
    page = shop.visit("/app", title="Start")
    shop.wait("page")

    page.evaluate("history.pushState({}, '', '/app/cart'); document.title = 'Cart'")
    shop.wait("page", 2)
    page.evaluate("history.back()")
    shop.wait("page", 3)

    assert [(view["path"], view["title"]) for view in shop.capture.named("page")] == [
        ("/app", "Start"),
        ("/app/cart", "Cart"),
        ("/app", "Cart"),  # this page set no title when it went back
    ]
    assert shop.capture.named("page")[1]["referrer"] == f"{shop.url}/app"


def test_a_route_behind_the_hash_is_a_page_and_a_place_on_the_page_is_none(shop: Shop) -> None:
    page = shop.visit("/app", "<h2 id=details>Details</h2>")
    shop.wait("page")

    page.evaluate("location.hash = '#details'")
    page.evaluate("location.hash = '#/orders/7'")
    shop.wait("page", 2)
    page.evaluate("sojourn.track('Last')")
    shop.wait("Last")

    assert [view["url"].removeprefix(shop.url) for view in shop.capture.named("page")] == ["/app", "/app#/orders/7"]


def test_a_page_that_writes_its_state_into_its_address_is_the_same_page(shop: Shop) -> None:
    page = shop.visit("/map")
    page.evaluate("history.replaceState({}, '', '/map?zoom=3'); history.replaceState({}, '', '/map?zoom=4')")
    page.evaluate("history.replaceState({}, '', '/list')")
    page.evaluate("history.pushState({}, '', '/list')")
    page.evaluate("sojourn.track('Last')")
    shop.wait("Last")

    assert [view["path"] for view in shop.capture.named("page")] == ["/map", "/list"]


def test_what_is_tracked_on_a_new_page_comes_after_its_view(shop: Shop) -> None:
    page = shop.visit("/app")
    page.evaluate("history.pushState({}, '', '/done'); sojourn.track('Bought')")
    shop.wait("Bought")

    messages = [message for message in shop.capture.kept if message.get("event") != "Page Engaged"]
    assert [(message["type"], message["context"]["page"]["path"]) for message in messages] == [
        ("page", "/app"),
        ("page", "/done"),
        ("track", "/done"),
    ]


def test_a_search_is_sent_with_its_number_of_results(shop: Shop) -> None:
    shop.visit("/search?q=+winter+boots+", '<ol data-sojourn-results="0"></ol>')

    assert shop.wait("Products Searched") == [{"query": "winter boots", "results": 0}]


def test_results_that_come_late_are_waited_for_and_old_ones_are_not_counted(shop: Shop) -> None:
    page = shop.visit("/search?q=boots", '<ol data-sojourn-results="12"></ol>')
    shop.wait("Products Searched")

    page.evaluate(
        """history.pushState({}, '', '/search?q=hats');
        setTimeout(() => document.querySelector('ol').setAttribute('data-sojourn-results', '3'), 500)"""
    )

    assert shop.wait("Products Searched", 2)[1] == {"query": "hats", "results": 3}


def test_a_search_whose_results_never_come_is_sent_when_its_page_is_left(shop: Shop) -> None:
    shop.put("/other")
    page = shop.visit("/search?s=hats")
    page.goto(shop.url + "/other")

    assert shop.wait("Products Searched") == [{"query": "hats"}]


def test_the_second_page_of_results_is_no_second_search(shop: Shop) -> None:
    shop.put("/search", '<a href="/search?q=hats&page=2" data-sojourn-results="9">next</a>')
    page = shop.visit("/search?q=hats")
    shop.wait("Products Searched")
    page.click("a")
    shop.wait("page", 2)
    page.evaluate("sojourn.track('Last')")
    shop.wait("Last")

    assert len(shop.capture.named("Products Searched")) == 1


def test_a_site_names_its_own_parameter(shop: Shop) -> None:
    shop.visit("/find?begriff=hut", "<b data-sojourn-results=4></b>", tag=shop.tag('data-sojourn-search="begriff"'))

    assert shop.wait("Products Searched") == [{"query": "hut", "results": 4}]


def test_only_what_the_tag_asks_for_is_sent_without_a_call(shop: Shop) -> None:
    page = shop.visit("/search?q=hats", "<button>Buy</button>", tag=shop.tag('data-sojourn-auto="clicks"'))
    page.click("button")
    shop.wait("Element Clicked")
    page.goto("about:blank")

    assert {message.get("event") or message["type"] for message in shop.capture.kept} == {"Element Clicked"}
