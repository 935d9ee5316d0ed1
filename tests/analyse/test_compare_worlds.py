"""Compare finds what was planted, and nothing where nothing was; real logs show what is known to be in them."""

from __future__ import annotations

import csv
import dataclasses
import datetime as dt
import gzip
import os
from collections import Counter, defaultdict
from dataclasses import dataclass
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
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from sojourn.analyse.compare import Finding
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


SEEDS, MISSES = (range(20), 2) if os.environ.get("SOJOURN_EVERY_SEED") == "1" else (range(8), 1)
"""Outsiders judge by seeds of their own, and so may we. Below 18 of 20 something is wrong; twenty worlds of each kind take ten minutes of
two cores, so that eight with one miss are looked at unless all are asked for."""


@dataclass(frozen=True)
class Small:
    """A world as small as it may be for its causes to show, and the causes judged in it: those switched on.

    Three causes of the streaming service act at one step, so each of them has a world without the other two.
    """

    world: World
    persons: int
    days: int
    on: tuple[str, ...]

    @property
    def causes(self) -> list[Cause]:
        return [cause for cause in CAUSES[self.world] if cause.name in self.on]

    def live(self, folder: Path, seed: int) -> Journeys:
        switches = only(self.world, *self.on)
        made = simulate(self.world, folder, seed=seed, persons=self.persons, days=self.days, causes=switches)
        return sojourn.read(made.events)


EVERY = {world: tuple(cause.name for cause in causes) for world, causes in CAUSES.items()}
SHOP = Small("shop", 1800, 10, EVERY["shop"])
SOFTWARE = Small("software", 2600, 24, EVERY["software"])
STREAMING = (
    Small("streaming", 800, 14, ("card_required", "missing_language", "buffering")),
    Small("streaming", 250, 14, ("removed_title",)),
    Small("streaming", 250, 14, ("price_increase",)),
)


def named(finding: Finding, cause: Cause) -> bool:
    """Whether a finding is the cause's event, by itself or with the property that tells."""
    marker = cause.marker
    tells = finding.property in (None, marker.property) or any(str(marker.property) in also for also in finding.also)
    return finding.kind in ("event", "property") and finding.event == marker.event and tells


def firsts(small: Small, folder: Path, seed: int) -> dict[str, bool]:
    """By cause, whether it ranks first where it acts."""
    journeys = small.live(folder, seed)
    return {c.name: named(journeys.compare([c.before, c.after]).findings[0], c) for c in small.causes}


@pytest.mark.long
def test_every_cause_of_a_simulated_shop_ranks_first_where_it_acts(tmp_path: Path) -> None:
    assert firsts(SHOP, tmp_path, seed=1) == dict.fromkeys(SHOP.on, True)


@pytest.mark.long
@pytest.mark.parametrize("small", [SHOP, SOFTWARE, *STREAMING], ids=lambda small: f"{small.world}-{small.on[-1]}")
def test_every_cause_ranks_first_in_nine_seeds_of_ten(small: Small, tmp_path: Path) -> None:
    times: Counter[str] = Counter()
    for seed in SEEDS:
        times.update({name: int(first) for name, first in firsts(small, tmp_path, seed).items()})

    assert min(times.values()) >= len(SEEDS) - MISSES, dict(times)


@pytest.mark.long
def test_causes_that_act_together_are_all_found(tmp_path: Path) -> None:
    """With every cause on, three of the streaming service take people away between the same two steps."""
    together = Small("streaming", 2000, 14, EVERY["streaming"])
    journeys = together.live(tmp_path, seed=3)
    for cause in together.causes:
        findings = journeys.compare([cause.before, cause.after]).findings
        place = next(place for place, finding in enumerate(findings) if named(finding, cause))
        assert findings[place].sure
        assert place < 5, (cause.name, [finding.what for finding in findings[:place]])


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


@pytest.mark.long
def test_random_labels_separate_nobody() -> None:
    """Thirty labels given to people at random: at most 5 %, so 4 or fewer of 30 with all but certainty."""
    journeys = log(shop(500, seed=5, labels=30))
    sure = 0
    for n in range(30):
        found = journeys.compare(group=f"label{n} = 'x'", against=f"label{n} = 'y'", properties=PROPERTIES, most=1)
        sure += found.findings[0].sure
    assert sure <= 4


def sure_by_chance(journeys: Journeys, steps: Sequence[str], monkeypatch: pytest.MonkeyPatch) -> int:
    """Of 100 times that leaving is dealt anew among the persons compared, how often anything is called sure."""
    random = np.random.default_rng(1)

    def shuffled(*asked: object) -> Looks:
        looks = find_looks(*asked)  # type: ignore[arg-type]  # passed on
        (look,) = looks.looks
        return dataclasses.replace(looks, looks=[dataclasses.replace(look, side=random.permutation(look.side))])

    monkeypatch.setattr("sojourn.analyse.compare.find_looks", shuffled)
    found = [journeys.compare(steps, most=1).findings for _ in range(100)]
    return sum(bool(findings) and findings[0].sure for findings in found)


@pytest.mark.long
@pytest.mark.parametrize(
    ("small", "cause"), [(SHOP, "empty_search"), (SOFTWARE, "price_increase"), (STREAMING[0], "buffering")]
)
def test_shuffled_leavers_of_a_simulated_world_separate_nobody(
    small: Small, cause: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (planted,) = (each for each in small.causes if each.name == cause)
    journeys = small.live(tmp_path, seed=11)

    assert sure_by_chance(journeys, [planted.before, planted.after], monkeypatch) <= 5


@pytest.mark.long
def test_shuffled_leavers_of_a_real_shop_separate_nobody(
    data: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    journeys = sojourn.read(data("rees46_store/events_2019-10-01.csv.gz"))

    assert sure_by_chance(journeys, ["view", "purchase"], monkeypatch) <= 5


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
