"""Exact quantiles over several arrays, against numpy over one."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.analyse import quantiles as module
from sojourn.analyse.quantiles import quantiles, quantiles_of_counts

ARRAYS = st.lists(st.lists(st.integers(0, 10**9), max_size=30), min_size=1, max_size=4)


@given(ARRAYS, st.sampled_from([0.0, 0.25, 0.5, 0.9, 1.0]))
def test_quantiles_are_numpys(arrays: list[list[int]], share: float) -> None:
    """Method 7, numpy's default."""
    parts = [np.array(array, np.int64) for array in arrays]
    whole = np.concatenate(parts)

    found = quantiles(parts, (share,))[0]

    assert math.isnan(found) if not len(whole) else found == np.quantile(whole, share)


@given(st.lists(st.integers(0, 40), min_size=1, max_size=60), st.sampled_from([0.0, 0.3, 0.5, 0.9, 1.0]))
def test_quantiles_of_counted_values_are_those_of_the_values(values: list[int], share: float) -> None:
    assert quantiles_of_counts(np.bincount(values), (share,))[0] == np.quantile(values, share)


def test_nothing_counted_has_no_quantile() -> None:
    assert math.isnan(quantiles_of_counts(np.zeros(3, np.int64), (0.5,))[0])


@pytest.mark.parametrize("together", [1 << 20, 0])
def test_large_inputs_are_selected_by_their_leading_bits(monkeypatch: pytest.MonkeyPatch, together: int) -> None:
    """Past the size where sorting everything is given up; with many equal values too; put together or side by side."""
    monkeypatch.setattr(module, "_TOGETHER", together)
    random = np.random.default_rng(4)
    for values in (random.integers(0, 10**12, 200_001), random.integers(0, 3, 200_000), random.zipf(1.5, 150_000)):
        assert len(values) > module._SMALL
        parts = np.array_split(values.astype(np.int64), 3)
        assert quantiles(parts, (0.5, 0.9, 0.99)) == list(np.quantile(values, (0.5, 0.9, 0.99)))
