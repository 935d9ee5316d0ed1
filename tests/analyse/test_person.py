"""One person: found by any identifier, told event by event, measured by period."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import sojourn
from sojourn.records.errors import BadOption, UnknownPerson
from tests.analyse.logs import log

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.analyse.logs import Row

ROWS: list[Row] = [
    ("anna", "2024-03-01 10:00", "Page Viewed", {"path": "/", "anonymous_id": "device-1", "device": "phone"}),
    ("anna", "2024-03-01 10:05", "Page Viewed", {"path": "/shoes", "anonymous_id": "device-1", "device": "phone"}),
    ("anna", "2024-03-01 10:20", "Order Completed", {"revenue": 50.0, "order_id": "7", "tags": "new"}),
    ("anna", "2024-03-01 10:21", "Order Completed", {"revenue": 50.0, "order_id": "7", "tags": "new"}),
    ("anna", "2024-03-03 23:30", "Page Viewed", {"path": "/shoes", "device": "desk"}),
    ("ben", "2024-03-01 10:00", "Page Viewed", {"path": "/"}),
]


def test_a_person_is_told_from_the_first_event_to_the_last() -> None:
    anna = log(ROWS).person("anna")

    assert (anna.person, anna.visits, anna.events, anna.active_days) == ("anna", 2, 5, 2)
    assert (anna.first, anna.last) == ("2024-03-01T10:00:00+00:00", "2024-03-03T23:30:00+00:00")
    assert (anna.first_session_s, anna.session_s, anna.page_s) == (21 * 60, 21 * 60, 5 * 60)
    assert (anna.purchases, anna.revenue) == (1, 50.0)  # the page was loaded again
    first = anna.sessions[0]
    assert (first.number, first.events, first.duration_s) == (1, 4, 21 * 60)
    assert [event.event for event in first.timeline][:2] == ["Page Viewed", "Page Viewed"]
    assert first.timeline[1].page == "/shoes"
    assert first.timeline[1].properties == {"device": "phone", "path": "/shoes"}
    assert first.timeline[2].revenue == 50.0
    assert first.timeline[2].properties == {"order_id": "7", "tags": "new"}


def test_each_measure_has_its_periods_quiet_ones_too() -> None:
    anna = log(ROWS).person("anna", period="day")

    assert [period.period for period in anna.periods] == ["2024-03-01", "2024-03-02", "2024-03-03"]
    assert [period.visits for period in anna.periods] == [1, 0, 1]
    assert [period.revenue for period in anna.periods] == [50.0, 0.0, 0.0]
    assert [period.assets["/shoes"] for period in anna.periods] == [1, 0, 1]
    assert anna.table.num_rows == 3


def test_any_identifier_of_a_person_finds_them() -> None:
    journeys = log(ROWS)

    anna = journeys.person("device-1")

    assert anna.person == "anna"
    assert [(identity.kind, identity.id, identity.events) for identity in anna.identities] == [
        ("user", "anna", 5),
        ("anonymous", "device-1", 2),
    ]
    assert [(identity.evidence, identity.proven) for identity in anna.identities] == [("same event", False)] * 2


def test_somebody_unknown_is_an_error_that_shows_how_ids_look() -> None:
    with pytest.raises(UnknownPerson, match=r"no event carries the id 'Anna'; ids are written like .*'anna'"):
        log(ROWS).person("Anna")


def test_a_filter_narrows_the_timeline() -> None:
    journeys = log(ROWS)

    assert journeys.where("device = 'phone'").person("anna").events == 2
    assert [s.timeline[0].page for s in journeys.between("2024-03-02", None).person("anna").sessions] == ["/shoes"]
    with pytest.raises(UnknownPerson, match="widen the filter"):
        journeys.where("device = 'phone'").person("ben")


def test_days_and_times_follow_the_time_zone() -> None:
    """23:30 UTC is 00:30 of the next day in Berlin."""
    anna = log(ROWS).in_zone("Europe/Berlin").person("anna", period="day")

    assert anna.periods[-1].period == "2024-03-04"
    assert anna.sessions[-1].started == "2024-03-04T00:30:00+01:00"


def test_only_the_latest_sessions_are_told() -> None:
    rows: list[Row] = [("anna", n * 86_400, "view", {"n": float(n)}) for n in range(5)]

    anna = log(rows).person("anna", sessions=2)

    assert anna.visits == 5
    assert [(session.number, session.timeline[0].properties["n"]) for session in anna.sessions] == [(4, 3.0), (5, 4.0)]
    assert log(rows).person("anna", sessions=0).sessions == ()


def test_a_long_journey_is_told_page_by_page() -> None:
    """Ten events: sessions of 3, 3 and 4. Four events a page: the whole of the last, then one and a half, then the rest."""
    times = [0, 1, 2, 10_000, 10_001, 10_002, 20_000, 20_001, 20_002, 20_003]
    journeys = log([("anna", time, "view", {"n": float(n)}) for n, time in enumerate(times)])

    pages = [journeys.person("anna", events=4, skip=skip).sessions for skip in (0, 4, 8, 12)]

    told = [[(one.number, [event.properties["n"] for event in one.timeline]) for one in page] for page in pages]
    assert told == [[(3, [6, 7, 8, 9])], [(1, [2]), (2, [3, 4, 5])], [(1, [0, 1])], []]
    assert pages[1][0].events == 3
    with pytest.raises(BadOption, match="skip of 0 or more, got -1"):
        journeys.person("anna", skip=-1)


def test_a_person_can_be_shown_in_every_form() -> None:
    anna = log(ROWS).person("anna")

    text = str(anna)
    assert "Session 1, 2024-03-01 10:00, 21 min 0 s, 4 events" in text
    assert "user id anna: 5 events" in text
    assert "anonymous id device-1 (claimed: same event): 2 events" in text
    assert anna.plot().data
    assert anna.to_dict()["periods"][0]["visits"] == 1


def test_a_shopper_of_a_public_log_is_found(data: Callable[[str], Path]) -> None:
    """Every event of the largest shopper, in the order of the log."""
    journeys = sojourn.read(
        data("rees46_store/events_2019-10-01.csv.gz"), person="user_id", time="event_time", event="event_type"
    )

    shopper = journeys.person("541312140")

    told = [event for session in shopper.sessions for event in session.timeline]
    assert len(told) == shopper.events > 0
    assert {event.properties["product_id"] for event in told if "product_id" in event.properties}
    assert [event.time for event in told] == sorted(event.time or "" for event in told)
