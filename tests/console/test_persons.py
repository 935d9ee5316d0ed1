"""The list of persons, over a small log that nobody changes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from tests.console.visitors import user

from sojourn.api.history import History
from sojourn.app.live import LiveQuestions
from sojourn.console.asked import Backing
from sojourn.records.event import Event
from sojourn.store.folder import create_folder
from sojourn.store.log import Log

if TYPE_CHECKING:
    from starlette.testclient import TestClient

SECOND = 1_000_000
START = 1_760_000_000 * SECOND
CATALOGUE = """
signals:
  - {name: views, kind: behavioral, says: Looks at things, pattern: count, of: view}
  - {name: orders, kind: transactional, says: Orders, pattern: count, of: order}
stages:
  - {name: interest, says: interested, where: signal.views > 0}
scores:
  - {name: intent, says: wants it, terms: [{signal: views, weight: 10}]}
  - {name: loyalty, says: stays, terms: [{signal: orders, weight: 1}]}
"""
XSS = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    """Sixty persons: p00 with one view, the latest; p59 with sixty, the earliest; and one whose name is an attack."""
    folder = create_folder(tmp_path_factory.mktemp("persons") / "data")
    (folder.path / "signals.yaml").write_text(CATALOGUE)
    events = [
        Event("web", f"{n}-{k}", "track", "view", START - n * SECOND, START, user_id=f"p{n:02d}")
        for n in range(60)
        for k in range(n + 1)
    ]
    traits = f'{{"city":"Berlin","note":"{XSS}"}}'
    events.append(Event("web", "x", "identify", "Identified", START - 99 * SECOND, START, user_id=XSS, traits=traits))
    Log(folder).append(events)
    return user(Backing(History(folder), LiveQuestions(folder)))


def listed(browser: TestClient, **query: str) -> list[str]:
    answer = browser.get("/persons", params=query)
    assert answer.status_code == 200, answer.text[-2000:]
    return re.findall(r'<th scope="row" class="text"><a href="[^"]*">([^<]*)</a>', answer.text)


def test_everybody_is_listed_the_latest_seen_first_fifty_a_page(browser: TestClient) -> None:
    assert listed(browser)[:3] == ["p00", "p01", "p02"]
    assert len(listed(browser)) == 50
    assert listed(browser, page="2")[:2] == ["p50", "p51"]
    assert len(listed(browser, page="99")) == 11


def test_the_list_is_sorted_by_events_and_by_points(browser: TestClient) -> None:
    assert listed(browser, order="events")[:2] == ["p59", "p58"]
    assert listed(browser, order="points", score="intent")[:2] == ["p59", "p58"]
    row = browser.get("/persons", params={"order": "points"}).text.split("p59</a>")[1].split("</tr>")[0]
    assert ">600.0<" in row  # 60 views of 10 points


def test_persons_are_found_by_a_piece_of_an_identifier_or_a_trait(browser: TestClient) -> None:
    assert sorted(listed(browser, q="P1")) == [f"p1{n}" for n in range(10)]
    assert len(listed(browser, q="city=berl")) == 1
    page = browser.get("/persons", params={"q": f"nobody{XSS}"}).text
    assert "Nobody was found by" in page
    assert XSS not in page


def test_a_filter_narrows_who_is_listed(browser: TestClient) -> None:
    assert listed(browser, where="event = 'Identified'") == [XSS.replace("<", "&lt;").replace(">", "&gt;")]
    assert "Widen the period" in browser.get("/persons", params={"until": "2001-01-01"}).text


def test_all_of_a_list_is_a_csv_with_stage_and_points(browser: TestClient) -> None:
    lines = browser.get("/persons", params={"q": "p0", "format": "csv"}).text.splitlines()

    assert lines[0] == "person,last_seen,events,stage,intent,loyalty"
    assert lines[1] == "p00,2025-10-09T08:53:20+00:00,1,interest,10.0,0.0"
    assert len(lines) == 11


@pytest.mark.parametrize("query", [{"order": "x"}, {"page": "x"}, {"score": "x", "order": "points"}, {"q": "x" * 201}])
def test_what_cannot_be_asked_is_told(browser: TestClient, query: dict[str, str]) -> None:
    answer = browser.get("/persons", params=query)

    assert answer.status_code == 400
    assert "expected" in answer.text or "no score is named" in answer.text


def test_an_empty_folder_says_how_persons_come(empty: Backing) -> None:
    answer = user(empty).get("/persons")

    assert answer.status_code == 200
    assert "Nobody has come yet" in answer.text
