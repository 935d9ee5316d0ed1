"""How often chance would have a run of steps, and how surprising the real count is.

In: runs of steps, counts of runs and of pairs. Out: expected counts and p values. Formulas: docs/methods/ngrams.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

Null = Literal["independence", "first-order"]
Pairs = tuple["NDArray[np.int64]", "NDArray[np.int64]", "NDArray[np.int64]"]
_ROUNDS = 1000
_CLOSE = 1e-12


def expected_counts(
    steps: NDArray[np.int64], begins: NDArray[np.float64], pairs: Pairs, *, null: Null, no_repeats: bool
) -> NDArray[np.float64]:
    """Expected count of each run: places that begin with its first step, times the chance of each step after it.

    Args:
        steps: int64 (runs, length): codes of the steps of each run.
        begins: By code, in how many places a run begins with it.
        pairs: Steps before, steps behind, and how often, of every pair that stands.
        null: `independence` or `first-order`; see `NGrams`.
        no_repeats: Whether equal steps in a row cannot stand, since they were collapsed.
    """
    values = len(begins)
    expected = begins[steps[:, 0]]
    before, behind, count = pairs
    leaving, arriving = sums(before, count, values), sums(behind, count, values)
    if null == "first-order":
        keys = before * values + behind
        for place in range(steps.shape[1] - 1):
            here, there = steps[:, place], steps[:, place + 1]
            expected = expected * count[np.searchsorted(keys, here * values + there)] / leaving[here]
        return expected
    weights = _weights_without_repeats(leaving, arriving) if no_repeats else arriving
    total = weights.sum()
    for place in range(steps.shape[1] - 1):
        here, there = steps[:, place], steps[:, place + 1]
        expected = expected * weights[there] / (total - weights[here] if no_repeats else total)
    return expected


def p_values(counts: NDArray[np.int64], expected: NDArray[np.float64], places: int) -> NDArray[np.float64]:
    """Two-sided binomial p of `counts` in `places` trials of chance `expected / places`.

    Twice the tail on the side on which the count lies of what is expected, at most 1.
    """
    from scipy import special  # noqa: PLC0415  (heavy)

    chance = np.clip(expected / max(places, 1), 0.0, 1.0)
    more = counts > expected
    # Pr(X >= k) is the regularised incomplete beta function I(k, n - k + 1) at the chance; Pr(X <= k) is 1 - I(k + 1, n - k).
    at = np.where(more, counts, counts + 1)
    tail = special.betainc(np.maximum(at, 1), np.maximum(places - at + 1, 1), chance)
    below = np.where(counts >= places, 1.0, 1.0 - tail)
    doubled: NDArray[np.float64] = np.minimum(1.0, 2 * np.where(more, tail, below))
    return doubled


def sums(codes: NDArray[np.int64], counts: NDArray[np.int64], values: int) -> NDArray[np.float64]:
    """Counts added up by code."""
    summed: NDArray[np.float64] = np.bincount(codes, counts, values).astype(np.float64)
    return summed


def _weights_without_repeats(leaving: NDArray[np.float64], arriving: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weight of each step as a next step, when a step never follows itself.

    Quasi-independence: the table `a[i] * b[j]` with an empty diagonal and the margins `leaving` and `arriving`, found by
    fitting the margins in turn (Goodman 1968).
    """
    weights = arriving.copy()
    tiny = np.finfo(np.float64).tiny
    for _ in range(_ROUNDS):
        rows = leaving / np.maximum(weights.sum() - weights, tiny)
        fresh = arriving / np.maximum(rows.sum() - rows, tiny)
        fresh *= arriving.sum() / max(fresh.sum(), tiny)
        moved = np.abs(fresh - weights).max(initial=0.0)
        weights = fresh
        if moved <= _CLOSE * max(arriving.sum(), 1.0):
            break
    return weights
