"""The catalogues that come with the program: enough of each kind, and none of their signals is dead."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, get_args

import pytest

from sojourn.app.reading import read_journeys
from sojourn.signals.catalogue import PATTERNS, Kind
from sojourn.signals.default_catalogues import BRANCHES, Branch, default_catalogue, fitting_branch
from sojourn.simulate import simulate

if TYPE_CHECKING:
    from pathlib import Path

NAMED = {
    "shop": (
        "repeated_product_views", "price_comparison", "cart_abandoned", "form_abandoned", "checkout_hesitation", "prices_visited",
        "whitepaper", "video_completed", "empty_search", "wish_list", "returns", "loyalty", "interest_outdoors", "on_mobile",
        "evening", "paid_campaign", "known_contact",
    ),
    "software": ("pricing_visits", "whitepaper", "demo_request", "feature_usage", "video_completed", "empty_search", "sales_stage"),
    "streaming": ("completions", "form_abandoned", "wish_list", "empty_search", "on_tv", "night", "paid_campaign"),
}  # fmt: skip


@pytest.mark.parametrize("branch", BRANCHES)
def test_a_catalogue_has_twenty_signals_and_three_of_each_kind(branch: Branch) -> None:
    signals = default_catalogue(branch).signals
    kinds = Counter(signal.kind for signal in signals)

    assert len(signals) >= 20
    assert set(kinds) == set(get_args(Kind))
    assert min(kinds.values()) >= 3
    assert set(NAMED[branch]) <= {signal.name for signal in signals}


def test_the_catalogues_use_every_pattern() -> None:
    used = {type(signal) for branch in BRANCHES for signal in default_catalogue(branch).signals}

    assert used == set(PATTERNS.values())


@pytest.mark.long
@pytest.mark.parametrize("branch", BRANCHES)
def test_no_signal_stage_or_segment_is_dead_on_its_simulated_world(branch: Branch, tmp_path: Path) -> None:
    """Every signal fires, every stage is reached, every segment has had a member by some day of the month."""
    simulated = simulate(branch, tmp_path, persons=2_500, seed=1)
    journeys = read_journeys([simulated.events])

    assert fitting_branch(journeys.events) == branch
    assert not [signal.name for signal in journeys.signals(catalogue=branch).signals if not signal.hits]
    assert not [stage.name for stage in journeys.segments(catalogue=branch).stages if not stage.persons]
    tried = journeys.backtest(branch, every="3d").segments
    assert not [segment.name for segment in tried if not segment.entries]
