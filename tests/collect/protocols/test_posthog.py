"""What PostHog's clients send, old and new, and what becomes of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.collect.arrivals import NOON, arrival, events, one_event, reasons

from sojourn.collect.protocols import posthog

if TYPE_CHECKING:
    from sojourn.records.event import Event
    from sojourn.records.rejected import Rejected

SECOND = 1_000_000


def judged(body: Any, **came: Any) -> list[Event | Rejected]:
    return posthog.read_request(posthog.open_request(json.dumps(body).encode()), arrival(**came))


def one(message: dict[str, Any], **came: Any) -> Event:
    return one_event(judged({"event": "seen", "distinct_id": "anna", **message}, **came))


@pytest.mark.parametrize(
    ("sent", "event", "type_"),
    [
        ("$pageview", "Page Viewed", "page"),
        ("$screen", "Screen Viewed", "screen"),
        ("$identify", "Identified", "identify"),
        ("$groupidentify", "Group Joined", "group"),
        ("$create_alias", "Alias Created", "alias"),
        ("$autocapture", "$autocapture", "track"),
    ],
)
def test_names_are_those_of_an_import(sent: str, event: str, type_: str) -> None:
    found = one({"event": sent})

    assert (found.event, found.type) == (event, type_)
    assert found.sent_event == (sent if sent != event else None)


def test_a_server_s_batch() -> None:
    body = {
        "api_key": "k",
        "sent_at": "2023-11-14T22:13:20Z",
        "batch": [
            {
                "event": "bought",
                "distinct_id": 7,
                "uuid": "u1",
                "timestamp": "2023-11-14T22:13:10+00:00",
                "properties": {"total": 5},
            },
            {"event": "bought", "properties": {"distinct_id": "ben"}, "uuid": "u2"},
            {"event": "bought"},
            {"distinct_id": "ben"},
        ],
    }

    found = judged(body)

    assert reasons(found) == ["accepted", "accepted", "no_person", "no_event"]
    first, second = events(found[:2])
    assert (first.user_id, first.message_id, first.time, first.revenue) == ("7", "u1", NOON - 10 * SECOND, 5)
    assert (second.user_id, second.time) == ("ben", NOON)
    assert posthog.open_request(json.dumps(body).encode()).key == "k"


def test_before_identify_a_distinct_id_is_the_device_s() -> None:
    assert one({"distinct_id": "d", "properties": {"$device_id": "d"}}).anonymous_id == "d"
    assert one({"properties": {"$process_person_profile": False}}).user_id is None
    assert one({"properties": {"$is_identified": False, "$device_id": "other"}}).anonymous_id == "anna"
    after = one({"properties": {"$device_id": "d", "$is_identified": True}})
    assert (after.user_id, after.anonymous_id) == ("anna", "d")


def test_identify_joins_the_device_to_the_user() -> None:
    found = one(
        {
            "event": "$identify",
            "properties": {"$anon_distinct_id": "d", "$set": {"email": "A@b.c", "n": 2}, "$set_once": {"n": 1, "m": 1}},
        }
    )

    assert (found.user_id, found.anonymous_id) == ("anna", "d")
    assert json.loads(found.traits or "") == {"email": "A@b.c", "n": 2, "m": 1}
    assert found.external_ids == (("email", "a@b.c"),)
    assert json.loads(found.properties) == {"$anon_distinct_id": "d"}


def test_an_alias_is_a_pair_and_a_group_has_its_key() -> None:
    alias = one({"event": "$create_alias", "properties": {"distinct_id": "anna", "alias": "anna-old"}})
    group = one(
        {"event": "$groupidentify", "properties": {"$group_type": "firm", "$group_key": 5, "$group_set": {"name": "F"}}}
    )

    assert (alias.user_id, alias.previous_id) == ("anna", "anna-old")
    assert (group.group_id, group.traits) == ("5", '{"name":"F"}')


def test_one_event_a_list_and_their_keys() -> None:
    """Older browsers send them so, with the key beside or inside the event."""
    assert posthog.open_request(b'{"event":"a","api_key":"k"}').key == "k"
    assert posthog.open_request(b'[{"event":"a","properties":{"token":"k"}}]').key == "k"
    assert reasons(judged([{"event": "a", "distinct_id": "x"}, {"event": "b", "distinct_id": "x"}])) == ["accepted"] * 2


@pytest.mark.parametrize(
    ("message", "sent_at", "seconds_before"),
    [
        ({"timestamp": "2023-11-14T22:13:10Z"}, None, 10),
        ({"timestamp": "2023-11-14T22:13:10Z"}, NOON - 5 * SECOND, 5),
        ({"timestamp": "2023-11-14T22:13:10Z", "properties": {"$ignore_sent_at": True}}, NOON - 5 * SECOND, 10),
        ({"offset": 3000}, NOON - 5 * SECOND, 3),
        ({"timestamp": 1_600_000_000}, None, 0),
        ({}, NOON - 5 * SECOND, 0),
    ],
)
def test_the_time_rule(message: dict[str, Any], sent_at: int | None, seconds_before: int) -> None:
    assert one(message, sent_at=sent_at).time == NOON - seconds_before * SECOND


def test_no_property_is_lost_and_addresses_are_cut() -> None:
    found = one({"properties": {"$ip": "203.0.113.77", "$current_url": "/a", "$raw_user_agent": "UA"}, "extra": 1})

    assert json.loads(found.properties) == {
        "$ip": "203.0.113.0",
        "$current_url": "/a",
        "$raw_user_agent": "UA",
        "extra": 1,
    }
    assert json.loads(found.context or "") == {"userAgent": "UA"}


def test_mixpanel_s_events_come_to_the_same_address_and_are_refused() -> None:
    """Their times, ids and names mean something else: taken for PostHog's they would be wrong, and twice after a retry."""
    sent = {"event": "Bought", "properties": {"token": "k", "distinct_id": "anna", "time": 1, "mp_lib": "python"}}

    assert reasons(judged([sent])) == ["bad_type"]
