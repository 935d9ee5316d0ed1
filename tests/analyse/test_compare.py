"""Compare against hand-worked examples and brute force."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sojourn
from sojourn.analyse.comparison_features import Candidate
from sojourn.records.errors import BadOption, UnknownColumn, UnknownEvent
from tests.analyse.comparison_oracle import did, had, tally, watch
from tests.analyse.logs import log, random_rows
from tests.thoroughness import examples

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from typing import Any

    from sojourn.analyse.compare import Comparison, Finding
    from sojourn.analyse.journeys import Journeys
    from tests.analyse.comparison_oracle import Event
    from tests.analyse.logs import Row

DAY = 86_400


def finding(comparison: Comparison, what: str) -> Finding:
    return next(found for found in comparison.findings if what in (found.what, *found.also))


def small_shop() -> list[Row]:
    """Eight who buy half a minute after the cart, eight who do not, and a late visitor who makes the log go on.

    Six of the eight leavers and one of the buyers get an error 10 s after the cart. Everyone's page reports that it was
    closed: the leavers' after 40 s, the buyers' after 45 s, which is after they bought.
    """
    rows: list[Row] = [("late", 10 * DAY, "home", {})]
    for number in range(16):
        buys, at = number < 8, number * DAY // 2
        person = f"{'buyer' if buys else 'leaver'}{number % 8}"
        rows.append((person, at, "cart", {}))
        if number in {0, *range(8, 14)}:
            rows.append((person, at + 10, "error", {"code": "declined"}))
        if buys:
            rows += [(person, at + 30, "purchase", {}), (person, at + 31, "thanks", {})]
        rows.append((person, at + (45 if buys else 40), "page closed", {}))
    return rows


def test_by_hand() -> None:
    """6 of 8 against 1 of 8. The tail is (C(8,6) C(8,1) + C(8,7) C(8,0)) / C(16,7) = 232 / 11,440; p is twice that.

    Newcombe: Wilson's ends are [0.4093, 0.9285] and [0.0224, 0.4709], so 0.625 - sqrt(0.3407^2 + 0.3459^2) = 0.1395 and
    0.625 + sqrt(0.1785^2 + 0.1026^2) = 0.8309.
    """
    comparison = log(small_shop()).compare(["cart", "purchase"])
    error = finding(comparison, "error")

    assert comparison.groups == {"leavers": 8, "converters": 8}
    assert comparison.median_watch_s == 30
    assert (error.count_a, error.n_a, error.count_b, error.n_b) == (6, 8, 1, 8)
    assert error.difference == 0.625
    assert (round(error.low, 4), round(error.high, 4)) == (0.1395, 0.8309)
    assert error.p == pytest.approx(2 * 232 / 11_440)
    assert error.ratio == 6
    assert error.more_among == "leavers"


def test_what_says_the_same_stands_together() -> None:
    """The error and its code are the same persons; the event says it most plainly."""
    comparison = log(small_shop()).compare(["cart", "purchase"])

    assert comparison.findings[0].what == "error"
    assert comparison.findings[0].also == ("error with code = declined",)


def test_of_two_events_of_the_same_persons_the_earlier_gives_the_name() -> None:
    """Whoever gets the error clicks in anger 3 s later."""
    rows = small_shop()
    rows += [(person, int(at) + 3, "angry", {}) for person, at, event, _ in rows if event == "error"]  # type: ignore[arg-type]  # whole seconds

    best = log(rows).compare(["cart", "purchase"], kinds=["event"]).findings[0]

    assert (best.what, best.also) == ("error", ("angry",))


def test_what_comes_after_the_conversion_separates_nobody() -> None:
    """Buyers are thanked within the same minute and their page is closed as well: neither is a finding."""
    comparison = log(small_shop()).compare(["cart", "purchase"], kinds=["event"])

    assert [found.what for found in comparison.findings] == ["error"]


def test_leavers_are_watched_no_longer_than_converters_needed() -> None:
    """Leavers come back to help pages an hour later; buyers had bought by then. That is no reason."""
    rows = small_shop()
    for number in range(8):
        rows.append((f"leaver{number}", (number + 8) * DAY // 2 + 3600, "help", {}))

    comparison = log(rows).compare(["cart", "purchase"], kinds=["event"])

    assert [found.what for found in comparison.findings] == ["error"]


def test_what_shows_later_than_converters_needed_is_said_to() -> None:
    """Forty buy within 20 s. Thirty of forty leavers meet a timeout after three minutes: no converter waited that long."""
    rows: list[Row] = [("late", 90 * DAY, "home", {})]
    for number in range(80):
        person, at = f"p{number}", number * DAY
        rows.append((person, at, "cart", {}))
        if number < 40:
            rows += [(person, at + 20, "purchase", {}), (person, at + 200, "home", {})]
        else:
            rows.append((person, at + 180, "timeout" if number % 4 else "home", {}))

    best = log(rows).compare(["cart", "purchase"]).findings[0]

    assert (best.what, best.count_a, best.count_b) == ("timeout", 30, 0)
    assert (best.sure, best.later) == (True, True)
    assert (
        "Seen only when watched for longer than converters needed, it may be a reason or a consequence."
        in best.sentence
    )


def test_who_comes_too_late_in_the_log_is_left_out() -> None:
    """Buyers need 30 s. Someone who comes 20 s before the log ends may still buy: nobody knows."""
    comparison = log([*small_shop(), ("last", 10 * DAY - 20, "cart", {})]).compare(["cart", "purchase"])

    assert comparison.undecided == 1
    assert comparison.groups == {"leavers": 8, "converters": 8}


def test_only_the_last_try_counts() -> None:
    """A buyer's error of a week ago belongs to a try that is over; so do errors of leavers who came back since."""
    rows: list[Row] = [("late", 40 * DAY, "home", {})]
    for number in range(10):
        person, at = f"p{number}", number * DAY
        rows += [(person, at, "cart", {}), (person, at + 5, "error", {}), (person, at + 7 * DAY, "cart", {})]
        if number < 5:
            rows.append((person, at + 7 * DAY + 30, "purchase", {}))

    comparison = log(rows).compare(["cart", "purchase"])

    assert comparison.groups == {"leavers": 5, "converters": 5}
    assert comparison.findings == ()


def test_the_figure_shows_each_finding_with_its_interval() -> None:
    """One marker for the error at +62.5 points, from +13.95 to +83.09."""
    drawn = log(small_shop()).compare(["cart", "purchase"]).plot()
    trace = next(trace for trace in drawn.data if len(trace.x))

    assert (trace.name, list(trace.y), list(trace.x)) == ("more among leavers", ["error"], [0.625])
    assert trace.x[0] - trace.error_x.arrayminus[0] == pytest.approx(0.1395, abs=1e-4)
    assert trace.x[0] + trace.error_x.array[0] == pytest.approx(0.8309, abs=1e-4)


def test_a_log_without_times_is_watched_by_place(tmp_path: Path) -> None:
    """Buyers need three events; leavers' errors come second, an advert comes fourth and does not count."""
    lines = ["visitor,page"]
    for number in range(20):
        pages = ("cart", "terms", "error" if number < 12 else "help", "advert") if number < 16 else ("cart",)
        lines += [f"v{number},{page}" for page in pages]
    for number in range(20, 40):
        lines += [f"v{number},{page}" for page in ("cart", "terms", "help", "buy", "thanks")]
    (tmp_path / "log.csv").write_text("\n".join(lines) + "\n")

    comparison = sojourn.read(tmp_path / "log.csv", person="visitor", event="page").compare(["cart", "buy"])
    error = finding(comparison, "error")

    assert (error.count_a, error.n_a, error.count_b, error.n_b) == (12, 20, 0, 20)
    assert not [found for found in comparison.findings if found.event in {"advert", "thanks"}]
    assert comparison.to_dict()["median_watch_s"] is None


def test_two_groups_by_predicates() -> None:
    """Persons who are in both groups are in neither; the column that makes the groups is not tried."""
    rows: list[Row] = []
    for number in range(30):
        person, device = f"p{number}", "mobile" if number < 12 else "desktop"
        rows.append((person, number * DAY, "view", {"device": device}))
        if number < 10 or number == 20:
            rows.append((person, number * DAY + 60, "zoom", {"device": device}))
    rows.append(("p29", 40 * DAY, "view", {"device": "mobile"}))

    comparison = log(rows).compare(group="device = 'mobile'", against="device = 'desktop'")
    zoom = comparison.findings[0]

    assert comparison.groups == {"device = 'mobile'": 12, "device = 'desktop'": 17}
    assert comparison.in_both == 1
    assert (zoom.what, zoom.count_a, zoom.n_a, zoom.count_b, zoom.n_b) == ("zoom", 10, 12, 1, 17)
    assert not [found for found in comparison.findings if found.property == "device"]
    assert zoom.sentence.startswith(
        "Persons with device = 'mobile' had \"zoom\" far more often: 83 % against 5.9 % of persons"
    )


def test_within_groups_of_a_breakdown() -> None:
    """Errors separate on mobile, where 15 of 20 leavers and none of 20 buyers have one, and not on desktop."""
    rows: list[Row] = [("late", 90 * DAY, "home", {})]
    for number in range(80):
        device, buys = "mobile" if number < 40 else "desktop", number % 2
        person, at = f"p{number}", number * DAY
        rows.append((person, at, "cart", {"device": device}))
        if (device == "mobile" and not buys and number < 30) or (device == "desktop" and number % 4 < 2):
            rows.append((person, at + 9, "error", {"device": device}))
        if buys:
            rows.append((person, at + 30, "purchase", {"device": device}))

    comparison = log(rows).compare(["cart", "purchase"], by="device", kinds=["event"])
    groups = {group.group: group for group in comparison.by_group}

    assert groups["mobile"].groups == {"leavers": 20, "converters": 20}
    assert (groups["mobile"].findings[0].count_a, groups["mobile"].findings[0].count_b) == (15, 0)
    assert groups["mobile"].findings[0].sure
    assert not [found for found in groups["desktop"].findings if found.sure]


def test_repeats_orders_and_times() -> None:
    """Of 30 leavers 24 open the cart a third time, 20 look for help before the price, and 15 read the terms for a minute."""
    rows: list[Row] = [("late", 90 * DAY, "home", {})]
    for number in range(60):
        buys, leaver = number % 2 == 0, number // 2
        person, at = f"p{number}", number * DAY
        first, second = ("help", "price") if not buys and leaver % 3 else ("price", "help")
        rows += [(person, at, "cart", {}), (person, at + 1, first, {}), (person, at + 2, second, {})]
        rows += [(person, at + 10, "terms", {}), (person, at + (70 if not buys and leaver % 2 else 15), "cart", {})]
        if not buys and leaver % 5:
            rows.append((person, at + 80, "cart", {}))
        rows.append((person, at + 300, "purchase" if buys else "home", {}))

    comparison = log(rows).compare(["cart", "purchase"])
    repeat, order = finding(comparison, "cart, three or more times"), finding(comparison, "help before price")
    spent = finding(comparison, "longer than 5 s on terms")

    assert (repeat.count_a, repeat.count_b, repeat.n_a) == (24, 0, 30)
    assert (order.count_a, order.n_a, order.count_b, order.n_b) == (20, 30, 0, 30)
    assert (spent.median_a_s, spent.median_b_s, spent.share_a, spent.share_b) == (32.5, 5, 0.5, 0)
    assert spent.sentence.startswith(
        "Leavers spent longer than 5 s on terms far more often: 50 % against 0 % of converters"
    )


def test_waits_before_the_step_and_when_it_began() -> None:
    """Who took an hour from view to cart does not buy; and buyers come at 9 on Mondays (2024-01-01 is one)."""
    rows: list[Row] = [("late", 90 * 7 * DAY, "home", {})]
    for number in range(60):
        buys = number % 2 == 0
        at = number * 7 * DAY + 9 * 3600 + (0 if buys else DAY + 3600)
        rows += [(f"p{number}", at - (60 if buys else 1500), "view", {}), (f"p{number}", at, "cart", {})]
        if buys:
            rows.append((f"p{number}", at + 300, "purchase", {}))

    comparison = log(rows).compare(["view", "cart", "purchase"])

    wait = next(found for found in comparison.findings if found.kind == "timing")
    assert (wait.median_a_s, wait.median_b_s, wait.n_a) == (1500, 60, 30)
    assert finding(comparison, "began on a Tuesday").count_a == 30
    assert finding(comparison, "began in the hour from 10:00").more_among == "leavers"


def by_person(journeys: Journeys, rows: Sequence[Row]) -> dict[str, list[Event]]:
    """The rows as the oracle reads them: persons in the order of the index, ties in the order of the log."""
    found: dict[str, list[Event]] = defaultdict(list)
    for person, time, name, properties in sorted(rows, key=lambda row: row[1]):
        found[person].append((int(time), name, properties))  # type: ignore[arg-type]  # as above
    order = [name for part in journeys.parts() for name in journeys.persons_of([part.person]).ids]
    return {name: found[name] for name in order}


def counted(found: Finding, tallied: dict[str, tuple[int, int]]) -> tuple[int, int]:
    """The oracle's counts of the parts of the looks that a finding is about."""
    if found.later:
        return tallied["continued"]
    if found.difference >= 0:
        return tallied["look"]
    return tallied["continued"][0], tallied["strict"][1]


def random_log(seed: int) -> list[Row]:
    """Sixty persons with a few visits of events a, b, c, d, minutes apart."""
    random = np.random.default_rng(seed)
    rows: list[Row] = []
    for number in range(60):
        at = int(random.integers(0, 5 * DAY))
        for _ in range(int(random.integers(2, 14))):
            at += int(random.choice([3_000, 20_000])) if random.random() < 0.15 else int(random.exponential(90)) + 1
            channel = {"channel": str(random.choice(["ads", "mail"]))} if random.random() < 0.7 else {}
            price = {"price": float(random.integers(0, 4))} if random.random() < 0.5 else {}
            event = str(random.choice(list("abcd"), p=[0.3, 0.15, 0.3, 0.25]))
            rows.append((f"p{number}", at, event, channel | price))
    return rows


@pytest.mark.parametrize("seed", range(12))
def test_counts_equal_brute_force(seed: int) -> None:
    """Everyone is in the group the oracle puts them in, and every count of every finding is the oracle's."""
    rows = random_log(seed)
    journeys = log(rows)
    comparison = journeys.compare(["a", "b"], kinds=["event", "repeat", "property"], most=500)
    watched, undecided = watch(by_person(journeys, rows), "a", "b")

    sizes = {"leavers": sum(not w.converted for w in watched), "converters": sum(w.converted for w in watched)}
    assert (comparison.groups, comparison.undecided) == (sizes, undecided)
    assert len(comparison.findings) >= 5
    for found in comparison.findings:
        candidate = found._candidate
        assert isinstance(candidate, Candidate)
        if candidate.property is None:
            expected = tally(watched, did(str(candidate.event), candidate.times))
        else:
            value: Any = float(str(candidate.value)) if candidate.property == "price" else candidate.value
            expected = tally(watched, had(candidate.event, candidate.property, value, barred="b"))
        assert (found.count_a, found.count_b) == counted(found, expected), found.what


@pytest.mark.parametrize("seed", range(6))
def test_everything_frequent_enough_is_tried(seed: int) -> None:
    """Events and repeats that at least 3 persons have and 3 have not: once each, twice where somebody has it only later."""
    rows = random_log(seed)
    journeys = log(rows)
    comparison = journeys.compare(["a", "b"], kinds=["event", "repeat"], most=500)
    watched, _ = watch(by_person(journeys, rows), "a", "b")

    tried = 0
    for name, times in [("c", 1), ("d", 1), *((name, times) for name in "acd" for times in (2, 3, 5))]:
        having = {part: sum(counts) for part, counts in tally(watched, did(name, times)).items()}
        if having["continued"] >= 3 and len(watched) - having["strict"] >= 3:
            tried += 1 + (having["continued"] > having["look"])
    assert comparison.tried == tried


@examples(30)
@given(random_rows(persons=14, events="abcd", longest=90, seconds=6000), st.sampled_from([None, "10m"]))
def test_groups_are_those_of_the_funnel(rows: list[Row], within: str | None) -> None:
    """Who reached a step and who was dropped there, less those who came too late to tell."""
    if not {"a", "b", "c"} <= {row[2] for row in rows}:
        return
    journeys = log(rows)
    for steps, at in ((["a", "b"], 1), (["a", "b", "c"], 1), (["a", "b", "c"], 2), (["a", "not d", "b"], 1)):
        if "d" not in journeys.events and "not d" in steps:
            continue
        funnel = journeys.funnel(steps, within=within)
        comparison = journeys.compare(steps, at=at, within=within, kinds=["event"])
        assert comparison.groups["converters"] == funnel.steps[at].count
        assert comparison.groups["leavers"] + comparison.undecided == funnel.steps[at].dropped


@examples(25)
@given(random_rows(persons=14, events="abcd", longest=90, seconds=6000))
def test_a_drill_down_lists_exactly_the_persons_counted(rows: list[Row]) -> None:
    if not {"a", "b"} <= {row[2] for row in rows}:
        return
    comparison = log(rows).compare(["a", "b"], most=500)

    assert len(comparison.persons(None, "a")) == comparison.groups["leavers"]
    assert len(comparison.persons(None, "b")) == comparison.groups["converters"]
    for place, found in enumerate(comparison.findings):
        assert len(comparison.persons(place, "a")) == found.count_a, found.what
        assert len(comparison.persons(place, "b")) == found.count_b, found.what


def test_nobody_to_compare_gives_no_findings_and_no_error() -> None:
    """Nobody buys; then nobody leaves; then a filter leaves nothing."""
    rows: list[Row] = [("a", 0, "cart", {}), ("b", 5, "cart", {}), ("c", 9, "purchase", {})]
    journeys = log(rows)

    assert journeys.compare(["cart", "purchase"]).findings == ()
    assert journeys.compare(["purchase", "cart"]).groups == {"leavers": 0, "converters": 0}
    assert journeys.where("event = 'cart'").compare(["cart", "cart|purchase"]).tried == 0
    assert "Nothing separates them beyond chance" in str(journeys.compare(["cart", "purchase"]))


@pytest.mark.parametrize(
    ("steps", "options", "message"),
    [
        ([], {}, "expected the steps of a funnel"),
        (["view"], {}, "has two steps or more"),
        (["view", "cart"], {"at": 2}, "expected a step from 1 to 1"),
        (["view", "cart"], {"group": "view", "against": "cart"}, "expected the steps of a funnel"),
        ([], {"group": "view"}, "expected the steps of a funnel"),
        ([], {"group": "view", "against": "view"}, "two different groups"),
        (["view", "cart"], {"kinds": ["colour"]}, "expected kinds among event, property"),
        (["view", "cart"], {"most": 0}, "at least 1 finding"),
    ],
)
def test_an_option_outside_what_it_accepts_says_what_is(
    steps: list[str], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(BadOption, match=message):
        log([("a", 0, "view"), ("a", 5, "cart")]).compare(steps, **options)


def test_unknown_names_are_refused() -> None:
    journeys = log([("a", 0, "view"), ("a", 5, "cart"), ("b", 5, "view")])
    with pytest.raises(UnknownEvent, match="carts"):
        journeys.compare(["view", "carts"])
    with pytest.raises(UnknownColumn, match="colour"):
        journeys.compare(["view", "cart"], properties=["colour"])
    with pytest.raises(BadOption, match="a finding from 0"):
        journeys.compare(["view", "cart"]).persons(3)


@pytest.mark.parametrize("names", [9, 70, 300])
@pytest.mark.parametrize("by", [None, "channel"])
def test_events_alone_are_counted_by_bits_as_a_loop_counts_them(names: int, by: str | None) -> None:
    """Two groups by event, with few event names, more than a word's bits hold, and more than bits are kept for."""
    random = np.random.default_rng(names)
    rows: list[Row] = []
    for number in range(150):
        channel = {"channel": "ads" if number % 3 else "mail"}
        chosen = {"ab"[number % 2], *(f"e{n}" for n in random.integers(0, names - 2, 12))}
        chosen |= {f"e{names - 3}", "a", "b"} if number % 10 == 0 else {f"e{names - 3}"} if number % 4 == 0 else set()
        rows += [(f"p{number}", number * DAY + n, name, channel) for n, name in enumerate(sorted(chosen))]
    rows += [(f"p{number}", 200 * DAY, f"e{n}", {"channel": "ads"}) for number in (3, 4) for n in range(names - 2)]
    events: dict[str, set[str]] = defaultdict(set)
    for person, _, name, _ in rows:
        events[person].add(name)
    a, b = ([p for p in events if one in events[p] and other not in events[p]] for one, other in ("ab", "ba"))
    comparison = log(rows).compare(group="a", against="b", kinds=["event"], most=500, by=by)

    assert (comparison.groups, comparison.in_both) == ({"a": len(a), "b": len(b)}, 15)
    assert len(comparison.findings) >= min(names, 9) - 2 - sum(len(found.also) for found in comparison.findings)
    for found in comparison.findings:
        has = {person for person in events if found.event in events[person]}
        assert (found.count_a, found.count_b) == (len(has & set(a)), len(has & set(b)))
        assert (found.n_a, found.n_b) == (len(a), len(b))
    assert (len(comparison.by_group) == 2) is (by is not None)
    for group in comparison.by_group:
        mine = {f"p{n}" for n in range(150) if ("ads" if n % 3 else "mail") == group.group}
        for found in group.findings:
            has = {person for person in mine if found.event in events[person]}
            assert (found.count_a, found.count_b) == (len(has & set(a)), len(has & set(b)))


def test_the_same_is_found_with_and_without_repeats() -> None:
    """With repeats the rows are gone through, without them bits are counted: what both speak of is alike."""
    journeys = log(random_log(5))
    plain = journeys.compare(group="c", against="d", kinds=["event"], most=500)
    thorough = journeys.compare(group="c", against="d", kinds=["event", "repeat"], most=500)

    def told(comparison: Comparison) -> set[tuple[str, int, int]]:
        return {(f.what, f.count_a, f.count_b) for f in comparison.findings if f.kind == "event"}

    assert told(plain) == told(thorough)
    assert len(plain.persons(0, "a")) == plain.findings[0].count_a
