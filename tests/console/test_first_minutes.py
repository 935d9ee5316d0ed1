"""An empty folder in a real browser: a key is made, a program is pasted and run, its event appears; a file is imported with another mapping."""

from __future__ import annotations

import contextlib
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from tests.chromium import chromium
from tests.clients.running import PROGRAM, collector
from tests.console.visitors import session

from sojourn.store.folder import create_folder
from sojourn.store.logins import cookie_name

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from sojourn.store.folder import Folder

pytestmark = pytest.mark.long

EVIL = "<img src=x onerror=document.title='broken'>"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    return create_folder(tmp_path_factory.mktemp("first") / "data")


@pytest.fixture(scope="module")
def address(folder: Folder) -> Iterator[str]:
    """Of a console, beside a collector of the same folder."""
    command: list[str | Path] = [PROGRAM, "console", "--data", folder.path, "--port", "0"]
    with collector(folder.path, "--port", "0"):
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert process.stderr is not None
        found = None
        while found is None:
            line = process.stderr.readline()
            assert line, "the console ended"
            found = re.search(r"answering for \S+ on (http://127\.0\.0\.1:\d+)", line)
        with contextlib.ExitStack() as ending:
            ending.callback(process.wait, 30)
            ending.callback(process.stderr.close)
            ending.callback(process.terminate)
            yield found[1]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture
def page(browser: Browser, folder: Folder, address: str) -> Iterator[Page]:
    """The admin's browser; it must meet no error and ask nobody else."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.add_cookies([{"name": cookie_name(folder), "value": session(folder), "url": address}])
    opened = context.new_page()
    opened.set_default_timeout(20_000)
    wrong: list[str] = []
    opened.on("console", lambda said: wrong.append(said.text) if said.type == "error" else None)
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.on("request", lambda asked: None if asked.url.startswith(address) else wrong.append(asked.url))
    yield opened
    assert opened.title() != "broken"
    assert wrong == []
    context.close()


def test_from_nothing_to_the_first_event_live(page: Page, address: str) -> None:
    page.goto(f"{address}/start")
    page.get_by_label("What sends them").fill("till")
    page.get_by_label("Used by").first.select_option("server")
    page.get_by_role("button", name="Make a key and show the lines").click()
    page.get_by_text("Waiting for the first event of till").wait_for()
    program = page.locator("details.lines[open] pre code").inner_text()
    live = page.context.new_page()
    live.goto(f"{address}/live")
    live.get_by_text("Live: new events appear").wait_for()

    subprocess.run([sys.executable, "-c", program.replace('"anna"', repr(EVIL))], check=True, timeout=60)

    page.get_by_text("The first event of till is here").wait_for()
    row = live.locator("table.live-events tbody tr").first
    row.get_by_text("First Event").wait_for()
    assert row.locator("a").inner_text() == EVIL
    live.get_by_role("button", name="Pause").click()
    subprocess.run([sys.executable, "-c", program.replace("First Event", "Second Event")], check=True, timeout=60)
    live.get_by_text("Paused: 1 new").wait_for()
    assert live.get_by_text("Second Event").count() == 0
    live.get_by_role("button", name="Go on").click()
    live.get_by_text("Second Event").wait_for()
    live.locator("input[name=where]").fill("event = 'Second Event'")
    live.get_by_role("button", name="Filter").click()
    live.get_by_text("Live: new events appear").wait_for()
    assert live.locator("table.live-events tbody tr").count() == 1


def test_a_file_is_imported_with_another_mapping(page: Page, address: str, tmp_path: Path) -> None:
    file = tmp_path / "receipts.csv"
    rows = [f"c{n % 50},2024-05-{1 + n % 28:02d} 10:00,buy,{n}.50,{EVIL}" for n in range(500)]
    file.write_text("\n".join(["user_id,time,event,sum,note", *rows, ",2024-05-01 10:00,buy,1,x"]) + "\n")

    page.goto(f"{address}/data/imports")
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Upload and look at it").click()
    page.get_by_text("First rows as they would be stored").wait_for()
    assert page.locator("select[name=person] option").first.inner_text() == "guessed: user_id"
    page.locator("select[name=revenue]").select_option("sum")
    page.locator("input[name=source]").fill("receipts")
    page.get_by_role("button", name="Look again").click()
    page.get_by_role("columnheader", name="revenue").wait_for()
    page.get_by_role("button", name="Import the whole file").click()
    page.get_by_text("receipts.csv is imported").wait_for(timeout=120_000)
    assert page.locator(".tile", has_text="Events imported").locator(".value").inner_text() == "500"
    page.locator(".tile", has_text="Rejected").locator("a").click()
    page.get_by_role("link", name="no id in user_id").click()
    page.get_by_text("mend the row in its file").wait_for()
