"""Funnels against a brute-force search over all ways through a journey, worked examples, and published figures."""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

import sojourn
from sojourn.records.errors import BadOption, UnknownEvent
from tests.analyse.logs import Row, log, moment, random_rows
from tests.thoroughness import examples

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def journeys_of(rows: list[Row]) -> dict[str, list[tuple[float, str, int]]]:
    """(seconds, event, place) of each person, in the order of time and file."""
    found = defaultdict(list)
    for place, row in enumerate(rows):
        found[row[0]].append((moment(row[1]).timestamp(), row[2], place))
    return {person: sorted(events, key=lambda e: (e[0], e[2])) for person, events in found.items()}


def furthest(
    events: list[tuple[float, str, int]], steps: list[str], within: float, ties: str, excluded: dict[int, str]
) -> int:
    """How many steps the best choice of events reaches, by trying every choice."""
    for size in range(len(steps), 0, -1):
        for chosen in itertools.combinations(range(len(events)), size):
            if any(events[i][1] != step for i, step in zip(chosen, steps, strict=False)):
                continue
            if events[chosen[-1]][0] - events[chosen[0]][0] > within:
                continue
            if ties == "strict" and any(events[a][0] >= events[b][0] for a, b in itertools.pairwise(chosen)):
                continue
            if any(
                excluded.get(k + 1) in {events[i][1] for i in range(a + 1, b)}
                for k, (a, b) in enumerate(itertools.pairwise(chosen))
            ):
                continue
            return size
    return 0


@examples(60)
@given(random_rows(longest=14), st.sampled_from(["ab", "abc", "aab", "aba", "ca"]), st.sampled_from([300, 1500, 10**6]))
def test_an_ordered_funnel_reaches_what_the_best_choice_of_events_reaches(
    rows: list[Row], steps: str, within: int
) -> None:
    """Equal times included: the order of the file decides."""
    present = {row[2] for row in rows}
    if not set(steps) <= present:
        return
    levels = [furthest(e, list(steps), within, "sequence", {}) for e in journeys_of(rows).values()]

    counted = log(rows).funnel(list(steps), within=f"{within}s")

    assert [step.count for step in counted.steps] == [sum(level > k for level in levels) for k in range(len(steps))]


@examples(60)
@given(random_rows(longest=14), st.sampled_from(["ab", "abc", "aab"]), st.sampled_from([300, 10**6]))
def test_with_strict_ties_every_step_is_later_than_the_one_before(rows: list[Row], steps: str, within: int) -> None:
    """The latest start must not hide an earlier one that would do."""
    if not set(steps) <= {row[2] for row in rows}:
        return
    levels = [furthest(e, list(steps), within, "strict", {}) for e in journeys_of(rows).values()]

    counted = log(rows).funnel(list(steps), within=f"{within}s", ties="strict")

    assert [step.count for step in counted.steps] == [sum(level > k for level in levels) for k in range(len(steps))]


@examples(60)
@given(random_rows(longest=14, events="abcx"), st.sampled_from(["sequence", "strict"]))
def test_what_is_excluded_must_not_lie_between_two_steps(rows: list[Row], ties: str) -> None:
    """`a, not x, b, c`: an x between a and b breaks the chain, one between b and c does not."""
    if not set("abcx") <= {row[2] for row in rows}:
        return
    levels = [furthest(e, list("abc"), math.inf, ties, {1: "x"}) for e in journeys_of(rows).values()]

    counted = log(rows).funnel(["a", "not x", "b", "c"], ties=ties)

    assert [step.count for step in counted.steps] == [sum(level > k for level in levels) for k in range(3)]


@examples(40)
@given(random_rows(longest=12))
def test_in_any_order_a_person_reaches_as_many_steps_as_lie_within_one_window(rows: list[Row]) -> None:
    """Oracle: the most different steps in any stretch of the window's length."""
    if not set("abc") <= {row[2] for row in rows}:
        return
    levels = []
    for events in journeys_of(rows).values():
        stretches = [{e[1] for e in events if 0 <= e[0] - first[0] <= 1000} for first in events]
        levels.append(max(len(stretch) for stretch in stretches))

    counted = log(rows).funnel(["a", "b", "c"], within="1000s", order="any")

    assert [step.count for step in counted.steps] == [sum(level > k for level in levels) for k in range(3)]


@examples(40)
@given(random_rows(longest=12))
def test_in_strict_order_nothing_lies_between_the_steps(rows: list[Row]) -> None:
    """Oracle: consecutive events of the person."""
    if not set("ab") <= {row[2] for row in rows}:
        return
    names = [[event for _, event, _ in events] for events in journeys_of(rows).values()]

    counted = log(rows).funnel(["a", "b"], order="strict")

    assert counted.steps[0].count == sum("a" in n for n in names)
    assert counted.steps[1].count == sum(("a", "b") in itertools.pairwise(n) for n in names)


def test_waits_are_measured_along_the_chain_of_the_latest_start() -> None:
    """A 0 s, a 100 s, b 130 s: b came 30 s after the latest a."""
    steps = log([("p", 0, "a"), ("p", 100, "a"), ("p", 130, "b")]).funnel(["a", "b"]).steps

    assert steps[1].median_wait_s == 30
    assert steps[1].median_since_start_s == 30
    assert math.isnan(steps[0].median_wait_s)


def test_a_step_done_before_its_predecessor_does_not_count() -> None:
    """Pay-then-view is not a funnel of view, pay, though both happened."""
    rows = [("anna", 0, "view"), ("anna", 9, "pay"), ("ben", 0, "pay"), ("ben", 9, "view"), ("cem", 0, "view")]

    steps = log(rows).funnel(["view", "pay"]).steps

    assert [step.count for step in steps] == [3, 1]  # Ben paid too early
    assert steps[1].dropped == 2
    assert steps[1].share_of_start == pytest.approx(1 / 3)


def test_the_listed_persons_are_exactly_the_counted_ones() -> None:
    """Reached, dropped and stopped are three lists of one number each."""
    rows = [("anna", 0, "a"), ("anna", 1, "b"), ("ben", 0, "a"), ("cem", 0, "b")]
    funnel = log(rows).funnel(["a", "b"])

    assert set(funnel.persons(0)) == {"anna", "ben"}
    assert set(funnel.persons(1)) == {"anna"}
    assert set(funnel.persons(1, "dropped")) == {"ben"}
    assert set(funnel.persons(0, "stopped")) == {"ben"}


def test_alternatives_and_predicates_are_steps_too() -> None:
    """`b|c` is either; a predicate may look at any property."""
    rows = [
        ("anna", 0, "a", {"price": 5.0}),
        ("anna", 1, "c", {}),
        ("ben", 0, "a", {"price": 50.0}),
        ("ben", 1, "b", {}),
    ]
    journeys = log(rows)

    assert [s.count for s in journeys.funnel(["a", "b|c"]).steps] == [2, 2]
    assert [s.count for s in journeys.funnel(["event = 'a' and price > 10", "b|c"]).steps] == [1, 1]


def test_a_breakdown_adds_up_to_the_whole() -> None:
    """By the value on the first step, and by the person's first touch."""
    rows = [
        ("anna", 0, "a", {"ch": "ads"}),
        ("anna", 1, "b", {"ch": "mail"}),
        ("ben", 0, "a", {}),
        ("cem", 5, "a", {"ch": "mail"}),
    ]
    journeys = log(rows)

    by_step = {g.group: [s.count for s in g.steps] for g in journeys.funnel(["a", "b"], by="ch").groups}
    by_last = {g.group: [s.count for s in g.steps] for g in journeys.funnel(["a", "b"], by="last ch").groups}

    assert by_step == {"ads": [1, 1], "(none)": [1, 0], "mail": [1, 0]}
    assert by_last == {"mail": [2, 1], "(none)": [1, 0]}


def test_a_trend_counts_each_unit_in_the_period_of_its_first_step() -> None:
    """Midnight is that of the time zone."""
    rows = [("anna", "2024-03-01 23:30", "a"), ("anna", "2024-03-02 00:30", "b"), ("ben", "2024-03-02 10:00", "a")]

    utc = log(rows).funnel(["a", "b"], trend="day").trend
    berlin = log(rows).in_zone("Europe/Berlin").funnel(["a", "b"], trend="day").trend

    assert [(g.group, [s.count for s in g.steps]) for g in utc] == [("2024-03-01", [1, 1]), ("2024-03-02", [1, 0])]
    assert [(g.group, [s.count for s in g.steps]) for g in berlin] == [("2024-03-02", [2, 1])]


def test_an_unknown_event_is_named_with_its_nearest() -> None:
    """The message must let one mend the call."""
    with pytest.raises(UnknownEvent, match=r"'checkot'.*'checkout'"):
        log([("p", 0, "checkout")]).funnel(["checkot"])


@pytest.mark.parametrize("texts", [[], ["not a", "a"], ["a", "not a"]])
def test_steps_that_make_no_funnel_are_refused(texts: list[str]) -> None:
    """No step at all, or an exclusion that stands between nothing."""
    with pytest.raises(BadOption):
        log([("p", 0, "a")]).funnel(texts)


def test_the_loan_funnel_has_the_published_counts(data: Callable[[str], Path]) -> None:
    """BPI Challenge 2012: cases by COMPLETE steps; several events share a time, file order decides."""
    journeys = sojourn.read(data("bpic2012_loan/bpic2012_events.parquet"), person="case_id", event="activity")
    steps = ["A_SUBMITTED", "A_PREACCEPTED", "A_ACCEPTED", "A_FINALIZED", "O_SENT_BACK", "A_APPROVED"]

    counted = journeys.where("lifecycle = 'COMPLETE'").funnel(steps)

    assert [step.count for step in counted.steps] == [13_087, 7_367, 5_113, 5_015, 3_254, 2_246]


def test_the_shop_funnels_have_the_published_counts(data: Callable[[str], Path]) -> None:
    """Simulated shop journeys of retentioneering: strictly rising times, by persons and by sessions."""
    journeys = sojourn.read(data("funnel_ecom/ecom_events.csv.gz"))
    steps = ["catalog", "product_view", "add_to_cart", "cart", "purchase"]

    persons = journeys.funnel(steps, ties="strict")
    sessions = journeys.funnel(steps, ties="strict", unit="sessions")
    short = journeys.funnel(["product_view", "add_to_cart", "purchase"], ties="strict", unit="sessions")

    assert [step.count for step in persons.steps] == [600, 596, 502, 419, 217]
    assert [step.count for step in sessions.steps] == [2_837, 2_106, 601, 271, 64]
    assert [step.count for step in short.steps] == [2_868, 943, 254]


@examples(40)
@given(
    random_rows(longest=9), st.sampled_from(["a, a, b", "a|b, b|c, a", "a, a, a", "a|c, b, event = 'a' or event = 'b'"])
)
def test_in_any_order_an_event_fills_one_step(rows: list[Row], written: str) -> None:
    """Oracle: the most steps that different events of one stretch can fill, by trying every way to hand them out."""
    steps = written.split(", ")
    fills = [set(step) & set("abc") if len(step) < 4 else set("ab") for step in steps]
    if not set("abc") <= {row[2] for row in rows}:
        return
    levels = []
    for events in journeys_of(rows).values():
        stretches = [[e[1] for e in events[at:] if e[0] - events[at][0] <= 1000] for at in range(len(events))]
        ways = (
            sum(event in step for event, step in zip(way, fills, strict=True))
            for stretch in stretches
            for way in itertools.permutations([*stretch, *[""] * len(steps)], len(steps))
        )
        levels.append(max(ways))

    counted = log(rows).funnel(steps, within="1000s", order="any")

    assert [step.count for step in counted.steps] == [sum(level > k for level in levels) for k in range(len(steps))]


def test_waits_in_any_order_are_those_of_the_newest_events_that_fill_the_steps() -> None:
    rows: list[Row] = [("anna", 0, "a", {}), ("anna", 50, "a", {}), ("anna", 60, "b", {}), ("anna", 75, "a", {})]

    steps = log(rows).funnel(["a", "a|b", "a|b"], order="any").steps

    assert [step.count for step in steps] == [1, 1, 1]
    assert (steps[1].median_wait_s, steps[2].median_wait_s, steps[2].median_since_start_s) == (50, 10, 60)


def test_strict_ties_in_any_order_are_refused() -> None:
    with pytest.raises(BadOption, match="leave ties strict out"):
        log([("anna", 0, "a", {}), ("anna", 9, "b", {})]).funnel(["a", "b"], order="any", ties="strict")


def test_an_exclusion_in_any_order_is_refused() -> None:
    """It had no between to stand in, and would have had no effect."""
    with pytest.raises(BadOption, match="steps in any order have no between"):
        log([("anna", 0, "a", {}), ("anna", 9, "b", {}), ("anna", 10, "x", {})]).funnel(
            ["a", "not x", "b"], order="any"
        )


def test_a_funnel_of_more_steps_than_a_word_has_bits() -> None:
    """Seventy steps, once in order and once with the 66th missing."""
    names = [f"s{n}" for n in range(70)]
    rows: list[Row] = [(who, n, name, {}) for who in ("anna", "ben") for n, name in enumerate(names)]
    journeys = log([row for row in rows if row[:3] != ("ben", 65, "s65")])

    for ties in ("sequence", "strict"):
        counts = [step.count for step in journeys.funnel(names, ties=ties).steps]
        assert counts == [2] * 65 + [1] * 5


@examples(25)
@given(random_rows(longest=14))
def test_groups_and_periods_list_the_persons_they_count(rows: list[Row]) -> None:
    journeys = log(rows)
    steps = sorted({row[2] for row in rows})[:2]
    found = journeys.funnel(steps, by="event", trend="hour")

    for place in range(len(steps)):
        for group in found.groups:
            assert len(found.persons(place, group=group.group)) == group.steps[place].count
        for period in found.trend:
            assert len(found.persons(place, started=period.group)) == period.steps[place].count
    with pytest.raises(BadOption, match="a group of the breakdown"):
        found.persons(0, group="nothing")
    with pytest.raises(BadOption, match="a period of the trend"):
        found.persons(0, started="1999")
