"""Recipes for what a business knows of its customers besides its site, each on a sample written by hand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from sojourn.collect.imports.mapping import load_mapping

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def sample(root: Path, imported: Callable[..., Any]) -> Callable[[str], Any]:
    def read(name: str) -> Any:
        return imported(root / "tests/fixtures/recipes" / name, load_mapping(name.split(".", maxsplit=1)[0]))

    return read


def externals(log: Any) -> list[dict[str, str] | None]:
    """Further identifiers of each row, by kind."""
    return [None if text is None else dict(json.loads(text)) for text in log.column("external_ids")]


def test_contacts_of_a_crm_are_identified_with_everything_it_knows(sample: Callable[[str], Any]) -> None:
    log = sample("crm.csv")

    assert log.column("event") == ["Identified"] * 3
    assert log.column("type") == ["identify"] * 3
    assert log.column("user_id") == ["4711", "4712", None]
    assert externals(log) == [{"email": "anna@shop.example"}, None, {"email": "carl@shop.example"}]
    anna, ben, carl = (json.loads(text) for text in log.column("traits"))
    assert anna == {
        "stage": "opportunity", "owner": "agent3", "profession": "teacher", "interests": "garden, kitchen",
        "communication_preference": "email", "Age": 34, "email": "Anna@Shop.example",
    }  # fmt: skip
    assert ben == {"stage": "customer", "owner": "agent1", "communication_preference": "phone"}
    assert carl["profession"] == "nurse"
    assert log.column("time")[0] == "2024-01-15 10:00:00.000000Z"
    assert not log.batches[0].properties


def test_refunds_and_returns_of_a_shop_are_negative(sample: Callable[[str], Any]) -> None:
    log = sample("orders.csv")

    assert log.column("event") == [
        "Order Completed", "Order Completed", "Order Refunded", "Product Returned", "Order Cancelled",
    ]  # fmt: skip
    assert log.property("status") == ["paid", "fulfilled", "Refunded", "returned", "cancelled"]
    assert log.column("sent_event") == [None] * 5
    assert log.column("order_id") == ["A-7", "A-8", "A-7", "A-9", "A-10"]
    assert log.column("revenue") == [24.5, 99.0, -24.5, -10.0, 5.0]
    assert log.column("user_id") == ["4711", None, "4711", "4712", "4712"]
    assert externals(log)[1] == {"email": "dora@shop.example"}
    assert log.property("product_id") == ["kettle", "lamp", "kettle", "mug", "mug"]


def test_receipts_of_a_till_belong_to_the_card(sample: Callable[[str], Any]) -> None:
    log = sample("pos.csv")

    assert log.column("event") == ["Store Purchase Completed", "Product Returned"]
    assert externals(log) == [{"loyalty_card": "77001234"}] * 2
    assert log.column("revenue") == [39.9, -39.9]
    assert log.column("time") == ["2024-01-15 17:30:00.000000Z", "2024-01-18 12:10:00.000000Z"]
    assert log.property("store") == ["Köln", "Köln"]
    assert log.reasons == [(4, "no_person")]  # paid without a card


def test_changes_of_subscriptions(sample: Callable[[str], Any]) -> None:
    log = sample("subscriptions.jsonl")

    assert log.column("event") == [
        "Subscription Started", "Subscription Upgraded", "Payment Failed", "Subscription Updated", "Subscription Cancelled",
    ]  # fmt: skip
    assert log.column("user_id") == ["4711"] * 5
    assert externals(log) == [{"email": "anna@shop.example"}, None, None, None, None]
    assert log.column("revenue") == [49.0, 99.0, 99.0, None, None]
    assert log.property("plan")[0] == "pro"
    assert log.column("message_id") == ["s1", "s2", "s3", "s4", "s5"]


def test_points_of_a_loyalty_programme(sample: Callable[[str], Any]) -> None:
    log = sample("loyalty.csv")

    assert log.column("event") == ["Loyalty Points Earned", "Loyalty Points Redeemed", "Loyalty Programme Joined"]
    assert externals(log)[2] == {"loyalty_card": "77005555"}
    assert log.property("points") == [39, -100, None]
    assert log.property("store") == ["Leeds", "Leeds", "York"]


def test_tickets_keep_their_words(sample: Callable[[str], Any]) -> None:
    log = sample("tickets.json")

    assert log.column("event") == ["Ticket Created", "Ticket Resolved"]
    assert log.column("message_id") == ["Ticket Created:t501-1", "Ticket Resolved:t501-2"]
    assert log.column("user_id") == ["4711", "4711"]
    assert log.property("text")[0] == "Water runs out below.\nWhat now?"
    assert log.property("ticket_id") == [501, 501]
    assert log.column("time")[1] == "2024-01-18 15:30:00.000000Z"


def test_calls_are_matched_by_number(sample: Callable[[str], Any]) -> None:
    log = sample("calls.csv")

    assert log.column("event") == ["Phone Call Ended", "Phone Call Missed"]
    assert externals(log) == [{"phone": "+49 221 5550100"}, {"phone": "+49 221 5550199"}]
    assert log.property("duration_s") == [312, 0]
    assert log.property("text")[0] == "Asks where the refund is, is told three days"


def test_chats_tell_who_wrote(sample: Callable[[str], Any]) -> None:
    log = sample("chats.jsonl")

    assert log.column("event") == [
        "Live Chat Conversation Started", "Live Chat Message Sent", "Live Chat Message Received", "Live Chat Conversation Ended",
    ]  # fmt: skip
    assert log.column("anonymous_id") == ["phone-1"] * 4
    assert externals(log)[3] == {"email": "anna@shop.example"}
    assert log.property("text")[1:3] == ["Does it whistle?", "It does."]


def test_visits_to_a_shop_in_town(sample: Callable[[str], Any]) -> None:
    log = sample("store_visits.csv")

    assert log.column("event") == ["Store Visited", "Store Visited"]
    assert externals(log) == [{"loyalty_card": "77001234"}, {"loyalty_card": "77005555"}]
    assert (log.property("store"), log.property("duration_s")) == (["Leeds", "York"], [1260, 240])
    assert log.property("via") == ["wifi", "app"]


def test_answers_to_surveys(sample: Callable[[str], Any]) -> None:
    log = sample("surveys.csv")

    assert log.column("event") == ["Survey Answered"] * 3
    assert log.property("survey") == ["NPS", "CES", "CSAT"]
    assert log.property("score") == [9, 2, 4]
    assert log.property("text") == ["Quick and friendly", 'Too many fields, "again"', None]


def test_reviews(sample: Callable[[str], Any]) -> None:
    log = sample("reviews.csv")

    assert log.column("event") == ["Product Reviewed"] * 2
    assert (log.property("product_id"), log.property("rating")) == (["kettle", "lamp"], [2, 5])
    assert log.property("text")[0] == "It leaked on day two."


def test_mentions_and_reactions(sample: Callable[[str], Any]) -> None:
    log = sample("social.jsonl")

    assert log.column("event") == ["Social Mention Posted", "Social Reaction"]
    assert log.property("type") == ["mention", "Like"]
    assert externals(log)[1] == {"social_account": "https://social.example/@anna"}
    assert log.property("reach") == [180, None]


def test_use_of_features(sample: Callable[[str], Any]) -> None:
    log = sample("features.csv")

    assert log.column("event") == ["Feature Used"] * 2
    assert log.property("feature") == ["report export", "integration"]
    assert (log.column("user_id"), log.column("group_id")) == (["anna", "ben"], ["acme", "acme"])


def test_events_of_campaigns(sample: Callable[[str], Any]) -> None:
    log = sample("email.csv")

    assert log.column("event") == [
        "Email Delivered", "Email Opened", "Email Link Clicked", "Email Bounced", "Unsubscribed",
    ]  # fmt: skip
    assert externals(log)[1] == {"email": "anna@shop.example"}
    assert log.property("link")[2] == "https://shop.example/kettle"
    assert log.property("campaign") == ["January"] * 5
    assert log.reasons == [(7, "no_event")]  # "deferred" is nothing anybody did


def test_a_column_that_was_not_needed_for_a_new_name_stays(written: Callable[..., Any]) -> None:
    log = written(
        "who,E-Mail,contact email,when\n1,a@x.example,b@x.example,2024-01-01\n2,,c@x.example,2024-01-02\n",
        person="who", time="when", event_value="e", rename=(("email", "contact_email"),),
    )  # fmt: skip

    assert log.property("email") == ["a@x.example", "c@x.example"]
    assert log.property("contact email") == ["b@x.example", None]


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_rename_is_the_same_in_every_format(tmp_path: Path, imported: Callable[..., Any], form: str) -> None:
    rows = [{"Customer ID": "a", "E-Mail": "x@y.example", "When": "2024-01-01 10:00:00", "Stars": "five"}]
    place = tmp_path / f"log.{form}"
    text = ",".join(rows[0]) + "\n" + ",".join(rows[0].values()) + "\n" if form == "csv" else json.dumps(rows[0])
    place.write_text(text)

    log = imported(
        place,
        person="user_id", time="When", event_value="e", external_ids=(("email", "email"),),
        rename=(("user_id", "customer_id"), ("email", "e_mail"), ("rating", "stars")),
    )  # fmt: skip

    assert log.column("user_id") == ["a"]
    assert externals(log) == [{"email": "x@y.example"}]
    assert log.property("rating") == ["five"]
