"""Persons, links, erasure, the catalogue and hostile text in a real browser, with a real worker beside the console."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING

import msgspec
import pytest
from tests.chromium import chromium
from tests.console.serving import served
from tests.console.test_person import CATALOGUE, DAY, SECOND, START
from tests.console.test_shell_browser import settled
from tests.console.visitors import session

from sojourn.api.history import History
from sojourn.app.live import LiveQuestions, worker_of
from sojourn.app.person_care import FolderCare
from sojourn.console.asked import Backing
from sojourn.records.event import Event
from sojourn.store.folder import create_folder
from sojourn.store.log import Log
from sojourn.store.logins import cookie_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

    from sojourn.store.folder import Folder

pytestmark = pytest.mark.long

HOSTILE = '"><img src=x onerror="window.hit=1"><script>window.hit=1</script>'
"""What a customer may write wherever something can be written."""
PAGES = (
    *("/", "/live", "/journey-map", "/journeys", "/funnels", "/retention", "/attribution", "/engagement"),
    *("/persons", "/segments", "/signals", "/privacy", "/data", "/data/sources", "/data/rejected", "/data/imports"),
    *("/settings", "/settings/users", "/settings/audit"),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """Anna looks on a device, logs in there, and looks again; Eve writes markup into all that she sends."""
    made = create_folder(tmp_path_factory.mktemp("people") / "data")
    (made.path / "signals.yaml").write_text(CATALOGUE)
    hostile = json.dumps({"path": f"/{HOSTILE}", "query": HOSTILE, HOSTILE: HOSTILE})
    events = [
        Event("web", "m1", "track", "view", START, START, anonymous_id="phone-1", properties='{"path":"/shoes"}'),
        Event("web", "m2", "track", "login", START + 60 * SECOND, 0, anonymous_id="phone-1", user_id="anna"),
        Event("web", "m3", "track", "view", START + DAY, 0, user_id="anna", properties='{"path":"/hats","size":42}'),
        Event("web", "m4", "track", "view", START, 0, user_id="ben"),
        Event(
            "web",
            "m5",
            "track",
            HOSTILE,
            START + DAY,
            0,
            user_id=HOSTILE,
            properties=hostile,
            traits=hostile,
            context=hostile,
        ),
        Event("web", "m6", "track", "view", START + DAY + SECOND, 0, user_id=HOSTILE, properties=hostile),
    ]
    Log(made).append([msgspec.structs.replace(one, received_at=one.time) for one in events])
    return made


@pytest.fixture(scope="module")
def base(folder: Folder) -> Iterator[str]:
    """Address of the console; a worker follows the log meanwhile."""
    stop, works = threading.Event(), threading.Event()

    def work() -> None:
        with worker_of(folder) as worker:
            worker.catch_up()
            works.set()
            worker.run(stop)

    worker = threading.Thread(target=work)
    worker.start()
    assert works.wait(60)
    history = History(folder)
    with served(Backing(history, LiveQuestions(folder), FolderCare(history))) as address:
        yield address
    stop.set()
    worker.join(20)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Headless Chromium."""
    with chromium() as started:
        yield started


@pytest.fixture
def page(browser: Browser, base: str, folder: Folder) -> Iterator[Page]:
    """A page of an admin; it must end without an error on the console."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, base_url=base)
    context.add_cookies([{"name": cookie_name(folder), "value": session(folder), "url": base}])
    made = context.new_page()
    wrong: list[str] = []
    # A page that refuses answers 400 or 404, which the browser calls an error; what a script says is one.
    made.on(
        "console",
        lambda told: wrong.append(told.text) if told.type == "error" and "status of 4" not in told.text else None,
    )
    made.on("pageerror", lambda error: wrong.append(str(error)))
    made.on("dialog", lambda dialog: wrong.append(dialog.message))
    made.on(
        "request", lambda sent: wrong.append(sent.url) if not sent.url.startswith((base, "data:", "blob:")) else None
    )
    yield made
    context.close()
    assert not wrong


def test_nothing_that_customers_wrote_is_markup_on_any_page(page: Page) -> None:
    for path in PAGES:
        page.goto(path, wait_until="domcontentloaded")
        settled(page)
        assert page.locator("img[src='x']").count() == 0, path
        assert page.evaluate("window.hit") is None, path
    page.goto("/persons")
    page.locator("main a", has_text="onerror").first.click()
    settled(page)

    assert "onerror" in page.locator("h1").inner_text()
    assert page.locator("img[src='x']").count() == 0
    assert page.evaluate("window.hit") is None


def test_a_link_that_is_taken_back_parts_the_person_and_comes_back_with_a_click(page: Page) -> None:
    page.goto("/persons/anna")
    settled(page)
    assert page.locator("main", has_text="phone-1").count()
    page.locator("button", has_text="Take back").first.click()
    page.wait_for_load_state("load")
    page.goto("/persons/phone-1")
    settled(page)
    _until(page, lambda: page.locator("h1", has_text="phone-1").count() == 1)

    page.goto("/persons/anna")
    settled(page)
    page.locator("button", has_text="Restore").first.click()
    page.wait_for_load_state("load")
    settled(page)

    _until(page, lambda: page.locator("button", has_text="Take back").count() > 0)


def test_a_signal_s_weight_is_changed_tried_on_the_past_and_put_in_force(page: Page) -> None:
    page.goto("/signals/catalogue")
    text = page.locator("textarea[name=text]").input_value()
    page.locator("textarea[name=text]").fill(text.replace("weight: 10", "weight: wrong"))
    page.locator("button", has_text="Check, and try on the past").click()
    assert "Line 7" in page.locator("[role=alert]").inner_text()

    page.locator("textarea[name=text]").fill(text.replace("weight: 10", "weight: 25"))
    page.locator("button", has_text="Check, and try on the past").click()
    settled(page)
    assert "weight: 25" in page.locator("pre.diff").inner_text()
    assert page.locator("table", has_text="keen").count()
    page.locator("button", has_text="Put in force").click()
    page.goto("/signals/versions")

    assert "in force" in page.locator("tbody tr").first.inner_text()
    page.goto("/persons/ben")
    _until(page, lambda: "26.0" in page.locator("main").inner_text())


def test_a_person_is_erased_by_typing_who_and_a_receipt_stays(page: Page) -> None:
    page.goto("/erase/ben")
    settled(page)
    page.locator("input[name=typed]").fill("ben")
    page.locator("button", has_text="Erase for good").click()
    page.wait_for_selector("[role=status]", timeout=60_000)
    assert "gone from every store" in page.locator("[role=status]").inner_text()

    page.goto("/privacy")
    settled(page)
    assert page.locator("main", has_text="Receipt").count()


def _until(page: Page, holds: object, seconds: int = 30) -> None:
    """Load the page again until something is shown."""
    assert callable(holds)
    for _ in range(seconds):
        if holds():
            return
        page.wait_for_timeout(1_000)
        page.reload()
        settled(page)
    assert holds(), page.locator("main").inner_text()[:2_000]
