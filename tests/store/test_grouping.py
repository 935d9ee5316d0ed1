"""Rows in the order (person, time, seq), against `sorted`."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.store.grouping import group_rows

numbers = st.sampled_from([0, 1, -1, 2**63 - 1, -(2**63), 12345])


@given(
    st.lists(st.tuples(numbers, st.integers(-2, 2), st.integers(0, 9)), max_size=30), st.randoms(use_true_random=False)
)
def test_rows_are_sorted_as_python_sorts_them(rows: list[tuple[int, int, int]], chance: object) -> None:
    seqs = list(range(len(rows)))
    chance.shuffle(seqs)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    columns = [np.array([row[k] for row in rows], np.int64) for k in (0, 1)]
    events = np.array([row[2] for row in rows], np.uint16)

    persons, offset, time, seq, event = group_rows(columns[0], columns[1], np.array(seqs, np.int64), events)

    expected = sorted((row[0], row[1], place, row[2]) for row, place in zip(rows, seqs, strict=True))
    who = np.repeat(persons, np.diff(offset))
    assert list(zip(who.tolist(), time.tolist(), seq.tolist(), event.tolist(), strict=True)) == expected
    assert persons.tolist() == sorted({row[0] for row in rows})
    assert offset.tolist() == [
        0,
        *itertools.accumulate(len(list(g)) for _, g in itertools.groupby(expected, lambda row: row[0])),
    ]
    assert event.dtype == np.uint16


@pytest.mark.parametrize("dtype", [np.uint16, np.uint32])
def test_many_rows_of_many_persons(dtype: type) -> None:
    chance = np.random.default_rng(3)
    n = 200_000
    person, time = (
        chance.integers(-(2**63), 2**63 - 1, 20_000)[chance.integers(0, 20_000, n)],
        chance.integers(0, 50, n),
    )
    seq = chance.permutation(n)
    event: Any = chance.integers(0, 60_000, n).astype(dtype)

    persons, offset, *sorted_columns = group_rows(person, time, seq, event)

    order = np.lexsort((seq, time, person))
    assert np.array_equal(np.repeat(persons, np.diff(offset)), person[order])
    for found, column in zip(sorted_columns, (time, seq, event), strict=True):
        assert np.array_equal(found, column[order])
