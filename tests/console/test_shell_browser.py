"""The console's frame in a real browser: the first admin comes in by keyboard alone, and every page of the shell opens cleanly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.chromium import chromium
from tests.console.logs import backing_of
from tests.console.serving import served
from tests.console.visitors import session

from sojourn.api.accounts import Accounts
from sojourn.store.logins import cookie_name

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from sojourn.console.asked import Backing

pytestmark = pytest.mark.long

_DAY = 86_400
_XSS = "<img src=x onerror=alert(1)>"
PAGES = ("/", "/privacy", "/settings", "/settings/users", "/settings/tokens", "/settings/audit", "/account")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Headless Chromium."""
    with chromium() as started:
        yield started


@pytest.fixture
def backing(tmp_path: Path) -> Backing:
    """Of three weeks in which anna comes each day; an event's name is an attempt to run a script."""
    return backing_of(tmp_path, [("anna", day * _DAY, _XSS if day % 5 == 0 else "view", {}) for day in range(21)])


def settled(page: Page) -> None:
    """Wait until a page is there that is not being worked on; it loads itself again until then."""
    while page.locator("h2", has_text="Being worked on").count():
        page.wait_for_timeout(300)
    page.wait_for_load_state("load")


def test_the_first_admin_comes_in_and_finds_the_way_by_keyboard_alone(browser: Browser, backing: Backing) -> None:
    link = f"/link/{Accounts(backing.history.folder).make_link(None, who='command line')}"
    with served(backing) as base:
        page = browser.new_page(viewport={"width": 400, "height": 800})
        page.goto(base + link)
        page.keyboard.type("Anna")
        page.keyboard.press("Tab")
        page.keyboard.type("correct horse battery")
        page.keyboard.press("Enter")
        page.wait_for_url(f"{base}/")
        settled(page)

        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the page"
        while page.evaluate("document.activeElement.textContent") != "Menu":
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        assert page.locator("#pages").is_visible()
        while page.evaluate("document.activeElement.textContent") != "Settings":
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_url("**/settings")
        assert not page.locator("#pages").is_visible()
        page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_opens_without_an_error_or_an_outside_request(
    browser: Browser, backing: Backing, scheme: str
) -> None:
    folder = backing.history.folder
    with served(backing) as base:
        context = browser.new_context(color_scheme="dark" if scheme == "dark" else "light")
        context.add_cookies([{"name": cookie_name(folder), "value": session(folder), "url": base}])
        page = context.new_page()
        wrong: list[str] = []
        page.on("console", lambda told: wrong.append(told.text) if told.type == "error" else None)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("dialog", lambda dialog: wrong.append(dialog.message))
        page.on(
            "request",
            lambda sent: wrong.append(sent.url) if not sent.url.startswith((base, "data:", "blob:")) else None,
        )
        for width in (1440, 400):
            page.set_viewport_size({"width": width, "height": 900})
            for path in PAGES:
                page.goto(base + path)
                settled(page)
                if page.locator("[data-chart]").count():
                    page.wait_for_selector("[data-chart] .main-svg", timeout=30_000)
                assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), (path, width)
                assert page.locator("img[src='x']").count() == 0
        context.close()
    assert not wrong
