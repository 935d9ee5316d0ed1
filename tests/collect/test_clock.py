"""Times are corrected by what the client's clock said when it sent, and never lie after the arrival."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.collect.clock import YEAR_2000, event_time, moment, overruled

RECEIVED = 1_700_000_000_000_000
HOUR = 3_600_000_000
MOMENTS = st.integers(-(10**17), 10**17)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("2023-11-14T22:13:20Z", RECEIVED),
        ("2023-11-14T22:13:20.000Z", RECEIVED),
        ("2023-11-14T22:13:20.000001+00:00", RECEIVED + 1),
        ("2023-11-15T00:13:20+02:00", RECEIVED),
        ("2023-11-14T22:13:20", RECEIVED),
        (" 2023-11-14 22:13:20 ", RECEIVED),
        (1_700_000_000, RECEIVED),
        (1_700_000_000_000, RECEIVED),
        ("1700000000000", RECEIVED),
        (1_700_000_000_000_000, RECEIVED),
        (1_700_000_000.5, RECEIVED + 500_000),
        ("2023-11-14t22:13:20z", RECEIVED),
        ("Tue, 14 Nov 2023 22:13:20 GMT", RECEIVED),
    ],
)
def test_times_as_clients_write_them(said: object, expected: int) -> None:
    assert moment(said) == expected


@pytest.mark.parametrize(
    "said", ["", "soon", "2023-13-45", None, True, float("nan"), float("inf"), 0, -5, [], {}, "+275760-09-13T00:00:00Z"]
)
def test_what_is_no_time_is_none(said: object) -> None:
    assert moment(said) is None


@given(st.datetimes(timezones=st.just(dt.UTC)))
def test_a_written_time_is_read_to_the_microsecond(when: dt.datetime) -> None:
    """The reference is Python's own arithmetic on dates."""
    assert moment(when.isoformat()) == (when - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) // dt.timedelta(microseconds=1)


def test_a_clock_that_is_an_hour_ahead_is_corrected() -> None:
    """Happened 10 s before it was sent, by a clock an hour ahead: 10 s before the arrival."""
    assert event_time(RECEIVED + HOUR - 10_000_000, RECEIVED + HOUR, RECEIVED) == RECEIVED - 10_000_000


def test_an_event_that_waited_three_days_keeps_its_own_time() -> None:
    assert event_time(RECEIVED - 72 * HOUR, RECEIVED, RECEIVED) == RECEIVED - 72 * HOUR


def test_a_device_in_2099_cannot_freeze_sessions_and_timers() -> None:
    future = RECEIVED + 660_000 * HOUR

    assert event_time(future, None, RECEIVED) == RECEIVED
    assert event_time(future, RECEIVED, RECEIVED) == RECEIVED
    assert overruled(future, None, RECEIVED)


def test_before_2000_no_clock_was_set() -> None:
    assert event_time(YEAR_2000 - 1, None, RECEIVED) == RECEIVED
    assert event_time(YEAR_2000, None, RECEIVED) == YEAR_2000
    assert overruled(YEAR_2000 - 1, None, RECEIVED)


def test_without_a_time_it_is_the_arrival() -> None:
    assert event_time(None, RECEIVED - HOUR, RECEIVED) == RECEIVED
    assert not overruled(None, None, RECEIVED)


@given(said=st.none() | MOMENTS, sent=st.none() | MOMENTS, received=st.integers(YEAR_2000, 10**16))
def test_no_event_lies_after_its_arrival_or_before_2000(said: int | None, sent: int | None, received: int) -> None:
    time = event_time(said, sent, received)

    assert YEAR_2000 <= time <= received
    plain = received if said is None else said if sent is None else received - (sent - said)
    assert (time != plain) == overruled(said, sent, received)


@given(skew=st.integers(-(10**15), 10**15), ago=st.integers(0, 72 * HOUR))
def test_a_wrong_clock_changes_nothing_when_it_says_when_it_sent(skew: int, ago: int) -> None:
    assert event_time(RECEIVED - ago + skew, RECEIVED + skew, RECEIVED) == RECEIVED - ago
