"""Compare finds what was planted, and nothing where nothing was; real logs show what is known to be in them."""

from __future__ import annotations

import csv
import dataclasses
import datetime as dt
import gzip
from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np
import pytest

import sojourn
from sojourn.analyse.comparison_windows import find_looks
from sojourn.simulate import CAUSES, only, simulate
from tests.analyse.comparison_oracle import did, tally, watch
from tests.analyse.comparison_worlds import buyers, planted, shop
from tests.analyse.logs import log

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sojourn.analyse.compare import Comparison
    from sojourn.analyse.comparison_windows import Looks
    from sojourn.analyse.journeys import Journeys
    from sojourn.simulate import Cause, World
    from tests.analyse.comparison_oracle import Event

PROPERTIES = ("device", "city", "price", "stars", "items", "value")


def first_seeds(seeds: range) -> list[str]:
    """Names of the best findings in the planted shop, a seed each."""
    return [log(planted(400, seed=seed)).compare(["cart", "purchase"]).findings[0].what for seed in seeds]


def test_the_planted_cost_ranks_first() -> None:
    assert first_seeds(range(5)) == ["shipping with cost = 9.9"] * 5


@pytest.mark.long
def test_the_planted_cost_ranks_first_in_twenty_seeds() -> None:
    assert first_seeds(range(5, 25)).count("shipping with cost = 9.9") >= 18


def named(comparison: Comparison, cause: Cause) -> bool:
    """Whether the best finding, or what says the same, is the cause's event (with its property)."""
    best = comparison.findings[0]
    property_ = cause.marker.property or ""
    return any(
        text.startswith(cause.marker.event) and (text == cause.marker.event or property_ in text)
        for text in (best.what, *best.also)
    )


def found_in(world: World, folder: Path, *, seed: int, persons: int, alone: str | None = None) -> dict[str, bool]:
    """By cause, whether it ranks first where it acts: with all causes on, or one alone."""
    made = simulate(world, folder, seed=seed, persons=persons, causes=None if alone is None else only(world, alone))
    journeys = sojourn.read(made.events)
    causes = [cause for cause in CAUSES[world] if alone in (None, cause.name)]
    return {cause.name: named(journeys.compare([cause.before, cause.after]), cause) for cause in causes}


def test_every_cause_of_a_simulated_shop_ranks_first_where_it_acts(tmp_path: Path) -> None:
    found = found_in("shop", tmp_path, seed=1, persons=1800)

    assert found == dict.fromkeys(found, True)


@pytest.mark.long
@pytest.mark.parametrize(("world", "persons"), [("shop", 3000), ("software", 4000)])
def test_every_cause_ranks_first_in_18_of_20_seeds(world: World, persons: int, tmp_path: Path) -> None:
    times: defaultdict[str, int] = defaultdict(int)
    for seed in range(20):
        for name, first in found_in(world, tmp_path / str(seed), seed=seed, persons=persons).items():
            times[name] += first
    assert min(times.values()) >= 18, dict(times)


@pytest.mark.long
@pytest.mark.parametrize("cause", [cause.name for cause in CAUSES["streaming"]])
def test_every_cause_alone_ranks_first_in_18_of_20_seeds(cause: str, tmp_path: Path) -> None:
    """Several causes of this world act at the same step, so each is judged with the others switched off."""
    seeds = range(20)
    first = sum(found_in("streaming", tmp_path / str(s), seed=s, persons=700, alone=cause)[cause] for s in seeds)
    assert first >= 18


def surprises(journeys: Journeys, shuffles: range) -> int:
    """How often anything is called sure when purchases fall on people and times at random."""
    sure = 0
    for shuffle in shuffles:
        mine = journeys.where(f"shuffle is null or shuffle = 's{shuffle}'")
        found = mine.compare(["cart", "purchase"], properties=PROPERTIES, most=1).findings
        sure += bool(found) and found[0].sure
    return sure


def with_purchases(persons: int, *, seed: int, shuffles: int) -> Journeys:
    browsing = shop(persons, seed=seed)
    bought = [row for n in range(shuffles) for row in buyers(browsing, seed=seed, shuffle=n)]
    return log(sorted([*browsing, *bought], key=lambda row: (row[0], row[1])))


def test_random_purchases_separate_nobody() -> None:
    """Converters stop being watched when they buy; that alone must not make a difference. At most 5 %: 20 tries, 3 or fewer."""
    assert surprises(with_purchases(400, seed=3, shuffles=20), range(20)) <= 3


@pytest.mark.long
def test_random_purchases_separate_nobody_in_a_hundred_shuffles() -> None:
    assert surprises(with_purchases(800, seed=1, shuffles=100), range(100)) <= 5


def test_random_labels_separate_nobody() -> None:
    """Thirty labels given to people at random: at most 5 %, so 4 or fewer of 30 with all but certainty."""
    journeys = log(shop(500, seed=5, labels=30))
    sure = 0
    for n in range(30):
        found = journeys.compare(group=f"label{n} = 'x'", against=f"label{n} = 'y'", properties=PROPERTIES, most=1)
        sure += found.findings[0].sure
    assert sure <= 4


@pytest.mark.long
@pytest.mark.parametrize("place", range(len(CAUSES["shop"])))
def test_shuffled_leavers_of_a_simulated_shop_separate_nobody(
    place: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who is a leaver is dealt anew 100 times among the persons compared: at most 5 times anything is called sure."""
    random = np.random.default_rng(place)

    def shuffled(*asked: object) -> Looks:
        looks = find_looks(*asked)  # type: ignore[arg-type]  # passed on
        (look,) = looks.looks
        return dataclasses.replace(looks, looks=[dataclasses.replace(look, side=random.permutation(look.side))])

    cause = CAUSES["shop"][place]
    journeys = sojourn.read(simulate("shop", tmp_path, seed=11, persons=4000).events)
    monkeypatch.setattr("sojourn.analyse.compare.find_looks", shuffled)
    found = [journeys.compare([cause.before, cause.after], most=1).findings for _ in range(100)]

    assert sum(bool(findings) and findings[0].sure for findings in found) <= 5


def test_payment_errors_come_first_where_people_pay(data: Callable[[str], Path]) -> None:
    """The shop of funnel_ecom has payment errors planted; plain loops over the file count the same persons."""
    path = data("funnel_ecom/ecom_events.csv.gz")
    comparison = sojourn.read(path).compare(["payment_details", "purchase"], kinds=["event"])
    best = comparison.findings[0]

    people: defaultdict[str, list[Event]] = defaultdict(list)
    with gzip.open(path, "rt") as file:
        for row in csv.DictReader(file):
            time = dt.datetime.fromisoformat(row["timestamp"]).replace(tzinfo=dt.UTC).timestamp()
            people[row["user_id"]].append((int(time), row["event"], {}))
    for events in people.values():
        events.sort(key=lambda event: event[0])
    watched, undecided = watch(people, "payment_details", "purchase")

    assert (best.what, best.more_among, best.sure) == ("payment_error", "leavers", True)
    assert comparison.groups == {
        "leavers": sum(not w.converted for w in watched),
        "converters": sum(w.converted for w in watched),
    }
    assert comparison.undecided == undecided
    assert (best.count_a, best.count_b) == tally(watched, did("payment_error"))["look"]


def test_who_buys_smartphones_goes_on_in_the_real_shop(data: Callable[[str], Path]) -> None:
    """In rees46 half of the buyers looked at smartphones, under a third of the others; nothing is called a reason to leave."""
    comparison = sojourn.read(data("rees46_store/events_2019-10-01.csv.gz")).compare(["view", "purchase"])
    phones = next(f for f in comparison.findings if f.what == "view with category_code = electronics.smartphone")

    assert comparison.groups["converters"] == 192
    assert comparison.groups["leavers"] + comparison.undecided == 4312
    assert phones.share_b == 0.5
    assert 0.28 < phones.share_a < 0.34
    assert {finding.more_among for finding in comparison.findings if finding.sure} == {"converters"}
