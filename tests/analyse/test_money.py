"""Amounts of several currencies in the answers that have room for one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sojourn.records.errors import BadOption
from tests.analyse.logs import log

if TYPE_CHECKING:
    from pathlib import Path

ROWS: list[Any] = [
    ("anna", "2024-03-01 10:00", "visit", {"channel": "ads"}),
    ("anna", "2024-03-01 11:00", "Order Completed", {"order_id": "1", "revenue": 10.0, "currency": "EUR"}),
    ("ben", "2024-03-02 10:00", "visit", {"channel": "mail"}),
    ("ben", "2024-03-02 11:00", "Order Completed", {"order_id": "2", "revenue": 20.0, "currency": "USD"}),
    ("ben", "2024-03-03 10:00", "visit", {"channel": "mail"}),
    ("ben", "2024-03-03 11:00", "Order Completed", {"order_id": "3", "revenue": 30.0, "currency": "EUR"}),
]


@pytest.fixture
def rates(tmp_path: Path) -> Path:
    file = tmp_path / "rates.csv"
    file.write_text("date,currency,rate\n2024-01-01,USD,0.5\n")
    return file


def test_attribution_credits_values_of_the_commonest_currency_and_says_what_is_left_out() -> None:
    found = log(ROWS).attribution(goal="Order Completed", touch="channel")

    assert (found.conversions, found.value, found.value_currency) == (3, 40.0, "EUR")
    assert {name: credit.value for name, credit in found.models["last"].items()} == {"ads": 10.0, "mail": 30.0}
    assert any("USD (1 event) are left out" in note for note in found.notes)


def test_attribution_in_another_currency_and_by_rates(rates: Path) -> None:
    dollars = log(ROWS).attribution(goal="Order Completed", touch="channel", currency="USD")
    euros = log(ROWS).attribution(goal="Order Completed", touch="channel", currency="EUR", rates=rates)

    assert (dollars.value, dollars.value_currency) == (20.0, "USD")
    assert (euros.value, euros.conversions) == (50.0, 3)
    assert not any("left out" in note for note in euros.notes)


def test_there_is_no_roas_of_costs_and_values_in_two_currencies(tmp_path: Path) -> None:
    spend = tmp_path / "spend.csv"
    spend.write_text("channel,cost,currency\nads,5,USD\n")

    found = log(ROWS).attribution(goal="Order Completed", touch="channel", spend=spend)

    assert all(cost.roas != cost.roas for cost in found.costs)
    assert any("no ROAS" in note for note in found.notes)
    dollars = log(ROWS).attribution(goal="Order Completed", touch="channel", spend=spend, currency="USD")
    assert all(cost.roas == cost.roas for cost in dollars.costs)


def test_a_purchase_in_another_currency_counts_and_its_amount_does_not(rates: Path) -> None:
    journeys = log(ROWS)

    ben, converted = journeys.person("ben"), journeys.person("ben", currency="EUR", rates=rates)

    assert (ben.purchases, ben.revenue, ben.currency) == (2, 30.0, "EUR")
    assert "USD (1 event)" in ben.money_note
    assert (converted.purchases, converted.revenue, converted.money_note) == (2, 40.0, "")
    everybody = journeys.history(period="month")
    assert (everybody.all.periods[0].purchases, everybody.all.periods[0].revenue) == (1.5, 20.0)
    assert everybody.currency == "EUR"


def test_a_log_that_names_no_currency_has_amounts_all_the_same_and_none_to_convert() -> None:
    journeys = log([row for row in ROWS if row[2] == "visit"] + [("anna", "2024-03-05", "buy", {"revenue": 5.0})])

    found = journeys.attribution(goal="buy", touch="channel")

    assert (found.value, found.value_currency) == (5.0, None)
    with pytest.raises(BadOption, match="names no currency"):
        journeys.attribution(goal="buy", touch="channel", currency="EUR")
