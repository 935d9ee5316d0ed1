from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.analyse.logs import log
from tests.app.report.journeys_of import evidence_of

import sojourn
from sojourn.app.report.choose import (
    MOST_STEPS,
    choose_goal,
    choose_path,
    choose_touch,
    choose_unit,
    page_candidates,
    referrer_candidates,
    touch_candidates,
    without_idle,
    without_skipped,
)
from sojourn.app.report.choose import Path as Way
from sojourn.app.report.evidence import gather
from sojourn.app.report.plan import Wishes, make_plan

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path


def chosen(journeys: dict[str, int]) -> tuple[str, ...]:
    """The steps chosen for journeys, goal last; empty without a goal."""
    found = evidence_of(journeys)
    goal = choose_goal(found)
    return choose_path(found, goal.step).steps if goal else ()


def test_a_shop_in_plain_words() -> None:
    assert chosen({"view": 900, "view, cart": 60, "view, cart, purchase": 40}) == ("view", "cart", "purchase")


def test_a_shop_in_segments_words() -> None:
    assert chosen(
        {
            "Page Viewed": 50,
            "Page Viewed, Product Viewed": 30,
            "Page Viewed, Product Viewed, Product Added, Checkout Started": 15,
            "Page Viewed, Product Viewed, Product Added, Checkout Started, Order Completed": 5,
        }
    ) == ("Page Viewed", "Product Viewed", "Product Added", "Checkout Started", "Order Completed")


def test_a_shop_in_google_analytics_words() -> None:
    assert chosen({"session_start, view_item": 60, "session_start, view_item, add_to_cart, begin_checkout": 30,
                   "session_start, view_item, add_to_cart, begin_checkout, purchase": 10}) == (
        "session_start", "view_item", "add_to_cart", "begin_checkout", "purchase",
    )  # fmt: skip


def test_with_too_many_usual_steps_those_a_shop_needs_most_stay() -> None:
    way = "home, catalog, product_view, add_to_cart, cart, checkout, shipping_details, payment_details, purchase"

    steps = chosen({"home": 50, "home, catalog": 30, way: 20})

    assert steps == ("product_view", "add_to_cart", "cart", "checkout", "payment_details", "purchase")
    assert len(steps) == MOST_STEPS


def test_a_loan_application_by_its_data() -> None:
    assert chosen(
        {
            "A_SUBMITTED, A_DECLINED": 50,
            "A_SUBMITTED, W_CALL, A_PREACCEPTED, A_CANCELLED": 20,
            "A_SUBMITTED, A_PREACCEPTED, W_CALL, A_ACCEPTED, A_DECLINED": 15,
            "A_SUBMITTED, A_PREACCEPTED, A_ACCEPTED, A_APPROVED": 15,
        }
    ) == ("A_SUBMITTED", "A_PREACCEPTED", "A_ACCEPTED", "A_APPROVED")


def test_a_software_by_its_data() -> None:
    assert chosen(
        {
            "Site Visited": 60,
            "Site Visited, Pricing Seen": 20,
            "Site Visited, Pricing Seen, Trial Started": 12,
            "Site Visited, Pricing Seen, Trial Started, Feature Used, Subscription Started": 8,
        }
    ) == ("Site Visited", "Pricing Seen", "Trial Started", "Subscription Started")


def test_a_payment_alone_makes_no_shop() -> None:
    way = "Page Viewed, Pricing Viewed, Trial Started, Data Imported, Payment Info Entered, Subscription Started"
    journeys = {"Page Viewed": 50, "Page Viewed, Feature Used": 60, "Page Viewed, Pricing Viewed": 20,
                "Page Viewed, Pricing Viewed, Trial Started, Feature Used": 10, way: 10}  # fmt: skip

    assert chosen(journeys)[:3] == ("Page Viewed", "Pricing Viewed", "Trial Started")


def test_a_goal_nobody_has_a_usual_name_for_is_late_rare_and_followed_by_little() -> None:
    found = evidence_of({"start": 60, "start, level one": 30, "start, level one, level two, castle": 10})

    goal = choose_goal(found)

    assert goal is not None
    assert (goal.step, goal.guessed) == ("castle", True)
    assert choose_path(found, "castle").steps == ("start", "level one", "castle")


@pytest.mark.parametrize("name", ["error_page", "logout", "order_cancelled", "refund"])
def test_an_unlucky_end_is_no_goal(name: str) -> None:
    assert choose_goal(evidence_of({"start": 20, "start, browse": 70, f"start, browse, {name}": 10})) is None


def test_one_event_name_has_no_goal() -> None:
    assert choose_goal(evidence_of({"purchase": 100})) is None


def test_an_empty_log_has_no_goal() -> None:
    assert choose_goal(evidence_of({})) is None


def test_of_two_purchases_the_one_with_a_way_to_it_is_the_goal() -> None:
    found = evidence_of(
        {
            "Product Viewed": 50,
            "Product Viewed, Product Added, Order Completed": 10,
            "Store Purchase Completed, Product Viewed": 40,
        }
    )

    goal = choose_goal(found)

    assert goal is not None
    assert goal.step == "Order Completed"


def test_a_goal_that_opens_every_journey_has_no_way_to_it() -> None:
    found = evidence_of({"sign_up": 50, "sign_up, play": 50, "play": 10})

    assert choose_path(found, "sign_up").steps == ("sign_up",)


def reach(journeys: dict[str, int]) -> Callable[[Sequence[str]], int]:
    """How many of these journeys pass steps in order: a loop over persons."""

    def count(steps: Sequence[str]) -> int:
        total = 0
        for journey, persons in journeys.items():
            rest = iter(journey.split(", "))
            total += persons * all(step in rest for step in steps)
        return total

    return count


def test_a_step_most_buyers_do_without_is_left_out() -> None:
    journeys = {"view": 900, "view, cart": 50, "view, cart, purchase": 60, "view, purchase": 130}

    way = without_skipped(Way(("view", "cart", "purchase"), ""), reach(journeys))

    assert way.skipped == ("cart",)
    assert way.core == ("view", "purchase")


def test_steps_that_half_the_buyers_take_stay() -> None:
    journeys = {"view": 900, "view, cart, purchase": 60, "view, purchase": 60}

    assert without_skipped(Way(("view", "cart", "purchase"), ""), reach(journeys)).skipped == ()


def test_of_steps_that_cannot_all_stay_those_a_shop_needs_most_do() -> None:
    journeys = {"view, add_to_cart, purchase": 50, "view, cart, purchase": 50, "view, add_to_cart, cart, purchase": 10}

    assert without_skipped(Way(("view", "add_to_cart", "cart", "purchase"), ""), reach(journeys)).core == (
        "view",
        "add_to_cart",
        "purchase",
    )


@given(
    st.lists(
        st.tuples(st.permutations(["a", "b", "c", "d", "goal"]), st.integers(1, 5), st.integers(1, 9)),
        min_size=1,
        max_size=8,
    )
)
def test_at_least_half_of_those_who_get_there_pass_the_steps_that_stay(drawn: list[tuple[list[str], int, int]]) -> None:
    journeys: dict[str, int] = {}
    for order, length, persons in drawn:
        journey = ", ".join(order[:length])
        journeys[journey] = journeys.get(journey, 0) + persons
    count = reach(journeys)

    way = without_skipped(Way(("a", "b", "c", "goal"), ""), count)

    assert count(way.core) >= count(["a", "goal"]) / 2
    assert way.core[0] == "a"
    assert way.core[-1] == "goal"


def test_a_step_nobody_is_lost_at_says_nothing() -> None:
    way = Way(("view", "add", "see cart", "pay"), "")

    assert without_idle(way, [100, 40, 40, 10]).steps == ("view", "add", "pay")
    assert without_idle(way, [100, 40, 30, 10]).steps == way.steps
    assert without_idle(way, [100, 40, 10, 10]).steps == ("view", "add", "pay")


def test_sessions_count_where_people_come_often_and_decide_at_once() -> None:
    assert choose_unit(6.0, 100, 90)[0] == "sessions"
    assert choose_unit(6.0, 100, 20)[0] == "persons"
    assert choose_unit(1.1, 100, 100)[0] == "persons"
    assert choose_unit(9.0, 0, 0)[0] == "persons"


def test_columns_are_known_in_any_spelling_best_name_first() -> None:
    names = ["referrer", "Acquisition Channel", "price", "utm_source"]
    assert touch_candidates(names) == ["Acquisition Channel", "utm_source"]
    assert referrer_candidates(names) == ["referrer"]
    assert page_candidates(["URL", "path"]) == ["path", "URL"]


def test_a_channel_has_more_than_one_and_not_too_many_values() -> None:
    assert choose_touch({"channel": 1, "utm_source": 5000, "referrer": 12}) == "referrer"
    assert choose_touch({"channel": 1}) is None


@pytest.mark.parametrize(
    ("first", "second", "touch", "said"),
    [
        ({"referrer": "https://www.google.com/"}, {"query": "utm_medium=email"}, "channel", "column channel, told by"),
        ({"referrer": "https://a.example/"}, {"referrer": "https://b.example/"}, "referrer", "column referrer ("),
        ({"query": "utm_medium=email"}, {"query": "utm_medium=email"}, None, "no column looks like one"),
        (
            {"referrer": "https://www.google.com/", "utm_source": "a"},
            {"query": "utm_medium=email", "utm_source": "b"},
            "utm_source",
            "column utm_source (",
        ),
    ],
)
def test_channels_are_told_by_referrers_where_no_column_names_them(
    first: dict[str, str], second: dict[str, str], touch: str | None, said: str
) -> None:
    plan = make_plan(log([("anna", 0, "view", first), ("ben", 1, "view", second)]), Wishes())

    assert plan.touch == touch
    assert any(line.startswith(f"Channel: {said}") for line in plan.lines())


REAL = {
    "rees46_store/events_2019-10-01.csv.gz": (("view", "cart", "purchase"), ("cart",), "persons", None),
    "bpic2012_loan/bpic2012_events.parquet": (
        ("A_SUBMITTED", "A_PREACCEPTED", "A_ACCEPTED", "A_FINALIZED", "O_SENT_BACK", "A_APPROVED"),
        (),
        "persons",
        None,
    ),
    "funnel_ecom/ecom_events.csv.gz": (
        ("product_view", "add_to_cart", "cart", "shipping_details", "payment_details", "purchase"),
        ("cart", "shipping_details", "payment_details"),
        "sessions",
        "acquisition_channel",
    ),
    "apache_weblog/apache_access.log.gz": ((), (), "persons", "channel"),
    "wikipedia_readers/wikipedia_reader_events.csv.gz": ((), (), "persons", None),
}


@pytest.mark.parametrize("name", REAL)
def test_real_logs_are_read_as_a_person_would(name: str, data: Callable[[str], Path]) -> None:
    plan = make_plan(sojourn.read(data(name)), Wishes())

    steps, skipped, unit, touch = REAL[name]
    assert plan.steps == steps
    assert (plan.path.skipped if plan.path else ()) == skipped
    assert plan.unit == unit
    assert plan.touch == touch


def test_evidence_of_a_log_is_that_of_its_journeys(data: Callable[[str], Path]) -> None:
    found = gather(sojourn.read(data("rees46_store/events_2019-10-01.csv.gz")))

    assert found.persons == 4504
    assert {event.name: event.persons for event in found.events} == {"view": 4504, "purchase": 193, "cart": 111}
    assert found.preceded("cart", "purchase") == 60
