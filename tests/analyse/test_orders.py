from __future__ import annotations

import itertools
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sojourn
from sojourn.records.errors import BadFile, BadOption, UnknownColumn
from tests.analyse.logs import log
from tests.thoroughness import examples

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


@examples(60)
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


@pytest.mark.long
def test_a_year_of_a_real_shop(data: Callable[[str], Path]) -> None:
    journeys = sojourn.read(data("online_retail/online_retail.parquet"))

    whole = journeys.orders(quantity="Quantity", price="UnitPrice")
    kept = journeys.where("Quantity > 0").orders(quantity="Quantity", price="UnitPrice")

    assert (whole.orders, whole.lines, whole.persons) == (22190, 406829, 4372)
    assert whole.value == pytest.approx(8300065.814)
    assert (kept.lines, kept.persons) == (397924, 4339)
    assert kept.value == pytest.approx(8911407.904)
    assert kept.taken_back == kept.negative_lines == 0


SEVERAL: list[Any] = [
    ("anna", "2024-03-01 10:00", "buy", {"order_id": "1", "revenue": 10.0, "currency": "EUR", "channel": "ads"}),
    ("ben", "2024-03-02 10:00", "buy", {"order_id": "2", "revenue": 20.0, "currency": "USD", "channel": "mail"}),
    ("ben", "2024-03-12 10:00", "buy", {"order_id": "3", "revenue": 30.0, "currency": "EUR", "channel": "mail"}),
    ("carl", "2024-03-13 10:00", "buy", {"order_id": "4", "revenue": 5.0, "channel": "mail"}),
    ("carl", "2024-04-01 10:00", "buy", {"order_id": "5", "revenue": -4.0, "currency": "USD", "channel": "mail"}),
]
"""Orders in euros, dollars, and one that does not say."""


def test_amounts_of_several_currencies_are_told_apart_and_never_added() -> None:
    found = log(SEVERAL).orders()

    assert [(a.currency, a.orders, a.value, a.median_value) for a in found.amounts] == [
        ("EUR", 2, 40.0, 20.0),
        ("USD", 2, 16.0, 20.0),
        ("(none)", 1, 5.0, 5.0),
    ]
    assert np.isnan(found.value)
    assert found.currency is None
    assert found.taken_back == 1


def test_amounts_of_the_only_currency_are_added_those_that_do_not_name_it_too() -> None:
    found = log([row for row in SEVERAL if row[3].get("currency") != "USD"]).orders()

    assert (found.currency, found.value) == ("EUR", 45.0)


def test_a_dated_rate_converts_from_its_day_on_and_what_has_none_stays_apart(tmp_path: Path) -> None:
    rates = tmp_path / "rates.csv"
    rates.write_text("date,currency,rate\n2024-03-05,USD,0.9\n2024-03-20,USD,0.5\n")

    found = log(SEVERAL).orders(currency="EUR", rates=rates)

    # ben's dollars of 2 March come before the first rate; carl's of 1 April are worth half.
    assert [(a.currency, a.orders, a.value) for a in found.amounts] == [
        ("EUR", 3, 38.0),
        ("(none)", 1, 5.0),
        ("USD", 1, 20.0),
    ]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("date,rate\n2024-01-01,1\n", "currency"),
        ("date,currency,rate\nsoon,USD,1\n", "line 2"),
        ("date,currency,rate\n2024-01-01,USD,-1\n", "above 0"),
        ("date,currency,rate\n2024-01-01,USD\n", "line 2"),
    ],
)
def test_a_table_of_rates_that_makes_no_sense_is_refused(content: str, said: str, tmp_path: Path) -> None:
    rates = tmp_path / "rates.csv"
    rates.write_text(content)

    with pytest.raises(BadFile, match=said):
        log(SEVERAL).orders(currency="EUR", rates=rates)


def test_currencies_and_rates_that_cannot_be_asked_for(tmp_path: Path) -> None:
    with pytest.raises(BadOption, match="EUR, USD"):
        log(SEVERAL).orders(currency="CHF")
    with pytest.raises(BadOption, match="--in"):
        log(SEVERAL).orders(rates=tmp_path / "rates.csv")
    with pytest.raises(BadFile, match="rates"):
        log(SEVERAL).orders(currency="EUR", rates=tmp_path / "rates.csv")


def test_groups_and_periods_hold_the_orders_whose_first_event_is_in_them() -> None:
    found = log(SEVERAL).orders(by="channel", trend="month")

    assert [(g.group, g.orders, g.persons, g.repeat_persons, g.taken_back) for g in found.groups] == [
        ("mail", 4, 2, 2, 1),
        ("ads", 1, 1, 0, 0),
    ]
    assert [(g.group, g.orders) for g in found.trend] == [("2024-03", 4), ("2024-04", 1)]
    assert [(a.currency, a.value) for a in found.groups[1].amounts] == [("EUR", 10.0)]
    assert set(found.persons_of("repeat", group="mail")) == {"ben", "carl"}
    assert list(found.persons_of(group="ads")) == ["anna"]
    with pytest.raises(BadOption, match="no group 'tv'"):
        found.persons_of(group="tv")


@examples(40)
@given(
    st.lists(
        st.tuples(
            st.sampled_from("pqr"),
            st.integers(0, 40).map(lambda n: n * 40_000),
            st.just("line"),
            st.fixed_dictionaries(
                {"order_id": st.sampled_from("1234"), "revenue": st.integers(-3, 9).map(float)},
                optional={"currency": st.sampled_from(["EUR", "USD", "CHF"]), "shop": st.sampled_from("xy")},
            ),
        ),
        min_size=1,
        max_size=20,
    )
)
def test_amounts_and_groups_are_what_a_loop_over_the_rows_counts(
    rows: list[tuple[str, int, str, dict[str, Any]]],
) -> None:
    rows[0][3].setdefault("shop", "x")
    found = log(rows).orders(by="shop")

    first: dict[tuple[str, str], dict[str, Any]] = {}
    for person, _, _, properties in sorted(rows, key=lambda row: row[1]):
        first.setdefault((person, properties["order_id"]), properties)
    named = {row[3]["currency"] for row in rows if "currency" in row[3]}
    unnamed = "" if not named else next(iter(named)) if len(named) == 1 else "(none)"
    worth: dict[str, list[float]] = defaultdict(list)
    for properties in first.values():
        worth[properties.get("currency", unnamed)].append(properties["revenue"])
    assert {a.currency: (a.orders, a.value) for a in found.amounts} == {
        currency: (len(each), sum(each)) for currency, each in worth.items()
    }
    for amount in found.amounts:
        kept = [value for value in worth[amount.currency] if value >= 0]
        assert amount.median_value == pytest.approx(np.median(kept) if kept else np.nan, nan_ok=True)
    each = Counter(properties.get("shop", "(none)") for properties in first.values())
    assert {group.group: group.orders for group in found.groups} == each
    for group in found.groups:
        mine = Counter(person for (person, _), p in first.items() if p.get("shop", "(none)") == group.group)
        assert (group.persons, group.repeat_persons) == (len(mine), sum(n > 1 for n in mine.values()))
        assert sorted(found.persons_of("repeat", group=group.group)) == sorted(p for p, n in mine.items() if n > 1)
