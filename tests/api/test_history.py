from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from tests.analyse.logs import batch

from sojourn.api.history import History
from sojourn.api.scope import Scope
from sojourn.store.append import Append
from sojourn.store.folder import create_folder
from sojourn.store.index_build import build_index

if TYPE_CHECKING:
    from pathlib import Path

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
