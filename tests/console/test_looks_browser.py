"""Every page of the console on a telephone, light and dark: nothing hangs over the side, every field has a name, every text can be read.

The log is one that strains a page: names without an end, a person of one hundred letters, markup, few events.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from tests.chromium import chromium
from tests.console.logs import Nobody, backing_of
from tests.console.serving import served
from tests.console.test_shell_browser import settled
from tests.console.visitors import session
from tests.looks import faults

from sojourn.api.history import History
from sojourn.api.imports import Upload
from sojourn.console.asked import Backing
from sojourn.console.views import VIEWS
from sojourn.records.event import Event
from sojourn.records.rejected import Reason, Rejected
from sojourn.store.audit import record
from sojourn.store.folder import create_folder
from sojourn.store.held import Held, hold
from sojourn.store.log import Log
from sojourn.store.logins import cookie_name
from sojourn.store.quarantine import keep_rejected
from sojourn.store.running import note_restart
from sojourn.store.sources import create_key

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext
    from tests.analyse.logs import Row

    from sojourn.store.folder import Folder

pytestmark = pytest.mark.long

DAY = 86_400
LONG = "Donaudampfschifffahrtsgesellschaftskapitaensmuetzenverkaufsveranstaltung"
WIDE = "Product Added To The Cart From The Recommendations On The Landing Page"
WHO = f"{'x' * 60}@department.of.a.subsidiary.example"
STEPS = ("Page Viewed", "Product Viewed", WIDE, "Order Completed")
WAY = "steps=Page+Viewed&steps=Order+Completed"
NO_PAGES = ("/live/stream", "/table/{question}")
"""What answers with no page; nor do paths that end with `.csv`."""
OPTIONS = {
    "/": "from=28d", "/journey-map": "catalogue=shop&touchpoint=channel", "/journeys": "around=Product+Viewed",
    "/funnels": f"{WAY}&by=first+channel&trend=week", "/funnels/why": f"{WAY}&at=1", "/retention": "period=day&by=first+channel",
    "/attribution": "goal=Order+Completed&touch=channel&by=channel", "/engagement": "by=channel", "/persons": "q=x",
    "/segments": "predicate=signal.orders+%3E+0", "/behind/{question}": f"{WAY}&of_step=0", "/data/rejected": "reason=no_event",
    "/start/waiting": "source=web",
}  # fmt: skip
"""What is asked of a page, so that it shows all it can."""


def rows() -> list[Row]:
    """Forty persons of four channels in five weeks; one in two goes each step further."""
    out: list[Row] = []
    for n in range(40):
        who = WHO if n == 7 else f"p{n}"
        channel = (LONG, "mail", '"><b>ads</b>', "Paid Search / Brand / Exact Match / Germany Austria Switzerland")[
            n % 4
        ]
        for place, step in enumerate((*STEPS, LONG)[: 1 + next(k for k in range(5) if not n >> k & 1 or k == 4)]):
            more = {"revenue": 1234567.0, "currency": "EUR", "order_id": f"o{n}"} if step == "Order Completed" else {}
            told = {"channel": channel, "path": f"/{LONG}/{n % 3}", "note": "w" * 300, LONG: n, **more}
            out += [(who, (n % 35) * DAY + again * 9 * DAY + place * 90, step, told) for again in range(1 + n % 2)]
    return out


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Headless Chromium."""
    with chromium() as started:
        yield started


def filled(folder: Folder) -> dict[str, str]:
    """Something on every page of the set-up; what stands in the variable parts of their paths."""
    create_key(folder, "web", kind="browser")
    create_key(folder, LONG, role="viewer")
    keep_rejected(folder, LONG, [Rejected("web", n, Reason.NO_EVENT, f"no name {LONG}", b"w" * 500) for n in range(3)])
    note_restart(folder, "worker", f"ended with code 70: BadCatalogue: {LONG}")
    hold(folder.path, Held("2025-03-15T10:00:00+00:00", "2025-03-14T02:00:00+00:00"))
    record(folder, who=LONG, what="made a key", detail={"name": LONG, "source": "w" * 200})
    Log(folder).append([Event(LONG, "m1", "track", WIDE, 0, 0, user_id=WHO, properties='{"note":"' + "w" * 300 + '"}')])
    upload = Upload(folder, f"{LONG}.csv", who="anna")
    upload.write(f"user_id,time,event,{LONG}\n{WHO},2024-01-01,view,{'w' * 200}\n,x,,\n".encode())
    job = upload.finish()
    return {
        "question": "funnel", "name": "journey-map", "id:path": WHO, "job": job.id, "token": "t" * 20,
    }  # fmt: skip


def addresses(context: BrowserContext, base: str, parts: dict[str, str]) -> list[str]:
    """One address of every page there is."""
    page = context.new_page()
    page.goto(f"{base}/data/rejected")
    found = page.locator("a[href^='/data/rejected/']").first.get_attribute("href")
    assert found
    parts = {**parts, "row": found.rpartition("/")[2], "number": "1"}
    page.goto(f"{base}/signals/catalogue")
    page.locator("button", has_text="Check, and try on the past").click()
    settled(page)
    page.close()
    read = dict.fromkeys(view.path for view in VIEWS if "GET" in view.methods and not view.path.endswith(".csv"))
    paths = [path for path in read if path not in NO_PAGES]
    return [
        re.sub(r"{([^}]+)}", lambda name: parts[name[1]], path) + (f"?{OPTIONS[path]}" if path in OPTIONS else "")
        for path in paths
    ] + ["/nowhere", "/persons/nobody", "/funnels?steps=nothing", "/journeys?start=nothing&depth=x"]


def test_every_page_can_be_used_on_a_telephone_light_and_dark(browser: Browser, tmp_path: Path) -> None:
    backing = backing_of(tmp_path, rows())
    folder = backing.history.folder
    wrong: dict[str, list[str]] = {}
    with served(backing) as base:
        context = browser.new_context(viewport={"width": 400, "height": 850}, reduced_motion="reduce")
        context.add_cookies([{"name": cookie_name(folder), "value": session(folder), "url": base}])
        page = context.new_page()
        for address in addresses(context, base, filled(folder)):
            page.goto(base + address)
            settled(page)
            if page.locator("[data-chart]").count():
                page.wait_for_selector("[data-chart] .main-svg", timeout=30_000)
            page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
            wrong[address] = faults(page)
            page.emulate_media(color_scheme="dark")
            wrong[f"{address} dark"] = faults(page)
            page.emulate_media(color_scheme="light")
        context.close()
    assert told(wrong) == ""


def test_an_empty_folder_and_who_is_not_logged_in_find_a_way_on_a_telephone(browser: Browser, tmp_path: Path) -> None:
    folder = create_folder(tmp_path / "data")
    backing = Backing(History(folder), Nobody())
    wrong: dict[str, list[str]] = {}
    with served(backing) as base:
        context = browser.new_context(viewport={"width": 400, "height": 850}, reduced_motion="reduce")
        page = context.new_page()
        for address in ("/login", "/link/x"):
            page.goto(base + address)
            wrong[address] = faults(page)
        context.add_cookies([{"name": cookie_name(folder), "value": session(folder), "url": base}])
        for path in sorted({view.path for view in VIEWS if view.group}):
            page.goto(base + path)
            settled(page)
            wrong[path] = faults(page)
        context.close()
    assert told(wrong) == ""


def told(wrong: dict[str, list[str]]) -> str:
    """What is wrong, a line each; pytest shortens anything else."""
    return "\n".join(f"{address}: {one}" for address, found in wrong.items() for one in found)
