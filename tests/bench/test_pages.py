"""Every page of the console is measured, anew with what nobody asked before."""

from __future__ import annotations

import datetime as dt

from sojourn.bench.pages import _ASKED, _NO_PAGES, _new_scopes, _paths, _spread
from sojourn.console.views import VIEWS
from sojourn.records.moments import moment_us
from sojourn.signals.predicates import parse_predicate


def test_every_page_that_opens_by_its_address_is_measured() -> None:
    paths = _paths("anna")
    plain = {view.path for view in VIEWS if "GET" in view.methods and view.role and "{" not in view.path}

    assert {path for path in plain - set(paths) if not path.endswith(".csv")} == _NO_PAGES
    assert {"/persons/anna", "/behind/funnel", "/table/funnel", "/definitions/funnel", "/erase/anna"} <= set(paths)
    assert len(set(paths)) == len(paths)
    assert set(_ASKED) <= set(paths)


def test_each_time_the_period_and_the_filter_are_new_and_can_be_read() -> None:
    first, last = (moment_us(day) for day in (dt.date(2025, 3, 1), dt.date(2025, 3, 31)))
    scopes = list(_new_scopes(first, last, 4))

    assert [scope["from"] for scope in scopes] == [
        "2025-03-07T00:00",
        "2025-03-13T00:00",
        "2025-03-19T00:00",
        "2025-03-25T00:00",
    ]
    assert len({parse_predicate(scope["where"]) for scope in scopes}) == 4


def test_of_twenty_times_the_95th_percentile_is_the_second_longest() -> None:
    assert _spread([float(ms) for ms in range(20, 0, -1)]) == (10.0, 19.0, 20.0)
