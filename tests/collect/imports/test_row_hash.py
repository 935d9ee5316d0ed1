from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.collect.imports.row_hash import row_hash

MASK = (1 << 64) - 1
M1, M2, P1, P2 = 0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53, 0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9


def mixed(value: int) -> int:
    value ^= value >> 33
    value = value * M1 & MASK
    value ^= value >> 33
    value = value * M2 & MASK
    return value ^ value >> 33


def slow_row_hash(columns: dict[str, list[Any]], rows: int) -> list[tuple[int, int]]:
    """The definition in plain Python, value by value."""
    sums = [[0, 0] for _ in range(rows)]
    for name, values in columns.items():
        digest = hashlib.blake2b(name.encode(), digest_size=16).digest()
        for row, value in enumerate(values):
            if value is None:
                continue
            data = value.encode() if isinstance(value, str) else value.to_bytes(8, "little", signed=True)
            lane0 = int.from_bytes(digest[:8], "little") ^ (len(data) * P1 & MASK)
            lane1 = (int.from_bytes(digest[8:], "little") + len(data) * P2) & MASK
            for at in range(0, len(data), 8):
                word = int.from_bytes(data[at : at + 8], "little")
                lane0 = ((lane0 ^ word) * M1 & MASK) ^ (lane0 >> 29)
                lane1 = ((lane1 + word) * M2 & MASK) ^ (lane1 >> 35)
            sums[row][0] = (sums[row][0] + mixed(lane0)) & MASK
            sums[row][1] = (sums[row][1] + mixed(lane1 ^ P1)) & MASK
    return [(a, b) for a, b in sums]


def hashes(columns: dict[str, pa.Array]) -> list[tuple[int, int]]:
    rows = len(next(iter(columns.values())))
    return [(int(a), int(b)) for a, b in row_hash(columns, rows)]


TEXTS = st.lists(st.one_of(st.none(), st.text(st.characters(codec="utf-8"), max_size=30)), min_size=5, max_size=5)
NUMBERS = st.lists(st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)), min_size=5, max_size=5)


@given(TEXTS, TEXTS, NUMBERS)
def test_the_kernel_computes_the_definition(a: list[str | None], b: list[str | None], c: list[int | None]) -> None:
    columns = {"a": pa.array(a, pa.string()), "b": pa.array(b, pa.string()), "c": pa.array(c, pa.int64())}

    assert hashes(columns) == slow_row_hash({"a": a, "b": b, "c": c}, 5)


@given(TEXTS, TEXTS)
def test_neither_the_order_of_columns_nor_empty_ones_matter(a: list[str | None], b: list[str | None]) -> None:
    one, two, nothing = pa.array(a, pa.string()), pa.array(b, pa.string()), pa.nulls(5, pa.string())

    assert hashes({"a": one, "b": two}) == hashes({"nothing": nothing, "b": two, "a": one})


def test_a_value_in_another_column_is_another_row() -> None:
    (left,), (right,) = (
        hashes({"a": pa.array(["x"]), "b": pa.array(["y"])}),
        hashes({"a": pa.array(["y"]), "b": pa.array(["x"])}),
    )

    assert left != right


def test_an_empty_text_is_not_a_null() -> None:
    (empty,), (nothing,) = hashes({"a": pa.array([""])}), hashes({"a": pa.array([None], pa.string())})

    assert nothing == (0, 0)
    assert empty != nothing


def test_slices_of_a_column_hash_as_the_column_does() -> None:
    whole = pa.array(["a", None, "ccc", "d" * 20, None, "e"])

    assert hashes({"x": whole.slice(2, 3)}) == hashes({"x": whole})[2:5]


def test_a_number_hashes_alike_in_every_width_and_a_time_in_every_unit() -> None:
    assert (
        len({hashes({"n": pa.array([5, -5], kind)})[1] for kind in (pa.int8(), pa.int16(), pa.int32(), pa.int64())})
        == 1
    )
    seconds = pa.array([1_700_000_000], pa.timestamp("s"))
    assert hashes({"t": seconds}) == hashes({"t": seconds.cast(pa.timestamp("ns"))})


@pytest.mark.long
def test_a_million_rows_that_differ_by_little_have_a_million_hashes() -> None:
    numbers = pa.array(np.arange(1_000_000)).cast(pa.string())
    found = row_hash({"user": pa.array(["u"] * 1_000_000), "n": numbers}, 1_000_000)

    assert np.unique(found[:, 0]).size == 1_000_000
    assert np.unique(found[:, 1]).size == 1_000_000
