"""The unmodified browser clients of Segment and PostHog, and our tracker, on a page of another origin than the collector.

Each event exactly once, its time right to two seconds: also when the server answers 500 or 429 first, cuts the connection, or its answer is
lost after the events are durable; when the page goes at once; and when every request comes again byte for byte.
"""

from __future__ import annotations

import datetime as dt
import subprocess
from typing import TYPE_CHECKING

import pytest
from tests.browser.servers import Capture, Serving
from tests.chromium import chromium
from tests.clients import door as faulty
from tests.clients.arrived import AGO, check
from tests.node_packages import installed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page
    from tests.clients.conftest import Shop
    from tests.clients.door import Fault

pytestmark = pytest.mark.long

NAMES = ["Identified", "Bought", "Page Viewed"]
FAULTS: dict[str, list[Fault]] = {
    "none": [],
    "500": ["500", "500"],
    "429": ["429"],
    "cut": ["cut"],
    "lost answer": ["lost answer"],
    "three of them": ["500", "lost answer", "cut"],
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def bundle(root: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The script of a shop that bundles the clients."""
    packages, tools = installed(root / "tests" / "clients"), installed(root / "tracker")
    entry = tmp_path_factory.mktemp("bundle") / "page.js"
    entry.write_text((root / "tests" / "clients" / "browser_page.js").read_text())
    (entry.parent / "node_modules").symlink_to(packages / "node_modules")
    command: list[str | Path] = [
        tools / "node_modules" / ".bin" / "esbuild",
        entry,
        "--bundle",
        "--format=iife",
        "--log-level=error",
    ]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.replace("</script", r"<\/script")


@pytest.fixture
def page(browser: Browser, bundle: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    """A new visitor on the shop's page."""
    for status, answer in faulty._ANSWERS.items():
        # A server that fails still lets pages of other origins read that it failed.
        shown = b"\r\nAccess-Control-Allow-Origin: *\r\nAccess-Control-Expose-Headers: Retry-After\r\n\r\n"
        monkeypatch.setitem(faulty._ANSWERS, status, answer.replace(b"\r\n\r\n", shown))
    html = f"<!doctype html><html><head><title>Home</title></head><body><script>{bundle}</script></body></html>"
    with Serving(Capture(), {"/": html}, {}) as url:
        context = browser.new_context()
        page = context.new_page()
        page.goto(url)
        yield page
        context.close()


def start(page: Page, client: str, shop: Shop, key: str) -> tuple[dt.datetime, dt.datetime]:
    """Send the three events; when `Bought` happened, and when they were sent."""
    before = dt.datetime.now(dt.UTC)
    page.evaluate(
        "([client, ...given]) => clients[client](...given)",
        [client, shop.door.url, key, (before - AGO).isoformat(timespec="milliseconds").replace("+00:00", "Z")],
    )
    return before - AGO, before


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("client", ["segment", "posthog", "tracker"])
def test_each_event_exactly_once_at_its_time(client: str, fault: str, shop: Shop, page: Page) -> None:
    if (client, fault) == ("posthog", "429"):
        # It forgets what is answered 429; our collector tells it 503 when it is busy.
        fault = "500"
    key = shop.open(FAULTS[fault], kind="browser")

    then, before = start(page, client, shop, key)

    found = shop.wait_for(len(NAMES))
    check(found, NAMES, then, before)
    for _ in range(100):
        # What was durable before its answer was lost is sent once more.
        if shop.door.faults:
            page.wait_for_timeout(100)
    assert not shop.door.faults, "every fault happened"
    page.close()
    assert shop.door.replay() >= 1
    check(shop.events(), NAMES, then, before)


@pytest.mark.parametrize("client", ["segment", "posthog", "tracker"])
def test_a_page_that_goes_at_once_loses_nothing(client: str, shop: Shop, page: Page) -> None:
    key = shop.open([], kind="browser")

    then, before = start(page, client, shop, key)
    page.wait_for_timeout(1500)  # the clients fetch their settings first
    page.evaluate("history.go(0)")
    page.wait_for_timeout(500)

    check(shop.wait_for(len(NAMES)), NAMES, then, before)
