"""What a report says is what the single questions say."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from tests.analyse.logs import log
from typer.testing import CliRunner

import sojourn
from sojourn.app.cli import app
from sojourn.records.errors import UnknownColumn, UnknownEvent

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sojourn.analyse.journeys import Journeys

SHOP = [
    *(("anna", f"2024-01-0{day} 10:0{n}", event, {"channel": "ads"}) for day in (1, 2, 9) for n, event in enumerate(["view", "cart", "purchase"])),
    *((f"ben{k}", f"2024-01-0{1 + k % 7} 11:0{n}", event, {"channel": "mail"}) for k in range(8) for n, event in enumerate(["view", "view"])),
    *((f"carl{k}", f"2024-01-0{1 + k % 7} 12:0{n}", event, {"channel": "ads"}) for k in range(4) for n, event in enumerate(["view", "cart"])),
]  # fmt: skip


@pytest.fixture(scope="module")
def shop() -> Journeys:
    """Nine days of a small shop."""
    return log(SHOP)


def test_a_report_has_every_section_in_the_order_of_the_story(shop: Journeys) -> None:
    told = shop.report()

    assert [section.name for section in told.sections] == [
        "log", "sessions", "funnel", "leavers", "paths", "retention", "attribution", "engagement",
    ]  # fmt: skip
    assert all(section.headline.endswith(".") for section in told.sections)


def test_it_says_what_was_chosen_and_how_to_choose_otherwise(shop: Journeys) -> None:
    lines = " ".join(shop.report().plan.lines())

    assert "Goal: purchase, because its name says a purchase (--goal EVENT)" in lines
    assert "view > cart > purchase" in lines
    for option in ("--step", "--unit", "--touch", "--page"):
        assert option in lines


def test_its_numbers_are_those_of_the_single_questions(shop: Journeys) -> None:
    sections = shop.report().to_dict()["sections"]

    assert sections["funnel"]["funnel"] == shop.funnel(["view", "cart", "purchase"]).to_dict()
    assert sections["sessions"]["sessions"] == shop.sessions(trend="day").to_dict()
    assert sections["leavers"]["comparison"] == shop.compare(["view", "cart", "purchase"], at=1).to_dict()
    assert sections["retention"]["retention"] == shop.retention(period="day").to_dict()
    assert (
        sections["attribution"]["attribution"]
        == shop.attribution(goal="purchase", touch="channel", touches="visits").to_dict()
    )
    assert sections["engagement"]["engagement"] == shop.engagement().to_dict()


def test_the_funnels_sentence_counts_by_hand(shop: Journeys) -> None:
    assert shop.report().section("funnel").headline == (
        "Of 13 persons who reach view, 1 (7.7 %) go on to purchase; most are lost between view and cart: 8 of 13 (61.5 %)."
    )


def test_goal_steps_and_columns_can_be_said(shop: Journeys) -> None:
    told = shop.report(goal="cart", steps=("view", "cart"), unit="sessions", touch="event", page="channel")

    chosen = told.to_dict()["chosen"]
    assert (chosen["goal"]["step"], chosen["steps"], chosen["unit"]) == ("cart", ["view", "cart"], "sessions")
    assert (chosen["touch"], chosen["page"]) == ("event", "channel")
    assert (
        told.section("funnel").results["funnel"].to_dict() == shop.funnel(["view", "cart"], unit="sessions").to_dict()
    )


def test_a_predicate_may_be_the_goal(shop: Journeys) -> None:
    told = shop.report(goal="event = 'purchase' and channel = 'ads'")

    assert told.section("funnel").results["funnel"].to_dict()["steps"][-1]["count"] == 1


def test_every_number_of_it_is_json() -> None:
    lines = [
        ("anna", f"2024-01-0{n} 10:00", "order line", {"order_id": f"o{n}", "quantity": n, "price": 2.0})
        for n in (1, 2, 3)
    ]
    for journeys in (log(SHOP), log(lines), log(SHOP[:1])):
        assert json.loads(msgspec.json.encode(journeys.report().to_dict()))["sections"]


def test_what_is_not_there_is_an_error_and_not_a_quiet_report(shop: Journeys) -> None:
    with pytest.raises(UnknownEvent):
        shop.report(goal="buy")
    with pytest.raises(UnknownEvent):
        shop.report(steps=("view", "buy"))
    with pytest.raises(UnknownColumn):
        shop.report(touch="colour")


def test_a_log_of_one_event_says_in_a_line_what_it_cannot_answer() -> None:
    told = log([("anna", "2024-01-01 10:00", "ping", {})]).report()

    unanswered = {section.name: section.headline for section in told.sections if not section.results}
    assert {"funnel", "leavers", "retention", "attribution"} <= unanswered.keys()
    assert all(headline.startswith("Not answered: ") for headline in unanswered.values())


def test_a_log_without_times_is_told_by_its_order(tmp_path: Path) -> None:
    file = tmp_path / "log.csv"
    file.write_text(
        "user_id,event\n"
        + "".join(f"u{n},{event}\n" for n in range(9) for event in ("view", "cart", "purchase")[: 1 + n % 3])
    )

    told = sojourn.read(file).report()

    assert told.section("sessions").headline.startswith("Not answered")
    assert told.section("retention").headline.startswith("Not answered")
    assert told.section("funnel").headline.startswith("Of 9 persons who reach view, 3 (33.3 %)")


def test_others_mails_are_no_visits() -> None:
    mails: list[Any] = [(f"p{n}", f"2024-01-0{n} 08:00", "Email Sent", {}) for n in range(1, 9)]
    told = log([*mails, ("p1", "2024-01-02 10:00", "view", {}), ("p1", "2024-01-02 10:01", "buy", {})]).report()

    assert told.section("sessions").to_dict()["sessions"]["sessions"] == 1
    assert "Email Sent" in " ".join(told.section("sessions").notes)


def run(*arguments: str) -> dict[str, Any]:
    done = CliRunner().invoke(app, ["report", *arguments, "--json"])
    assert done.exit_code == 0, done.output
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def test_a_real_shop_log_whose_last_row_is_cut_gives_a_report_and_again_adds_nothing(
    data: Callable[[str], Path], tmp_path: Path
) -> None:
    file, folder = str(data("rees46_store/events_2019-10-01.csv.gz")), str(tmp_path / "d")

    told = run(file, "--data", folder)
    again = run(file, "--data", folder)
    of_folder = run("--data", folder)

    assert told["import"] | {"read": 17435, "imported": 17434, "rejected": 1} == told["import"]
    assert told["chosen"]["skipped"] == ["cart"]
    assert again["import"] | {"imported": 0, "duplicates": 17434} == again["import"]
    assert again["sections"] == told["sections"] == of_folder["sections"]
    assert "1 row was not imported" in " ".join(told["sections"]["log"]["notes"])


@pytest.mark.long
def test_orders_without_events_of_their_own_are_told_as_orders(data: Callable[[str], Path]) -> None:
    told = sojourn.read(data("online_retail/online_retail.parquet")).report()

    orders = told.section("orders").to_dict()["orders"]
    assert (orders["orders"], orders["persons"]) == (22190, 4372)
    assert orders["value"] == pytest.approx(8300065.814)
    assert "negative" in " ".join(told.section("orders").notes)
    assert told.section("funnel").headline.startswith("Not answered")


def test_an_access_log_is_told_by_its_pages(data: Callable[[str], Path]) -> None:
    told = sojourn.read(data("apache_weblog/apache_access.log.gz")).report()

    notes = " ".join(told.section("log").notes)
    assert told.plan.page == "path"
    assert "events of self-declared crawlers are left out" in notes
    assert "(404)" in notes
    assert told.section("paths").results["paths"].to_dict()["column"] == "path"


def test_neither_a_file_nor_a_folder_is_an_error_that_says_what_to_do() -> None:
    done = CliRunner().invoke(app, ["report"])

    assert done.exit_code != 0
    assert "name a file" in str(done.exception)
