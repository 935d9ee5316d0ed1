"""Intervals and tests against published examples and independent programs."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sojourn.analyse.intervals import fisher, holm, mann_whitney, newcombe, ratio_interval, wilson

# Newcombe (1998), Statistics in Medicine 17, 873-890, table II, method 10 (score, without continuity correction).
NEWCOMBE_1998 = [
    (56, 70, 48, 80, 0.0524, 0.3339),
    (9, 10, 3, 10, 0.1705, 0.8090),
    (6, 7, 2, 7, 0.0582, 0.8062),
    (5, 56, 0, 29, -0.0381, 0.1926),
    (0, 10, 0, 20, -0.1611, 0.2775),
    (0, 10, 0, 10, -0.2775, 0.2775),
    (10, 10, 0, 20, 0.6791, 1.0000),
    (10, 10, 0, 10, 0.6075, 1.0000),
]


@pytest.mark.parametrize(("a", "m", "b", "n", "low", "high"), NEWCOMBE_1998)
def test_the_interval_of_a_difference_is_the_published_one(
    a: int, m: int, b: int, n: int, low: float, high: float
) -> None:
    found = newcombe(a, m, b, n)

    assert (round(float(found[0]), 4), round(float(found[1]), 4)) == (low, high)


def test_wilson_is_the_published_one() -> None:
    """Newcombe (1998), Statistics in Medicine 17, 857-872, table I, method 3: 81 of 263, 15 of 148, 0 of 20, 1 of 29."""
    low, high = wilson([81, 15, 0, 1], [263, 148, 20, 29])

    assert np.round(low, 4).tolist() == [0.2553, 0.0624, 0.0000, 0.0061]
    assert np.round(high, 4).tolist() == [0.3662, 0.1605, 0.1611, 0.1718]


@given(st.integers(1, 400), st.data())
def test_wilson_agrees_with_scipy(m: int, data: st.DataObject) -> None:
    a = data.draw(st.integers(0, m))
    low, high = wilson(a, m)
    expected = stats.binomtest(a, m).proportion_ci(method="wilson")

    assert (float(low), float(high)) == pytest.approx((expected.low, expected.high), abs=1e-12)


@given(st.integers(1, 300), st.integers(1, 300), st.data())
def test_fisher_is_twice_the_tail_scipy_gives(m: int, n: int, data: st.DataObject) -> None:
    a, b = data.draw(st.integers(0, m)), data.draw(st.integers(0, n))
    side: Literal["greater", "less"] = "greater" if a * n > b * m else "less"
    tail = stats.fisher_exact(np.array([[a, m - a], [b, n - b]]), alternative=side).pvalue
    expected = 1.0 if a * n == b * m else min(1.0, 2 * tail)

    assert float(fisher(a, m, b, n)[0]) == pytest.approx(expected, rel=1e-9)


def test_fisher_holds_for_large_groups_and_the_far_tail() -> None:
    """5,000 of 100,000 against 4,000 of 90,000; and 850 of 1,000 against 150 of 1,000, where p is about 1e-235."""
    tail = stats.hypergeom(190_000, 9_000, 100_000).sf(4_999)
    assert float(fisher(5_000, 100_000, 4_000, 90_000)[0]) == pytest.approx(2 * tail, rel=1e-6)
    far = stats.hypergeom(2_000, 1_000, 1_000).logsf(849)
    assert math.log(float(fisher(850, 1_000, 150, 1_000)[0]) / 2) == pytest.approx(far, rel=1e-9)


def test_fisher_of_nobody_or_of_equal_shares_is_one() -> None:
    assert fisher([0, 3, 2], [0, 6, 4], [1, 4, 0], [5, 8, 0]).tolist() == [1.0, 1.0, 1.0]


@given(st.lists(st.integers(0, 9), min_size=1, max_size=40), st.lists(st.integers(0, 9), min_size=1, max_size=40))
def test_mann_whitney_agrees_with_scipy(a: list[int], b: list[int]) -> None:
    """Also where all values are equal: no evidence of anything."""
    probability, p = mann_whitney(np.array(a, float), np.array(b, float))
    if len(set(a + b)) == 1:
        assert (math.isnan(probability), p) == (True, 1.0)
        return
    expected = stats.mannwhitneyu(a, b, method="asymptotic")
    assert probability == pytest.approx(expected.statistic / (len(a) * len(b)))
    assert p == pytest.approx(expected.pvalue, rel=1e-9)


def test_katz_interval_of_a_ratio_by_hand() -> None:
    """30 of 100 against 15 of 100: ratio 2; error sqrt(1/30 - 1/100 + 1/15 - 1/100) = 0.28284; 2 * exp(-+1.96 * 0.28284)."""
    ratio, low, high = (float(value) for value in ratio_interval(30, 100, 15, 100))

    assert (ratio, round(low, 3), round(high, 3)) == (2.0, 1.149, 3.482)
    ratio, low, high = (float(value) for value in ratio_interval(3, 10, 0, 10))
    assert math.isinf(ratio)
    assert math.isnan(low)
    assert math.isnan(high)


def test_holm_by_hand() -> None:
    """0.01 * 4, then max(0.04, 0.02 * 3), max(0.06, 0.03 * 2), max(0.06, 0.04 * 1), back in the order given."""
    assert holm(np.array([0.04, 0.01, 0.03, 0.02]), 4).tolist() == pytest.approx([0.06, 0.04, 0.06, 0.06])


def test_holm_counts_what_was_tried_and_is_not_listed() -> None:
    assert holm(np.array([0.01, 0.5]), 10).tolist() == pytest.approx([0.1, 1.0])
