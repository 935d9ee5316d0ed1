from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

from tests.console.visitors import user

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from sojourn.console.asked import Backing


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
