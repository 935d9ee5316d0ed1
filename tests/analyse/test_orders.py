from __future__ import annotations

import itertools
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sojourn
from sojourn.records.errors import BadOption, UnknownColumn
from tests.analyse.logs import log

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BOOK = [
    ("anna", "2024-03-01 10:00", "line", {"order": "A1", "quantity": 2, "price": 5.0}),
    ("anna", "2024-03-01 10:00", "line", {"order": "A1", "quantity": 1, "price": 3.0}),
    ("anna", "2024-03-11 10:00", "line", {"order": "A2", "quantity": 1, "price": 4.0}),
    ("ben", "2024-03-02 10:00", "line", {"order": "B1", "quantity": 1, "price": 10.0}),
    ("ben", "2024-03-03 10:00", "line", {"order": "C1", "quantity": -1, "price": 10.0}),
    ("carl", "2024-03-03 10:00", "look", {}),
]
"""The worked example of docs/methods/orders.md, and a person without an order."""


def test_the_worked_example() -> None:
    found = log(BOOK).orders(order="order", quantity="quantity", price="price")

    assert (found.orders, found.lines, found.persons, found.repeat_persons, found.repeat_share) == (4, 5, 2, 2, 1.0)
    assert (found.value, found.taken_back, found.negative_lines, found.median_value) == (17.0, 1, 1, 10.0)
    assert found.median_days_between == 5.5
    assert [(row.orders, row.persons) for row in found.counts] == [(2, 2)]


def test_the_persons_behind_the_numbers() -> None:
    found = log(BOOK).orders(order="order", quantity="quantity")

    assert sorted(found.persons_of()) == ["anna", "ben"]
    assert sorted(found.persons_of("repeat")) == ["anna", "ben"]
    assert list(found.persons_of("taken_back")) == ["ben"]


def test_one_order_id_of_two_persons_is_two_orders() -> None:
    rows = [("anna", 0, "buy", {"order": "1"}), ("ben", 1, "buy", {"order": "1"}), ("anna", 2, "buy", {"order": "1"})]

    assert log(rows).orders(order="order").orders == 2


def test_a_value_counts_once_an_order_and_its_first_known_one_does() -> None:
    rows: list[Any] = [
        ("anna", 0, "paid", {"order": "1"}),
        ("anna", 1, "paid", {"order": "1", "revenue": 20.0}),
        ("anna", 2, "paid again", {"order": "1", "revenue": 25.0}),
    ]

    assert log(rows).orders(order="order", value="revenue").value == 20.0


def test_a_filter_that_leaves_nothing_gives_nothing() -> None:
    found = log(BOOK).where("event = 'look'").orders(order="order")

    assert (found.orders, found.persons, found.counts) == (0, 0, ())
    assert np.isnan(found.repeat_share)
    assert list(found.persons_of("repeat")) == []


def test_what_cannot_be_asked() -> None:
    journeys = log(BOOK)
    with pytest.raises(UnknownColumn):
        journeys.orders(order="invoice")
    with pytest.raises(BadOption, match="quantity"):
        journeys.orders(order="order", price="price")
    with pytest.raises(BadOption, match="text"):
        journeys.orders(order="order", quantity="order")


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.sampled_from("pqr"),
            st.integers(0, 20).map(lambda n: n * 5000),
            st.just("line"),
            st.fixed_dictionaries(
                {"order": st.sampled_from("12345"), "quantity": st.integers(-2, 3)},
                optional={"price": st.integers(0, 4).map(float)},
            ),
        ),
        min_size=1,
        max_size=25,
    )
)
def test_it_is_what_a_loop_over_the_rows_counts(rows: list[tuple[str, int, str, dict[str, Any]]]) -> None:
    if not any("price" in row[3] for row in rows):
        rows[0][3]["price"] = 1.0
    found = log(rows).orders(order="order", quantity="quantity", price="price")

    lines: dict[tuple[str, str], list[tuple[int, dict[str, Any]]]] = defaultdict(list)
    for person, time, _, properties in rows:
        lines[person, properties["order"]].append((time, properties))
    value = {key: sum(p["quantity"] * p.get("price", 0.0) for _, p in each) for key, each in lines.items()}
    units = {key: sum(p["quantity"] for _, p in each) for key, each in lines.items()}
    began = {key: min(time for time, _ in each) for key, each in lines.items()}
    persons = {person for person, _ in lines}
    times = {who: sorted(began[key] for key in lines if key[0] == who) for who in persons}
    waits = [b - a for each in times.values() for a, b in itertools.pairwise(each)]
    assert found.orders == len(lines)
    assert found.persons == len(persons)
    assert found.repeat_persons == sum(len(each) > 1 for each in times.values())
    assert found.value == pytest.approx(sum(value.values()))
    assert found.taken_back == sum(units[key] < 0 or value[key] < 0 for key in lines)
    assert found.negative_lines == sum(row[3]["quantity"] < 0 for row in rows)
    assert found.median_lines == np.median([len(each) for each in lines.values()])
    if waits:
        assert found.median_days_between == pytest.approx(np.median(waits) / 86400)


def test_a_year_of_a_real_shop(data: Callable[[str], Path]) -> None:
    journeys = sojourn.read(data("online_retail/online_retail.parquet"))

    whole = journeys.orders(quantity="Quantity", price="UnitPrice")
    kept = journeys.where("Quantity > 0").orders(quantity="Quantity", price="UnitPrice")

    assert (whole.orders, whole.lines, whole.persons) == (22190, 406829, 4372)
    assert whole.value == pytest.approx(8300065.814)
    assert (kept.lines, kept.persons) == (397924, 4339)
    assert kept.value == pytest.approx(8911407.904)
    assert kept.taken_back == kept.negative_lines == 0
