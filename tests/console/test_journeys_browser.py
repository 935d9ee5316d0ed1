"""The pages of journeys in a real browser: from a builder to a person, by keyboard alone, and what a log wrote stays text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.chromium import chromium
from tests.console.logs import backing_of
from tests.console.serving import served
from tests.console.test_journey_pages import ODD, rows
from tests.console.visitors import session

from sojourn.store.logins import cookie_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import BrowserContext, Page


pytestmark = pytest.mark.long

PAGES = (
    "/journey-map?catalogue=shop&touchpoint=channel",
    "/journeys?around=Product+Added",
    "/funnels?steps=Page+Viewed&steps=Order+Completed&by=first+channel",
    "/funnels/why?steps=Product+Viewed&steps=Order+Completed&at=1",
    "/retention?period=day&by=first+channel",
    "/attribution?goal=Order+Completed&touch=channel",
    "/engagement?by=channel",
    "/behind/funnel?steps=Page+Viewed&of_step=0",
    "/definitions/journey-map",
)


@pytest.fixture(scope="module")
def visit(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[BrowserContext, str]]:
    """A browser that is logged in, and where the console is."""
    backing = backing_of(tmp_path_factory.mktemp("browser"), rows())
    folder = backing.history.folder
    with served(backing) as base, chromium() as browser:
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        context.add_cookies([{"name": cookie_name(folder), "value": session(folder), "url": base}])
        yield context, base
        context.close()


def shown(page: Page, address: str) -> None:
    """Open a page and wait until its answer and its figures are there."""
    page.goto(address)
    page.wait_for_function(
        "!document.querySelector('h2') || document.querySelector('h2').textContent !== 'Being worked on'",
        timeout=60_000,
    )
    page.wait_for_load_state("load")


def test_every_page_opens_without_an_error_an_outside_request_or_a_scroll_to_the_side(
    visit: tuple[BrowserContext, str],
) -> None:
    context, base = visit
    page = context.new_page()
    wrong: list[str] = []
    page.on("console", lambda told: wrong.append(told.text) if told.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("dialog", lambda dialog: wrong.append(dialog.message))
    page.on(
        "request", lambda asked: wrong.append(asked.url) if not asked.url.startswith((base, "data:", "blob:")) else None
    )
    for width in (1280, 400):
        page.set_viewport_size({"width": width, "height": 900})
        for address in PAGES:
            shown(page, base + address)
            if page.locator("[data-chart]").count():
                page.wait_for_selector("[data-chart] .main-svg", timeout=30_000)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (address, width)
            assert page.locator("b", has_text="shoes").count() == 0
    assert not wrong
    page.close()


def test_a_funnel_is_built_and_followed_to_a_person_by_keyboard_alone(visit: tuple[BrowserContext, str]) -> None:
    context, base = visit
    page = context.new_page()
    shown(page, f"{base}/funnels?steps=Page+Viewed")
    page.locator("input[name=steps]").nth(1).focus()
    page.keyboard.type("Order Completed")
    page.keyboard.press("Enter")
    page.wait_for_url("**steps=Order+Completed**")
    bought = page.locator("table.funnel tbody tr").nth(1).locator("a").first
    number = int(bought.inner_text())
    bought.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/behind/funnel**")

    assert page.locator("ol.people li").count() == number == 4
    page.locator("ol.people a").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/persons/**")
    page.close()


def test_a_click_on_a_band_of_the_diagram_opens_who_went_that_way(visit: tuple[BrowserContext, str]) -> None:
    context, base = visit
    page = context.new_page()
    shown(page, f"{base}/journeys?start=Product+Viewed&depth=2")
    page.wait_for_selector(".sankey-link", timeout=30_000)
    page.locator(".sankey-node rect.node-rect").first.click(force=True)
    page.wait_for_url("**/behind/paths**", timeout=10_000)

    assert page.locator("ol.people li").count() == len({row[0] for row in rows() if row[2] == "Product Viewed"})
    assert ODD not in page.content()
    page.close()
