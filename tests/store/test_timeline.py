"""One person's events in full: found by place in the log, in fresh files and in files by actor."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from sojourn.store import timeline
from sojourn.store.compaction import compact
from sojourn.store.index import open_index
from tests.analyse.logs import log

if TYPE_CHECKING:
    from tests.analyse.logs import Row

ROWS: list[Row] = [
    ("anna", 0, "view", {"anonymous_id": "phone", "price": 1.5, "note": "a"}),
    ("ben", 1, "view", {"note": "b"}),
    ("anna", 2, "buy", {"revenue": 9.0, "order_id": "7", "currency": "EUR"}),
]


def test_a_user_and_their_device_are_one_person() -> None:
    journeys = log(ROWS)
    index = journeys.index

    anna = timeline.find_person(index, "anna")

    assert anna is not None
    assert timeline.find_person(index, "phone") == anna
    assert timeline.find_person(index, "ben") not in (None, anna)
    assert timeline.find_person(index, "cleo") is None


def test_a_device_is_found_when_a_newer_index_took_the_place_of_the_open_one() -> None:
    journeys = log(ROWS)
    for file in journeys.index.folder.index.glob("*/links.arrow"):
        file.unlink()

    assert timeline.find_person(journeys.index, "phone") == timeline.find_person(journeys.index, "anna")


def test_rows_come_with_all_they_were_sent_with() -> None:
    journeys = log(ROWS)
    anna = timeline.find_person(journeys.index, "anna")
    assert anna is not None

    rows = timeline.read_rows(journeys.index, anna, np.array([2, 0]))

    assert sorted(rows) == [0, 2]
    assert rows[0].properties == {"price": 1.5, "note": "a"}
    assert (rows[0].anonymous_id, rows[0].revenue) == ("phone", None)
    assert (rows[2].revenue, rows[2].order_id, rows[2].currency, rows[2].properties) == (9.0, "7", "EUR", {})


def test_rows_are_found_after_compaction() -> None:
    journeys = log(ROWS)
    with journeys.index.folder.writing():
        compact(journeys.index.folder)
    index = open_index(journeys.index.folder)
    anna = timeline.find_person(index, "anna")
    assert anna is not None

    assert set(timeline.read_rows(index, anna, np.array([0, 2]))) == {0, 2}
    assert timeline.read_rows(index, anna, np.empty(0, np.int64)) == {}


@pytest.mark.parametrize(
    ("bucket", "actors", "held"),
    [
        ("fresh", [1], True),
        ("all", [1], True),
        ("00", [1], True),
        ("11", [1], False),
        ("11", [-1], True),
        ("01", [-1, 1 << 62], True),
    ],
)
def test_a_file_is_read_when_its_bucket_begins_an_actor(bucket: str, actors: list[int], held: bool) -> None:  # noqa: FBT001  (a column of the table above)
    assert timeline._may_hold(bucket, actors) is held
