"""Predicates: the same answer from the index as from SQL, nulls included, and nothing but comparisons is taken."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.analyse.logs import log
from tests.thoroughness import examples

from sojourn.records.errors import BadPredicate
from sojourn.signals.predicates import (
    Both,
    Compare,
    Either,
    IsNull,
    Like,
    Not,
    OneOf,
    columns_of,
    parse_predicate,
    to_sql,
)

if TYPE_CHECKING:
    from sojourn.signals.predicates import Predicate

TEXTS = st.sampled_from(["ads", "mail", "a%b", "it's", "", "Ads"])
NUMBERS = st.sampled_from([0.0, 1.0, 2.5, -3.0])
OPS = st.sampled_from(["=", "<>", "<", "<=", ">", ">="])
LEAVES = st.one_of(
    st.builds(Compare, st.just("channel"), OPS, TEXTS),
    st.builds(Compare, st.just("price"), OPS, NUMBERS),
    st.builds(OneOf, st.just("channel"), st.lists(TEXTS, min_size=1, max_size=3).map(tuple)),
    st.builds(OneOf, st.just("price"), st.lists(NUMBERS, min_size=1, max_size=3).map(tuple)),
    st.builds(Like, st.just("channel"), st.sampled_from(["a%", "%s", "_ds", "%", "ADS", ""]), st.booleans()),
    st.builds(IsNull, st.sampled_from(["channel", "price"])),
    st.builds(Compare, st.just("event"), OPS, st.sampled_from(["x", "y", "z"])),
)
PREDICATES = st.recursive(
    LEAVES, lambda p: st.one_of(st.builds(Both, p, p), st.builds(Either, p, p), st.builds(Not, p)), max_leaves=6
)
ROWS = st.lists(
    st.tuples(st.one_of(st.none(), TEXTS), st.one_of(st.none(), NUMBERS), st.sampled_from(["x", "y"])),
    min_size=1,
    max_size=10,
)
# Every column has a value somewhere: a column nobody has is an error of its own.
FILL = ("ads", 1.0, "x")


@examples(60)
@given(ROWS, PREDICATES)
def test_the_index_and_sql_agree_on_what_matches(rows: list[Any], predicate: Predicate) -> None:
    """DuckDB is the oracle; unknown is not true in either."""
    filled = [*rows, FILL]
    properties = [{k: v for k, v in (("channel", c), ("price", p)) if v is not None} for c, p, _ in filled]
    journeys = log([("p", n, row[2], have) for n, (row, have) in enumerate(zip(filled, properties, strict=True))])
    columns = [
        pa.array(values, kind)
        for values, kind in zip(zip(*filled, strict=True), (pa.string(), pa.float64(), pa.string()), strict=True)
    ]
    table = pa.table(columns, names=["channel", "price", "event"])
    with duckdb.connect() as connection:
        connection.register("events", table)
        expected = connection.execute(f"select count(*) from events where {to_sql(predicate)}").fetchone()  # noqa: S608  (the text under test)

    text = to_sql(predicate)
    found = journeys.where(text).parts()

    assert expected is not None
    assert sum(len(part.time) for part in found) == expected[0]


@given(PREDICATES)
def test_a_predicate_written_as_sql_reads_back_as_itself(predicate: Predicate) -> None:
    """Up to the form: reading twice gives what reading once gave."""
    once = parse_predicate(to_sql(predicate))

    assert parse_predicate(to_sql(once)) == once
    assert columns_of(once) == columns_of(predicate)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10 < price", Compare("price", ">", 10)),
        ("price between 1 and 2", Both(Compare("price", ">=", 1), Compare("price", "<=", 2))),
        ("context.page.path = '/x'", Compare("context.page.path", "=", "/x")),
        ('"Unit Price" > -1.5', Compare("Unit Price", ">", -1.5)),
        ("bot", Compare("bot", "=", value=True)),
        ("coupon is not null", Not(IsNull("coupon"))),
        ("a.b.c.d.e = 'x'", Compare("a.b.c.d.e", "=", "x")),
        ("path not like '/a%'", Not(Like("path", "/a%", ignore_case=False))),
        ("path not ilike '/a%'", Not(Like("path", "/a%", ignore_case=True))),
        ("not path not like '/a%'", Not(Not(Like("path", "/a%", ignore_case=False)))),
        ("path not in ('/a', '/b')", Not(OneOf("path", ("/a", "/b")))),
        ("price not between 1 and 2", Not(Both(Compare("price", ">=", 1), Compare("price", "<=", 2)))),
    ],
)
def test_the_forms_people_write_are_read(text: str, expected: Predicate) -> None:
    """Mirrored comparisons, ranges, paths, quoted names, negative numbers, truth."""
    assert parse_predicate(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "price >",
        "price = cost",
        "price + 1 > 2",
        "exists (select 1)",
        "price in (select 1)",
        "pg_sleep(10) = 1",
        "price > 1; drop table events",
        "lower(path) = 'x'",
        "1 = 1",
        "(" * 2000 + "a" + ")" * 2000,
        "a = '" + "x" * 20_000 + "'",
        "path like path",
        "price between symmetric 2 and 1",
        "path like 'a!%' escape '!'",
    ],
)
def test_what_is_no_comparison_of_a_column_with_a_literal_is_refused(text: str) -> None:
    """Functions, subqueries, arithmetic, other statements, and what is far too long or deep."""
    with pytest.raises(BadPredicate):
        parse_predicate(text)


def test_a_text_without_quotes_gets_a_hint() -> None:
    """`device = mobile` is the most common slip."""
    with pytest.raises(BadPredicate, match="'mobile' in single quotes"):
        parse_predicate("device = mobile")
