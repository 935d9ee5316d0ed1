"""Numbers of actors: the same for one identifier and for columns of them, and another number in another folder."""

from __future__ import annotations

import hashlib

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.identify.actor import ActorNumbers, actor_id, actor_ids

SECRET, OTHER = bytes(range(32)), bytes(32)
texts = st.text(max_size=8) | st.sampled_from(["", "a", "\0", "user", "x" * 200])


@given(st.lists(st.lists(st.none() | texts, max_size=8), max_size=4), st.sampled_from(["", "shop", "n" * 140]))
def test_a_column_gives_the_numbers_of_its_identifiers(batches: list[list[str | None]], namespace: str) -> None:
    """Whatever was seen before, and with nulls as 0."""
    numbers = ActorNumbers(SECRET, "user", namespace=namespace)

    for values in batches:
        expected = [0 if value is None else actor_id(SECRET, "user", value, namespace=namespace) for value in values]
        assert numbers.numbers(pa.array(values, pa.string())).tolist() == expected
        assert actor_ids(SECRET, "user", pa.array(values, pa.string()), namespace=namespace).tolist() == expected


def test_more_identifiers_than_there_is_room_for_at_first() -> None:
    numbers = ActorNumbers(SECRET, "anonymous")
    for first in range(0, 200_000, 50_000):
        values = [f"device-{n}" for n in range(first, first + 50_000)]
        found = numbers.numbers(pa.array(values))
        assert found[::9_999].tolist() == [actor_id(SECRET, "anonymous", value) for value in values[::9_999]]

    again = numbers.numbers(pa.array(["device-0", "device-199999", "new"]))
    assert again.tolist() == [actor_id(SECRET, "anonymous", v) for v in ("device-0", "device-199999", "new")]


@pytest.mark.parametrize("kind", [pa.large_string(), pa.dictionary(pa.int8(), pa.string())])
def test_columns_of_other_layouts_give_the_same_numbers(kind: pa.DataType) -> None:
    values = pa.array(["b", None, "a", "b"], pa.string())

    assert actor_ids(SECRET, "user", values.cast(kind)).tolist() == actor_ids(SECRET, "user", values).tolist()
    assert actor_ids(SECRET, "user", values.slice(2)).tolist() == [actor_id(SECRET, "user", v) for v in "ab"]


def test_the_number_is_the_digest_as_a_signed_integer() -> None:
    digest = hashlib.blake2b(b"user\0\0anna", digest_size=8, key=SECRET).digest()

    assert actor_id(SECRET, "user", "anna") == int.from_bytes(digest, "little", signed=True)


def test_kind_namespace_and_secret_tell_equal_identifiers_apart() -> None:
    found = {
        actor_id(SECRET, "user", "1"),
        actor_id(SECRET, "anonymous", "1"),
        actor_id(SECRET, "user", "1", namespace="shop"),
        actor_id(OTHER, "user", "1"),
    }

    assert len(found) == 4
