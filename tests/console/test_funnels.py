from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest
from tests.console.logs import backing_of
from tests.console.numbers import assert_numbers_open_their_persons, numbers_of, opened, persons_of
from tests.console.visitors import user

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.testclient import TestClient
    from tests.analyse.logs import Row

    from sojourn.console.asked import Backing

STEPS = ("view", "cart", "purchase")
CHANNELS = ("ads", "mail")
ODD = '<img src=x onerror="alert(1)">'


def rows() -> list[Row]:
    """Twelve persons: all view, every second fills a cart, every fourth buys; one is called like a tag."""
    out: list[Row] = []
    for n in range(12):
        name = ODD if n == 4 else f"p{n}"
        for place, step in enumerate(STEPS[: 1 + (n % 2 == 0) + (n % 4 == 0)]):
            out.append((name, n * 86_400 + place * 600, step, {"channel": CHANNELS[n % 3 == 0]}))
    return out


@pytest.fixture(scope="module")
def funnels(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    folder: Path = tmp_path_factory.mktemp("funnels")
    return user(backing_of(folder, rows()), role="viewer")


def days() -> list[int]:
    """The day of each row, from 0."""
    return [int(str(at)) // 86_400 for _, at, _, _ in rows()]


def reached() -> dict[str, set[str]]:
    """Persons by step, counted from the rows: nobody skips a step."""
    found: dict[str, set[str]] = defaultdict(set)
    for person, _, event, _ in rows():
        found[event].add(person)
    return found


def test_a_funnel_without_a_question_shows_an_example_of_the_logs_own_events(funnels: TestClient) -> None:
    page = opened(funnels, "/funnels").text

    assert "An example from the events of this log" in page
    assert [n for _, n in numbers_of(page)][:6] == [12, 12, 6, 6, 3, 3]
    assert 'value="view"' in page


def test_every_step_opens_exactly_the_persons_who_reached_it_and_who_were_lost(funnels: TestClient) -> None:
    page = opened(funnels, f"/funnels?{urlencode({'steps': STEPS}, doseq=True)}").text
    found = reached()
    lists = [(to, set(persons_of(funnels, to))) for to in dict.fromkeys(to for to, _ in numbers_of(page))]

    assert [persons for to, persons in lists if "of_outcome" not in to] == [found[step] for step in STEPS]
    lost = [persons for to, persons in lists if "of_outcome=dropped" in to]
    assert lost == [found["view"] - found["cart"], found["cart"] - found["purchase"]]


@pytest.mark.parametrize(
    "more", ["by=channel", "by=first+channel&trend=day", "trend=week&unit=sessions", "where=channel+%3D+'mail'"]
)
def test_numbers_of_groups_and_periods_open_their_persons_too(funnels: TestClient, more: str) -> None:
    least = 0 if "sessions" in more else 5
    assert_numbers_open_their_persons(
        funnels, f"/funnels?{urlencode({'steps': STEPS}, doseq=True)}&{more}", least=least
    )


def test_filter_and_period_go_along_into_the_persons(funnels: TestClient) -> None:
    address = "/funnels?steps=view&steps=cart&from=2024-01-05&until=2024-01-09&where=channel+%3D+'ads'"
    page = opened(funnels, address).text
    [(to, number), *_] = numbers_of(page)

    in_time = {
        person
        for n, (person, _, event, found) in enumerate(rows())
        if event == "view" and found["channel"] == "ads" and days()[n] in range(4, 8)
    }
    assert set(persons_of(funnels, to)) == in_time
    assert number == len(in_time)


def test_what_is_wrong_stands_beside_its_field_and_the_rest_stays(funnels: TestClient) -> None:
    page = opened(funnels, "/funnels?steps=vew&steps=cart&within=soon&by=nothing").text

    assert "no event is named &#39;vew&#39;; there are &#39;view&#39;" in page
    assert 'aria-describedby="wrong-within"' in page
    assert 'value="cart"' in page
    assert 'aria-describedby="wrong-by"' in opened(funnels, "/funnels?steps=view&by=nothing").text


def test_a_name_that_looks_like_a_tag_is_shown_as_text(funnels: TestClient) -> None:
    page = opened(funnels, "/behind/funnel?steps=view&of_step=0").text

    assert ODD not in page
    assert "&lt;img src=x" in page


def test_those_who_left_are_compared_with_those_who_went_on(funnels: TestClient) -> None:
    page = opened(funnels, "/funnels?steps=view&steps=cart").text
    address = next(part.split('"')[0] for part in page.split('href="') if part.startswith("/funnels/why"))

    assert_numbers_open_their_persons(funnels, address.replace("&amp;", "&"), least=2)


def test_why_they_leave_without_a_question_shows_an_example_too(funnels: TestClient) -> None:
    page = opened(funnels, "/funnels/why").text

    assert "An example from the events of this log, at its last step" in page
    assert '<option value="2" selected>purchase</option>' in page
    assert "An example" not in opened(funnels, "/funnels/why?steps=view&steps=cart").text


def test_nobody_at_the_first_step_is_said(funnels: TestClient) -> None:
    page = opened(funnels, "/funnels?steps=view&from=2030-01-01").text

    assert "Nobody came to the first step" in page


def test_tables_are_csv_too(funnels: TestClient) -> None:
    table = opened(funnels, "/table/funnel?steps=view&steps=cart").text.splitlines()
    groups = opened(funnels, "/table/funnel?steps=view&steps=cart&by=channel&table=groups").text

    assert table[0].startswith("step,count,share_of_start")
    assert table[1].startswith("view,12,1.0")
    assert "ads" in groups
    assert opened(funnels, "/table/funnel?steps=view&table=_drill").status_code == 400
    assert opened(funnels, "/table/nothing").status_code == 404


def test_a_number_that_is_none_is_said(funnels: TestClient) -> None:
    assert opened(funnels, "/behind/funnel?steps=view&of_step=7").status_code == 400
    assert opened(funnels, "/behind/funnel?steps=view").status_code == 400
    assert opened(funnels, "/behind/nothing").status_code == 404


@pytest.mark.parametrize(
    "path", ["/journey-map", "/journeys", "/funnels", "/funnels/why", "/retention", "/attribution", "/engagement"]
)
def test_an_empty_folder_says_what_to_do(empty: Backing, path: str) -> None:
    page = user(empty, role="viewer").get(path)

    assert page.status_code == 200
    assert 'href="/start"' in page.text
