"""Retention against a loop over the rows, against SQL, and against the published cohorts of a real shop."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import duckdb
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sojourn
from sojourn.analyse.retention import retention
from sojourn.records.errors import BadOption
from tests.analyse.logs import Row, log, moment, random_rows
from tests.thoroughness import examples

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from sojourn.analyse.journeys import Journeys
    from sojourn.analyse.retention import Cohort, CohortPeriod, Mode

DAYS = {"day": 1, "week": 7, "month": 30}
ZONE = "America/New_York"


@pytest.fixture(scope="module")
def small() -> Journeys:
    """Anna and Bert begin in January, Cleo in February; the log is known until 15 April."""
    return log(
        [
            ("anna", "2024-01-03", "visit", {"channel": "ads"}),
            ("bert", "2024-01-31 23:30", "visit", {"channel": "mail"}),
            ("anna", "2024-02-01", "visit", {}),
            ("anna", "2024-02-20", "buy", {}),
            ("cleo", "2024-02-29", "visit", {"channel": "ads"}),
            ("bert", "2024-03-10", "buy", {}),
            ("cleo", "2024-03-12", "visit", {}),
            ("anna", "2024-04-15", "visit", {}),
        ]
    )


def triangle(cohorts: Sequence[Cohort]) -> dict[str, tuple[int, tuple[int, ...]]]:
    return {cohort.start: (cohort.size, cohort.returned) for cohort in cohorts}


def test_the_first_number_is_the_period_after_the_cohorts_own(small: Journeys) -> None:
    """Of January's two, Anna came back in February and April, Bert in March."""
    result = small.retention(period="month")

    assert triangle(result.cohorts) == {"2024-01": (2, (1, 1, 1)), "2024-02": (1, (1, 0))}
    assert [cohort.complete for cohort in result.cohorts] == [2, 1]  # April is not over on the 15th
    assert [(point.after, point.returned, point.persons) for point in result.overall] == [(1, 2, 3), (2, 1, 2)]


def test_unbounded_counts_the_period_and_all_after_it(small: Journeys) -> None:
    result = small.retention(period="month", mode="unbounded")

    assert triangle(result.cohorts) == {"2024-01": (2, (2, 2, 1)), "2024-02": (1, (1, 0))}


def test_rolling_counts_days_from_each_ones_own_first_event(small: Journeys) -> None:
    """Anna's days 30-59 are 2 February to 2 March; her April visit is 103 days after her first."""
    result = small.retention(period="month", mode="rolling")

    assert triangle(result.cohorts) == {"2024-01": (2, (2, 0, 1)), "2024-02": (1, (0,))}
    assert [cohort.complete for cohort in result.cohorts] == [1, 0]  # Bert's second window ends on 30 April


def test_first_and_returning_events_are_chosen_apart(small: Journeys) -> None:
    result = small.retention(period="month", first="visit", returning="event = 'buy'")

    assert triangle(result.cohorts) == {"2024-01": (2, (1, 1, 0)), "2024-02": (1, (0, 0))}
    assert (result.first, result.returning) == ("visit", "event = 'buy'")


def test_months_begin_at_midnight_of_the_time_zone(small: Journeys) -> None:
    """23:30 UTC of 31 January is February in Berlin."""
    result = small.in_zone("Europe/Berlin").retention(period="month")

    assert triangle(result.cohorts) == {"2024-01": (1, (1, 0, 1)), "2024-02": (2, (2, 0))}


def test_a_breakdown_takes_the_first_events_value(small: Journeys) -> None:
    result = small.retention(period="month", by="channel")

    assert [(group.group, group.persons) for group in result.groups] == [("ads", 2), ("mail", 1)]
    assert triangle(result.groups[1].cohorts) == {"2024-01": (1, (0, 1, 0))}


def test_persons_behind_a_cell(small: Journeys) -> None:
    result = small.retention(period="month", by="channel")

    assert set(result.persons_of("2024-01")) == {"anna", "bert"}
    assert set(result.persons_of("2024-01", after=2)) == {"bert"}
    assert set(result.persons_of(after=1)) == {"anna", "cleo"}
    assert set(result.persons_of(group="mail")) == {"bert"}
    with pytest.raises(BadOption, match="the first is '2024-01', the last '2024-04'"):
        result.persons_of("2023-12")


def test_a_filter_does_not_shorten_what_is_known(small: Journeys) -> None:
    result = small.where("event = 'buy'").retention(period="month")

    assert triangle(result.cohorts) == {"2024-02": (1, (0, 0)), "2024-03": (1, (0,))}


def test_until_ends_what_is_known(small: Journeys) -> None:
    """Until 1 April, March is over and April does not exist."""
    result = small.between(None, "2024-04-01").retention(period="month")

    assert [(cohort.returned, cohort.complete) for cohort in result.cohorts] == [((1, 1), 2), ((1,), 1)]


def test_an_empty_log_has_no_cohorts(small: Journeys) -> None:
    result = small.where("event = 'nothing'").retention(by="channel")

    assert (result.persons, result.cohorts, result.overall, result.groups) == (0, (), (), ())
    assert "nobody" in str(result) or "no event" in str(result)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"period": "hour"}, "period"),
        ({"mode": "exact"}, "mode"),
        ({"window": "7d"}, "rolling"),
        ({"periods_after": 0}, "at least 1"),
    ],
)
def test_an_option_it_does_not_know_is_refused(small: Journeys, options: dict[str, Any], words: str) -> None:
    with pytest.raises(BadOption, match=words):
        small.retention(**options)


def test_it_can_be_read_and_drawn(small: Journeys) -> None:
    result = small.retention(period="month")

    assert "2024-01" in str(result)
    assert "50*" in str(result)  # April's half of January's cohort, not over yet
    assert result.table.column_names == ["start", "size", "returned", "share", "complete"]
    assert result.plot().data[0].type == "heatmap"
    assert small.retention(period="month", by="channel").plot().data[1].name == "mail"


def start_of(period: CohortPeriod, time: dt.datetime) -> dt.date:
    day = time.astimezone(ZoneInfo(ZONE)).date()
    return {"day": day, "week": day - dt.timedelta(days=day.weekday()), "month": day.replace(day=1)}[period]


def later(period: CohortPeriod, first: dt.date, then: dt.date) -> int:
    if period == "month":
        return (then.year - first.year) * 12 + then.month - first.month
    return (then - first).days // DAYS[period]


def by_hand(rows: Sequence[Row], period: CohortPeriod, mode: Mode) -> dict[tuple[str, int], set[str]]:
    """Who is in each cell, found by walking over the rows of each person."""
    cells: dict[tuple[str, int], set[str]] = {}
    for person in {row[0] for row in rows}:
        own = sorted((moment(row[1]), place, row[2]) for place, row in enumerate(rows) if row[0] == person)
        firsts = [time for time, _, event in own if event in "ab"]
        if not firsts:
            continue
        cohort = start_of(period, firsts[0])
        label = cohort.strftime("%Y-%m" if period == "month" else "%Y-%m-%d")
        cells.setdefault((label, 0), set()).add(person)
        for time, _, event in own:
            if event not in "bc" or time < firsts[0]:
                continue
            if mode == "rolling":
                after = (time - firsts[0]) // dt.timedelta(days=DAYS[period])
            else:
                after = later(period, cohort, start_of(period, time))
            for n in range(1, after + 1) if mode == "unbounded" else [after]:
                if n:
                    cells.setdefault((label, n), set()).add(person)
    return cells


@examples(60)
@given(
    rows=random_rows(seconds=86_400 * 120, longest=16),
    period=st.sampled_from(["day", "week", "month"]),
    mode=st.sampled_from(["bounded", "unbounded", "rolling"]),
)
def test_every_cell_equals_a_loop_over_the_rows(rows: list[Row], period: CohortPeriod, mode: Mode) -> None:
    rows = [(*row[:2], {"a": "a", "b": "b"}.get(row[2], "c"), row[3]) for row in rows]
    names = {row[2] for row in rows}
    journeys = log(rows).in_zone(ZONE)
    first, returning = "|".join(sorted(names & set("ab"))), "|".join(sorted(names & set("bc")))

    result = journeys.retention(
        first=first or "event = 'a'", returning=returning or "event = 'b'", period=period, mode=mode
    )

    expected = by_hand(rows, period, mode)
    found = {(c.start, 0): c.size for c in result.cohorts if c.size}
    found |= {(c.start, n): count for c in result.cohorts for n, count in enumerate(c.returned, start=1) if count}
    assert found == {cell: len(persons) for cell, persons in expected.items()}
    for cell, persons in sorted(expected.items())[:3]:
        assert set(result.persons_of(cell[0], after=cell[1])) == persons


SQL = """
with began as (select person, min(time) as first from log group by person),
cells as (
    select distinct person, date_trunc('week', first) as cohort,
        date_diff('week', date_trunc('week', first), date_trunc('week', time)) as after
    from log join began using (person)
)
select cohort, after, count(*) from cells group by all
"""


@pytest.mark.long
def test_weeks_equal_sql_on_a_medium_log() -> None:
    random = np.random.default_rng(7)
    first = random.integers(0, 40, 300)
    rows: list[Row] = []
    for person, day in enumerate(first):
        for offset in random.geometric(0.04, random.integers(1, 12)).cumsum():
            rows.append((f"p{person}", int(day + offset) * 86_400 + int(random.integers(0, 86_400)), "visit", {}))  # noqa: PERF401  (a log is written event by event)
    db = duckdb.connect()
    db.execute("create table log (person text, time timestamp)")
    db.executemany("insert into log values (?, ?)", [(row[0], moment(row[1]).replace(tzinfo=None)) for row in rows])
    expected = {(str(cohort)[:10], after): n for cohort, after, n in db.execute(SQL).fetchall()}

    result = log(rows).retention(period="week")

    found = {(c.start, 0): c.size for c in result.cohorts if c.size}
    found |= {(c.start, n): count for c in result.cohorts for n, count in enumerate(c.returned, start=1) if count}
    assert found == expected


@pytest.fixture(scope="module")
def shop(data: Callable[[str], Path]) -> Journeys:
    """A real shop's orders of a year; the person is the customer."""
    path = data("online_retail/online_retail.parquet")
    return sojourn.read(path, person="CustomerID", time="InvoiceDate", event="StockCode")


@pytest.mark.long
def test_the_published_cohorts_of_a_real_shop(shop: Journeys) -> None:
    result = retention(shop, period="month")

    first, second = result.cohorts[:2]
    assert (first.start, first.size) == ("2010-12", 948)
    assert first.returned == (362, 317, 367, 341, 376, 360, 336, 336, 374, 354, 474, 260)
    assert (second.start, second.size, second.returned[:3]) == ("2011-01", 421, (101, 119, 102))
    assert result.persons == 4_372
    assert (first.complete, second.complete) == (11, 10)  # the log ends on 9 December 2011
    assert len(result.persons_of("2010-12", after=1)) == 362


@pytest.mark.long
def test_the_published_cohorts_of_what_was_kept(shop: Journeys) -> None:
    first = shop.where("Quantity > 0").retention(period="month").cohorts[0]

    assert (first.size, first.returned[:3]) == (885, (324, 286, 340))


def test_the_curve_of_all_cohorts_opens_its_persons() -> None:
    """Anna and Bert of one day came back the next; Cleo's next day is not over when the log ends."""
    found = log([
        ("anna", "2024-01-01 10:00", "view"),
        ("bert", "2024-01-01 10:00", "view"),
        ("anna", "2024-01-02 10:00", "view"),
        ("cleo", "2024-01-02 10:00", "view"),
        ("cleo", "2024-01-03 12:00", "view"),
    ]).retention(period="day")  # fmt: skip

    for point in found.overall:
        assert len(found.persons_of(after=point.after, over=point.after)) == point.returned
        assert len(found.persons_of(over=point.after)) == point.persons
    assert found.persons_of(after=1, over=1).ids == ("anna",)
    assert set(found.persons_of(after=1)) == {"anna", "cleo"}
