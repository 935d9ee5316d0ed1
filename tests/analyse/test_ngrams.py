"""N-grams against plain loops over the rows, and their chance against chance."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from sojourn.analyse import ngrams as module
from sojourn.analyse import tally_kernel
from sojourn.records.errors import BadOption
from tests.analyse.logs import Row, log, random_rows
from tests.analyse.test_transitions import OPTIONS, asked
from tests.analyse.walk_oracle import own_paths
from tests.thoroughness import examples


@examples(60)
@given(
    rows=random_rows(longest=20),
    options=OPTIONS,
    length=st.integers(2, 5),
    by=st.sampled_from(["place", "sorting", "table", "numbers"]),
)
def test_runs_equal_loops_over_the_rows(rows: list[Row], options: dict[str, Any], length: int, by: str) -> None:
    """However they are counted: few values, more, many, and so many that a run does not fit into one integer.

    Steps that were asked for are left out.
    """
    counts: Counter[tuple[str, ...]] = Counter()
    units, persons = defaultdict(set), defaultdict(set)
    for number, path in enumerate(own_paths(rows, **options)):
        steps = path.steps[1 if "start" in options else 0 : len(path.steps) - (1 if "end" in options else 0)]
        for n in range(len(steps) - length + 1):
            run = steps[n : n + length]
            counts[run] += 1
            units[run].add(number)
            persons[run].add(path.person)

    with pytest.MonkeyPatch.context() as patch:
        if by != "place":
            patch.setattr(tally_kernel, "DENSE_BITS", 0)
        if by == "table":
            patch.setattr(tally_kernel, "_SIGN_BIT", 0)
        if by == "numbers":
            patch.setattr(module, "PACKED_BITS", 0)
        result = log(rows).ngrams(length=length, gap="1000s", most=None, **asked(rows, options))

    assert {run.steps: (run.count, run.units, run.persons) for run in result.ngrams} == {
        run: (n, len(units[run]), len(persons[run])) for run, n in counts.items()
    }
    assert (result.places, result.tried) == (counts.total(), len(counts))
    for found in result.ngrams[:2]:
        assert set(result.persons_of(found.steps)) == persons[found.steps]


def steps(paths: list[str]) -> list[Row]:
    """One person a path, one letter a step."""
    return [(f"p{person}", second, event, {}) for person, path in enumerate(paths) for second, event in enumerate(path)]


def test_chance_by_hand() -> None:
    """Four pairs: three begin with a, and in three b stands behind; chance has `ab` 3 * 3/4 times."""
    result = log(steps(["ab", "ab", "ac", "cb"])).ngrams(length=2)

    run = next(run for run in result.ngrams if run.steps == ("a", "b"))
    assert (run.count, run.expected) == (2, 2.25)
    assert run.lift == pytest.approx(2 / 2.25)
    assert run.z == pytest.approx((2 - 2.25) / np.sqrt(2.25 * (1 - 2.25 / 4)))
    assert run.p == pytest.approx(min(1, 2 * stats.binom.cdf(2, 4, 2.25 / 4)))
    assert run.p_corrected == 1.0


def test_first_order_chance_by_hand() -> None:
    """abc, abd, ebd: two runs begin with a; b always follows a; after b comes c once in three."""
    result = log(steps(["abc", "abd", "ebd"])).ngrams(length=3, null="first-order")

    assert {run.steps: run.expected for run in result.ngrams} == pytest.approx(
        {("a", "b", "c"): 2 * 1 / 3, ("a", "b", "d"): 2 * 2 / 3, ("e", "b", "d"): 1 * 2 / 3}
    )


def test_without_repeats_chance_knows_that_a_step_never_follows_itself() -> None:
    """Of three equally frequent steps, each is followed by one of the other two: expected counts fill the margins."""
    random = np.random.default_rng(1)
    paths = ["".join(random.choice(list("abc"), 400))]

    result = log(steps(paths)).ngrams(length=2, collapse=True)

    assert sum(run.expected for run in result.ngrams) == pytest.approx(result.places)
    assert all(0.8 < run.lift < 1.25 for run in result.ngrams)


@pytest.mark.parametrize("length", [2, 3])
def test_steps_drawn_by_chance_are_seldom_called_surprising(length: int) -> None:
    """A corrected p below 0.05 in at most 5 of 60 random logs (3 are expected when the correction is exact)."""
    called = 0
    for seed in range(3):
        random = np.random.default_rng(seed)
        rows: list[Row] = []
        for person in range(20 * 12):
            path = random.choice(list("abcdef"), random.integers(5, 40), p=[0.3, 0.2, 0.2, 0.1, 0.1, 0.1])
            rows += [(f"p{person}", second, str(event), {"log": f"{person % 20}"}) for second, event in enumerate(path)]
        result = log(rows).ngrams(length=length, most=None, by="log")
        assert len(result.groups) == 20
        called += sum(any(run.p_corrected < 0.05 for run in group.ngrams) for group in result.groups)

    assert called <= 5


def test_a_planted_run_is_found_and_comes_first_by_lift() -> None:
    random = np.random.default_rng(5)
    paths = []
    for _ in range(60):
        path = "".join(random.choice(list("abcdef"), 20))
        paths.append(path[:10] + "xyz" + path[10:])

    result = log(steps(paths)).ngrams(length=3, rank="lift")

    assert result.ngrams[0].steps == ("x", "y", "z")
    assert result.ngrams[0].p_corrected < 1e-6
    assert "x > y > z" in str(result)
    assert result.plot().data[0].y[-1] == "x > y > z"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"length": 6}, "2 to 5"),
        ({"length": 2, "null": "first-order"}, "every pair"),
        ({"null": "none"}, "null"),
        ({"rank": "z"}, "rank"),
    ],
)
def test_an_option_it_does_not_know_is_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(BadOption, match=words):
        log(steps(["ab"])).ngrams(**options)


def test_a_log_without_runs_has_none() -> None:
    result = log(steps(["ab", "a"])).ngrams(length=5, by="event")

    assert (result.places, result.ngrams, result.units) == (0, (), 2)
    assert "there are none" in str(result)
