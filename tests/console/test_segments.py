"""Segments, signals, scores and their catalogue: pages over a small log."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from tests.console.numbers import assert_numbers_open_their_persons
from tests.console.visitors import token_in, user

from sojourn.api.history import History
from sojourn.app.live import LiveQuestions
from sojourn.console.asked import Backing
from sojourn.records.event import Event
from sojourn.store.audit import audit_log
from sojourn.store.catalogue_versions import catalogue_versions
from sojourn.store.folder import create_folder
from sojourn.store.log import Log

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.testclient import TestClient

SECOND = 1_000_000
DAY = 86_400 * SECOND
START = 1_760_000_000 * SECOND
XSS = "<script>alert(1)</script>"
MEANS = frozenset({"A look", "volume", "precision", "low", "high", "base rate", "now precision", "overlap"})
CATALOGUE = f"""# ours
signals:
  - {{name: views, kind: behavioral, says: "Looks {XSS}", pattern: count, of: view}}
  - {{name: orders, kind: transactional, says: Orders, pattern: count, of: order}}
scores:
  - {{name: intent, says: wants it, terms: [{{signal: views, weight: 10}}]}}
segments:
  - {{name: lookers, says: "look {XSS}", where: signal.views >= 1}}  # the many
  - {{name: buyers, says: order, where: signal.orders >= 1}}
"""


@pytest.fixture
def backing(tmp_path: Path) -> Backing:
    """Ten persons: pN looks N times, day after day; p9 orders on the last day."""
    folder = create_folder(tmp_path / "data")
    (folder.path / "signals.yaml").write_text(CATALOGUE)
    events = [
        Event("web", f"{n}-{k}", "track", "view", START + k * DAY, START + k * DAY, user_id=f"p{n}")
        for n in range(10)
        for k in range(n)
    ]
    at = START + 9 * DAY
    events += [
        Event("web", "o", "track", "order", at, at, user_id="p9"),
        Event("web", "z", "track", "other", at, at, user_id="p0"),
    ]
    Log(folder).append(events)
    history = History(folder)
    return Backing(history, LiveQuestions(folder))


@pytest.fixture
def browser(backing: Backing) -> TestClient:
    return user(backing, role="marketer")


def text_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", page.split("</header>")[1]).split())


def in_force(backing: Backing) -> str:
    return (backing.history.folder.path / "signals.yaml").read_text()


def followed(browser: TestClient, path: str, data: dict[str, str]) -> str:
    """The page after a change."""
    answer = browser.post(path, data={"csrf": token_in(browser.get(path.split("?", maxsplit=1)[0]).text), **data})
    assert answer.status_code == 303, answer.text[-3000:]
    page = browser.get(answer.headers["location"])
    assert page.status_code == 200, page.text[-3000:]
    return page.text


def test_each_segment_is_counted_and_its_number_opens_its_persons(browser: TestClient) -> None:
    page = browser.get("/segments").text

    assert XSS not in page
    words = text_of(page)
    assert "Of 10 persons who may be scored" in words
    number = re.search(r'href="(/behind/segments\?of_segment=lookers[^"]*)">(\d+)</a>', page)
    assert number
    assert number[2] == "9"
    assert 'data-count="9"' in browser.get(number[1].replace("&amp;", "&")).text


def test_a_predicate_is_counted_with_examples_and_beside_the_segments(browser: TestClient) -> None:
    page = browser.get("/segments", params={"predicate": "signal.views >= 8"}).text

    words = text_of(page)
    assert "2 persons fit 20.0 % of all" in words
    assert 'href="/persons/p8"' in page
    assert 'href="/persons/p9"' in page
    both = re.search(r'href="(/behind/segment_overlap\?[^"]*of_segment=buyers[^"]*)">1</a>', page)
    assert both
    assert 'href="/persons/p9' in browser.get(both[1].replace("&amp;", "&")).text


def test_a_predicate_that_cannot_be_counted_is_told_beside_it(browser: TestClient) -> None:
    answer = browser.get("/segments", params={"predicate": "signal.vews > 1"})

    assert answer.status_code == 200
    assert "did you mean &#39;signal.views&#39;" in answer.text
    assert "Who is in which segment" in answer.text


def test_a_segment_is_kept_changed_and_taken_out_and_the_rest_stays_as_written(
    browser: TestClient, backing: Backing
) -> None:
    kept = followed(
        browser,
        "/segments?predicate=x",
        {"action": "save", "name": "keen", "says": "very keen", "predicate": "signal.views >= 8"},
    )
    assert "keen very keen signal.views &gt;= 8 2 20.0 %" in text_of(kept)
    assert '{name: keen, says: "very keen", where: "signal.views >= 8"}' in in_force(backing)

    changed = followed(
        browser,
        "/segments",
        {"action": "save", "edit": "keen", "name": "keen", "says": "keen", "predicate": "signal.views >= 9"},
    )
    assert "keen keen signal.views &gt;= 9 1 10.0 %" in text_of(changed)

    followed(browser, "/segments", {"action": "drop", "edit": "keen"})
    assert in_force(backing) == CATALOGUE
    notes = [(one.who, one.note) for one in catalogue_versions(backing.history.folder)]
    assert notes == [
        ("marketer", "took out the segment keen"), ("marketer", "changed the segment keen"), ("marketer", "added the segment keen"),
        ("by hand", ""),
    ]  # fmt: skip
    assert {line.what for line in audit_log(backing.history.folder)} == {"saved the catalogue of signals"}


def test_a_segment_that_does_not_fit_is_told_and_what_was_written_stays(browser: TestClient, backing: Backing) -> None:
    token = token_in(browser.get("/segments?predicate=signal.views > 1").text)

    answer = browser.post(
        "/segments",
        data={"csrf": token, "action": "save", "name": "buyers", "says": XSS, "predicate": "signal.views > 1"},
    )

    assert answer.status_code == 400
    assert "expected a name of its own" in answer.text
    assert 'value="&lt;script&gt;' in answer.text
    assert in_force(backing) == CATALOGUE


def test_every_signal_and_score_is_spread_out_and_each_number_opens_its_persons(browser: TestClient) -> None:
    page = browser.get("/signals").text

    assert XSS not in page
    for path, number in re.findall(r'href="(/behind/(?:signals|scores)\?[^"]*)">(\d+)</a>', page):
        assert f'data-count="{number}"' in browser.get(path.replace("&amp;", "&")).text
    assert "p9</a> <b>90.0</b>" in page  # nine views of ten points


def test_a_wrong_catalogue_is_told_at_its_line_and_kept_in_the_editor(browser: TestClient, backing: Backing) -> None:
    wrong = CATALOGUE.replace("weight: 10", "weight: ten")
    token = token_in(browser.get("/signals/catalogue").text)

    answer = browser.post("/signals/catalogue", data={"csrf": token, "action": "save", "text": wrong})

    assert answer.status_code == 400
    assert "Line 6 <code>$.scores[0].terms[0].weight</code>" in answer.text
    assert "weight: ten" in answer.text
    assert in_force(backing) == CATALOGUE


def test_a_change_is_tried_on_the_past_before_it_is_put_in_force(browser: TestClient, backing: Backing) -> None:
    changed = CATALOGUE.replace("signal.views >= 1}", "signal.views >= 5}")

    page = followed(
        browser, "/signals/catalogue", {"action": "try", "text": changed.replace("\n", "\r\n"), "note": XSS}
    )

    assert in_force(backing) == CATALOGUE
    assert XSS not in page
    assert '<span class="added">+  - {name: lookers' in page
    tried = browser.get("/signals/versions/1", params={"try": "yes", "goal": "order", "within": "7d"}).text
    entering = re.search(r'href="(/behind/backtest\?[^"]*of_segment=lookers[^"]*)">(\d)</a>', tried)
    assert entering
    assert entering[2] == "5"  # p5 to p9 come to look five times
    assert 'data-count="5"' in browser.get(entering[1].replace("&amp;", "&")).text
    assert_numbers_open_their_persons(browser, "/signals/versions/1?try=yes&goal=order&within=7d", but=MEANS)

    saved = followed(browser, "/signals/versions/1", {})

    assert "Saved. Live profiles follow" in saved
    assert in_force(backing) == changed
    again = followed(browser, "/signals/versions/2", {})
    assert "Saved" in again
    assert in_force(backing) == CATALOGUE
    history = text_of(browser.get("/signals/versions").text)
    assert "4 " in history
    assert "version 2 again in force" in history


@pytest.mark.parametrize("path", ["/segments", "/signals", "/signals/catalogue", "/signals/versions"])
def test_every_page_opens_in_a_folder_without_events(empty: Backing, path: str) -> None:
    assert user(empty).get(path).status_code == 200


def test_a_viewer_sees_everything_and_changes_nothing(backing: Backing) -> None:
    viewer = user(backing, role="viewer")
    page = viewer.get("/segments", params={"predicate": "signal.views > 1"}).text

    assert "Keep as a segment" not in page
    assert "Save and put in force" not in viewer.get("/signals/catalogue").text
    token = token_in(page)
    assert viewer.post("/segments", data={"csrf": token, "action": "drop", "edit": "buyers"}).status_code == 403
    assert viewer.post("/signals/catalogue", data={"csrf": token, "text": "x"}).status_code == 403


@pytest.mark.parametrize("path", ["/signals/versions/9", "/signals/versions/x", "/signals/catalogue?version=9"])
def test_a_version_that_is_not_there_is_told(browser: TestClient, path: str) -> None:
    assert browser.get(path).status_code == 400
