from __future__ import annotations

from decimal import Decimal, InvalidOperation

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from sojourn.collect.imports.plan import fitting

SHAPES = st.one_of(
    st.integers(-(10**22), 10**22).map(str),
    st.floats(allow_nan=True).map(repr),
    st.decimals(allow_nan=False, allow_infinity=False, places=6).map(str),
    st.text("0123456789.-+eE ", max_size=12),
    st.sampled_from(
        [
            "",
            "007",
            "-0",
            "0",
            "-0.5",
            "1.",
            ".5",
            "1e5",
            "1E-3",
            "inf",
            "nan",
            "0x1F",
            "1_000",
            "9223372036854775807",
            "9223372036854775808",
        ]
    ),
)


def comes_back_as_integer(text: str) -> bool:
    try:
        return str(int(text)) == text and -(2**63) <= int(text) < 2**63
    except ValueError:
        return False


def comes_back_as_decimal(text: str) -> bool:
    try:
        exact = Decimal(text)
    except InvalidOperation:
        return False
    return exact.is_finite() and (Decimal(float(text)) == exact or Decimal(repr(float(text))) == exact)


@given(st.lists(SHAPES, min_size=1, max_size=20))
def test_a_text_is_an_integer_only_when_python_writes_it_back_the_same(texts: list[str]) -> None:
    assert fitting(pa.array(texts), "int64").tolist() == [comes_back_as_integer(text) for text in texts]


@given(st.lists(SHAPES, min_size=1, max_size=20))
def test_a_text_taken_for_a_decimal_is_that_decimal(texts: list[str]) -> None:
    values = pa.array(texts)

    for text, fits in zip(texts, fitting(values, "float64").tolist(), strict=True):
        if fits:
            assert comes_back_as_decimal(text), text
            assert pa.array([text]).cast(pa.float64())[0].as_py() == float(text)
