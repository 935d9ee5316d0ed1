"""Each world has what a signal catalogue for its trade can read, of each of the six kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

PERSONS = {"shop": 2000, "software": 800, "streaming": 500}

EVERYWHERE = {
    "Page Engaged", "Products Searched", "Error Shown", "Form Started", "Form Submitted", "Form Error", "Signed Up",
    "Signed In", "Signed Out", "Email Sent", "Email Opened", "Email Link Clicked", "Email Bounced", "Survey Answered",
    "Ticket Created", "Ticket Resolved", "Phone Call Ended", "Live Chat Conversation Started", "Live Chat Message Sent",
    "Live Chat Message Received", "Live Chat Conversation Ended", "Video Playback Started", "Video Playback Completed",
    "Social Mention Posted",
}  # fmt: skip
EVENTS = {
    "shop": {
        "Product List Viewed", "Product List Filtered", "Product Clicked", "Product Viewed", "Products Compared",
        "Product Added to Wishlist", "Wishlist Product Added to Cart", "Product Shared", "Reviews Read",
        "Add to Cart Clicked", "Product Added", "Product Removed", "Cart Viewed", "Coupon Entered", "Coupon Applied",
        "Coupon Denied", "Checkout Started", "Checkout Step Viewed", "Checkout Step Completed", "Shipping Cost Shown",
        "Payment Method Missing", "Payment Info Entered", "Order Completed", "Order Shipped", "Order Delivered",
        "Return Requested", "Order Refunded", "Product Reviewed", "Rage Clicked", "Dead Clicked", "Promotion Viewed",
        "Promotion Clicked", "Newsletter Subscribed", "Whitepaper Downloaded", "Store Visited",
        "Store Purchase Completed", "Loyalty Points Earned", "Loyalty Points Redeemed", "Social Reaction",
    },
    "software": {
        "Whitepaper Downloaded", "Webinar Registered", "Webinar Attended", "Pricing Viewed", "Plan Selected",
        "Demo Requested", "Demo Scheduled", "Demo Held", "Account Created", "Trial Started", "Data Import Started",
        "Data Imported", "Feature Used", "Report Exported", "Integration Searched", "Integration Connected",
        "Invite Sent", "Rage Clicked", "Subscription Started", "Renewal Reminded", "Subscription Renewed",
        "Subscription Upgraded", "Subscription Cancelled", "Payment Failed", "Payment Info Entered", "Referral Sent",
    },
    "streaming": {
        "Application Opened", "Video Content Playing", "Video Playback Paused", "Video Playback Interrupted",
        "Title Rated", "Comment Posted", "Title Shared", "Title Added to Watchlist", "Trailer Watched",
        "Sign Up Started", "Trial Started", "Subscription Started", "Billing Period Started", "Renewal Reminded",
        "Subscription Renewed", "Subscription Cancelled", "Payment Failed", "Push Notification Received",
        "Push Notification Tapped", "Referral Sent",
    },
}  # fmt: skip
TRAITS = {
    "shop": {
        "demographic": {"age", "profession", "household_size", "country", "city"},
        "psychographic": {"interests", "shops_for"},
        "preference": {"communication_preference", "favourite_category"},
        "known": {"email", "loyalty_card", "stage", "owner"},
    },
    "software": {
        "demographic": {"profession", "industry", "company_size", "country"},
        "psychographic": {"interests", "wants_to"},
        "preference": {"communication_preference", "language"},
        "known": {"email", "stage", "owner", "company"},
    },
    "streaming": {
        "demographic": {"age", "household_size", "country"},
        "psychographic": {"interests", "watches_to"},
        "preference": {"communication_preference", "favourite_genre", "language"},
        "known": {"email", "stage", "plan"},
    },
}


@pytest.fixture(params=EVENTS)
def log(request: pytest.FixtureRequest, world: Callable[..., Any]) -> Any:
    return world(request.param, persons=PERSONS[request.param], seed=2)


@pytest.mark.long
def test_every_event_a_catalogue_reads_happens(log: Any) -> None:
    wanted = EVERYWHERE | EVENTS[log.simulated.world]
    assert wanted - log.summary["events"].keys() == set()


def test_traits_of_each_kind_are_told(log: Any) -> None:
    told = {key for event in log.events if event["type"] == "identify" for key in event["traits"]}
    for kind, traits in TRAITS[log.simulated.world].items():
        assert traits <= told, kind


def test_context_tells_device_language_zone_and_campaign(log: Any) -> None:
    told = {key for event in log.events for key in event["context"]}
    wanted = {"userAgent", "device", "os", "screen", "locale", "timezone", "ip", "page", "campaign", "library"}
    assert wanted <= told


def test_pages_carry_click_ids_and_referrers(log: Any) -> None:
    pages = [event["context"]["page"] for event in log.events if event["type"] == "page"]
    assert any("gclid=" in page["search"] for page in pages)
    assert any(page["referrer"].startswith("https://www.google.com") for page in pages)


def test_searches_with_and_without_results(log: Any) -> None:
    results = [event["properties"]["results"] for event in log.events if event.get("event") == "Products Searched"]
    assert 0.03 <= sum(found == 0 for found in results) / len(results) <= 0.45


def test_companies_are_groups_in_the_software_world(world: Callable[..., Any]) -> None:
    log = world("software", persons=PERSONS["software"], seed=2)
    groups = {event["groupId"] for event in log.events if event["type"] == "group"}
    accounts = {person["account"] for person in log.people if person["stage"] == "customer"}

    assert accounts <= groups
    colleagues = [person for person in log.people if person["persona"] == "colleague"]
    assert len(colleagues) > 50
    assert {person["account"] for person in colleagues} <= groups


def test_watch_time_fits_the_length_and_new_releases_are_watched(world: Callable[..., Any]) -> None:
    log = world("streaming", persons=PERSONS["streaming"], seed=2)
    ends = [
        event["properties"]
        for event in log.events
        if event.get("event") in {"Video Playback Completed", "Video Playback Paused"}
    ]
    assert all(0 <= end["watch_time_s"] <= end["total_length"] for end in ends)
    assert 0.4 <= sum(end["completion_percent"] == 100 for end in ends) / len(ends) <= 0.8
    assert 0.05 <= sum(end["new_release"] for end in ends) / len(ends) <= 0.4


def test_people_watch_in_the_evening_and_commuters_on_their_way(world: Callable[..., Any]) -> None:
    """Hours are of the person: 20 to 24 for film lovers; 7 to 10 for commuters more than for others."""
    log = world("streaming", persons=PERSONS["streaming"], seed=2)
    offsets = {"Europe/London": 0, "Europe/Berlin": 1, "Europe/Paris": 1, "Europe/Madrid": 1, "America/New_York": -5}
    morning: dict[str, list[bool]] = {}
    for person in log.people:
        for event in log.journeys[person["person"]]:
            if event.get("event") == "Video Playback Started" and "timezone" in event["context"]:
                hour = (int(event["timestamp"][11:13]) + offsets[event["context"]["timezone"]]) % 24
                morning.setdefault(person["persona"], []).append(7 <= hour < 10)
    share = {persona: sum(found) / len(found) for persona, found in morning.items()}

    assert share["commuter"] > 2 * share["binge_watcher"]
