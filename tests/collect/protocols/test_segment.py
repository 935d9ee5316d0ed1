"""What the clients of Segment, RudderStack and Customer.io really send, and what becomes of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.collect.arrivals import NOON, arrival, events, one_event, reasons

from sojourn.collect.accept import sign_user
from sojourn.collect.protocols import segment
from sojourn.records.rejected import Rejected

if TYPE_CHECKING:
    from sojourn.records.event import Event

SECOND = 1_000_000


def judged(body: dict[str, Any], *, path: str | None = None, **came: Any) -> list[Event | Rejected]:
    return segment.read_request(segment.open_request(json.dumps(body).encode()), arrival(**came), kind=path)


def one(message: dict[str, Any], **came: Any) -> Event:
    return one_event(judged({"type": "track", "event": "Seen", "userId": "anna", **message}, **came))


@pytest.mark.parametrize(
    ("type_", "event", "sent_event"),
    [
        ("page", "Page Viewed", "Home"),
        ("screen", "Screen Viewed", "Home"),
        ("identify", "Identified", "Home"),
        ("group", "Group Joined", "Home"),
        ("alias", "Alias Created", "Home"),
        ("track", "Seen", None),
    ],
)
def test_types_have_canonical_names(type_: str, event: str, sent_event: str | None) -> None:
    found = one({"type": type_, "name": "Home", "event": "Seen"})

    assert (found.type, found.event, found.sent_event) == (type_, event, sent_event)


def test_the_path_says_the_type_of_a_message_without_one() -> None:
    found = one_event(judged({"userId": "anna", "name": "Home"}, path="page"))

    assert found.event == "Page Viewed"


def test_null_empty_and_absent_are_alike_and_numbers_are_ids() -> None:
    assert one({"userId": 7, "anonymousId": None}).user_id == "7"
    assert one({"userId": "", "anonymousId": 3.5}).anonymous_id == "3.5"
    assert one({"userId": "", "anonymousId": "d"}).user_id is None
    assert one({"userId": "null", "anonymousId": "d"}).user_id == "null"  # junk is judged where persons are made


def test_each_message_is_judged_alone() -> None:
    found = judged(
        {
            "batch": [
                {"type": "track", "event": "a", "userId": "u"},
                {"type": "track", "userId": "u"},
                {"type": "track", "event": "a"},
                {"type": "control", "event": "a", "userId": "u"},
                {"event": "a", "userId": "u"},
                17,
                {"type": "track", "event": "x" * 1001, "userId": "u"},
                {"type": "track", "event": "a", "userId": "\ud83d"},
            ]
        }
    )

    assert reasons(found) == [
        *("accepted", "no_event", "no_person", "bad_type", "bad_type", "bad_json", "field_too_large", "accepted"),
    ]
    bad = found[1]
    assert isinstance(bad, Rejected)
    assert (bad.file, bad.line, json.loads(bad.raw)) == ("web", 2, {"type": "track", "userId": "u"})


def test_the_envelope_s_context_is_under_each_message_s_own() -> None:
    found = events(
        judged(
            {
                "context": {"library": {"name": "go"}, "locale": "de"},
                "integrations": {"All": True},
                "timestamp": "2020-01-01T00:00:00Z",  # of the flush, never of an event
                "batch": [{"type": "track", "event": "a", "userId": "u", "context": {"locale": "fr"}}],
            }
        )
    )

    assert json.loads(found[0].context or "") == {
        "library": {"name": "go"},
        "locale": "fr",
        "integrations": {"All": True},
    }
    assert found[0].time == NOON


def test_traits_come_in_the_context_alone_or_in_both() -> None:
    assert json.loads(one({"type": "identify", "context": {"traits": {"a": 1}}}).traits or "") == {"a": 1}
    both = one({"type": "identify", "context": {"traits": {"a": 1, "b": 1}}, "traits": {"a": 2}})
    assert json.loads(both.traits or "") == {"a": 2, "b": 1}
    assert both.context is None


def test_the_traits_of_a_group_are_not_the_person_s() -> None:
    found = one(
        {
            "type": "group",
            "groupId": 12,
            "traits": {"email": "office@firm.example"},
            "context": {"traits": {"name": "Anna"}},
        }
    )

    assert (found.group_id, found.external_ids) == ("12", ())
    assert json.loads(found.traits or "") == {"email": "office@firm.example"}


def test_further_identifiers() -> None:
    found = one(
        {
            "traits": {"email": " Anna@Shop.Example "},
            "context": {"externalIds": [{"id": 77, "type": "loyalty_card", "collection": "users"}, {"id": "x"}, "no"]},
        }
    )

    assert found.external_ids == (("loyalty_card", "77"), ("email", "anna@shop.example"))


def test_an_order_has_its_id_value_and_currency() -> None:
    found = one({"event": "Order Completed", "properties": {"orderId": 17, "total": "9.50", "currency": "EUR"}})

    assert (found.order_id, found.revenue, found.currency) == ("17", 9.5, "EUR")
    assert one({"properties": {"order_id": "a", "revenue": 0, "total": 9}}).revenue == 0
    assert one({"properties": {"revenue": "free", "total": True}}).revenue is None


def test_nothing_that_was_sent_is_lost() -> None:
    """Members that the spec does not have, and members of another type than it says."""
    found = one({"category": "Shoes", "version": 3, "properties": {"a": 1}, "traits": "none", "channel": "server"})

    assert json.loads(found.properties) == {"a": 1, "category": "Shoes", "version": 3, "traits": "none"}
    assert json.loads(found.context or "") == {"channel": "server"}


@pytest.mark.parametrize(
    ("times", "seconds_before"),
    [
        ({"timestamp": "2023-11-14T22:13:10Z", "sentAt": "2023-11-14T22:13:20Z"}, 10),
        ({"timestamp": "2030-01-01T00:00:00Z", "sentAt": "2030-01-01T00:00:05Z"}, 5),
        ({"originalTimestamp": "2023-11-14T22:13:10Z"}, 10),
        ({"timestamp": "yesterday", "originalTimestamp": "2023-11-14T22:13:10Z"}, 10),
        # rudder-node puts a caller's date into timestamp, and now into originalTimestamp.
        (
            {
                "timestamp": "2023-11-14T22:13:10Z",
                "originalTimestamp": "2023-11-14T22:13:20Z",
                "sentAt": "2023-11-14T22:13:20Z",
            },
            10,
        ),
        ({"timestamp": "2023-11-14T22:13:30Z"}, 0),
        ({"timestamp": "1970-01-01T00:00:00Z"}, 0),
        ({"sentAt": "2023-11-14T22:13:10Z"}, 0),
        ({}, 0),
    ],
)
def test_the_time_rule(times: dict[str, str], seconds_before: int) -> None:
    assert one(times).time == NOON - seconds_before * SECOND


def test_a_message_s_own_sent_at_counts_for_more_than_the_envelope_s() -> None:
    message = {"type": "track", "event": "a", "userId": "u", "timestamp": "2023-11-14T22:13:10Z"}
    body = {"sentAt": "2023-11-14T22:13:15Z", "batch": [message, {**message, "sentAt": "2023-11-14T22:13:20Z"}]}

    assert [event.time for event in events(judged(body))] == [NOON - 5 * SECOND, NOON - 10 * SECOND]


def test_a_time_that_cannot_be_read_is_kept_as_it_was() -> None:
    found = one({"timestamp": "yesterday"})

    assert (found.time, found.original_time) == (NOON, None)
    assert json.loads(found.context or "") == {"originalTimestamp": "yesterday"}


def test_the_key_may_be_in_the_envelope_or_in_a_message() -> None:
    assert segment.open_request(b'{"batch":[],"writeKey":"k"}').key == "k"
    assert segment.open_request(b'{"batch":[{"writeKey":"k"}]}').key == "k"
    assert segment.open_request(b'{"type":"track","writeKey":"k"}').key == "k"
    assert segment.open_request(b'{"type":"track","properties":{"writeKey":"no"}}').key is None


def test_a_server_s_user_is_proven_and_a_browser_s_claimed_unless_signed() -> None:
    secret = b"s" * 64
    browser = {"kind": "browser", "user_secret": secret}
    signed = sign_user(secret, "anna")

    assert one({}).proven
    assert not one({"userId": None, "anonymousId": "d"}).proven
    assert not one({}, **browser).proven
    assert one({"context": {"userHash": signed}}, **browser).proven
    assert one({"context": {"userHash": signed.upper()}}, **browser).context is None  # a signature is not kept
    assert not one({"userId": "ben", "context": {"userHash": signed}}, **browser).proven
    assert not one({"context": {"userHash": signed}}, kind="browser").proven


@pytest.mark.parametrize(
    "event",
    ["Decision Made", "Link Added", "Outcome Recorded", "Consent Set", "Person Erased", "sojourn.x", "Sojourn Y"],
)
def test_a_browser_key_cannot_say_what_changes_others(event: str) -> None:
    assert reasons(judged({"type": "track", "event": event, "userId": "u"}, kind="browser")) == ["not_allowed"]
    assert reasons(judged({"type": "track", "event": event, "userId": "u"}, kind="server")) == ["accepted"]


def test_consent_from_a_browser_is_its_own() -> None:
    message = {
        "event": "Consent Updated",
        "anonymousId": "d",
        "context": {"externalIds": [{"type": "email", "id": "v@x.y"}]},
    }
    claimed = one({**message, "userId": "victim"}, kind="browser")
    secret = b"s" * 64
    signed = {"externalIds": [], "userHash": sign_user(secret, "anna")}
    proven = one({**message, "userId": "anna", "context": signed}, kind="browser", user_secret=secret)

    assert (claimed.user_id, claimed.anonymous_id, claimed.external_ids) == (None, "d", ())
    assert (proven.user_id, proven.proven) == ("anna", True)


def test_mobile_events_of_three_days_offline_keep_their_times() -> None:
    """As the documentation of Segment's mobile clients shows them: screens, application events, one batch after 72 hours."""
    app = {"app": {"name": "Shop", "version": "2.1"}, "device": {"id": "x", "type": "ios"}, "os": {"name": "iOS"}}
    batch: list[dict[str, Any]] = [
        {"type": "track", "event": "Application Opened", "properties": {"from_background": False}},
        {"type": "screen", "name": "Basket"},
        {"type": "track", "event": "Application Backgrounded"},
    ]
    body = {
        "sentAt": "2023-11-14T22:13:20.000Z",
        "batch": [
            {
                **message,
                "anonymousId": "d",
                "messageId": str(n),
                "context": app,
                "timestamp": f"2023-11-11T22:13:2{n}.000Z",
            }
            for n, message in enumerate(batch)
        ],
    }

    found = events(judged(body))

    assert [(event.event, (NOON - event.time) // SECOND) for event in found] == [
        ("Application Opened", 72 * 3600),
        ("Screen Viewed", 72 * 3600 - 1),
        ("Application Backgrounded", 72 * 3600 - 2),
    ]
