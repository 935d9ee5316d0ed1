"""History of measures by cohort: by hand, and against loops over random logs."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.records.errors import BadOption
from tests.analyse.logs import log, moment
from tests.thoroughness import examples

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from tests.analyse.logs import Row

MEASURES = ("visits", "events", "session_s", "page_s", "active_days", "purchases", "revenue")


def by_hand(rows: Sequence[Row], *, gap_s: int = 1800) -> dict[tuple[str, int], dict[str, float]]:
    """Sums by person and month of life, event by event."""
    ordered = sorted(enumerate(rows), key=lambda pair: (moment(pair[1][1]), pair[0]))
    out: dict[tuple[str, int], dict[str, float]] = defaultdict(lambda: dict.fromkeys(MEASURES, 0.0))
    for person in {row[0] for row in rows}:
        own = [row for _, row in ordered if row[0] == person]
        times = [moment(row[1]) for row in own]
        month = [time.year * 12 + time.month for time in times]
        orders: set[str] = set()
        days: set[dt.date] = set()
        began = 0
        for i, row in enumerate(own):
            now = out[person, month[i] - month[0]]
            now["events"] += 1
            if i == 0 or (times[i] - times[i - 1]).total_seconds() >= gap_s:
                now["visits"] += 1
                began = i
            else:
                took = (times[i] - times[i - 1]).total_seconds()
                out[person, month[began] - month[0]]["session_s"] += took
                out[person, month[i - 1] - month[0]]["page_s"] += took
            if times[i].date() not in days:
                days.add(times[i].date())
                now["active_days"] += 1
            order = row[3].get("order_id")
            if row[2] == "buy" and (order is None or order not in orders):
                orders |= {order} if order else set()
                now["purchases"] += 1
                now["revenue"] += row[3].get("revenue") or 0.0
    return out


def test_two_persons_worked_by_hand() -> None:
    """Anna: two visits in January, a purchase in February. Ben begins in February, which is his month 0."""
    rows: list[Row] = [
        ("anna", "2024-01-10 10:00", "view", {}),
        ("anna", "2024-01-10 10:10", "view", {}),
        ("anna", "2024-01-20 10:00", "view", {}),
        ("anna", "2024-02-01 09:00", "buy", {"revenue": 30.0}),
        ("ben", "2024-02-02 09:00", "view", {}),
    ]

    result = log(rows).history(cohort="month")

    january, february = result.cohorts
    assert (january.cohort, january.persons, january.first_session_s) == ("2024-01", 1, 600.0)
    assert [(p.visits, p.events, p.session_s, p.active_days, p.revenue) for p in january.periods] == [
        (2.0, 3.0, 600.0, 2.0, 0.0),
        (1.0, 1.0, 0.0, 1.0, 30.0),
    ]
    assert [(p.period, p.persons, p.visits) for p in february.periods] == [(0, 1, 1.0)]
    whole = result.all.periods
    assert [(p.persons, p.active_persons, p.visits, p.purchases) for p in whole] == [(2, 2, 1.5, 0.0), (1, 1, 1.0, 1.0)]
    assert set(result.persons("2024-01", 1)) == {"anna"}
    assert set(result.persons("all", 0)) == {"anna", "ben"}


def test_a_cohort_may_be_the_first_value_of_a_column() -> None:
    rows: list[Row] = [
        ("anna", 0, "view", {"channel": "ads"}),
        ("anna", 9, "view", {"channel": "mail"}),
        ("ben", 0, "view", {"channel": "mail"}),
    ]

    result = log(rows).history(cohort="channel")

    assert {cohort.cohort: (cohort.persons, cohort.periods[0].events) for cohort in result.cohorts} == {
        "ads": (1, 2.0),
        "mail": (1, 1.0),
    }
    assert set(result.persons("ads")) == {"anna"}


def test_assets_are_the_most_frequent_pages() -> None:
    rows: list[Row] = [("anna", n, "Page Viewed", {"path": path}) for n, path in enumerate("aaabbcd")]

    period = log(rows).history(assets=2).all.periods[0]

    assert period.assets == {"a": 3.0, "b": 2.0, "(other)": 2.0}


def test_only_page_views_make_assets_where_there_are_some() -> None:
    """Files are requested more often than pages are viewed, and nobody asks for them."""
    rows: list[Row] = [
        *(("anna", n, "File Requested", {"path": f"/{n % 3}.css"}) for n in range(9)),
        ("anna", 10, "Page Viewed", {"path": "/"}),
    ]

    assert log(rows).history(assets=1).all.periods[0].assets == {"/": 1.0}
    assert log(rows).person("anna").periods[0].assets == {"/": 1}


def test_periods_and_cohorts_of_different_length_do_not_go_together() -> None:
    with pytest.raises(BadOption, match="choose the same"):
        log([("anna", 0, "view", {})]).history(period="day", cohort="month")


def test_the_result_can_be_shown_in_every_form() -> None:
    rows: list[Row] = [("anna", n * 86_400 * 20, "view", {"k": "x"}) for n in range(4)]

    result = log(rows).history(cohort="month")

    assert "month of life" in str(result)
    assert result.table.num_rows == 2 * 3
    assert result.plot().data
    assert result.to_dict()["all"]["periods"][0]["persons"] == 1


@examples(25)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["p0", "p1", "p2", "p3"]),
            st.one_of(st.integers(0, 240).map(lambda n: n * 600), st.integers(0, 1440).map(lambda n: n * 6 * 3600)),
            st.sampled_from(["view", "view", "buy"]),
            st.fixed_dictionaries(
                {}, optional={"revenue": st.integers(-3, 9).map(float), "order_id": st.sampled_from("xy")}
            ),
        ),
        min_size=1,
        max_size=40,
    )
)
def test_measures_equal_loops_over_the_events(rows: Sequence[Row]) -> None:
    result = log([*rows, ("p9", 0, "buy", {})]).history()

    sums = by_hand([*rows, ("p9", 0, "buy", {})])
    born = {person: min(moment(row[1]) for row in rows if row[0] == person) for person in {row[0] for row in rows}}
    born["p9"] = moment(0)
    last = max(moment(row[1]) for row in [*rows, ("p9", 0, "buy", {})])
    for period in result.all.periods:
        living = [
            p for p, time in born.items() if (last.year - time.year) * 12 + last.month - time.month >= period.period
        ]
        assert period.persons == len(living)
        assert period.active_persons == sum((person, period.period) in sums for person in born)
        for measure in MEASURES:
            whole = sum(sums[person, period.period][measure] for person in born if (person, period.period) in sums)
            assert getattr(period, measure) == pytest.approx(whole / len(living)), measure
    assert not np.isnan(result.all.first_session_s)
