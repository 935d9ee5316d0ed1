from __future__ import annotations

from starlette.datastructures import QueryParams

from sojourn.api.scope import Scope, days_of, read_scope


def test_a_scope_is_read_from_an_address_and_written_back() -> None:
    scope = read_scope(QueryParams("where=a%20%3D%201&where=&where=b%20%3D%202&from=2024-03-01&until=&bots=yes"))

    assert scope == Scope(("a = 1", "b = 2"), "2024-03-01", bots=True)
    assert read_scope(QueryParams(scope.query())) == scope


def test_exact_dates_of_a_form_count_more_than_its_list_of_usual_periods() -> None:
    assert read_scope(QueryParams("from=28d&from=2024-03-01")).start == "2024-03-01"
    assert read_scope(QueryParams("from=28d&from=")).start == "28d"


def test_only_whole_days_are_a_usual_period() -> None:
    assert [days_of(text) for text in ("28d", "1d", "0d", "-3d", "28", "2024-03-01", "", None)] == [28, 1] + [None] * 6
