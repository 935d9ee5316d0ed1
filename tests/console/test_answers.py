"""A page never waits in silence, and nobody's question holds up another page."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, NamedTuple

import pytest
from tests.console.numbers import opened
from tests.console.visitors import user

from sojourn.console import under_way
from sojourn.records.progress import tell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.testclient import TestClient

    from sojourn.console.asked import Backing


@pytest.fixture
def slow(backing: Backing, monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Questions of this console end when the event is set; pages wait a tenth of a second."""
    go = threading.Event()
    ask = backing.history.answer

    def answer(*what: object) -> object:
        assert go.wait(20)
        return ask(*what)  # type: ignore[arg-type]  # as it was asked

    monkeypatch.setattr(backing.history, "answer", answer)
    monkeypatch.setattr(under_way, "AT_ONCE_S", 0.1)
    yield go
    go.set()


def test_a_long_answer_is_said_to_be_worked_on_and_comes_when_it_is_there(
    backing: Backing, slow: threading.Event
) -> None:
    console = user(backing)
    page = console.get("/funnels?steps=view&steps=buy")

    assert page.status_code == 202
    assert page.headers["refresh"] == "1"
    assert "Being worked on" in page.text
    assert "Cancel" in page.text
    slow.set()
    assert "come from the first step to the last" in opened(console, "/funnels?steps=view&steps=buy").text


def test_other_pages_go_on_meanwhile(backing: Backing, slow: threading.Event) -> None:
    console = user(backing)
    console.get("/funnels?steps=view")

    began = time.monotonic()
    assert console.get("/definitions/funnel").status_code == 200
    assert time.monotonic() - began < 5
    assert not slow.is_set()


def test_the_same_question_is_worked_on_once(backing: Backing, slow: threading.Event) -> None:
    console = user(backing)
    before = set(under_way._WORK)
    for _ in range(3):
        console.get("/funnels?steps=view&steps=buy&within=1d")

    assert len(set(under_way._WORK) - before) == 1
    assert not slow.is_set()


def test_a_question_nobody_waits_for_any_more_is_not_begun(
    backing: Backing, slow: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four are worked on at a time; the fifth waits for its turn, is left, and is forgotten with the next question."""
    monkeypatch.setattr(under_way, "_FORGOTTEN_S", 0.0)
    console = user(backing)
    for days in range(1, 7):
        console.get(f"/funnels?steps=view&steps=buy&within={days}d")

    waiting = [work for work in under_way._WORK.values() if not work.future.running() and not work.future.done()]
    assert len(waiting) <= 1
    assert not slow.is_set()


class Telling(NamedTuple):
    """A question that goes on: whether it has told how far it is, and whether it has ended."""

    told: threading.Event
    ended: threading.Event


@pytest.fixture
def telling(backing: Backing, monkeypatch: pytest.MonkeyPatch) -> Iterator[Telling]:
    """Questions of this console tell again and again that three of four parts are counted."""
    made, over = Telling(threading.Event(), threading.Event()), threading.Event()

    def answer(*_: object) -> object:
        try:
            while not over.wait(0.01):
                tell("counting", 3, 4)
                made.told.set()
        finally:
            made.ended.set()
        raise AssertionError

    monkeypatch.setattr(backing.history, "answer", answer)
    monkeypatch.setattr(under_way, "AT_ONCE_S", 0.1)
    # However long the machine takes between two looks of a page, it has not left.
    monkeypatch.setattr(under_way, "_FORGOTTEN_S", 600.0)
    yield made
    over.set()


def begun(console: TestClient, address: str, telling: Telling) -> str:
    """A page whose question goes on, once that has told how far it is."""
    console.get(address)
    assert telling.told.wait(60)
    return console.get(address).text


def test_a_long_question_says_how_far_it_is(backing: Backing, telling: Telling) -> None:
    page = begun(user(backing), "/funnels?steps=view&within=2h", telling)

    assert "counting: 75" in page
    assert 'max="1" value="0.75"' in page
    assert not telling.ended.is_set()


def test_a_cancelled_question_ends_and_can_be_asked_again(backing: Backing, telling: Telling) -> None:
    console = user(backing)
    page = begun(console, "/funnels?steps=view&within=3h", telling)
    assert 'href="/funnels?steps=view&amp;within=3h&amp;cancel=yes"' in page

    cancelled = console.get("/funnels?steps=view&within=3h&cancel=yes")

    assert cancelled.status_code == 200
    assert "Cancelled" in cancelled.text
    assert 'href="/funnels?steps=view&amp;within=3h"' in cancelled.text
    assert telling.ended.wait(60)


def test_what_another_page_waits_for_goes_on_when_one_cancels(backing: Backing, telling: Telling) -> None:
    console, other = user(backing), user(backing)
    begun(console, "/funnels?steps=view&within=4h", telling)
    other.get("/funnels?steps=view&within=4h&seen=by-another")
    console.get("/funnels?steps=view&within=4h&cancel=yes")

    telling.told.clear()
    assert telling.told.wait(60)
    assert not telling.ended.is_set()
    other.get("/funnels?steps=view&within=4h&seen=by-another&cancel=yes")
    assert telling.ended.wait(60)


def test_a_question_that_everybody_has_left_ends(
    backing: Backing, telling: Telling, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun(user(backing), "/funnels?steps=view&within=5h", telling)
    monkeypatch.setattr(under_way, "_FORGOTTEN_S", 0.0)

    assert telling.ended.wait(60)


def test_a_page_that_asks_no_question_of_the_list_is_as_patient(
    backing: Backing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everybody in a large log takes its time, too."""
    go = threading.Event()
    journeys = backing.history.journeys
    monkeypatch.setattr(under_way, "AT_ONCE_S", 0.1)
    monkeypatch.setattr(backing.history, "journeys", lambda scope: go.wait(20) and journeys(scope))
    console = user(backing)

    assert console.get("/persons").status_code == 202
    go.set()
    assert "ben" in opened(console, "/persons").text
