"""What a column cannot hold exactly stands in the JSON, as it came."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.store.leftovers import add_to_rest, fit

S, N, F, B = pa.string(), pa.int64(), pa.float64(), pa.bool_()


@pytest.mark.parametrize(
    ("values", "kind", "column", "left"),
    [
        (pa.array(["a", None]), S, ["a", None], None),
        (pa.array([1, None, 2]), S, [None] * 3, [1, None, 2]),
        (pa.array(["1", "x", None, "-20"]), N, [1, None, None, -20], [None, "x", None, None]),
        # Spelt so, they are no numbers: article 007 is not article 7.
        (pa.array(["007", "0x1F", "+5", " 5", "-0", "1_0", "٣"]), N, [None] * 7, ["007", "0x1F", "+5", " 5", "-0", "1_0", "٣"]),
        (pa.array(["9223372036854775807", "9223372036854775808"]), N, [2**63 - 1, None], [None, "9223372036854775808"]),
        (pa.array(["2.5", "1.50", "1e3", "7"]), F, [2.5, 1.5, 1000.0, 7.0], None),
        (pa.array(["007", "+1", ".5", "nan", "inf", "1.", "0.10000000000000001"]), F, [None, None, None, None, None, 1.0, None], ["007", "+1", ".5", "nan", "inf", None, "0.10000000000000001"]),
        (pa.array(["true", "false", "1", "TRUE"]), B, [True, False, None, None], [None, None, "1", "TRUE"]),
        (pa.array([1.0, 2.5, None]), N, [1, None, None], [None, 2.5, None]),
        (pa.array([float("inf"), 2.0**63]), N, [None, None], [float("inf"), 2.0**63]),
        (pa.array([1, 2**53 + 1]), F, [1.0, None], [None, 2**53 + 1]),
        (pa.array([True, None]), N, [None, None], [True, None]),
        (pa.array([1, 0]), B, [None, None], [1, 0]),
        (pa.nulls(2), F, [None, None], None),
        (pa.nulls(2, S), N, [None, None], None),
        (pa.array(["a"]).dictionary_encode(), S, ["a"], None),
    ],
)  # fmt: skip
def test_values_that_fit_exactly_go_into_the_column(
    values: pa.Array, kind: pa.DataType, column: list[Any], left: list[Any] | None
) -> None:
    fitting, rest = fit(values, kind)

    assert fitting.type == kind
    assert fitting.to_pylist() == column
    assert (None if rest is None else rest.to_pylist()) == left


json_values = st.none() | st.text(max_size=5) | st.integers(-9, 9) | st.booleans()
objects = st.none() | st.dictionaries(
    st.sampled_from(["a", "b c", '"', "é"]), json_values.filter(lambda v: v is not None)
)


@given(
    st.lists(
        st.tuples(objects, st.none() | st.text(max_size=3), st.none() | st.integers(-9, 9)), min_size=1, max_size=6
    )
)
def test_properties_are_put_into_the_objects_beside_what_is_there(
    rows: list[tuple[dict[str, Any] | None, str | None, int | None]],
) -> None:
    rest = pa.array([None if row[0] is None else json.dumps(row[0]) for row in rows], S)
    leftovers = {'t"x': pa.array([row[1] for row in rows], S), "n": pa.array([row[2] for row in rows], N)}

    found = add_to_rest(rest, leftovers).to_pylist()

    expected = [
        (row[0] or {}) | ({} if row[1] is None else {'t"x': row[1]}) | ({} if row[2] is None else {"n": row[2]})
        for row in rows
    ]
    assert [json.loads(text) if text else {} for text in found] == expected


def test_rows_with_nothing_stay_in_line() -> None:
    found = add_to_rest(pa.array([None, None, "{}", '{"b": 2}']), {"a": pa.array([None, 1, None, None])})

    assert found.to_pylist() == [None, '{"a":1}', None, '{"b": 2}']


def test_numbers_json_has_no_word_for_stand_as_text() -> None:
    found = add_to_rest(pa.nulls(3, S), {"x": pa.array([float("nan"), float("inf"), -float("inf")])})

    assert [json.loads(text) for text in found.to_pylist()] == [{"x": "nan"}, {"x": "inf"}, {"x": "-inf"}]
