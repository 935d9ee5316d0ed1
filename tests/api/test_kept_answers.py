from __future__ import annotations

import threading

import pytest

from sojourn.api.kept_answers import KeptAnswers
from sojourn.records.errors import BadOption


class Clock:
    """Goes on by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


class Slow:
    """Counts how often it is made; takes a second of the clock each time."""

    def __init__(self, clock: Clock, takes_s: float = 1.0) -> None:
        self.clock, self.takes_s = clock, takes_s
        self.made = 0
        self.done = threading.Event()

    def __call__(self) -> int:
        self.made += 1
        self.clock.now += self.takes_s
        self.done.set()
        return self.made


def test_an_answer_is_made_once_for_one_state() -> None:
    clock = Clock()
    answers, make, state = KeptAnswers(5.0, clock=clock), Slow(clock), object()

    assert [answers.of("funnel", state, make) for _ in range(3)] == [1, 1, 1]


def test_a_slow_answer_is_shown_a_moment_longer_while_the_new_one_is_made() -> None:
    clock = Clock()
    answers, make = KeptAnswers(5.0, clock=clock), Slow(clock)
    answers.of("funnel", "before", make)
    make.done.clear()

    assert answers.of("funnel", "after", make) == 1
    assert make.done.wait(10)
    with answers._making:
        assert answers.of("funnel", "after", make) == 2
    assert make.made == 2


def test_a_cheap_answer_is_always_of_the_newest_state() -> None:
    clock = Clock()
    answers, make = KeptAnswers(5.0, clock=clock), Slow(clock, takes_s=0.01)
    answers.of("funnel", "before", make)

    assert answers.of("funnel", "after", make) == 2


def test_an_answer_older_than_the_patience_is_waited_for() -> None:
    clock = Clock()
    answers, make = KeptAnswers(5.0, clock=clock), Slow(clock)
    answers.of("funnel", "before", make)
    clock.now = 5.0

    assert answers.of("funnel", "after", make) == 2


def test_what_was_changed_by_hand_is_waited_for() -> None:
    clock = Clock()
    answers, make = KeptAnswers(5.0, clock=clock), Slow(clock)
    answers.of("funnel", "before", make)
    answers.forget()

    assert answers.of("funnel", "after", make) == 2


def test_an_error_is_told_to_whoever_asks_and_nothing_is_kept() -> None:
    answers = KeptAnswers(5.0)

    def fails() -> int:
        raise BadOption("there is no such column")

    for _ in range(2):
        with pytest.raises(BadOption):
            answers.of("funnel", "state", fails)


def test_so_many_answers_are_kept_and_no_more() -> None:
    answers, state = KeptAnswers(5.0), object()
    for number in range(200):
        answers.of(number, state, lambda: 0)

    assert len(answers._kept) == 64
