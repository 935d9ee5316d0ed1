"""BLAKE2b over columns, byte for byte as `hashlib` computes it."""

from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sojourn.identify.blake2b import digests, hash_distinct

KEY = bytes(range(32))


def by_hashlib(value: str, prefix: bytes, key: bytes, size: int) -> bytes:
    return hashlib.blake2b(prefix + value.encode(), digest_size=size, key=key).digest()


@given(
    st.lists(st.text(max_size=40) | st.text(min_size=60, max_size=200), max_size=6),
    st.sampled_from([b"", b"user\0\0", b"x" * 64, b"y" * 130]),
    st.sampled_from([b"", b"k", KEY, KEY * 2]),
    st.sampled_from([8, 16]),
)
@example([""], b"", b"", 8)
@example([""], b"", KEY, 16)
@example(["x" * n for n in (127, 128, 129, 255, 256, 257)], b"", KEY, 8)
@example(["é" * 64, "\U0001f600" * 32, "\0"], b"", b"", 16)
def test_digests_equal_hashlib_s(values: list[str], prefix: bytes, key: bytes, size: int) -> None:
    found = digests(pa.array(values, pa.string()), prefix=prefix, key=key, size=size)

    assert [row.tobytes() for row in found] == [by_hashlib(value, prefix, key, size) for value in values]


def test_a_slice_of_a_column_is_hashed_as_the_same_values_alone() -> None:
    whole = pa.array(["a", "bb", "ccc", "dddd"])

    assert np.array_equal(digests(whole.slice(1, 2)), digests(pa.array(["bb", "ccc"])))


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())])
def test_a_null_has_the_number_0_and_equal_values_equal_numbers(kind: pa.DataType) -> None:
    values = pa.array(["b", None, "a", "b", None], pa.string()).cast(kind)

    [first, null, second, again, other] = hash_distinct(values, digests)[:, 0].tolist()

    assert (null, other) == (0, 0)
    assert first == again
    assert [first, second] == [int.from_bytes(by_hashlib(value, b"", b"", 8), "little") for value in "ba"]


def test_a_column_of_nothing_gives_nothing() -> None:
    assert digests(pa.array([], pa.string())).shape == (0, 1)
    assert hash_distinct(pa.array([], pa.string()), digests).shape == (0, 1)
    assert hash_distinct(pa.nulls(3, pa.string()), digests).tolist() == [[0], [0], [0]]
