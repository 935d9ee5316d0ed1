"""Transitions, n-grams and loops against plain loops over the rows, SQL, and the published counts of a real site."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sojourn
from tests.analyse.logs import Row, log, moment, random_rows
from tests.analyse.walk_oracle import own_paths
from tests.thoroughness import examples

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sojourn.analyse.journeys import Journeys

OPTIONS = st.fixed_dictionaries(
    {"unit": st.sampled_from(["sessions", "persons"])}, optional={"start": st.just("a"), "end": st.just("b")}
)


def asked(rows: list[Row], options: dict[str, Any]) -> dict[str, Any]:
    """The options with events the log does not know as predicates, which match nothing."""
    known = {row[2] for row in rows}
    return {
        name: value if value in known or name == "unit" else f"event = '{value}'" for name, value in options.items()
    }


@examples(40)
@given(rows=random_rows(longest=20), options=OPTIONS, collapse=st.booleans())
def test_transitions_and_ends_equal_loops_over_the_rows(
    rows: list[Row], options: dict[str, Any], *, collapse: bool
) -> None:
    paths = own_paths(rows, **options, collapse=collapse)
    counts: Counter[tuple[str, str]] = Counter()
    persons = defaultdict(set)
    for path in paths:
        for pair in zip(path.steps, path.steps[1:], strict=False):
            counts[pair] += 1
            persons[pair].add(path.person)

    result = log(rows).transitions(gap="1000s", collapse=collapse, **asked(rows, options))

    assert {(t.from_, t.to): t.count for t in result.transitions} == counts
    assert {(t.from_, t.to): t.persons for t in result.transitions} == {pair: len(who) for pair, who in persons.items()}
    assert {e.value: e.count for e in result.entries} == Counter(path.steps[0] for path in paths)
    assert {e.value: e.count for e in result.exits} == Counter(path.steps[-1] for path in paths)
    assert (result.total, result.distinct) == (counts.total(), len(counts))
    for transition in result.transitions[:3]:
        pair = (transition.from_, transition.to)
        assert set(result.persons_of(*pair)) == persons[pair]


SQL = """
with steps as (
    select person, event, lead(event) over (partition by person order by time, place) as next from log
)
select event, next, count(*), count(distinct person) from steps where next is not null group by all
"""


@pytest.mark.long
def test_transitions_equal_sql_on_a_medium_log() -> None:
    random = np.random.default_rng(3)
    rows: list[Row] = [
        (f"p{person}", int(second), f"e{event}", {})
        for person, second, event in zip(
            random.integers(0, 300, 5_000), random.integers(0, 10_000, 5_000), random.zipf(1.5, 5_000) % 30, strict=True
        )
    ]
    db = duckdb.connect()
    db.execute("create table log (person text, time timestamp, event text, place int)")
    db.executemany(
        "insert into log values (?, ?, ?, ?)",
        [(row[0], moment(row[1]).replace(tzinfo=None), row[2], place) for place, row in enumerate(rows)],
    )

    result = log(rows).transitions(unit="persons")

    found = {(t.from_, t.to): (t.count, t.persons) for t in result.transitions}
    assert found == {(a, b): (n, who) for a, b, n, who in db.execute(SQL).fetchall()}


@pytest.fixture(scope="module")
def site(data: Callable[[str], Path]) -> Journeys:
    """One day of msnbc.com: pages in order, without times, one unit a visitor."""
    return sojourn.read(data("msnbc/msnbc_pageviews.parquet"), person="user_id", event="page")


@pytest.mark.long
def test_the_published_transitions_of_a_real_site(site: Journeys) -> None:
    result = site.transitions()

    counts = {(t.from_, t.to): t.count for t in result.transitions}
    assert (result.units, result.steps, result.total) == (989_818, 4_698_794, 3_708_976)
    assert counts["frontpage", "frontpage"] == 418_764
    assert counts["weather", "weather"] == 329_235
    assert counts["sports", "sports"] == 252_592
    assert counts["local", "local"] == 224_891
    assert counts["news", "news"] == 222_340
    assert counts["frontpage", "news"] == 73_820
    assert [(e.value, e.count) for e in result.entries[:3]] == [
        ("frontpage", 277_376),
        ("on-air", 163_077),
        ("news", 77_138),
    ]


@pytest.mark.long
def test_single_page_visits_of_a_real_site_are_paths_of_one_step(site: Journeys) -> None:
    result = site.paths(depth=1)

    assert sum(path.count for path in result.whole if len(path.path) == 1) == 365_435
    frontpage = next(b for b in result.branches if b.path == ("frontpage",))
    assert (frontpage.count, result.branches[0]) == (277_376, frontpage)
