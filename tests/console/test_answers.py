"""A page never waits in silence, and nobody's question holds up another page."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest
from tests.console.numbers import opened
from tests.console.visitors import user

from sojourn.console import answers

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    monkeypatch.setattr(answers, "AT_ONCE_S", 0.1)
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
    before = set(answers._WORK)
    for _ in range(3):
        console.get("/funnels?steps=view&steps=buy&within=1d")

    assert len(set(answers._WORK) - before) == 1
    assert not slow.is_set()


def test_a_question_nobody_waits_for_any_more_is_not_begun(
    backing: Backing, slow: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four are worked on at a time; the fifth waits for its turn, is left, and is forgotten with the next question."""
    monkeypatch.setattr(answers, "_FORGOTTEN_S", 0.0)
    console = user(backing)
    for days in range(1, 7):
        console.get(f"/funnels?steps=view&steps=buy&within={days}d")

    waiting = [work for work in answers._WORK.values() if not work.future.running() and not work.future.done()]
    assert len(waiting) <= 1
    assert not slow.is_set()
