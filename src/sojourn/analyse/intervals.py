"""Intervals and tests for shares of two groups, and what to do when many are tried.

In: counts as arrays, one entry a candidate. Out: arrays of the same length. Formulas and sources: docs/methods/compare.md.
Never chooses what to compare.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

LEVEL = 0.95
"""Confidence level of every interval."""
_Z = 1.959963984540054


def wilson(count: ArrayLike, n: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Wilson's score interval of a share.

    Args:
        count: How many of `n` have it.
        n: How many there are.

    Returns:
        Lower and upper end at `LEVEL`, in [0, 1]; nan where `n` is 0.

    Source: Wilson (1927), JASA 22(158), 209-212.
    """
    x, total = np.asarray(count, np.float64), np.asarray(n, np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = x / total
        middle = share + _Z**2 / (2 * total)
        half = _Z * np.sqrt(share * (1 - share) / total + _Z**2 / (4 * total**2))
        scale = 1 + _Z**2 / total
        return np.clip((middle - half) / scale, 0, 1), np.clip((middle + half) / scale, 0, 1)


def newcombe(
    count_a: ArrayLike, n_a: ArrayLike, count_b: ArrayLike, n_b: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Newcombe's hybrid score interval of the difference of two independent shares, a minus b.

    Returns:
        Lower and upper end at `LEVEL`, in [-1, 1]; nan where a group is empty.

    Source: Newcombe (1998), Statistics in Medicine 17, 873-890, method 10.
    """
    share_a, share_b = _share(count_a, n_a), _share(count_b, n_b)
    low_a, high_a = wilson(count_a, n_a)
    low_b, high_b = wilson(count_b, n_b)
    difference = share_a - share_b
    low = difference - np.sqrt((share_a - low_a) ** 2 + (high_b - share_b) ** 2)
    high = difference + np.sqrt((high_a - share_a) ** 2 + (share_b - low_b) ** 2)
    return low, high


def ratio_interval(
    count_a: ArrayLike, n_a: ArrayLike, count_b: ArrayLike, n_b: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Ratio of two shares, a over b, with the log interval of Katz and others.

    Returns:
        Ratio, lower and upper end at `LEVEL`; the ratio is inf where nobody in b has it (its ends are nan where either
        count is 0), nan where nobody has it.

    Source: Katz, Baptista, Azen and Pike (1978), Biometrics 34(3), 469-474.
    """
    a, total_a = np.asarray(count_a, np.float64), np.asarray(n_a, np.float64)
    b, total_b = np.asarray(count_b, np.float64), np.asarray(n_b, np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = _share(a, total_a) / _share(b, total_b)
        error = np.sqrt(1 / a - 1 / total_a + 1 / b - 1 / total_b)
        low, high = ratio * np.exp(-_Z * error), ratio * np.exp(_Z * error)
    known = (a > 0) & (b > 0)
    return ratio, np.where(known, low, np.nan), np.where(known, high, np.nan)


def fisher(count_a: ArrayLike, n_a: ArrayLike, count_b: ArrayLike, n_b: ArrayLike) -> NDArray[np.float64]:
    """Fisher's exact p value, two-sided by doubling the tail on the side where the difference lies.

    Returns:
        p in [0, 1]; 1 where the shares are equal or a group is empty.

    Source: Fisher (1934); doubling: Yates (1984), JRSS A 147(3), 426-463.
    """
    a, total_a = np.asarray(count_a, np.int64), np.asarray(n_a, np.int64)
    b, total_b = np.asarray(count_b, np.int64), np.asarray(n_b, np.int64)
    a, total_a, b, total_b = np.broadcast_arrays(a, total_a, b, total_b)
    found: NDArray[np.float64] = _fisher(
        a.ravel().copy(), total_a.ravel().copy(), b.ravel().copy(), total_b.ravel().copy()
    )
    return found


def mann_whitney(a: NDArray[np.float64], b: NDArray[np.float64]) -> tuple[float, float]:
    """Whether values of one group are larger than those of another, without assuming a shape.

    Args:
        a: Values of one group, without nan.
        b: Values of the other.

    Returns:
        Probability that a value of `a` is larger than one of `b` (ties count half), and the two-sided p value by the
        normal approximation with ties and continuity corrected; (nan, 1) when a group is empty or all are equal.

    Source: Mann and Whitney (1947), Annals of Mathematical Statistics 18(1), 50-60.
    """
    n_a, n_b = len(a), len(b)
    if not n_a or not n_b:
        return math.nan, 1.0
    _, inverse, counts = np.unique(np.concatenate([a, b]), return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks = (ends - (counts - 1) / 2)[inverse]
    u = float(ranks[:n_a].sum()) - n_a * (n_a + 1) / 2
    n = n_a + n_b
    ties = float((counts.astype(np.float64) ** 3 - counts).sum())
    spread = math.sqrt(n_a * n_b / 12 * ((n + 1) - ties / (n * (n - 1))))
    if not spread:
        return math.nan, 1.0
    z = max(abs(u - n_a * n_b / 2) - 0.5, 0) / spread
    return u / (n_a * n_b), math.erfc(z / math.sqrt(2))


def holm(p: NDArray[np.float64], tried: int) -> NDArray[np.float64]:
    """P values corrected so that any wrong one among all tried has at most the stated probability.

    Args:
        p: Some or all of the p values; those left out must be no smaller than any given.
        tried: How many there are in all.

    Source: Holm (1979), Scandinavian Journal of Statistics 6(2), 65-70.
    """
    order = np.argsort(p, kind="stable")
    stepped = np.maximum.accumulate(p[order] * (tried - np.arange(len(p))))
    out = np.empty(len(p))
    out[order] = np.minimum(stepped, 1)
    return out


def _share(count: ArrayLike, n: ArrayLike) -> NDArray[np.float64]:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(count, np.float64) / np.asarray(n, np.float64)


@njit(nogil=True, cache=True)
def _fisher(count_a, n_a, count_b, n_b):  # type: ignore[no-untyped-def]
    """Sum the tail of the hypergeometric distribution outwards from what was observed, term by term."""
    out = np.ones(count_a.size)
    for i in range(count_a.size):
        a, m, b, n = count_a[i], n_a[i], count_b[i], n_b[i]
        if m == 0 or n == 0 or a * n == b * m:
            continue
        if a * n < b * m:
            a, m, b, n = b, n, a, m
        # The tail in which `a` grows and `b` shrinks, margins fixed.
        have = a + b
        log_first = (
            math.lgamma(m + 1) - math.lgamma(a + 1) - math.lgamma(m - a + 1)
            + math.lgamma(n + 1) - math.lgamma(b + 1) - math.lgamma(n - b + 1)
            - math.lgamma(m + n + 1) + math.lgamma(have + 1) + math.lgamma(m + n - have + 1)
        )  # fmt: skip
        term = 1.0
        total = 1.0
        while a < m and b > 0:
            term *= (m - a) / (a + 1) * b / (n - b + 1)
            total += term
            a, b = a + 1, b - 1
            if term < 1e-17 * total:
                break
        out[i] = min(1.0, 2 * math.exp(log_first) * total)
    return out
