from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from tests.thoroughness import examples

from sojourn.signals.profile import DIGITS, rounded


@examples(1_000)
@given(st.one_of(st.floats(), st.integers(-(10**9), 10**9).map(lambda n: n / 2_000_000)))
def test_points_are_rounded_as_numpy_rounds_whole_columns(number: float) -> None:
    """Live one person at a time, over history many: half a step (0.0000005) goes the same way in both."""
    with np.errstate(over="ignore"):
        many = float(np.round(np.array([number]), DIGITS)[0])

    assert rounded(number) == many or (math.isnan(number) and math.isnan(many))
