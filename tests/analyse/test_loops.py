"""Loops against plain loops over the rows."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

import pytest
from hypothesis import given

from sojourn.records.errors import BadOption
from tests.analyse.logs import Row, log, random_rows
from tests.analyse.test_transitions import OPTIONS, asked
from tests.analyse.walk_oracle import own_paths
from tests.thoroughness import examples


def test_loops_by_hand() -> None:
    """Home item item home item: one repeat; home once and item once returned to; home > item > home and item > home > item."""
    path = ["home", "item", "item", "home", "item"]
    rows: list[Row] = [("anna", second, event, {}) for second, event in enumerate(path)]
    rows += [("bert", second, event, {}) for second, event in enumerate(["home", "item", "cart"])]

    result = log(rows).loops()

    assert (result.units, result.repeating_units, result.returning_units, result.back_and_forth_units) == (2, 1, 1, 1)
    assert [(loop.value, loop.count) for loop in result.repeats] == [("item", 1)]
    assert {(loop.value, loop.count) for loop in result.returns} == {("home", 1), ("item", 1)}
    assert {(loop.value, loop.via) for loop in result.back_and_forth} == {("home", "item"), ("item", "home")}
    assert result.back_and_forth[0].share == 0.5
    assert list(result.persons_of("back_and_forth", "home", "item")) == ["anna"]
    assert "home > item > home" in str(result)
    assert len(result.plot().data[0].y) == 2
    assert result.table.num_rows == 5


@examples(40)
@given(rows=random_rows(longest=20), options=OPTIONS)
def test_every_loop_equals_loops_over_the_rows(rows: list[Row], options: dict[str, Any]) -> None:
    counts: dict[str, Counter[Any]] = {kind: Counter() for kind in ("repeat", "return", "back_and_forth")}
    persons: dict[tuple[str, Any], set[str]] = defaultdict(set)
    units: dict[str, set[int]] = defaultdict(set)
    for number, path in enumerate(own_paths(rows, **options)):
        found: list[tuple[str, Any]] = [
            ("repeat", b) for a, b in zip(path.steps, path.steps[1:], strict=False) if a == b
        ]
        runs = [step for n, step in enumerate(path.steps) if n == 0 or step != path.steps[n - 1]]
        found += [("return", step) for n, step in enumerate(runs) if step in runs[:n]]
        found += [("back_and_forth", (runs[n], runs[n + 1])) for n in range(len(runs) - 2) if runs[n] == runs[n + 2]]
        for kind, key in found:
            counts[kind][key] += 1
            persons[kind, key].add(path.person)
            units[kind].add(number)

    result = log(rows).loops(gap="1000s", **asked(rows, options))

    assert {loop.value: loop.count for loop in result.repeats} == counts["repeat"]
    assert {loop.value: loop.count for loop in result.returns} == counts["return"]
    assert {(loop.value, loop.via): loop.count for loop in result.back_and_forth} == counts["back_and_forth"]
    assert result.repeating_units == len(units["repeat"])
    assert result.returning_units == len(units["return"])
    assert result.back_and_forth_units == len(units["back_and_forth"])
    for loop in result.back_and_forth[:2]:
        assert (
            set(result.persons_of("back_and_forth", loop.value, loop.via))
            == persons["back_and_forth", (loop.value, loop.via)]
        )
    for loop in result.repeats[:2]:
        assert set(result.persons_of("repeat", loop.value)) == persons["repeat", loop.value]
    assert len(result.persons_of("return")) == len(
        {who for (kind, _), people in persons.items() if kind == "return" for who in people}
    )


def test_a_log_without_such_paths_has_no_loops() -> None:
    result = log([("anna", 0, "home"), ("anna", 1, "item")]).where("event = 'cart'").loops()

    assert (result.units, result.repeats, result.returns, result.back_and_forth) == (0, (), (), ())
    assert "no sessions" in str(result)


def test_what_cannot_be_asked_is_refused() -> None:
    journeys = log([("anna", 0, "home"), ("anna", 1, "item")])
    with pytest.raises(BadOption, match="collapse"):
        journeys.loops(collapse=True)
    with pytest.raises(BadOption, match="kind"):
        journeys.loops().persons_of("circle")  # type: ignore[arg-type]  # what a user may type
    with pytest.raises(BadOption, match="via"):
        journeys.loops().persons_of("return", "home", "item")
