"""Exact quantiles over several arrays, against numpy over one."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sojourn.analyse import quantiles as module
from sojourn.analyse.quantiles import quantiles

ARRAYS = st.lists(st.lists(st.integers(0, 10**9), max_size=30), min_size=1, max_size=4)


@given(ARRAYS, st.sampled_from([0.0, 0.25, 0.5, 0.9, 1.0]))
def test_quantiles_are_numpys(arrays: list[list[int]], share: float) -> None:
    """Method 7, numpy's default."""
    parts = [np.array(array, np.int64) for array in arrays]
    whole = np.concatenate(parts)

    found = quantiles(parts, (share,))[0]

    assert math.isnan(found) if not len(whole) else found == np.quantile(whole, share)


def test_large_inputs_are_selected_by_their_leading_bits() -> None:
    """Past the size where sorting everything is given up; with many equal values too."""
    random = np.random.default_rng(4)
    for values in (random.integers(0, 10**12, 200_001), random.integers(0, 3, 200_000), random.zipf(1.5, 150_000)):
        assert len(values) > module._SMALL
        parts = np.array_split(values.astype(np.int64), 3)
        assert quantiles(parts, (0.5, 0.9, 0.99)) == list(np.quantile(values, (0.5, 0.9, 0.99)))
