"""The pages of journeys say the numbers of the questions, and every one opens exactly the persons it counts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from tests.console.logs import backing_of
from tests.console.numbers import assert_numbers_open_their_persons, numbers_of, opened, persons_of
from tests.console.visitors import token_in, user

from sojourn.console.definitions import definition, definitions
from sojourn.console.views import VIEWS

if TYPE_CHECKING:
    from starlette.testclient import TestClient
    from tests.analyse.logs import Row

    from sojourn.console.asked import Backing

DAY = 86_400
NO_PERSONS = frozenset({"Step", "Cohorts"})
"""Columns of tables that count nothing persons do: places of steps, cohorts that are over."""
ODD = "</script><b>shoes</b>"
PAGES = (
    "/journey-map?catalogue=shop",
    "/journey-map?catalogue=shop&touchpoint=channel",
    "/journeys",
    "/journeys?start=Product+Viewed&depth=3",
    "/journeys?end=Order+Completed&unit=persons&collapse=yes",
    "/journeys?around=Product+Added",
    "/journeys?column=channel",
    "/funnels",
    "/funnels?steps=Product+Viewed&steps=Order+Completed&by=first+channel",
    "/funnels/why?steps=Product+Viewed&steps=Order+Completed&at=1",
    "/retention?period=day",
    "/retention?period=day&by=first+channel&first=Product+Viewed&mode=unbounded",
    "/attribution?goal=Order+Completed&touch=channel",
    "/engagement",
    "/engagement?by=channel&page=event",
)


def rows() -> list[Row]:
    """Fourteen persons: all come, most look, half fill a cart, every fourth buys, one in seven of them a second time."""
    out: list[Row] = []
    for n in range(14):
        channel = ("ads", "mail", ODD)[n % 3]
        start = (n % 5) * DAY + n * 60
        steps = ["Page Viewed", *(["Product Viewed"] if n % 7 else []), *(["Product Added"] if n % 2 == 0 else [])]
        steps += ["Order Completed"] if n % 4 == 0 else []
        for place, step in enumerate(steps):
            more = {"revenue": 20.0, "order_id": f"o{n}"} if step == "Order Completed" else {}
            out.append((f"p{n}", start + place * 120, step, {"channel": channel, "path": f"/{n % 3}", **more}))
        if n % 3 == 0:
            out.append((f"p{n}", start + DAY, "Page Viewed", {"channel": "direct", "path": "/"}))
    return out


@pytest.fixture(scope="module")
def backing(tmp_path_factory: pytest.TempPathFactory) -> Backing:
    return backing_of(tmp_path_factory.mktemp("journeys"), rows())


@pytest.fixture(scope="module")
def console(backing: Backing) -> TestClient:
    return user(backing, role="viewer")


@pytest.mark.parametrize("address", PAGES)
def test_every_number_opens_exactly_the_persons_it_counts(console: TestClient, address: str) -> None:
    assert_numbers_open_their_persons(console, address, least=2, but=NO_PERSONS)


@pytest.mark.parametrize("address", PAGES)
def test_every_page_leads_to_its_definition_and_its_table(console: TestClient, address: str) -> None:
    page = opened(console, address).text

    assert ODD not in page
    tables = [to.replace("&amp;", "&") for to in re.findall(r'href="(/table/[^"]+)"', page)]
    assert tables
    for to in dict.fromkeys(tables):
        answer = opened(console, to)
        assert answer.headers["content-type"].startswith("text/csv"), answer.text[-300:]
    for to in set(re.findall(r'href="(/definitions/[^"]+)"', page)):
        assert console.get(to).status_code == 200


def test_stages_count_whom_the_rows_say(console: TestClient) -> None:
    """Everybody comes; interest is a product viewed; purchase an order."""
    page = opened(console, "/journey-map?catalogue=shop").text
    whole = {to: number for to, number in numbers_of(page) if "touchpoint" not in to and "outcome" not in to}
    bought = {person for person, _, event, _ in rows() if event == "Order Completed"}

    [purchase] = [to for to in whole if "of_stage=purchase" in to]
    assert set(persons_of(console, purchase)) == bought
    assert whole[purchase] == len(bought)


def test_paths_count_whom_the_rows_say(console: TestClient) -> None:
    page = opened(console, "/journeys?start=Product+Viewed").text
    viewed = {person for person, _, event, _ in rows() if event == "Product Viewed"}
    [root, *_] = [(to, number) for to, number in numbers_of(page) if "drill=persons_of" in to]

    assert set(persons_of(console, root[0])) == viewed
    assert root[1] == len(viewed)


def test_credit_opens_the_persons_who_converted(console: TestClient) -> None:
    page = opened(console, "/attribution?goal=Order+Completed&touch=channel").text
    address = next(to for to in re.findall(r'class="of-events" href="([^"]+)"', page) if "channel=ads" in to)
    bought = {person for person, _, event, found in rows() if event == "Order Completed" and found["channel"] == "ads"}

    assert set(persons_of(console, address.replace("&amp;", "&"))) == bought
    assert "does not show what a channel caused" in page


def test_a_table_of_spend_is_kept_and_costs_stand_beside_the_credit(backing: Backing) -> None:
    analyst = user(backing, role="analyst")
    page = opened(analyst, "/attribution?goal=Order+Completed&touch=channel").text
    spend = "channel,cost\nads,30\nradio,5\n"
    answer = analyst.post("/attribution/spend", data={"csrf": token_in(page), "name": "spend.csv", "text": spend})

    assert answer.headers["location"] == "/attribution?spend=spend.csv"
    costs = opened(analyst, answer.headers["location"]).text
    assert "Spend and what it brought" in costs
    assert "radio" in costs
    wrong = analyst.post("/attribution/spend", data={"csrf": token_in(page), "name": "../x", "text": spend})
    assert wrong.status_code == 400
    assert "expected a name such as spend.csv" in wrong.text


@pytest.mark.parametrize(
    ("address", "says"),
    [
        (
            "/journeys?start=Product+Vewed",
            "no event is named &#39;Product Vewed&#39;; there are &#39;Product Viewed&#39;",
        ),
        ("/retention?mode=rolling&window=soon", "expected a length of time"),
        ("/attribution?goal=Order+Completed&touch=nowhere", 'aria-describedby="wrong-touch"'),
        ("/journey-map?touchpoint=nowhere", 'aria-describedby="wrong-touchpoint"'),
        ("/engagement?by=nowhere", 'aria-describedby="wrong-by"'),
        ("/funnels/why?steps=Product+Viewed&at=1", "two steps or more"),
    ],
)
def test_what_is_wrong_is_said_beside_the_form(console: TestClient, address: str, says: str) -> None:
    page = opened(console, address)

    assert page.status_code == 200
    assert says in page.text


@pytest.mark.parametrize("path", ["/journey-map", "/journeys", "/funnels", "/retention", "/attribution", "/engagement"])
def test_a_period_without_events_says_what_to_do(console: TestClient, path: str) -> None:
    page = opened(console, f"{path}?from=2031-01-01").text

    assert 'class="empty"' in page


def test_period_and_filter_go_on_to_the_next_page(console: TestClient) -> None:
    page = opened(console, "/retention?period=day&from=2024-01-02&where=channel+%3D+'ads'").text

    for path in ("/funnels", "/journeys", "/behind/retention"):
        [to, *_] = re.findall(rf'href="({path}\?[^"]*)"', page)
        assert "from=2024-01-02" in to
        assert "where=channel" in to


def test_every_definition_is_shown_and_leads_only_to_pages_that_are_there(console: TestClient) -> None:
    paths = {view.path for view in VIEWS}

    assert {"funnel", "journey-map", "attribution"} <= set(definitions())
    for name in definitions():
        page = console.get(f"/definitions/{name}")
        assert page.status_code == 200
        found = definition(name)
        assert found is not None
        for to in re.findall(r'href="(/[^"#]*)', found[1]):
            assert to in paths or console.get(to).status_code == 200, to
    assert console.get("/definitions/nothing").status_code == 404
    assert definition("../../pyproject") is None
