from __future__ import annotations

from collections import defaultdict
from statistics import median
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sojourn.analyse.touchpoints import OTHER_TOUCHPOINT, touchpoint_of
from sojourn.records.errors import BadOption
from sojourn.signals.catalogue_file import read_catalogue
from sojourn.signals.default_catalogues import BRANCHES, default_catalogue
from sojourn.signals.program import compile_catalogue
from tests.analyse.logs import START, log, moment

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sojourn.analyse.journeys import Journeys
    from sojourn.signals.default_catalogues import Branch
    from tests.analyse.logs import Row

SHOP = """
version: 1
signals:
  - {name: views, kind: behavioral, says: Looks, pattern: count, of: Product Viewed}
  - {name: waits, kind: behavioral, says: Fills a cart and waits, pattern: without, of: Product Added, without: Order Completed, within: 1h}
  - {name: orders, kind: transactional, says: Orders, pattern: count, of: Order Completed}
  - {name: spent, kind: transactional, says: Spends, pattern: sum, of: Order Completed, property: revenue}
stages:
  - {name: seen, says: Has been here, where: signal.views >= 0}
  - {name: looks, says: Looks at two, where: signal.views >= 2}
  - {name: hesitates, says: Waits, where: signal.waits > 0}
  - {name: bought, says: Has bought, where: signal.orders > 0}
  - {name: again, says: Buys again and still looks, where: signal.orders > 1 and (signal.views > 2 or signal.waits > 0)}
"""
NAMES = ("Page Viewed", "Product Viewed", "Product Added", "Order Completed")
STAGES = ("seen", "looks", "hesitates", "bought", "again")


def shop() -> Journeys:
    """Anna looks twice at ten past ten, fills a cart at 10:20, hesitates from 11:20 on, buys the day after. Ben only comes."""
    return log([
        ("anna", "2024-01-01 10:00", "Page Viewed"),
        ("anna", "2024-01-01 10:05", "Product Viewed"),
        ("anna", "2024-01-01 10:10", "Product Viewed"),
        ("anna", "2024-01-01 10:20", "Product Added"),
        ("anna", "2024-01-02 10:20", "Order Completed"),
        ("ben", "2024-01-01 10:00", "Page Viewed"),
        ("ben", "2024-01-01 10:20", "Page Viewed"),
        ("ben", "2024-01-01 12:00", "Page Viewed"),
    ])  # fmt: skip


def test_a_person_stands_on_the_last_stage_they_came_to() -> None:
    """The page of methods works it by hand."""
    found = shop().journey_map(catalogue=read_catalogue(SHOP))

    rows = [(s.name, s.persons, s.reached, s.went_on, s.median_time_s, s.effort) for s in found.stages[:4]]
    assert rows[:3] == [
        ("seen", 2, 2, 1, 600.0, 2.5),
        ("looks", 1, 1, 1, 4200.0, 2.0),
        ("hesitates", 1, 1, 1, 82800.0, 0.0),
    ]
    assert rows[3][:4] == ("bought", 1, 1, 0)
    assert [s.begins for s in found.stages] == [
        *("first event", "views, 2 times", "waits", "orders"),
        "orders, 2 times and (views, 3 times or waits)",
    ]
    pages = next(cell for cell in found.cells if (cell.stage, cell.touchpoint) == ("seen", "Pages and forms"))
    assert (pages.persons, pages.went_on, pages.events, pages.effort) == (2, 1, 4, 2.0)
    # Anna spends five minutes on the page before she looks at a product, Ben twenty.
    assert pages.median_time_s == (300 + 1200) / 2
    assert found.persons_on("seen", outcome="stayed").ids == ("ben",)
    assert found.persons_on("seen", touchpoint="Products").ids == ("anna",)


def test_the_last_stage_is_the_one_that_segments_tell() -> None:
    """Nothing fades in this catalogue, so where the map leaves a person is where the profile has them."""
    journeys = shop()
    found = journeys.journey_map(catalogue=read_catalogue(SHOP))
    profiles = journeys.segments(catalogue=read_catalogue(SHOP))

    assert [(s.name, s.persons - s.went_on) for s in found.stages] == [(s.name, s.persons) for s in profiles.stages]


def test_a_rule_that_is_no_milestone_is_left_out_and_said() -> None:
    text = SHOP + "  - {name: lost, says: Gone, where: signal.orders = 0 and signal.views > 0}\n"
    text += "  - {name: rich, says: Spends, where: signal.spent > 100}\n"
    found = shop().journey_map(catalogue=read_catalogue(text))

    assert [s.name for s in found.stages] == list(STAGES)
    assert "signal.orders can become untrue again" in found.left_out["lost"]
    assert "how much, not how often" in found.left_out["rich"]


def test_a_column_can_say_the_touchpoint() -> None:
    found = log([
        ("anna", 0, "Page Viewed", {"channel": "mail"}),
        ("anna", 60, "Page Viewed", {"channel": "ads"}),
        ("ben", 0, "Page Viewed", {}),
    ]).journey_map(catalogue=read_catalogue(SHOP), touchpoint="channel")  # fmt: skip

    assert {(c.touchpoint, c.persons) for c in found.cells} == {("ads", 1), ("mail", 1)}
    assert (found.column, found.stages[0].persons) == ("channel", 2)


def test_what_is_not_on_the_map_is_said() -> None:
    found = shop().journey_map(catalogue=read_catalogue(SHOP))

    with pytest.raises(BadOption, match="expected a stage of seen, looks"):
        found.persons_on("nowhere")
    with pytest.raises(BadOption, match="expected a touchpoint of"):
        found.persons_on("seen", touchpoint="nowhere")


def test_an_empty_log_has_an_empty_map() -> None:
    found = shop().where("event = 'nothing'").journey_map(catalogue=read_catalogue(SHOP))

    assert (found.persons, found.cells, found.stages[0].persons) == (0, (), 0)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["p0", "p1", "p2"]), st.integers(0, 40).map(lambda n: n * 600), st.sampled_from(NAMES)
        ),
        min_size=1,
        max_size=14,
    )
)
@settings(max_examples=12, deadline=None)
def test_the_map_counts_as_a_look_at_every_moment_does(rows: list[tuple[str, int, str]]) -> None:
    """The oracle asks the profiles for everybody's stage at every moment something may change, and counts by hand."""
    journeys = log(rows)
    catalogue = read_catalogue(SHOP)
    found = journeys.journey_map(catalogue=catalogue)
    end = max(time for _, time, _ in rows)
    moments = sorted({t for _, time, _ in rows for t in (time, time + 3600) if t <= end})
    at = {t: _stages(journeys, t) for t in moments}
    stood: dict[str, list[int]] = {p: [] for p, _, _ in rows}
    for t in moments:
        for person, place in at[t].items():
            if not stood[person] or stood[person][-1] != place:
                stood[person].append(place)

    for n, stage in enumerate(found.stages):
        there = {p for p, path in stood.items() if n in path}
        on = {p for p in there if stood[p][-1] > n}
        assert (stage.persons, stage.went_on) == (len(there), len(on))
        assert set(found.persons_on(stage.name)) == there
        assert set(found.persons_on(stage.name, outcome="went_on")) == on
    events: dict[tuple[str, str], dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    for person in stood:
        own = sorted(((t, k, event) for k, (p, t, event) in enumerate(rows) if p == person), key=lambda row: row[:2])
        for (t, _, event), following in zip(own, [*own[1:], None], strict=True):
            gap = following[0] - t if following and following[0] - t < 1800 else 0
            events[STAGES[at[t][person]], touchpoint_of(event)][person].append(gap)
    assert {(c.stage, c.touchpoint) for c in found.cells} == set(events)
    for cell in found.cells:
        each = events[cell.stage, cell.touchpoint]
        assert (cell.persons, cell.events) == (len(each), sum(map(len, each.values())))
        assert cell.median_time_s == median(sum(gaps) for gaps in each.values())
        assert set(found.persons_on(cell.stage, touchpoint=cell.touchpoint)) == set(each)
        went = found.persons_on(cell.stage, touchpoint=cell.touchpoint, outcome="went_on")
        assert len(went) == cell.went_on


def _stages(journeys: Journeys, seconds: int) -> dict[str, int]:
    """Everybody's stage at a moment, as the profiles have it."""
    profiles = journeys.segments(catalogue=read_catalogue(SHOP), at=moment(seconds))
    return {person: n for n, stage in enumerate(STAGES) for person in profiles.persons(stage=stage)}


def test_names_of_all_spellings_have_one_touchpoint() -> None:
    assert {touchpoint_of(name) for name in ("Product Added", "product_added", "productAdded", "add_to_cart")} == {
        "Cart and checkout"
    }
    assert touchpoint_of("Zrk") == OTHER_TOUCHPOINT


@pytest.mark.parametrize("branch", BRANCHES)
def test_no_event_that_a_default_catalogue_knows_is_without_a_touchpoint(branch: Branch) -> None:
    slots = compile_catalogue(default_catalogue(branch)).slots
    names: Sequence[str] = sorted({name for slot in slots for name in slot.events or ()})

    assert [name for name in names if touchpoint_of(name) == OTHER_TOUCHPOINT] == []


@pytest.mark.parametrize("branch", BRANCHES)
def test_every_stage_of_the_default_catalogues_up_to_advocacy_is_on_the_map(branch: str) -> None:
    rows: list[Row] = [("anna", START, "Page Viewed", {})]
    found = log(rows).journey_map(catalogue=branch)

    assert found.stages[0].name == "awareness"
    assert found.stages[-1].name == "advocacy"
    assert set(found.left_out) <= {"lost"}
