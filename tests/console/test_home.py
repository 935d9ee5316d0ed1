from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

import pytest
from tests.analyse.logs import Row, batch
from tests.console.numbers import assert_numbers_open_their_persons, many_behind
from tests.console.visitors import user

from sojourn.store.append import Append
from sojourn.store.index_build import build_index

if TYPE_CHECKING:
    from starlette.testclient import TestClient

    from sojourn.console.asked import Backing

_DAY = 86_400
BOUGHT = {"order_id": "7", "revenue": 20.0, "currency": "EUR"}


@pytest.fixture
def shop(empty: Backing) -> TestClient:
    """Twenty days: anna every day, ben from the 14th day on; ben buys for 20 EUR on the 15th."""
    rows: list[Row] = [("anna", day * _DAY, "view", {}) for day in range(20)]
    rows += [("ben", day * _DAY + 60, "view", {}) for day in range(13, 20)]
    rows.append(("ben", 14 * _DAY + 120, "purchase", BOUGHT))
    folder = empty.history.folder
    with folder.writing():
        append = Append(folder, source="test")
        append.add(batch(rows))
        append.finish()
        build_index(folder)
    return user(empty)


def home(shop: TestClient, **parameters: str) -> str:
    """The page, once it is there: the first question of a process loads its kernels."""
    while (page := shop.get("/", params=parameters)).status_code == 202:
        assert "refresh" in page.headers
    return page.text


def tiles(page: str) -> dict[str, str]:
    """Text of each tile by its label."""
    found = re.findall(r'<div class="tile">(.*?)</div>', page, flags=re.DOTALL)
    texts = [" ".join(html.unescape(re.sub(r"<[^>]+>", " ", tile)).split()) for tile in found]
    labels = re.findall(r'<span class="label">(.*?)</span>', page)
    return {label: text.removeprefix(label).strip() for label, text in zip(labels, texts, strict=True)}


def test_home_counts_the_last_week_against_the_week_before(shop: TestClient) -> None:
    """Days 14 to 20: anna and ben, two sessions a day; in the week before anna alone."""
    told = tiles(home(shop))

    assert told["Visitors"].startswith("2 ▲ 100.0 % vs before")
    assert told["Sessions"].startswith("14 ▲ 100.0 % vs before")
    assert told["Conversion"].startswith("50.0 % new none before 1 of 2 with purchase")
    assert told["Active on 20 January"].startswith("2 ▲ 100.0 % vs before")


def test_every_number_opens_exactly_the_persons_it_counts(shop: TestClient) -> None:
    page = home(shop)
    values = re.findall(r'<a class="value[^"]*" href="([^"]+)"', page)

    assert [many_behind(shop, html.unescape(to)) for to in values] == [2, 2, 1, 1, 2]
    assert_numbers_open_their_persons(shop, "/", least=6)


def test_all_time_is_all_there_is(shop: TestClient) -> None:
    page = home(shop, **{"from": "9999d"})

    assert tiles(page)["Sessions"].startswith("27")
    assert '<option value="9999d" selected>All time</option>' in page
    assert "does not reach back far enough" in page


def test_a_folder_without_events_begins_with_the_guided_start(empty: Backing) -> None:
    answer = user(empty).get("/")

    assert (answer.status_code, answer.headers["location"]) == (303, "/start")
