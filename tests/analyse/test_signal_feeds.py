from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.analyse import signal_feeds
from sojourn.analyse.signal_feeds import _clock_of
from sojourn.signals.event_view import hour_of
from tests.thoroughness import examples

if TYPE_CHECKING:
    from numpy.typing import NDArray

QUARTER_US = 900_000_000
DAY_US = 96 * QUARTER_US
MOMENTS = st.lists(st.integers(-200 * DAY_US, 200 * DAY_US), min_size=1, max_size=30)


def hours(times: NDArray[np.int64]) -> list[float]:
    shown = _clock_of(times, lambda quarter: float(hour_of(quarter * QUARTER_US, "Europe/Berlin") or 0))
    return [float(hour) for hour in shown]


@pytest.mark.parametrize("looked_up", [0, 1 << 16])
@given(times=MOMENTS)
@examples(40)
def test_an_event_has_the_hour_that_its_clock_showed(looked_up: int, times: list[int]) -> None:
    epoch, zone = dt.datetime(1970, 1, 1, tzinfo=dt.UTC), ZoneInfo("Europe/Berlin")
    expected = [(epoch + dt.timedelta(microseconds=us)).astimezone(zone).hour for us in times]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(signal_feeds, "_QUARTERS", looked_up)
        found = hours(np.array(times))

    assert [hour for hour, us in zip(found, times, strict=True) if us // QUARTER_US] == [
        hour for hour, us in zip(expected, times, strict=True) if us // QUARTER_US
    ]


def test_one_event_of_long_ago_costs_one_look_at_the_clock() -> None:
    asked: list[int] = []

    def clock(quarter: int) -> float:
        asked.append(quarter)
        return 1.0

    _clock_of(np.array([-2_000 * 365 * DAY_US, 0, 54 * 365 * DAY_US]), clock)

    assert len(asked) == 3  # theirs, and that of the event without a time
