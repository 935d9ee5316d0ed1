"""Simulated visitors: how many, how fast, who, and what they do when the collector is slow."""

from __future__ import annotations

import asyncio
import gzip
import json
from typing import TYPE_CHECKING, Any

import httpx
from tests.demo.collected import Collected

from sojourn.demo.sending import Sending
from sojourn.demo.visitors import MOST_WAITING, Visitors
from sojourn.simulate import simulate

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

NOON = 1_763_812_800_000
MINUTE = 60_000


def visitors(*, a_minute: float = 20, pace: float = 1, known: int = 0, chance: int = 1) -> Visitors:
    return Visitors(a_minute=a_minute, pace=pace, known=known, seed=1, chance=chance, now_ms=NOON)


def watched(who: Visitors, minutes: float) -> list[dict[str, Any]]:
    """What they do in so many minutes, looked at once a second."""
    found: list[dict[str, Any]] = []
    for second in range(int(minutes * 60)):
        while batch := who.due(NOON + second * 1_000):
            found += [json.loads(message) for message in batch]
    return found


def test_visits_begin_at_the_rate_that_was_asked_for() -> None:
    who = visitors(a_minute=20)
    watched(who, 15)

    # 300 are expected of a Poisson process, with a standard deviation of 17.
    assert 240 < who.begun < 360


def test_nobody_comes_when_nobody_is_wanted() -> None:
    who = visitors(a_minute=0)

    assert watched(who, 10) == []
    assert who.next_ms() == float("inf")


def test_messages_are_those_of_the_simulated_shop_with_the_time_it_is() -> None:
    said = watched(visitors(a_minute=30), 10)

    assert {"Product Viewed", "Cart Viewed", "Checkout Started", "Order Completed"} <= {
        one.get("event") for one in said
    }
    times = [one["timestamp"] for one in said]
    assert times == sorted(times)
    assert times[0] > "2025-11-22T12:00:00"
    assert times[-1] < "2025-11-22T12:10:00"
    ids = [one["messageId"] for one in said]
    assert len(set(ids)) == len(ids)
    assert all(identifier.startswith("simulated-live-") for identifier in ids)
    assert all("anonymousId" in one for one in said)
    assert all(one["context"]["library"]["name"].startswith("simulated-") for one in said)


def lengths(pace: float) -> float:
    """Seconds that visits of several messages take, in the mean."""
    visits: dict[str, list[int]] = {}
    who = visitors(a_minute=30, pace=pace)
    for second in range(0, 1_500, 5):
        for message in who.due(NOON + second * 1_000, most=10_000):
            name = json.loads(message)["messageId"].split("-")[3]
            visits.setdefault(name, []).append(second)
    # Those who came in the first five minutes have gone.
    spans = [max(seen) - min(seen) for seen in list(visits.values())[:150]]
    return sum(spans) / len(spans)


def test_pauses_are_as_much_shorter_as_chosen() -> None:
    assert 7 < lengths(1) / lengths(10) < 13


def test_some_who_come_are_people_of_the_simulated_month(tmp_path: Path) -> None:
    made = simulate("shop", tmp_path, persons=300, days=7, seed=1)
    with gzip.open(made.events) as lines:
        devices = {json.loads(line).get("anonymousId") for line in lines}

    came = {one["anonymousId"] for one in watched(visitors(a_minute=60, known=300), 3)}

    known = len(came & devices) / len(came)
    assert 0.15 < known < 0.45
    assert not {one["anonymousId"] for one in watched(visitors(a_minute=60), 1)} & devices


def test_who_comes_again_does_something_else() -> None:
    who = visitors(a_minute=60, known=1)
    told: dict[str, list[str]] = {}
    for one in watched(who, 5):
        told.setdefault(one["messageId"].split("-")[3], []).append(one.get("event") or one["type"])

    assert len({tuple(events) for events in told.values()}) > 20


def test_fewer_come_when_their_messages_are_not_taken() -> None:
    who = visitors(a_minute=600)
    for second in range(600):
        who.due(NOON + second * 1_000, most=0)

    assert MOST_WAITING <= who.waiting < MOST_WAITING + 500


class Door(Collected):
    """Answers with each of `statuses` once, then 200."""

    def __init__(self, *statuses: int) -> None:
        super().__init__()
        self.statuses = list(statuses)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.status = self.statuses.pop(0) if self.statuses else 200
        self.headers = {"retry-after": "7"} if self.status == 429 else {}
        return await super().handle_async_request(request)


def delivered(door: Door, monkeypatch: pytest.MonkeyPatch) -> tuple[Sending, list[float]]:
    pauses: list[float] = []

    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    async def send() -> Sending:
        async with httpx.AsyncClient(transport=door) as client:
            sending = Sending(visitors(), "http://collector.test", "sjs_x", client)
            await sending.deliver([b'{"type":"track"}', b'{"type":"page"}'])
            return sending

    monkeypatch.setattr("sojourn.demo.sending.asyncio.sleep", pause)
    return asyncio.run(send()), pauses


def test_a_collector_that_is_busy_is_waited_for_as_long_as_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    door = Door(429, 0, 503)
    sending, pauses = delivered(door, monkeypatch)

    assert (sending.sent, sending.refused) == (2, 0)
    # 7 s as it says; it does not answer, then it fails: a second, then two.
    assert pauses == [7.0, 1.0, 2.0]
    assert door.messages[-2:] == [{"type": "track"}, {"type": "page"}]
    assert door.requests[0].headers["authorization"] == "Bearer sjs_x"


def test_what_is_refused_for_good_is_not_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    sending, pauses = delivered(Door(401), monkeypatch)

    assert (sending.sent, sending.refused, pauses) == (0, 2, [])
