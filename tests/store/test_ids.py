"""Ids seen by an import, against a dictionary."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sojourn.store.ids import SeenIds

Id = tuple[int, int]
ids_strategy = st.tuples(st.integers(0, 3), st.sampled_from([0, 1, 2**64 - 1]))


def as_array(ids: list[Id]) -> np.ndarray:
    return np.array(ids, np.uint64).reshape(-1, 2)


@given(st.lists(st.lists(st.tuples(ids_strategy, st.booleans()), max_size=8), max_size=4))
def test_claims_count_as_a_dictionary_does(batches: list[list[tuple[Id, bool]]]) -> None:
    """The k-th repeat gets number k; a given id that comes again gets -1."""
    seen, times = SeenIds(), dict[Id, int]()
    for rows in batches:
        ids = as_array([row[0] for row in rows])
        found = seen.claim(ids, given=np.array([row[1] for row in rows], bool))
        for (row, given_id), number in zip(rows, found.tolist(), strict=True):
            before = times.get(row, 0)
            assert number == (-1 if given_id and before else before)
            times[row] = max(before, 1) if given_id else before + 1


def test_repeats_get_ids_of_their_own_that_are_the_same_in_every_import() -> None:
    rows = as_array([(7, 9)] * 5)
    nothing_given = np.zeros(5, bool)
    whole, halves = rows.copy(), rows.copy()

    SeenIds().claim(whole, given=nothing_given)
    seen = SeenIds()
    for part in (halves[:2], halves[2:]):
        seen.claim(part, given=nothing_given[: len(part)])

    assert len({tuple(row) for row in whole.tolist()}) == 5
    assert whole.tolist() == halves.tolist()
    assert whole[0].tolist() == [7, 9]


@given(st.sets(ids_strategy), st.sets(ids_strategy))
def test_stored_are_those_of_this_import_that_the_table_has_too(mine: set[Id], table: set[Id]) -> None:
    seen = SeenIds()
    seen.claim(as_array(sorted(mine)), given=np.zeros(len(mine), bool))

    assert seen.mark_stored(as_array(sorted(table))) == len(mine & table)

    everything = sorted(mine | table)
    assert seen.stored(as_array(everything)).tolist() == [row in mine & table for row in everything]


def test_a_million_ids_are_told_apart() -> None:
    """It grows while it is filled."""
    ids = np.random.default_rng(1).integers(0, 2**63, (1_000_000, 2)).astype(np.uint64)
    seen = SeenIds()
    for part in np.split(ids, 10):
        assert not seen.claim(part.copy(), given=np.zeros(len(part), bool)).any()

    assert (seen.claim(ids[::1000].copy(), given=np.ones(1000, bool)) == -1).all()
    assert not seen.stored(ids).any()
