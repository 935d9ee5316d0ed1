"""The period of each time, against a search for it."""

from __future__ import annotations

import bisect
import datetime as dt

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sojourn.analyse.period_places import places_of
from sojourn.records.periods import Period, periods, to_us

BEGAN = dt.datetime(2024, 3, 1, 12, tzinfo=dt.UTC)


@given(
    st.sampled_from(["hour", "day", "week", "month"]),
    st.lists(st.integers(0, 200 * 86_400), min_size=1, max_size=40),
    st.sampled_from(["UTC", "Europe/Berlin", "Asia/Kathmandu"]),
)
def test_a_time_lies_in_the_period_that_a_search_finds(period: Period, seconds: list[int], zone: str) -> None:
    """Months of 28 to 31 days and days of 23 to 25 hours among them."""
    times = [to_us(BEGAN + dt.timedelta(seconds=second)) for second in seconds]
    spans = periods(period, min(times), max(times), time_zone=zone)

    found = places_of(np.array(times), spans.starts_us)

    assert found.tolist() == [bisect.bisect_right(spans.starts_us, time) - 1 for time in times]


def test_a_bound_belongs_to_the_period_it_begins() -> None:
    bounds = (0, 10, 30, 31)

    assert places_of(np.array([0, 9, 10, 29, 30]), bounds).tolist() == [0, 0, 1, 1, 2]
