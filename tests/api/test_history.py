from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from tests.analyse.logs import batch

from sojourn.api.history import PATIENCE_S, History
from sojourn.api.questions import QUESTIONS
from sojourn.api.scope import Scope
from sojourn.records.event import Event
from sojourn.store.append import Append
from sojourn.store.folder import create_folder
from sojourn.store.index_build import build_index
from sojourn.store.log import Log

if TYPE_CHECKING:
    from pathlib import Path

    from sojourn.analyse.journeys import Journeys

_DAY = 86_400


@pytest.fixture
def history(tmp_path: Path) -> History:
    """One event a day at noon UTC, from the second of January 2024 to the tenth."""
    folder = create_folder(tmp_path / "data")
    with folder.writing():
        append = Append(folder, source="test")
        append.add(batch([("anna", day * _DAY + _DAY // 2, "view", {}) for day in range(1, 10)]))
        append.finish()
        build_index(folder)
    return History(folder)


def events(history: History, scope: Scope) -> int:
    return sum(len(part.time) for part in history.journeys(scope).parts())


def test_the_last_days_end_with_the_day_of_the_newest_event(history: History) -> None:
    assert events(history, Scope()) == 9
    assert events(history, Scope(start="3d")) == 3
    assert events(history, Scope(start="3d", until="2024-01-06")) == 3


def test_days_begin_at_midnight_of_the_time_zone(history: History) -> None:
    """Noon UTC of the tenth is the eleventh, one o'clock, in Auckland: the last day has one event."""
    bounds = history.bounds(Scope(start="2d", time_zone="Pacific/Auckland"))

    assert bounds is not None
    assert [one.isoformat() for one in bounds] == ["2024-01-10T00:00:00+13:00", "2024-01-12T00:00:00+13:00"]
    assert bounds[0].tzinfo == ZoneInfo("Pacific/Auckland")


def test_bounds_that_are_not_asked_for_are_those_of_the_log(history: History) -> None:
    bounds = history.bounds(Scope())

    assert bounds == (dt.datetime(2024, 1, 2, tzinfo=dt.UTC), dt.datetime(2024, 1, 11, tzinfo=dt.UTC))


class Clock:
    """Goes on by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


class Counted(History):
    """Says how often the folder was opened."""

    opened = 0

    def _open(self) -> Journeys:
        self.opened += 1
        return super()._open()


def send(history: History, number: int) -> None:
    """An event of a visitor, in the log."""
    at = 1_760_000_000_000_000 + number
    Log(history.folder).append([Event("web", f"m{number}", "track", "view", at, at, anonymous_id=f"visitor {number}")])


def test_a_folder_that_did_not_change_is_opened_once(history: History) -> None:
    clock = Clock()
    counted = Counted(history.folder, clock=clock)
    for _ in range(5):
        assert events(counted, Scope()) == 9
        clock.now += 10 * PATIENCE_S

    assert counted.opened == 1


def test_whoever_asks_while_events_arrive_is_answered_at_once_and_sees_them_a_moment_later(history: History) -> None:
    clock = Clock()
    counted = Counted(history.folder, clock=clock)
    assert events(counted, Scope()) == 9

    send(counted, 1)
    clock.now += 2.0
    at_once = events(counted, Scope())
    with counted._opening:
        later = events(counted, Scope())

    assert (at_once, later) == (9, 10)


def test_what_is_older_than_the_patience_is_waited_for(history: History) -> None:
    clock = Clock()
    counted = Counted(history.folder, clock=clock)
    events(counted, Scope())

    send(counted, 1)
    clock.now += PATIENCE_S + 0.1

    assert events(counted, Scope()) == 10


def test_what_was_changed_by_hand_is_seen_by_the_next_question(history: History) -> None:
    clock = Clock()
    counted = Counted(history.folder, clock=clock)
    events(counted, Scope())

    send(counted, 1)
    counted.expire()

    assert events(counted, Scope()) == 10


def test_many_threads_get_answers_of_some_moment_while_events_arrive(history: History) -> None:
    clock = Clock()
    counted = Counted(history.folder, clock=clock)
    overview = QUESTIONS["overview"]

    def ask(number: int) -> int:
        if number % 5 == 0:
            send(counted, number + 1)
            clock.now += 1.5
        return int(counted.answer(overview, Scope(), {}).events)

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(ask, range(60)))
    counted.expire()

    assert all(9 <= events <= 9 + 12 for events in found)
    assert ask(59) == 9 + 12
