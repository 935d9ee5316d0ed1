"""Sets by sorting are those of numpy."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sojourn.identify.sets import among, distinct

NUMBERS = st.lists(st.integers(-5, 5) | st.integers(-(2**63), 2**63 - 1), max_size=12).map(
    lambda values: np.array(values, np.int64)
)


@given(NUMBERS, NUMBERS)
def test_sets_by_sorting_are_those_of_numpy(values: np.ndarray, others: np.ndarray) -> None:
    assert distinct(values).tolist() == np.unique(values).tolist()
    assert among(values, distinct(others)).tolist() == np.isin(values, others).tolist()
