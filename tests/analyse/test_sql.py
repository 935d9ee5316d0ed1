"""SQL asked of journeys; what it may not do is in tests/store/test_query.py."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal

import pyarrow as pa
import pytest

from sojourn.analyse.sql import SqlAnswer
from sojourn.records.errors import BadOption
from tests.analyse.logs import Row, log

ROWS: list[Row] = [("anna", 0, "view", {"price": 3}), ("anna", 5, "buy", {"price": 4}), ("ben", 9, "view", {})]


def test_journeys_answer_sql() -> None:
    answer = log(ROWS).sql("select event, count(*) n, sum(price) paid from events group by 1 order by 1")

    assert answer.to_dict() == {
        "columns": ["event", "n", "paid"],
        "rows": [["buy", 1, 4], ["view", 2, 3]],
        "more": False,
    }
    assert "2 rows" in str(answer)


def test_sql_of_narrowed_journeys_is_refused() -> None:
    with pytest.raises(BadOption, match="say in the query which events"):
        log(ROWS).where("price > 3").sql("select 1")


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (Decimal(190), 190),
        (Decimal("1.10"), 1.1),
        (Decimal(12345678901234567890), "12345678901234567890"),
        (2**60, str(2**60)),
        (float("nan"), None),
        (float("inf"), "inf"),
        (dt.date(2024, 1, 2), "2024-01-02"),
        (pa.MonthDayNano([1, 2, 3_500_000_000]), "1 month 2 days 00:00:03.5"),
        ({"a": [2**60]}, {"a": [str(2**60)]}),
        (b"\xff", "ff"),
    ],
)
def test_every_value_is_json(value: object, told: object) -> None:
    answer = SqlAnswer(pa.table({"x": pa.array([value])}), more=False)

    assert json.loads(json.dumps(answer.to_dict(), allow_nan=False))["rows"] == [[told]]


def test_two_columns_of_one_name_are_two() -> None:
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], ["a", "a"])

    assert SqlAnswer(table, more=False).to_dict()["rows"] == [[1, 2]]
