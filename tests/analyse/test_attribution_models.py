"""The models on path tables: worked by hand, by brute force, by simulation, and on a published table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest
import scipy.optimize
from hypothesis import given
from hypothesis import strategies as st

from sojourn.analyse.attribution import attribute_paths
from sojourn.analyse.attribution_models import BASELINE, RIDGE, logistic_losses, removal_effects
from sojourn.records.errors import BadFile, BadOption
from tests.analyse import attribution_oracle as oracle

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from sojourn.analyse.attribution import Attribution


def paths(*rows: tuple[str, float, float, float]) -> pa.Table:
    names = ["path", "total_conversions", "total_conversion_value", "total_null"]
    return pa.table([list(column) for column in zip(*rows, strict=True)], names=names)


def conversions(result: Attribution, model: str) -> dict[str, float]:
    return {channel: credit.conversions for channel, credit in result.models[model].items()}


def test_markov_equals_a_matrix_worked_by_hand() -> None:
    """A > b converts, a > c and b > b not, c converts: docs/methods/attribution.md works it out.

    start -> a 1/2, b 1/4, c 1/4; a -> b 1/2, c 1/2; b -> conversion 1/3, b 1/3, null 1/3; c -> conversion 1/2, null 1/2.
    Without a: 1/4 * 1/2 + 1/4 * 1/2 = 1/4; without b and without c likewise 1/4; with all 1/2.
    """
    result = attribute_paths(paths(("a > b", 1, 10, 0), ("a > c", 0, 0, 1), ("b > b", 0, 0, 1), ("c", 1, 30, 0)))

    effects = {channel.channel: channel.removal_effect for channel in result.channels}
    assert effects == pytest.approx({"a": 0.5, "b": 0.5, "c": 0.5})
    assert conversions(result, "markov") == pytest.approx({"a": 2 / 3, "b": 2 / 3, "c": 2 / 3})
    assert result.models["markov"]["a"].value == pytest.approx(40 / 3)


def test_shapley_of_two_channels_worked_by_hand() -> None:
    """Ads alone 6, mail alone 2, both 4: each gets what it makes alone and half of the rest."""
    result = attribute_paths(paths(("ads", 6, 0, 4), ("mail", 2, 0, 8), ("ads > mail > ads", 4, 0, 6)))

    assert conversions(result, "shapley") == pytest.approx({"ads": 8, "mail": 4})


def test_markov_agrees_with_walking_the_chain_at_random() -> None:
    """100,000 walks of the chain with one channel removed convert as often as the formula says."""
    rng = np.random.default_rng(1)
    flow = rng.integers(1, 20, (4, 5)).astype(float)  # three channels and start; conversion and null
    chances = flow / flow.sum(axis=1, keepdims=True)

    def walked(removed: int) -> float:
        state = np.full(100_000, 3)
        won = 0
        while len(state):
            drawn = rng.random(len(state))[:, None]
            state = (drawn > chances[state].cumsum(axis=1)).sum(axis=1)
            won += int((state == 3).sum())
            state = state[(state < 3) & (state != removed)]
        return won / 100_000

    whole = walked(-1)
    expected = [1 - walked(channel) / whole for channel in range(3)]
    assert removal_effects(flow) == pytest.approx(expected, abs=0.02)


@given(
    st.lists(
        st.tuples(st.lists(st.sampled_from("abcde"), min_size=1, max_size=6), st.integers(0, 3), st.integers(0, 3)),
        min_size=1,
        max_size=8,
    )
)
def test_models_of_a_path_table_equal_brute_force(rows: list[tuple[list[str], int, int]]) -> None:
    result = attribute_paths(paths(*((" > ".join(path), won, 2.0 * won, lost) for path, won, lost in rows)))

    single = [
        oracle.Path("", tuple(path), (), converted=converted, value=2.0)
        for path, won, lost in rows
        for converted in [True] * won + [False] * lost
    ]
    positive = {name: share for name, share in oracle.shapley(single).items() if share}
    assert {k: v for k, v in conversions(result, "shapley").items() if v} == pytest.approx(positive)
    for model in ("first", "last", "linear", "position_u", "position_w"):
        expected = {name: given_[0] for name, given_ in oracle.credit(model, single).items() if given_[0]}
        assert {k: v for k, v in conversions(result, model).items() if v} == pytest.approx(expected), model
    effects = {channel.channel: channel.removal_effect for channel in result.channels}
    assert effects == pytest.approx(oracle.removal_effects(single), abs=1e-9)


def test_the_logistic_finds_the_channel_that_does_nothing() -> None:
    """10 % convert with mail and 1 % without, whether ads are there or not: all credit is mail's."""
    table = paths(("mail", 100, 0, 900), ("ads", 10, 0, 990), ("ads > mail", 100, 0, 900), ("", 10, 0, 990))

    result = attribute_paths(table)

    shares = conversions(result, "logistic")
    assert shares["mail"] / sum(shares.values()) > 0.97
    assert conversions(result, "linear")["ads"] == pytest.approx(60)  # which the rules of thumb cannot see
    assert {c.channel: c.predicted_loss for c in result.channels}["mail"] == pytest.approx(180, rel=0.02)


def test_a_path_without_its_only_channel_is_lost_when_nobody_shows_otherwise() -> None:
    """Without persons without a touch there is no chance to convert without one: as in the Markov chain."""
    result = attribute_paths(paths(("ads", 30, 0, 70), ("mail", 10, 0, 90)))

    assert conversions(result, "logistic") == pytest.approx({"ads": 30, "mail": 10}, rel=0.01)


def test_the_logistic_fit_is_the_maximum_of_the_likelihood() -> None:
    """One channel, and enough persons without it: the fit gives back the two rates."""
    masks, won, lost = np.array([0, 1], np.uint64), np.array([20.0, 300.0]), np.array([980.0, 700.0])
    assert won[0] + lost[0] >= BASELINE

    losses, intercept, beta = logistic_losses(masks, won, lost, 1)

    assert 1 / (1 + np.exp(-intercept)) == pytest.approx(0.02, rel=0.02)
    assert 1 / (1 + np.exp(-intercept - beta[0])) == pytest.approx(0.3, rel=0.01)
    assert losses[0] == pytest.approx(280, rel=0.01)


@given(
    st.lists(
        st.tuples(st.integers(1, 15), st.integers(0, 60), st.integers(0, 60)),
        min_size=2,
        max_size=10,
        unique_by=lambda row: row[0],
    ).filter(lambda rows: sum(row[1] for row in rows) > 0 and sum(row[2] for row in rows) > 0)
)
def test_the_logistic_fit_is_the_one_scipy_finds(rows: list[tuple[int, int, int]]) -> None:
    masks = np.array([row[0] for row in rows], np.uint64)
    won, lost = (np.array([float(row[k]) for row in rows]) for k in (1, 2))

    _, intercept, beta = logistic_losses(masks, won, lost, 4)

    present = np.array([[row[0] >> channel & 1 for channel in range(4)] for row in rows], float)

    def loss(guess: np.ndarray) -> float:
        score = guess[0] + present @ guess[1:]
        ridge = 0.5 * RIDGE * float((guess[1:] ** 2).sum() + 1e-6 * guess[0] ** 2)
        return float(((won + lost) * np.logaddexp(0, score) - won * score).sum()) + ridge

    best = scipy.optimize.minimize(loss, np.zeros(5), method="BFGS").fun
    assert loss(np.array([intercept, *beta])) <= best + 1e-6


def test_the_rest_of_the_channels_is_put_together() -> None:
    result = attribute_paths(paths(("a > b > c", 4, 0, 0), ("a > a", 2, 0, 0)), channels=2)

    assert conversions(result, "last") == {"a": 2, "(other)": 4}


def test_a_path_table_with_missing_columns_says_which() -> None:
    with pytest.raises(BadOption, match="total_conversions"):
        attribute_paths(pa.table({"path": ["a"]}))
    with pytest.raises(BadOption, match="not below zero"):
        attribute_paths(paths(("a", -1, 0, 0)))
    with pytest.raises(BadFile, match="there is no file"):
        attribute_paths("nowhere.csv")


def test_a_path_table_does_not_know_its_persons() -> None:
    result = attribute_paths(paths(("a", 1, 0, 0)))

    assert result.converters is None
    assert any("no times" in note for note in result.notes)
    with pytest.raises(BadOption, match="ask a log"):
        result.persons("a")


def test_an_empty_path_table_gives_nothing_away() -> None:
    empty = paths(("a", 1, 0, 0)).slice(0, 0)

    result = attribute_paths(empty)

    assert (result.conversions, result.channels) == (0, ())
    assert str(result)


FIRST_LAST_LINEAR = {
    "alpha": (6308, 8447, 7574.719), "iota": (4606, 3355, 3857.096), "eta": (3164, 4167, 3539.951),
    "beta": (2831, 989, 2083.500), "theta": (1606, 653, 1022.801), "lambda": (902, 1207, 1035.258),
    "gamma": (165, 92, 121.042), "epsilon": (99, 531, 272.170), "kappa": (74, 230, 137.964),
    "zeta": (27, 107, 136.552), "mi": (2, 2, 2.222), "delta": (1, 5, 1.725),
}  # fmt: skip
MARKOV = {
    "alpha": 5344.95, "iota": 3884.61, "eta": 3340.85, "beta": 2527.35, "theta": 1971.91, "lambda": 1282.85,
    "epsilon": 599.57, "zeta": 381.06, "kappa": 274.36, "gamma": 171.15, "delta": 4.61, "mi": 1.72,
}  # fmt: skip


def test_a_public_path_table_gives_the_figures_two_other_programs_give(data: Callable[[str], Path]) -> None:
    """First, last and linear exactly, Markov to 0.01."""
    result = attribute_paths(data("attribution_paths/paths.csv.gz"))

    assert (result.conversions, result.paths_without_conversion, len(result.path_table)) == (19_785, 68_602, 5_408)
    assert result.value == pytest.approx(74_802.9716, abs=1e-3)
    _same(conversions(result, "first"), {name: row[0] for name, row in FIRST_LAST_LINEAR.items()}, within=0)
    _same(conversions(result, "last"), {name: row[1] for name, row in FIRST_LAST_LINEAR.items()}, within=0)
    _same(conversions(result, "linear"), {name: row[2] for name, row in FIRST_LAST_LINEAR.items()}, within=0.0005)
    _same(conversions(result, "markov"), MARKOV, within=0.01)


def _same(found: dict[str, float], expected: dict[str, float], *, within: float) -> None:
    assert found.keys() == expected.keys()
    names: Sequence[str] = sorted(found)
    assert [found[name] for name in names] == pytest.approx([expected[name] for name in names], abs=within, rel=0)
