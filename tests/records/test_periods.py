"""Days, weeks and months of a zone, lengths of time and moments, against Python's own calendar."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.records.durations import microseconds
from sojourn.records.errors import BadOption
from sojourn.records.moments import moment_us
from sojourn.records.periods import Period, from_us, periods, to_us

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "Pacific/Apia"]
MOMENTS = st.datetimes(dt.datetime(2000, 1, 1), dt.datetime(2030, 1, 1)).map(lambda d: d.replace(tzinfo=dt.UTC))


@given(MOMENTS, st.integers(0, 40), st.sampled_from(["day", "week", "month"]), st.sampled_from(ZONES))
def test_every_moment_lies_in_the_period_its_calendar_names(
    moment: dt.datetime, days: int, period: Period, zone: str
) -> None:
    """Oracle: the local date, its Monday, its month."""
    first = to_us(moment)
    last = first + days * 86_400_000_000

    found = periods(period, first, last, time_zone=zone)

    for time in (first, last):
        local = from_us(time).astimezone(ZoneInfo(zone)).date()
        label = {
            "day": local.isoformat(),
            "week": (local - dt.timedelta(days=local.weekday())).isoformat(),
            "month": local.strftime("%Y-%m"),
        }[period]
        assert found.labels[found.place(time)] == label
    assert found.place(first) == 0
    assert found.place(last) == len(found.labels) - 1


def test_a_day_of_a_clock_change_has_23_or_25_hours() -> None:
    """Berlin, 31 March and 27 October 2024."""
    spring = periods(
        "day",
        moment_us("2024-03-31", time_zone="Europe/Berlin"),
        moment_us("2024-03-31T12:00Z"),
        time_zone="Europe/Berlin",
    )
    autumn = periods(
        "day",
        moment_us("2024-10-27", time_zone="Europe/Berlin"),
        moment_us("2024-10-27T12:00Z"),
        time_zone="Europe/Berlin",
    )

    hours = [(p.starts_us[1] - p.starts_us[0]) / 3.6e9 for p in (spring, autumn)]

    assert hours == [23, 25]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("30m", 1_800_000_000),
        ("1h30m", 5_400_000_000),
        ("7d", 604_800_000_000),
        ("1.5s", 1_500_000),
        ("250ms", 250_000),
        ("2 w", 1_209_600_000_000),
    ],
)
def test_lengths_of_time_are_read_as_people_write_them(text: str, expected: int) -> None:
    """Units may follow one another."""
    assert microseconds(text) == expected


@pytest.mark.parametrize("text", ["", "30", "m", "-5m", "0s", "5 parsecs", "30m!", "1e3s"])
def test_what_is_no_length_of_time_is_refused(text: str) -> None:
    """A number without a unit is not one either."""
    with pytest.raises(BadOption):
        microseconds(text)


@pytest.mark.parametrize("text", ["", "yesterday", "2024-13-01", "12:00"])
def test_what_is_no_moment_is_refused(text: str) -> None:
    """The message shows what one looks like."""
    with pytest.raises(BadOption, match="2024-03-01"):
        moment_us(text)


def test_an_unknown_zone_is_refused() -> None:
    """As is one that tries to leave the folder of zones."""
    for name in ("Mars/Olympus", "../etc/passwd", ""):
        with pytest.raises(BadOption, match="Europe/Berlin"):
            moment_us("2024-01-01", time_zone=name)
