"""The page of one person, over a log that a real worker follows."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import pytest
from tests.console.visitors import token_in, user

from sojourn.api.history import History
from sojourn.app.live import LiveQuestions, worker_of
from sojourn.app.person_care import FolderCare
from sojourn.console.asked import Backing
from sojourn.records.event import Event
from sojourn.store.audit import audit_log
from sojourn.store.folder import create_folder
from sojourn.store.log import Log

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starlette.testclient import TestClient

    from sojourn.app.worker import Worker

SECOND = 1_000_000
DAY = 86_400 * SECOND
START = 1_760_000_000 * SECOND
CATALOGUE = """
signals:
  - {name: views, kind: behavioral, says: Looks at <things>, pattern: count, of: view}
stages:
  - {name: interest, says: interested, where: signal.views > 0}
scores:
  - {name: intent, says: wants it, base: 1, terms: [{signal: views, weight: 10}]}
segments:
  - {name: keen, says: keen, where: score.intent >= 21}
"""
XSS = "<script>alert(1)</script>"


@dataclass
class Shop:
    """A folder, its worker and the admin's browser."""

    backing: Backing
    worker: Worker
    browser: TestClient
    sent: int = 0

    def send(self, event: str, at_us: int = START, **fields: object) -> None:
        """An event in the log."""
        self.sent += 1
        made = Event("web", f"m{self.sent}", "track", event, at_us, at_us)
        Log(self.backing.history.folder).append([msgspec.structs.replace(made, **fields)])

    def settle(self) -> None:
        """The worker has taken all; the next page sees all."""
        self.worker.catch_up()
        self.backing.history.expire()

    def page(self, person: str, **query: str) -> str:
        """The page of a person."""
        answer = self.browser.get(f"/persons/{person}", params=query)
        assert answer.status_code == 200, answer.text[:2000]
        return answer.text

    def post(self, path: str, page: str, **fields: str) -> str:
        """What a form of a page leads to."""
        answer = self.browser.post(path, data={"csrf": token_in(page), **fields})
        if answer.status_code == 303:
            self.settle()
            answer = self.browser.get(answer.headers["location"])
        assert answer.status_code == 200, answer.text[-3000:]
        return answer.text


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """Anna looks at one thing on a device, logs in there, and looks at another."""
    folder = create_folder(tmp_path / "data")
    (folder.path / "signals.yaml").write_text(CATALOGUE)
    with worker_of(folder) as worker:
        history = History(folder)
        backing = Backing(history, LiveQuestions(folder), FolderCare(history))
        shop = Shop(backing, worker, user(backing))
        shop.send("view", START, anonymous_id="phone-1", properties='{"path":"/shoes"}')
        shop.send("login", START + 60 * SECOND, anonymous_id="phone-1", user_id="anna", traits='{"plan":"pro"}')
        shop.send("view", START + DAY, user_id="anna", properties='{"path":"/hats","size":42}')
        shop.settle()
        yield shop


def text_of(page: str) -> str:
    """The words of a page."""
    return " ".join(re.sub(r"<[^>]*>", " ", page.split("</header>")[1]).split())


def test_the_page_tells_what_the_worker_knows_and_that_it_does(shop: Shop) -> None:
    page = shop.page("anna")
    words = text_of(page)

    assert "live As the worker knows it at" in words
    assert "nothing waits" in words
    assert "intent 21.0 points" in words  # 1 + 2 views of 10 points
    assert "Looks at &lt;things&gt; +20.0" in words
    assert "Stage interest" in words
    assert "keen" in words
    assert "plan pro" in words


def test_the_timeline_holds_sessions_and_events_latest_first(shop: Shop) -> None:
    words = text_of(shop.page("anna"))

    assert "Events 1 to 3 of 3, latest first" in words
    assert words.index("Session 2") < words.index("/hats") < words.index("Session 1") < words.index("/shoes")
    assert "size 42" in words


def test_a_person_is_found_by_any_identifier(shop: Shop) -> None:
    assert "<h1>anna</h1>" in shop.page("phone-1")
    assert shop.browser.get("/persons/ghost").status_code == 404
    assert "No event carries the identifier ghost" in shop.browser.get("/persons/ghost").text


@pytest.fixture
def quiet(tmp_path: Path) -> Backing:
    """The same log in a folder on which no worker runs."""
    folder = create_folder(tmp_path / "quiet")
    (folder.path / "signals.yaml").write_text(CATALOGUE)
    Log(folder).append(
        [
            Event("web", "1", "track", "view", START, START, anonymous_id="phone-1"),
            Event("web", "2", "track", "login", START, START, anonymous_id="phone-1", user_id="anna", traits='{"plan":"pro"}'),
            Event("web", "3", "track", "view", START + DAY, START + DAY, user_id="anna"),
            Event("web", "4", "track", "view", START + DAY, START + DAY, user_id="ben"),
        ]
    )  # fmt: skip
    history = History(folder)
    return Backing(history, LiveQuestions(folder), FolderCare(history))


def test_without_a_worker_the_page_is_history_and_says_so(quiet: Backing) -> None:
    """The same numbers, of the log's last moment."""
    words = text_of(user(quiet).get("/persons/anna").text)

    assert "from history" in words
    assert "no worker runs on this folder: `sojourn worker` starts one" in words
    assert "intent 21.0 points" in words
    assert "plan pro" in words


def test_a_console_that_only_shows_offers_neither_export_nor_erasure(quiet: Backing) -> None:
    browser = user(Backing(quiet.history, quiet.live))

    assert "Export all" not in browser.get("/persons/anna").text
    assert "this console only shows" in browser.get("/persons/anna", params={"format": "json"}).text


def test_events_that_the_worker_has_not_taken_are_counted(shop: Shop) -> None:
    shop.send("view", START + DAY + SECOND, user_id="anna")
    shop.backing.history.expire()

    words = text_of(shop.page("anna"))

    assert "1 behind event waits to be taken" in words
    assert "Events 1 to 4 of 4" in words
    assert "intent 21.0 points" in words


def test_a_link_that_is_taken_back_parts_history_profile_and_scores_and_can_be_restored(shop: Shop) -> None:
    page = shop.page("anna")
    link = re.search(r'name="link" value="([0-9a-f]{16})"', page)
    assert link

    parted = text_of(shop.post("/persons/anna", page, action="revoke", link=link[1]))

    assert "The link is taken back" in parted
    assert "revoked by hand" in parted
    assert "intent 11.0 points" in parted  # one view is the phone's alone
    assert "Events 1 to 2 of 2" in parted
    assert "intent 11.0 points" in text_of(shop.page("phone-1"))

    joined = text_of(shop.post("/persons/anna", shop.page("anna"), action="restore", link=link[1]))

    assert "intent 21.0 points" in joined
    assert [line.what for line in audit_log(shop.backing.history.folder)] == [
        "restored a link between identifiers",
        "took back a link between identifiers",
    ]


def test_consent_set_by_hand_is_an_event_and_decides_what_is_scored(shop: Shop) -> None:
    denied = shop.post("/persons/anna", shop.page("anna"), action="consent", personalisation="denied")

    assert "Not scored" in text_of(denied)
    assert "Consent Set by hand" in text_of(denied)
    assert "Not scored" in text_of(shop.page("phone-1"))

    granted = shop.post("/persons/anna", denied, action="consent", personalisation="granted")

    assert "intent 21.0 points" in text_of(granted)
    # What is known already is not said again.
    before = Log(shop.backing.history.folder).last_seq()
    shop.post("/persons/anna", granted, action="consent", personalisation="granted")
    assert Log(shop.backing.history.folder).last_seq() == before


def test_moves_into_segments_and_out_of_them_are_told(shop: Shop) -> None:
    words = text_of(shop.page("anna"))

    assert re.search(r"Changes 2025-10-\d\d \d\d:\d\d:\d\d entered keen", words)


def test_everything_about_a_person_is_downloaded(shop: Shop) -> None:
    answer = shop.browser.get("/persons/anna", params={"format": "json"})

    assert answer.headers["content-disposition"] == 'attachment; filename="anna.json"'
    told = json.loads(answer.content)
    assert [event["event"] for event in told["events"]] == ["view", "login", "view"]
    csv = shop.browser.get("/persons/anna", params={"format": "csv"})
    assert csv.text.splitlines()[0] == "session,time,event,page,revenue,properties"
    assert len(csv.text.splitlines()) == 4


def test_a_person_is_erased_when_its_identifier_is_typed(quiet: Backing) -> None:
    browser = user(quiet)
    asked = browser.get("/erase/anna").text
    assert "Type <code>anna</code> to confirm" in asked

    wrong = browser.post("/erase/anna", data={"csrf": token_in(asked), "typed": "ben"})
    assert (wrong.status_code, browser.get("/persons/anna").status_code) == (400, 200)
    assert "nothing was erased" in wrong.text

    done = browser.post("/erase/anna", data={"csrf": token_in(asked), "typed": "anna"})

    assert "Identifiers 2 Events 3" in text_of(done.text)
    assert browser.get("/persons/anna").status_code == 404
    assert browser.get("/persons/phone-1").status_code == 404
    assert browser.get("/persons/ben").status_code == 200
    assert [(line.what, line.detail) for line in audit_log(quiet.history.folder)] == [
        ("erased a person", {"identifiers": 2, "events": 3})
    ]


@pytest.mark.parametrize(
    ("role", "path", "status"),
    [
        ("viewer", "/persons/anna", 200),
        ("viewer", "/erase/anna", 403),
        ("marketer", "/erase/anna", 403),
        ("admin", "/erase/anna", 200),
    ],
)
def test_pages_are_for_their_roles(shop: Shop, role: str, path: str, status: int) -> None:
    assert user(shop.backing, role=role).get(path).status_code == status


def test_a_viewer_sees_no_button_and_may_press_none(shop: Shop) -> None:
    viewer = user(shop.backing, role="viewer")
    page = viewer.get("/persons/anna").text

    assert "Take back" not in page
    assert "Set by hand" not in page
    token = token_in(page)
    assert viewer.post("/persons/anna", data={"csrf": token, "action": "revoke", "link": "0"}).status_code == 403
    assert viewer.get("/persons/anna", params={"format": "json"}).status_code == 400


def test_a_form_without_its_token_changes_nothing(shop: Shop) -> None:
    assert shop.browser.post("/persons/anna", data={"action": "consent", "marketing": "denied"}).status_code == 403


def test_what_customers_write_is_text_everywhere(shop: Shop) -> None:
    name = f"{XSS}'\"&{{{{7*7}}}}"
    shop.send(
        XSS, START + 2 * DAY, user_id=name, anonymous_id=f"device{XSS}", properties=json.dumps({XSS: XSS, "path": XSS, "list": [XSS]}),
        traits=json.dumps({XSS: XSS, "nested": {XSS: XSS}}), order_id=XSS, revenue=9.5, currency=XSS[:3],
        external_ids=(("email", f"a{XSS}@example.org"), (XSS, XSS)),
    )  # fmt: skip
    shop.settle()

    for path in ("persons", "erase"):
        answer = shop.browser.get(f"/{path}/{_quoted(name)}")

        assert answer.status_code == 200
        assert XSS not in answer.text
        assert "<script>alert" not in answer.text
        assert "49" not in answer.text.split("</header>")[1].split("<h1>")[1].split("</h1>")[0]
    assert XSS not in shop.browser.get(f"/persons/{_quoted(XSS)}x").text


def test_a_long_journey_is_read_page_by_page(shop: Shop) -> None:
    events = [
        Event("web", f"long{n}", "track", "view", START + n * SECOND, START + n * SECOND, user_id="lena")
        for n in range(250)
    ]
    Log(shop.backing.history.folder).append(events)
    shop.settle()

    first, last = text_of(shop.page("lena")), text_of(shop.page("lena", skip="200"))

    assert "Events 1 to 100 of 250" in first
    assert "250 events, 100 of them here" in first
    assert "Earlier events" in first
    assert "Events 201 to 250 of 250" in last
    assert "Earlier events" not in last
    assert shop.browser.get("/persons/lena", params={"skip": "-1"}).status_code == 400


def test_a_period_without_events_says_what_to_do(shop: Shop) -> None:
    words = text_of(shop.page("anna", until="2001-01-01"))

    assert "No event of this person lies in this period and filter" in words
    assert "Show the whole life" in words
    assert "intent 21.0 points" in words


def _quoted(text: str) -> str:
    from urllib.parse import quote

    return quote(text, safe="")
