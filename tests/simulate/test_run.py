"""The files of a world: repeatable, counted right, in order, within the period."""

from __future__ import annotations

import csv
import datetime as dt
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from sojourn.records.errors import BadOption
from sojourn.simulate import CAUSES, WORLDS, simulate

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SMALL = {"shop": 1000, "software": 300, "streaming": 250}
FILES = ("events.jsonl.gz", "truth.jsonl", "truth.json")


def time_of(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text)


@pytest.fixture(params=WORLDS)
def log(request: pytest.FixtureRequest, world: Callable[..., Any]) -> Any:
    return world(request.param, persons=SMALL[request.param])


@pytest.mark.parametrize("name", WORLDS)
def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(name: Any, tmp_path: Path) -> None:
    for folder, seed in (("a", 3), ("b", 3), ("c", 4)):
        simulate(name, tmp_path / folder, persons=60, seed=seed)

    written = {path.name for path in (tmp_path / "a").iterdir()}
    assert set(FILES) <= written
    for file in written:
        assert (tmp_path / "a" / file).read_bytes() == (tmp_path / "b" / file).read_bytes()
    for file in FILES:
        assert (tmp_path / "a" / file).read_bytes() != (tmp_path / "c" / file).read_bytes()


def test_the_counts_equal_a_count_of_the_lines(log: Any) -> None:
    ids = Counter(line["messageId"] for line in log.lines)
    late = sum(
        time_of(event["receivedAt"]) - time_of(event["timestamp"]) > dt.timedelta(hours=1) for event in log.events
    )
    counts = log.summary["counts"]

    assert counts["messages"] == len(log.lines) == log.simulated.message_count
    assert counts["events"] == len(ids) == log.simulated.event_count
    assert counts["duplicates"] == len(log.lines) - len(ids) == log.simulated.duplicate_count > 0
    assert counts["late"] == late == log.simulated.late_count > 0
    assert counts["persons"] == sum(person["kind"] == "person" for person in log.truth) == log.simulated.person_count
    assert counts["bots"] == sum(person["kind"] == "bot" for person in log.truth) == log.simulated.bot_count >= 2
    assert log.summary["events"] == dict(Counter(event.get("event") or event["type"] for event in log.events))


def test_a_duplicate_is_the_same_message_received_again(log: Any) -> None:
    copies: dict[str, list[dict[str, Any]]] = {}
    for line in log.lines:
        copies.setdefault(line["messageId"], []).append(line)
    pairs = [pair for pair in copies.values() if len(pair) > 1]

    assert pairs
    for first, second in pairs:
        assert first["receivedAt"] <= second["receivedAt"]
        assert {**first, "receivedAt": ""} == {**second, "receivedAt": ""}


def test_lines_come_in_the_order_they_were_received(log: Any) -> None:
    received = [line["receivedAt"] for line in log.lines]
    assert received == sorted(received)


def test_things_happen_within_the_period_and_are_received_afterwards(log: Any) -> None:
    start, end = (f"{log.summary[key]}T00:00:00.000Z" for key in ("start", "end"))
    for line in log.lines:
        assert start <= line["timestamp"] < end
        delay = time_of(line["receivedAt"]) - time_of(line["timestamp"])
        assert dt.timedelta(0) < delay < dt.timedelta(hours=72, minutes=11)


def test_a_wrong_clock_shows_in_the_original_time_and_is_corrected(log: Any) -> None:
    """Segment's rule: timestamp = receivedAt - (sentAt - originalTimestamp), to the seconds of the journey."""
    wrong = [event for event in log.events if "originalTimestamp" in event]

    assert wrong
    for event in wrong:
        waited = time_of(event["sentAt"]) - time_of(event["originalTimestamp"])
        told = time_of(event["receivedAt"]) - waited
        assert abs(told - time_of(event["timestamp"])) < dt.timedelta(minutes=11)


def test_everyone_in_the_events_is_in_the_truth_and_the_other_way_round(log: Any) -> None:
    devices = {event["anonymousId"] for event in log.events if "anonymousId" in event}
    users = {event["userId"] for event in log.events if "userId" in event}

    assert all("anonymousId" in event or "userId" in event for event in log.events)
    assert devices <= {device for person in log.truth for device in person.get("anonymous_ids", [])}
    assert users <= {person.get("user_id") for person in log.truth}
    assert set(log.journeys) == {person["person"] for person in log.truth}


def test_bots_say_what_they_are_and_people_do_not(log: Any) -> None:
    robots = {person["person"] for person in log.truth if person["kind"] == "bot"}
    for person, events in log.journeys.items():
        agents = {event["context"].get("userAgent") for event in events} - {None}
        says_so = [("bot" in agent.lower()) for agent in agents]
        assert all(says_so) if person in robots else not any(says_so)
        assert person not in robots or agents


def test_shared_devices_have_two_users_who_sign_out(log: Any) -> None:
    shared = {person["shared_device"] for person in log.people if person.get("shared_device")}
    users: dict[str, set[str]] = {device: set() for device in shared}
    signed_out = set()
    for event in log.events:
        if event.get("anonymousId") in shared:
            users[event["anonymousId"]] |= {event["userId"]} if "userId" in event else set()
            if event.get("event") == "Signed Out":
                signed_out.add(event["anonymousId"])

    assert len(shared) == log.summary["counts"]["shared_devices"] > 0
    assert sum(len(found) == 2 for found in users.values()) >= 0.6 * len(shared)
    assert len(signed_out) >= 0.8 * len(shared)


def test_some_people_use_two_devices_under_one_account(log: Any) -> None:
    devices: dict[str, set[str]] = {}
    for event in log.events:
        if "userId" in event and "anonymousId" in event and not event["anonymousId"].startswith("card:"):
            devices.setdefault(event["userId"], set()).add(event["anonymousId"])

    assert sum(len(found) > 1 for found in devices.values()) >= 3


def test_everything_says_it_is_simulated(log: Any) -> None:
    assert log.summary["simulated"] is True
    assert all(event["context"]["library"]["name"].startswith("simulated-") for event in log.events)
    assert all(event["messageId"].startswith("simulated-") for event in log.events)
    pages = [event["context"]["page"]["url"] for event in log.events if "page" in event["context"]]
    assert all(page.startswith("https://simulated-") for page in pages)


def test_spend_is_told_by_day_and_campaign(world: Callable[..., Any]) -> None:
    log = world("shop", persons=SMALL["shop"])
    with log.simulated.ad_spend.open() as file:
        rows = list(csv.DictReader(file))
    campaigns = {row["campaign"] for row in rows}
    visits = Counter(
        event["context"]["campaign"]["name"]
        for event in log.events
        if event["type"] in {"page", "screen"} and "campaign" in event["context"]
    )

    assert len(rows) == 30 * len(campaigns)
    assert {row["date"] for row in rows} == {f"2025-03-{day:02}" for day in range(1, 31)}
    for campaign in campaigns:
        clicks = sum(int(row["clicks"]) for row in rows if row["campaign"] == campaign)
        assert 0.9 * visits[campaign] <= clicks <= 1.4 * visits[campaign] + 15
    assert sum(float(row["spend"]) for row in rows) > 100


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"world": "bakery"}, "no simulated world 'bakery'; there are shop"),
        ({"causes": {"rain": True}}, "no cause 'rain'; it has empty_search"),
        ({"persons": 0}, "at least 1 person, got 0"),
        ({"days": 3}, "at least 7 days for the shop world, got 3"),
        ({"seed": -1}, "seed of 0 or more, got -1"),
    ],
)
def test_a_bad_option_says_what_came_and_what_was_expected(
    arguments: dict[str, Any], words: str, tmp_path: Path
) -> None:
    with pytest.raises(BadOption, match=words):
        simulate(arguments.pop("world", "shop"), tmp_path, **{"persons": 10, **arguments})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", WORLDS)
def test_every_planted_cause_shows_by_its_marker(name: Any, world: Callable[..., Any]) -> None:
    log = world(name, persons=SMALL[name])
    for cause in CAUSES[name]:
        shown = [
            event
            for event in log.events
            if event.get("event") == cause.marker.event
            and (cause.marker.property is None or event["properties"].get(cause.marker.property) == cause.marker.value)
        ]
        assert shown, cause.name
