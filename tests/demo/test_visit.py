"""`sojourn demo` as a newcomer meets it: a month, a shop, a visit in a browser that moves the visitor's score."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import signal
import subprocess
import threading
import time
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import pytest
from tests.chromium import chromium
from tests.clients.running import PROGRAM
from tests.looks import faults

from sojourn.store.folder import open_folder
from sojourn.store.log import Log
from sojourn.store.sources import create_key

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext, Page

    from sojourn.records.event import Event

pytestmark = pytest.mark.long
SHOP = "sojourn.app.demo_shop"
PORTS = ("--console-port", "0", "--collector-port", "0", "--shop-port", "0")
_PATIENCE_S = 240
_AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:135.0) Gecko/20100101 Firefox/135.0"
"""A browser that says it is headless is taken for a bot."""


@dataclass
class Running:
    """A demo that runs."""

    data: Path
    process: subprocess.Popen[str]
    lines: list[str] = field(default_factory=list)
    console: str = ""
    shop: str = ""
    link: str = ""
    token: str = ""

    def profile(self, person: str) -> dict[str, Any]:
        """`GET /api/persons/ID`."""
        connection = http.client.HTTPConnection(self.console.removeprefix("http://"), timeout=30)
        with contextlib.closing(connection):
            connection.request("GET", f"/api/persons/{person}", headers={"authorization": f"Bearer {self.token}"})
            answered = connection.getresponse()
            found: dict[str, Any] = json.loads(answered.read())
            return found if answered.status == HTTPStatus.OK else {}

    def waits(self, person: str, wanted: str, *, within_s: float = 30) -> dict[str, Any]:
        """The profile as soon as it counts an event of this name."""
        end = time.monotonic() + within_s
        while True:
            found = self.profile(person)
            if wanted in found.get("event_counts", {}):
                return found
            assert time.monotonic() < end, (person, found)
            time.sleep(0.1)

    def events(self, source: str = "shop") -> list[Event]:
        """What a source sent."""
        return [event for _, event in Log(open_folder(self.data)).read(-1, 1_000_000) if event.source == source]


def started(data: Path, *options: str) -> Running:
    """A demo, once it is ready."""
    command: list[str | Path] = [PROGRAM, "demo", "--data", data, *PORTS, *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    found = Running(data, process)
    assert process.stdout is not None
    # A demo that never gets ready ends, and so do its lines.
    late = threading.Timer(_PATIENCE_S, process.kill)
    late.start()
    while not any(line.startswith("Ctrl-C") for line in found.lines):
        line = process.stdout.readline()
        assert line, f"the demo ended: {found.lines}"
        found.lines.append(line)
    late.cancel()
    said = "".join(found.lines)
    addresses = re.search(r"Console +((http://127\.0\.0\.1:\d+)/link/\S+)", said), re.search(r"Shop +(\S+)", said)
    assert addresses[0]
    assert addresses[1]
    found.link, found.console, found.shop = addresses[0][1], addresses[0][2], addresses[1][1]
    return found


def ended(demo: Running) -> int:
    """Ctrl-C, as a terminal sends it: to the whole group; the exit code."""
    os.killpg(demo.process.pid, signal.SIGINT)
    assert demo.process.stdout is not None
    demo.lines += demo.process.stdout.readlines()
    demo.process.stdout.close()
    return demo.process.wait(30)


def group(demo: Running) -> list[str]:
    """Processes that still name the demo's folder."""
    listed = subprocess.run(["ps", "-eo", "args"], check=True, capture_output=True, text=True).stdout
    return [line for line in listed.splitlines() if str(demo.data) in line]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    data = tmp_path_factory.mktemp("demo") / "shop"
    found = started(data, "--days", "7", "--visitors", "60", "--visitors-per-minute", "0")
    found.token, _ = create_key(open_folder(data), "test", role="viewer")
    yield found
    if found.process.poll() is None:
        ended(found)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as opened:
        yield opened


class Visit:
    """A browser in the shop; whatever it complains of, or asks elsewhere, is kept."""

    def __init__(self, demo: Running, context: BrowserContext) -> None:
        self.demo, self.complaints, self.elsewhere = demo, [], []  # type: tuple[Running, list[str], list[str]]
        context.set_default_timeout(20_000)
        self.page: Page = context.new_page()
        self.page.on("console", lambda said: self.complaints.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        context.on("request", lambda asked: self.elsewhere.append(asked.url) if demo.shop not in asked.url else None)

    def go(self, path: str) -> None:
        self.page.goto(self.demo.shop + path)

    def press(self, selector: str) -> None:
        """Click what leads to another page."""
        with self.page.expect_navigation():
            self.page.click(selector)

    def order(self) -> None:
        """From a product to the end of the checkout."""
        self.go("/p/norrvik-dome-tent-1001")
        self.press(".buy button")
        self.press("[data-sojourn-name='to checkout']")
        self.page.fill("main [name=email]", "anna@example.com")
        self.press("main form.sheet > button")
        for name in ("first_name", "last_name", "street", "post_code", "city", "country"):
            self.page.fill(f"[name={name}]", "Anna")
        self.press("main form.sheet > button")
        self.page.check("[value=card]")
        self.press("main form.sheet > button")
        self.press("main form.sheet > button")

    def is_clean(self) -> bool:
        return (self.complaints, self.elsewhere) == ([], [])


@pytest.fixture
def visit(demo: Running, browser: Browser) -> Iterator[Visit]:
    context = browser.new_context(user_agent=_AGENT)
    yield Visit(demo, context)
    context.close()


def test_a_visit_moves_ones_own_signals_and_score_within_seconds(demo: Running, visit: Visit) -> None:
    visit.go("/")
    visit.page.click("[data-take=all]")
    me = visit.page.evaluate("sojourn.anonymousId()")
    for product in ("norrvik-dome-tent-1001", "altura-dome-tent-1002", "norrvik-dome-tent-1001"):
        visit.go(f"/p/{product}")
    before = demo.waits(me, "Product Viewed")
    visit.order()
    ordered = time.monotonic()
    after = demo.waits(me, "Order Completed")

    assert time.monotonic() - ordered < 10
    scores = [{one["name"]: one["points"] for one in found["scores"]} for found in (before, after)]
    signals = {one["name"]: one["value"] for one in after["signals"]}
    assert before["scored"]
    assert scores[1]["purchase_intent"] != scores[0]["purchase_intent"]
    assert signals["product_views"] > 3
    # Page and server both told of it: it is one event, and one order.
    assert (after["event_counts"]["Order Completed"], signals["orders"]) == (1, 1)
    assert signals["spent"] == pytest.approx(235.9)
    assert after["stage"] == "purchase"
    assert visit.page.get_attribute("[data-watch]", "href") == f"{demo.console}/persons/{me}"
    # What happened live is in the history of questions too, as a person's and not as a bot's.
    journey = subprocess.run(
        [PROGRAM, "person", me, "--data", demo.data, "--json"], check=True, capture_output=True, text=True
    )
    assert "Order Completed" in journey.stdout
    assert visit.is_clean()


def test_a_journey_through_the_checkout_is_in_the_log_by_the_names_of_the_simulated_month(visit: Visit) -> None:
    visit.go("/search?q=tent")
    visit.page.click("[data-take=all]")
    me = visit.page.evaluate("sojourn.anonymousId()")
    visit.order()
    visit.demo.waits(me, "Order Completed")

    names = {event.event for event in visit.demo.events() if event.anonymous_id == me}
    assert names >= {
        *("Page Viewed", "Product Viewed", "Add to Cart Clicked", "Product Added", "Cart Viewed", "Checkout Started"),
        *("Checkout Step Viewed", "Checkout Step Completed", "Form Started", "Form Submitted", "Payment Info Entered"),
        *("Shipping Cost Shown", "Order Completed", "Identified", "Consent Updated"),
    }
    assert visit.is_clean()


def test_two_browsers_with_one_account_are_one_person(demo: Running, browser: Browser) -> None:
    devices = []
    for _ in range(2):
        context = browser.new_context(user_agent=_AGENT)
        visit = Visit(demo, context)
        visit.go("/account")
        visit.page.click("[data-take=all]")
        devices.append(visit.page.evaluate("sojourn.anonymousId()"))
        visit.page.fill("main [name=email]", "bert@example.com")
        visit.press("main form button")
        demo.waits(devices[-1], "Signed In")
        assert visit.is_clean()
        context.close()

    known = {one["value"] for one in demo.profile(devices[0])["identities"]}
    assert known >= set(devices)


def test_whoever_refuses_leaves_nothing_that_tells_who_it_was(visit: Visit) -> None:
    before = len(visit.demo.events())
    visit.go("/p/norrvik-dome-tent-1001")
    visit.page.click("[data-take=none]")
    visit.order()
    visit.page.click(".chat summary")
    visit.page.fill("#say", "Hello")
    visit.page.press("#say", "Enter")
    visit.page.wait_for_selector(".said li:nth-child(2)")
    end = time.monotonic() + 10
    while not any(event.event == "Order Completed" for event in visit.demo.events()[before:]):
        assert time.monotonic() < end
        time.sleep(0.1)

    kept = visit.demo.events()[before:]
    # What was counted before the choice, the choice, and the order as the shop's server tells it: all without a name.
    assert {event.event for event in kept} <= {
        *("Page Viewed", "Product Viewed", "Consent Updated", "Order Completed", "Page Engaged"),
    }
    assert all(event.daily for event in kept if event.event != "Consent Updated")
    assert all(event.user_id is None for event in kept)
    told = "".join(event.properties + (event.context or "") for event in kept)
    assert "anna@example.com" not in told
    (order,) = [event for event in kept if event.event == "Order Completed"]
    assert json.loads(order.properties)["revenue"] == 235.9
    assert "so-live" not in order.properties
    assert visit.page.evaluate("Object.keys(localStorage).map((name) => name.split('.').pop())") == ["consent"]
    assert visit.page.evaluate("document.cookie") == ""
    assert visit.is_clean()


def test_a_browser_that_asks_not_to_be_tracked_is_told_what_stays_off(demo: Running, browser: Browser) -> None:
    context = browser.new_context(user_agent=_AGENT)
    context.add_init_script("Object.defineProperty(navigator, 'globalPrivacyControl', {value: true})")
    visit = Visit(demo, context)
    visit.go("/")
    assert visit.page.is_visible("[data-gpc]")
    visit.page.click("[data-take=all]")

    assert visit.page.evaluate("sojourn.consent()") == {"analytics": True, "personalisation": False, "marketing": False}
    context.close()


def test_the_shops_pages_can_be_used_on_a_telephone_light_and_dark(demo: Running, browser: Browser) -> None:
    context = browser.new_context(user_agent=_AGENT, viewport={"width": 400, "height": 850}, reduced_motion="reduce")
    visit = Visit(demo, context)
    wrong: list[str] = []
    for path in (
        *("/", "/c/tents", "/search?q=tent", "/p/norrvik-dome-tent-1001", "/cart", "/prices-and-delivery"),
        *("/guide/tents", "/account", "/newsletter", "/support"),
    ):
        visit.go(path)
        for scheme in ("light", "dark"):
            visit.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
            wrong += [f"{path} {scheme}: {one}" for one in faults(visit.page)]
    context.close()

    assert "\n".join(wrong) == ""
    assert visit.is_clean()


def test_the_link_logs_in_to_the_console_once(demo: Running, browser: Browser) -> None:
    context = browser.new_context(user_agent=_AGENT)
    page = context.new_page()
    page.goto(demo.link)
    with page.expect_navigation():
        page.click("button.main")

    assert page.url == demo.console + "/"
    again = page.goto(demo.link)
    assert again is not None
    assert again.status == 410
    context.close()


def test_a_killed_shop_is_started_again_and_whoever_comes_meanwhile_waits(demo: Running) -> None:
    said = ["ps", "-eo", "pid=,ppid=,args="]
    listed = [line.split() for line in subprocess.check_output(said, text=True).splitlines()]
    (shop,) = [int(pid) for pid, parent, *args in listed if parent == str(demo.process.pid) and args[-1] == SHOP]
    os.kill(shop, signal.SIGKILL)

    connection = http.client.HTTPConnection(demo.shop.removeprefix("http://"), timeout=60)
    with contextlib.closing(connection):
        connection.request("GET", "/")
        assert connection.getresponse().status == HTTPStatus.OK


def test_ctrl_c_ends_everything_and_the_next_start_simulates_nothing(
    demo: Running, capfd: pytest.CaptureFixture[str]
) -> None:
    events = len(demo.events())
    assert ended(demo) == 0
    assert demo.lines[-1] == f"Ended. What was done stays in {demo.data}.\n"
    assert group(demo) == []

    again = started(demo.data, "--visitors-per-minute", "600", "--pace", "100")
    end = time.monotonic() + 20
    while len(again.events("simulated")) < 20 and time.monotonic() < end:
        time.sleep(0.2)
    assert ended(again) == 0

    assert "Simulating" not in capfd.readouterr().err
    assert len(again.events()) == events
    come = again.events("simulated")
    assert len(come) >= 20
    assert all(event.message_id.startswith("simulated-live-") for event in come)
    assert group(again) == []
