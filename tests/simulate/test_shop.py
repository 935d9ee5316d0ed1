"""The simulated shop month is plausible: rates a shop would know, orders that add up, texts with something in them."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

GAP = dt.timedelta(minutes=30)


@pytest.fixture(scope="module")
def shop(world: Callable[..., Any]) -> Any:
    return world("shop", persons=3000)


def sessions(log: Any) -> list[list[dict[str, Any]]]:
    """Events of a person with no silence of 30 minutes, of sessions that hold a page or a screen."""
    found = []
    robots = {person["person"] for person in log.truth if person["kind"] == "bot"}
    for person, events in log.journeys.items():
        if person in robots:
            continue
        last = None
        for event in events:
            if "page" not in event["context"] and event["context"]["library"]["name"] != "simulated-app":
                continue
            now = dt.datetime.fromisoformat(event["timestamp"])
            if last is None or now - last >= GAP:
                found.append([event])
            else:
                found[-1].append(event)
            last = now
    return found


def pages(session: list[dict[str, Any]]) -> int:
    return sum(event["type"] in {"page", "screen"} for event in session)


@pytest.mark.long
def test_rates_are_those_of_a_shop(shop: Any) -> None:
    visits = sessions(shop)
    orders = {event["properties"]["order_id"] for event in shop.events if event.get("event") == "Order Completed"}
    carts = {
        person for person, events in shop.journeys.items() if any(e.get("event") == "Product Added" for e in events)
    }
    bought = sum(person["outcomes"]["bought"]["happened"] for person in shop.people)

    assert 0.01 <= len(orders) / len(visits) <= 0.06
    assert 0.30 <= sum(pages(visit) == 1 for visit in visits) / len(visits) <= 0.60
    assert 0.55 <= 1 - bought / len(carts) <= 0.85  # of carts, left behind
    assert 1.2 <= len(visits) / len(shop.people) <= 2.5
    assert 2.5 <= sum(pages(visit) for visit in visits) / len(visits) <= 8


def test_most_visits_come_from_phones_and_from_many_channels(shop: Any) -> None:
    starts = [visit[0] for visit in sessions(shop)]
    kinds = Counter(start["context"]["device"]["type"] for start in starts)
    channels = Counter(start.get("properties", {}).get("channel") for start in starts)

    assert 0.45 <= kinds["mobile"] / len(starts) <= 0.75
    assert 0.02 <= kinds["tablet"] / len(starts) <= 0.15
    assert {"Paid Search", "Paid Social", "Organic Search", "Direct", "Email", "Referral", "Display"} <= channels.keys()
    assert max(channels.values()) < 0.4 * len(starts)


def test_evenings_are_busier_than_nights(shop: Any) -> None:
    hours = Counter(dt.datetime.fromisoformat(visit[0]["timestamp"]).hour for visit in sessions(shop))
    assert sum(hours[hour] for hour in (18, 19, 20)) > 2.5 * sum(hours[hour] for hour in (3, 4, 5))


def test_orders_add_up_and_a_reloaded_page_does_not_order_again(shop: Any) -> None:
    completed = [event for event in shop.events if event.get("event") == "Order Completed"]
    by_order = {event["properties"]["order_id"]: event["properties"] for event in completed}

    assert len(completed) > len(by_order)  # some thank-you pages were reloaded
    for order in by_order.values():
        of_products = sum(line["price"] * line["quantity"] for line in order["products"])
        assert order["subtotal"] == pytest.approx(of_products, abs=0.01)
        assert order["revenue"] == pytest.approx(order["subtotal"] - order["discount"], abs=0.01)
        assert order["total"] == pytest.approx(order["revenue"] + order["shipping"], abs=0.01)
    assert sum(order["revenue"] for order in by_order.values()) == pytest.approx(
        sum(person.get("revenue", 0.0) for person in shop.people), abs=0.01
    )
    assert len(by_order) == sum(person.get("orders", 0) for person in shop.people)


def test_refunds_are_negative_and_of_an_order_before(shop: Any) -> None:
    bought: dict[str, str] = {}
    refunds = []
    for event in sorted(shop.events, key=lambda event: event["timestamp"]):
        if event.get("event") in {"Order Completed", "Store Purchase Completed"}:
            bought.setdefault(event["properties"]["order_id"], event["timestamp"])
        elif event.get("event") == "Order Refunded":
            refunds.append(event["properties"])
            assert event["properties"]["order_id"] in bought
    assert refunds
    assert all(refund["revenue"] < 0 for refund in refunds)


def test_a_cart_keeps_its_id_to_the_order(shop: Any) -> None:
    for events in shop.journeys.values():
        added = {event["properties"]["cart_id"] for event in events if event.get("event") == "Product Added"}
        ordered = {event["properties"]["cart_id"] for event in events if event.get("event") == "Order Completed"}
        assert ordered <= added
        assert len(added) <= 1


@pytest.mark.long
def test_texts_are_varied_and_speak_of_what_happened(world: Callable[..., Any]) -> None:
    """With late shipping cost alone, chats name it; in four languages."""
    log = world("shop", persons=3000, seed=2, causes=("late_shipping_cost",))
    chats = [event["properties"] for event in log.events if event.get("event") == "Live Chat Message Sent"]
    words = ("ship", "deliver", "postage", "versand", "porto", "livraison", "frais", "envío")

    assert len(chats) >= 10
    assert sum(any(word in chat["text"].lower() for word in words) for chat in chats) >= 0.9 * len(chats)
    texts = [event["properties"]["text"] for event in log.events if "text" in event.get("properties", {})]
    assert len(set(texts)) > 0.6 * len(texts)


def test_people_write_in_their_language(shop: Any) -> None:
    spoken = Counter(
        event["properties"]["language"] for event in shop.events if event.get("event") == "Live Chat Message Sent"
    )
    assert spoken.keys() == {"en", "de", "fr", "es"}
