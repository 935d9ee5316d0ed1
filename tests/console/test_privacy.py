from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from tests.console.visitors import token_in, user

from sojourn.api.settings import change_settings
from sojourn.app.person_care import FolderCare
from sojourn.console.asked import Backing
from sojourn.store.expiry import expire

if TYPE_CHECKING:
    from starlette.testclient import TestClient


def test_every_number_of_consent_opens_exactly_its_persons(console: TestClient) -> None:
    """Anna and ben said nothing, by a source that need not ask."""
    page = console.get("/privacy").text
    cells = re.findall(r'<td class="number"><a href="([^"]+)">(\d+)</a>', page)

    assert [int(number) for _, number in cells] == [2, 2] * 3
    for link, number in cells:
        listed = console.get(html.unescape(link)).text
        assert f'data-count="{number}"' in listed
        assert ">anna</a>" in listed


def test_consent_is_a_csv_too(console: TestClient) -> None:
    lines = console.get("/privacy/consent.csv").text.splitlines()

    assert lines == ["purpose,granted,denied,unknown,allowed"] + [
        f"{purpose},0,0,2,2" for purpose in ("analytics", "personalisation", "marketing")
    ]
    assert console.get("/privacy/persons?purpose=marketing&state=denied&format=csv").text == "person\n"


def test_an_erasure_begins_with_any_identifier_and_is_asked_about_first(console: TestClient) -> None:
    answer = console.get("/privacy", params={"person": "a/b c"})

    assert (answer.status_code, answer.headers["location"]) == (303, "/erase/a%2Fb%20c")


def test_a_folder_without_events_says_how_to_begin(empty: Backing) -> None:
    page = user(empty, role="viewer").get("/privacy")

    assert page.status_code == 200
    assert "Nobody is known here yet" in page.text
    assert "Nobody was erased yet" in page.text


def test_what_is_no_purpose_is_refused(console: TestClient) -> None:
    assert console.get("/privacy/persons?purpose=fun&state=denied").status_code == 400


def note(console: TestClient, kind: str, person: str, **more: str) -> None:
    page = console.get("/privacy").text
    form = {"csrf": token_in(page), "do": "add", "kind": kind, "person": person, **more}
    assert console.post("/privacy", data=form).status_code == 303


def numbers(page: str) -> dict[str, int]:
    """How many requests there are of each state, as the page says."""
    found = re.findall(r"<span>(?:<a [^>]*>)?(\d+)(?:</a>)? (open|overdue|done|refused)</span>", page)
    return {state: int(number) for number, state in found}


def test_requests_are_noted_listed_by_the_day_they_are_due_and_counted(console: TestClient) -> None:
    """The number of each state is that of the rows which it opens."""
    note(console, "access", "anna", received_on="2026-01-31", note="<b>by mail</b>")
    note(console, "objection", "ben", received_on="2026-01-02")
    note(console, "rectification", "nobody-here", received_on="9000-01-01")

    page = console.get("/privacy").text

    assert [page.index(day) for day in ("2026-02-02", "2026-02-28", "9000-02-01")] == sorted(
        page.index(day) for day in ("2026-02-02", "2026-02-28", "9000-02-01")
    )
    assert "&lt;b&gt;by mail" in page
    assert numbers(page) == {"open": 3, "overdue": 2, "done": 0, "refused": 0}
    for state, number in numbers(page).items():
        listed = console.get("/privacy", params={"requests": state}).text
        assert f'data-count="{number}"' in listed or number == 0
        assert len(console.get("/privacy/requests.csv", params={"requests": state}).text.splitlines()) == number + 1


def test_an_export_answers_its_request_and_an_erasure_its_own(backing: Backing) -> None:
    console = user(Backing(backing.history, backing.live, FolderCare(backing.history)))
    note(console, "access", "anna")
    note(console, "erasure", "anna")
    note(console, "access", "nobody-here")
    token = token_in(console.get("/privacy").text)

    found = console.post("/privacy", data={"csrf": token, "do": "export", "number": "1"})
    assert found.headers["content-disposition"] == 'attachment; filename="anna.json"'
    assert "anna" in found.text
    unknown = console.post("/privacy", data={"csrf": token, "do": "export", "number": "3"})
    assert unknown.status_code == 400
    assert "mark the request as done" in unknown.text
    console.post("/erase/anna", data={"csrf": token, "typed": "anna"})

    page = console.get("/privacy", params={"requests": "done"}).text
    assert numbers(page) == {"open": 1, "overdue": 0, "done": 2, "refused": 0}
    assert "erasure 1" in page
    assert ">anna<" not in page, "neither of the two names her any more"


def test_a_refusal_says_why_and_a_wrong_form_what_is_wrong(console: TestClient) -> None:
    note(console, "erasure", "anna")
    token = token_in(console.get("/privacy").text)

    for form, said in (
        ({"do": "refused", "number": "1"}, "a refusal needs a reason"),
        ({"do": "done", "number": "77"}, "there is no request 77"),
        ({"do": "done", "number": "x"}, "expected the number of a request"),
        ({"do": "add", "kind": "access", "person": "ben", "received_on": "soon"}, "expected a day such as"),
    ):
        wrong = console.post("/privacy", data={"csrf": token, **form})
        assert (wrong.status_code, said in wrong.text) == (400, True), form
    assert (
        console.post(
            "/privacy", data={"csrf": token, "do": "refused", "number": "1", "reason": "a contract"}
        ).status_code
        == 303
    )
    assert "a contract" in console.get("/privacy?requests=refused").text


def test_who_may_not_answer_sees_the_requests_and_no_buttons(backing: Backing) -> None:
    viewer = user(backing, role="viewer")

    page = viewer.get("/privacy").text

    assert "Note a request" not in page
    assert viewer.post("/privacy", data={"csrf": token_in(page), "do": "add"}).status_code == 403


def test_how_long_events_are_kept_and_what_went_is_told(console: TestClient, backing: Backing) -> None:
    folder = backing.history.folder
    assert "Events are kept for ever" in console.get("/privacy").text
    change_settings(folder, {"events_days": 400}, who="test")
    with folder.writing():
        receipt = expire(folder, 4_000_000_000_000_000)
    assert receipt is not None

    page = console.get("/privacy").text

    assert "400 days" in page
    assert f'<td class="number">{receipt.events}</td>' in page
    assert "2096-10-02" in page
