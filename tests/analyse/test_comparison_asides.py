"""What is a part of the outcome stands beside the findings: milestones on the way, other names for leaving and going on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.analyse.logs import log
from tests.analyse.test_compare import DAY, finding

if TYPE_CHECKING:
    from tests.analyse.logs import Row


def test_an_event_every_converter_passes_is_a_milestone_and_no_finding() -> None:
    """Nobody buys without paying: `pay` says where people leave, not why."""
    rows: list[Row] = [("late", 40 * DAY, "home", {})]
    for number in range(40):
        person, at = f"p{number}", number * DAY // 2
        rows.append((person, at, "cart", {}))
        if number < 22:
            rows.append((person, at + 10, "pay", {"how": "card" if number % 2 else "invoice"}))
        if number < 20:
            rows.append((person, at + 30, "purchase", {}))

    comparison = log(rows).compare(["cart", "purchase"])

    assert [(m.what, m.share_a, m.share_b) for m in comparison.milestones] == [("pay", 0.1, 1.0)]
    assert not [found for found in comparison.findings if found.event == "pay" and found.difference < 0]


def test_an_event_every_leaver_comes_to_is_an_ending_and_no_finding() -> None:
    """Forty cancel, nobody goes on after that: `cancel` says that they left, not why."""
    rows: list[Row] = [("late", 90 * DAY, "home", {})]
    for number in range(80):
        person, at = f"p{number}", number * DAY
        rows.append((person, at, "reminded", {}))
        if number < 40:
            if number % 4:
                rows.append((person, at + 5, "dearer", {}))
            rows.append((person, at + 10 + number, "cancel", {}))
        else:
            if not number % 8:
                rows.append((person, at + 5, "dearer", {}))
            rows.append((person, at + 50, "renew", {}))

    comparison = log(rows).compare(["reminded", "renew"])

    assert [(ending.what, ending.share_a) for ending in comparison.endings] == [("cancel", 1.0)]
    assert comparison.findings[0].what == "dearer"
    assert (comparison.findings[0].count_a, comparison.findings[0].count_b) == (30, 5)


def test_what_only_converters_come_to_is_another_name_for_going_on() -> None:
    """All 40 who are approved are registered too, 20 of them a moment before: no reason for the approval."""
    rows: list[Row] = [("late", 90 * DAY, "home", {})]
    for number in range(80):
        person, at = f"p{number}", number * DAY
        rows.append((person, at, "sent", {}))
        if number < 40:
            rows.append((person, at + 30, "approved", {}))
            rows.append((person, at + (29 if number % 2 else 31), "registered", {"by": "clerk"}))
        elif number < 60:
            rows.append((person, at + 5, "declined", {}))

    comparison = log(rows).compare(["sent", "approved"])

    assert [(end.what, end.share_a, end.share_b) for end in comparison.endings] == [("registered", 0.0, 1.0)]
    assert not [found for found in comparison.findings if found.event == "registered"]
    assert "Another name for going on: registered (100 % of converters" in str(comparison)


def test_what_nobody_survives_may_be_how_they_left() -> None:
    """Twenty of 40 leavers are declined and no converter is: the sentence says what that may mean."""
    rows: list[Row] = [("late", 90 * DAY, "home", {})]
    for number in range(80):
        person, at = f"p{number}", number * DAY
        rows += [(person, at, "sent", {}), (person, at + 30, "approved" if number < 40 else "looked", {})]
        if number >= 60:
            rows.append((person, at + 5, "declined", {}))

    declined = finding(log(rows).compare(["sent", "approved"]), "declined")

    assert (declined.count_a, declined.count_b, declined.sure) == (20, 0, True)
    assert "Nobody who had it went on: it may be how they left rather than why." in declined.sentence


def test_an_ending_may_be_half_of_the_leavers_when_it_follows_what_they_met() -> None:
    """Sixty leave; 45 of them had a fee, as had 6 of 60 who stay; 42 say so by cancelling, the others just stay away."""
    rows: list[Row] = [("late", 150 * DAY, "home", {})]
    for number in range(120):
        person, at, stays = f"p{number}", number * DAY, number >= 60
        rows.append((person, at, "reminded", {}))
        if number < 45 or number >= 114:
            rows.append((person, at + 5, "fee", {}))
        if number < 42:
            rows.append((person, at + 30, "cancel", {}))
        if stays:
            rows.append((person, at + 50, "renew", {}))

    comparison = log(rows).compare(["reminded", "renew"])

    assert [(ending.what, ending.share_a) for ending in comparison.endings] == [("cancel", 0.7)]
    assert (comparison.findings[0].what, comparison.findings[0].count_a, comparison.findings[0].count_b) == (
        "fee",
        45,
        6,
    )


def test_a_page_every_converter_passes_is_a_milestone_too() -> None:
    """The page of the cart comes before paying, whatever else people look at; that page's name is then no reason to stay."""
    rows: list[Row] = [("late", 90 * DAY, "home", {})]
    for number in range(60):
        person, at, buys = f"p{number}", number * DAY, number % 2 == 0
        rows += [(person, at, "view", {}), (person, at + 3, "page", {"title": "help" if number % 4 < 2 else "terms"})]
        if buys:
            rows += [(person, at + 9, "page", {"title": "cart"}), (person, at + 20, "purchase", {})]

    comparison = log(rows).compare(["view", "purchase"])

    assert [m.what for m in comparison.milestones] == ["page with title = cart"]
    assert not [found for found in comparison.findings if found.value == "cart"]


def test_what_leavers_only_do_sooner_ranks_behind_what_they_do_more() -> None:
    """Who buys closes the page when they have bought, after 200 s, 35 of 60 others at once. A fee keeps 30 of these 60."""
    rows: list[Row] = [("late", 150 * DAY, "home", {})]
    for number in range(120):
        person, at, buys = f"p{number}", number * DAY, number >= 60
        rows.append((person, at, "cart", {}))
        if number < 30 or number >= 115:
            rows.append((person, at + 100, "fee", {}))
        rows += [(person, at + 200, "purchase", {})] if buys else []
        if number >= 25:
            rows.append((person, at + (201 if buys else 110), "page closed", {}))

    found = [f for f in log(rows).compare(["cart", "purchase"]).findings if f.sure and f.more_among == "leavers"]

    assert [f.what for f in found] == ["fee", "page closed"]
    assert [(f.count_a, f.count_b) for f in found] == [(30, 5), (35, 0)]
