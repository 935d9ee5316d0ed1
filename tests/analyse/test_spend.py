"""Spend: which columns are taken for what, which days count, and what a conversion costs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sojourn.analyse.spend import SpendSource, read_spend
from sojourn.records.errors import BadFile, BadOption
from sojourn.records.moments import moment_us
from tests.analyse.logs import log

if TYPE_CHECKING:
    from pathlib import Path

    from tests.analyse.logs import Row

ROWS: list[Row] = [
    ("anna", "2024-03-02 10:00", "visit", {"channel": "ads"}),
    ("anna", "2024-03-03 10:00", "buy", {"revenue": 90.0}),
    ("ben", "2024-03-02 10:00", "visit", {"channel": "mail"}),
    ("ben", "2024-03-05 10:00", "buy", {"revenue": 10.0}),
]


@pytest.fixture
def spend(tmp_path: Path) -> Path:
    """Costs of ads, mail and a channel nobody came from; the last line lies before the log."""
    file = tmp_path / "spend.csv"
    file.write_text(
        "date,channel,clicks,spend,currency\n"
        "2024-03-02,Ads,10,30.50,EUR\n"
        "2024-03-04,ads,5,14.50,EUR\n"
        "2024-03-02,mail,5,5,EUR\n"
        "2024-03-05,radio,0,7,EUR\n"
        "2024-02-01,ads,100,1000,EUR\n"
    )
    return file


def test_a_channel_has_its_cost_by_every_model(spend: Path) -> None:
    """45 for one conversion worth 90: a CPA of 45, a ROAS of 2. The 1,000 of February are outside."""
    result = log(ROWS).attribution(goal="buy", touch="channel", spend=spend)

    ads = next(cost for cost in result.costs if (cost.model, cost.channel) == ("first", "ads"))
    assert (ads.cost, ads.conversions, ads.cpa, ads.roas) == (45.0, 1.0, 45.0, 2.0)
    assert len(result.costs) == 2 * len(result.models)
    assert result.spend_outside == 1000.0
    assert result.spend_unmatched == {"radio": 7.0}
    assert result.currency == "EUR"
    assert any("cost = column spend" in note for note in result.notes)
    assert "Without touches: radio." in str(result)


def test_narrowing_the_log_narrows_the_spend(spend: Path) -> None:
    result = log(ROWS).between("2024-03-03", None).attribution(goal="buy", touch="event", spend=spend)

    assert result.spend_outside == 1035.5


def test_a_table_with_semicolons_may_have_decimal_commas(tmp_path: Path) -> None:
    file = tmp_path / "spend.csv"
    file.write_text("utm_source;Cost\nads;1.234,50\nmail;€ 5\n")

    found = read_spend(SpendSource(file), touch="channel", from_us=None, until_us=None)

    assert found.cost == {"ads": 1234.5, "mail": 5.0}
    assert found.columns == {"channel": "utm_source", "cost": "Cost"}


def test_days_are_days_of_the_time_zone(tmp_path: Path) -> None:
    """1 March in Berlin ends at 23:00 UTC."""
    file = tmp_path / "spend.csv"
    file.write_text("date,channel,cost\n2024-03-01,ads,1\n")
    begins = moment_us("2024-03-01T23:00:00Z")

    in_berlin = read_spend(SpendSource(file), touch="c", from_us=begins, until_us=None, time_zone="Europe/Berlin")
    in_utc = read_spend(SpendSource(file), touch="c", from_us=begins, until_us=None)

    assert (in_berlin.outside, in_utc.outside) == (1.0, 0.0)


@pytest.mark.parametrize(
    ("text", "error", "words"),
    [
        ("channel,cost\nads,much\n", BadOption, "line 2"),
        ("channel,clicks\nads,4\n", BadOption, "--spend-cost"),
        ("channel,cost,currency\nads,1,EUR\nads,1,USD\n", BadOption, "EUR, USD"),
        ("channel,cost\n", BadFile, "no rows"),
    ],
)
def test_a_table_that_cannot_be_right_says_where(tmp_path: Path, text: str, error: type[Exception], words: str) -> None:
    file = tmp_path / "spend.csv"
    file.write_text(text)

    with pytest.raises(error, match=words):
        read_spend(SpendSource(file), touch="channel", from_us=None, until_us=None)
