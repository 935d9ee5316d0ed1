"""Changes of behaviour: the tail against scipy, the counts against loops, a case by hand, simulated persons, and the edges."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pytest
import scipy.special
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from sojourn.analyse import changes_kernel as kernel
from sojourn.analyse.changes_words import number, odds
from sojourn.records.errors import BadOption, UnknownEvent
from tests.analyse.logs import START, Row, log

WEEK = dt.timedelta(weeks=1)


def weekly(person: str, counts: list[int], *, event: str = "visit", **properties: object) -> list[Row]:
    """So many events in each week, evenly, the last of each half an hour before the week ends."""
    return [
        (person, START + week * WEEK + (n + 1) / times * WEEK - dt.timedelta(minutes=30), event, dict(properties))
        for week, times in enumerate(counts)
        for n in range(times)
    ]


@given(st.floats(0.05, 200), st.floats(0.05, 200), st.floats(0.0, 1.0))
def test_the_incomplete_beta_function_is_scipys(a: float, b: float, x: float) -> None:
    assert kernel.incomplete_beta(a, b, x) == pytest.approx(scipy.special.betainc(a, b, x), rel=1e-8, abs=1e-14)


@given(st.floats(-30, 30), st.integers(1, 60))
def test_students_tail_is_scipys(t: float, degrees: int) -> None:
    assert kernel.student_tail(t, float(degrees)) == pytest.approx(scipy.stats.t.sf(t, degrees), rel=1e-6, abs=1e-13)


@given(st.integers(0, 60), st.integers(1, 20), st.integers(0, 300), st.integers(2, 60))
def test_without_own_variability_the_tail_is_the_gamma_poisson_predictive(
    after: int, after_n: int, before: int, before_n: int
) -> None:
    """A Poisson count whose rate has a Gamma posterior is negative binomial: Gelman et al. (2013), 2.6."""
    predictive = scipy.stats.nbinom(before + 0.5, before_n / (before_n + after_n))

    few = kernel.tail(kernel.FALL, float(after), float(after_n), float(before), float(before_n), 0.0)
    many = kernel.tail(kernel.RISE, float(after), float(after_n), float(before), float(before_n), 0.0)

    assert few == pytest.approx(predictive.cdf(after), rel=1e-6, abs=1e-13)
    assert many == pytest.approx(predictive.sf(after - 1), rel=1e-6, abs=1e-12)


@given(st.integers(1, 20), st.integers(20, 300), st.integers(2, 60), st.floats(0, 2))
def test_variability_widens_the_predictive_distribution_as_its_variance_says(
    after_n: int, before: int, before_n: int, spread: float
) -> None:
    """Variance = weeks x (mean + spread mean^2) + weeks^2 x variance of the baseline's mean."""
    mean = (before + 0.5) / before_n
    expected = after_n * mean
    variance = (
        after_n * (mean + spread * mean**2) + after_n**2 * mean / before_n + after_n**2 * spread * mean**2 / before_n
    )
    size = expected**2 / (variance - expected)
    oracle = scipy.stats.nbinom(size, size / (size + expected))
    after = max(0, round(expected / 2))

    few = kernel.tail(kernel.FALL, float(after), float(after_n), float(before), float(before_n), spread)

    assert few == pytest.approx(oracle.cdf(after), rel=1e-5, abs=1e-12)


def test_a_fall_by_hand() -> None:
    """Twenty weeks of 5, then four of 1: the example of docs/methods/changes.md."""
    rows = weekly("anna", [5] * 21 + [1] * 4) + weekly("bert", [5] * 25)

    found = log(rows).changes()

    assert (found.persons, found.tested, found.changed, found.fell, found.rose) == (2, 2, 1, 1, 0)
    (change,) = found.changes
    assert (change.person, change.metric, change.direction) == ("anna", "events", "fell")
    assert (change.before, change.after, change.ratio) == (5.0, 1.0, 0.2)
    assert (change.before_periods, change.after_periods) == (20, 4)
    assert (change.since, change.noticed) == ("2024-05-27", "2024-06-24")
    assert change.noticed_after == 4
    assert change.chance == pytest.approx(scipy.stats.nbinom(100.5, 20 / 24).cdf(4), rel=1e-6)
    assert change.sentence == (
        "Events fell from 5 to 1 events a week since 2024-05-27 (4 weeks against 20 before); "
        f"a steady person shows that by chance {odds(change.chance)}."
    )
    assert list(found.persons_of("fell")) == ["anna"]
    assert list(found.persons_of("rose")) == []


def test_a_rise_and_which_event_it_is() -> None:
    """Orders rise; all events together hardly do."""
    rows = weekly("anna", [30] * 30, event="view") + weekly("anna", [1] * 20 + [5] * 10, event="order")

    found = log(rows).changes()

    assert {(one.metric, one.direction, one.since) for one in found.changes} == {("order", "rose", "2024-05-20")}
    assert [one.metric for one in found.metrics if one.rose] == ["order"]
    assert list(found.persons_of(metric="order")) == ["anna"]
    assert list(found.persons_of(metric="events")) == []


def test_a_change_that_was_taken_back_is_told_as_a_return() -> None:
    journeys = log(weekly("anna", [8] * 20 + [1] * 6 + [8] * 20))

    (fell,) = journeys.between(None, START + 26 * WEEK).changes().changes
    (rose,) = journeys.changes().changes

    assert (fell.direction, fell.before, fell.after, fell.since) == ("fell", 8.0, 1.0, "2024-05-20")
    assert (rose.direction, rose.before, rose.after, rose.since) == ("rose", 1.0, 8.0, "2024-07-01")
    assert journeys.changes(recent="20w").changed == 1
    assert journeys.changes(recent="19w").changed == 0


def test_a_change_that_faded_is_no_change_any_more() -> None:
    """A wild week raises the alarm; the ten weeks after it show that nothing stayed."""
    rows = weekly("anna", [4] * 20 + [30] + [4] * 3)

    assert log(rows).between(None, START + 21 * WEEK).changes().rose == 1
    assert log(rows + weekly("anna", [0] * 24 + [4] * 20)).changes().rose == 0


def test_a_second_level_is_judged_against_the_first_change() -> None:
    """From 8 to 2, and back to 8 a third of a year later: the last change counts, against the 2."""
    (change,) = log(weekly("anna", [8] * 20 + [2] * 18 + [8] * 10)).changes().changes

    assert (change.direction, change.before, change.after, change.since) == ("rose", 2.0, 8.0, "2024-09-23")


def test_who_was_never_there_before_has_not_fallen() -> None:
    """One visit and then silence is no fall: the week of the first event is no baseline."""
    rows = weekly("anna", [40] + [0] * 29) + weekly("bert", [3] * 30)

    assert log(rows).changes().changed == 0


def test_natural_variability_is_allowed_for() -> None:
    """All show 2 in the last six weeks after a mean of 3 a week; those whose weeks always vary are not told."""
    steady = [3] * 30 + [0, 0, 1, 0, 1, 0]
    bursts = [9, 0, 0] * 10 + [0, 0, 1, 0, 1, 0]
    rows = [row for n in range(20) for row in weekly(f"s{n}", steady)]
    rows += [row for n in range(2) for row in weekly(f"b{n}", bursts)]

    found = {one.person for one in log(rows).changes(least=0.1).changes}

    assert found == {f"s{n}" for n in range(20)}


def test_a_visit_of_many_pages_weighs_as_one_visit() -> None:
    """Twice a month twenty pages: three silent weeks are no fall of sixty events, nor is a visit after them a rise."""
    dice = np.random.default_rng(3)
    rows: list[Row] = []
    for n in range(40):
        for week in range(40):
            for _ in range(dice.poisson(0.5)):
                begins = START + week * WEEK + dt.timedelta(hours=float(dice.uniform(0, 150)))
                rows += [(f"p{n}", begins + dt.timedelta(minutes=k), "view", {}) for k in range(dice.integers(1, 40))]
    rows.append(("p0", START + 40 * WEEK - dt.timedelta(minutes=1), "view", {}))

    found = log(rows).changes(least=0.1)

    assert (found.tested, found.changed) == (40, 0)
    # Shuffled by the numbers of persons, which differ from folder to folder: 0.4 of 40 are expected by chance.
    assert found.changed_when_shuffled <= 4
    assert [metric.metric for metric in found.metrics] == ["events", "visits"]


def test_spend_is_told_in_its_currency_and_large_orders_weigh_as_few() -> None:
    rows = weekly("anna", [4] * 25 + [1] * 8, event="purchase", revenue=20.0, currency="EUR")
    rows += weekly("anna", [4] * 33, event="view")

    found = log(rows).changes()

    spend = next(one for one in found.changes if one.metric == "spend")
    assert (spend.unit, spend.before, spend.after) == ("EUR a week", 80.0, 20.0)
    assert spend.chance == pytest.approx(next(one.chance for one in found.changes if one.metric == "purchase"))
    assert found.currency == "EUR"


def test_counts_are_those_of_a_loop() -> None:
    """Every number of a group against a plain loop over the same rows."""
    dice = np.random.default_rng(5)
    rows: list[Row] = [
        (
            f"p{dice.integers(0, 30)}",
            START + dt.timedelta(minutes=int(dice.integers(0, 20 * 7 * 24 * 60))),
            str(dice.choice(["view", "cart"])),
            {"channel": str(dice.choice(["ads", "mail"]))},
        )
        for _ in range(3000)
    ]
    rows.sort(key=lambda row: str(row[1]))
    rows.append(("p0", START, "view", {"channel": "ads"}))
    rows += [(f"p{n}", START + 20 * WEEK - dt.timedelta(minutes=1), "end", {"channel": "mail"}) for n in range(30)]
    dropped = [row for row in rows if row[2] != "cart" or row[1] < START + 15 * WEEK]  # type: ignore[operator]  # all are moments

    found = log(dropped).changes(by="channel", baseline=6, least_of_groups=0.2)

    change = next(one for one in found.groups if one.group == "ads" and one.metric == "cart")
    rates, actives = [], []
    for week in range(20):
        inside = [
            row
            for row in dropped
            if row[3]["channel"] == "ads" and START + week * WEEK <= row[1] < START + (week + 1) * WEEK  # type: ignore[operator]  # all are moments
        ]
        actives.append(len({row[0] for row in inside}))
        rates.append((sum(row[2] == "cart" for row in inside) + 0.5) / actives[-1])
    assert change.since == (START + 15 * WEEK).date().isoformat()
    assert change.before == pytest.approx(math.exp(np.mean(np.log(rates[:15]))))
    assert change.after == pytest.approx(math.exp(np.mean(np.log(rates[15:]))))
    assert (change.before_periods, change.after_periods) == (15, 5)
    assert change.after_persons == pytest.approx(np.mean(actives[15:]))
    before, after = np.log(rates[:15]), np.log(rates[15:])
    t = (before.mean() - after.mean()) / (before.std(ddof=1) * math.sqrt(1 / 15 + 1 / 5))
    assert change.chance == pytest.approx(scipy.stats.t.sf(t, 14), rel=1e-6)


def test_a_group_whose_rate_holds_is_not_told_though_it_shrinks() -> None:
    """Half of the persons leave: fewer are active, each as active as before."""
    dice = np.random.default_rng(2)
    rows = [
        row for n in range(60) for row in weekly(f"p{n}", [int(k) for k in dice.poisson(6, 30)][: 20 if n % 2 else 30])
    ]

    found = log(rows).changes()

    assert [(one.metric, one.direction) for one in found.groups] == [("active persons", "fell")]
    assert found.groups[0].ratio == pytest.approx(0.5, abs=0.02)
    assert found.groups[0].low < found.groups[0].ratio < found.groups[0].high


def test_only_what_is_asked_about_is_looked_at() -> None:
    rows = weekly("anna", [5] * 21 + [1] * 4, channel="ads") + weekly("bert", [5] * 25, channel="mail")
    journeys = log(rows)

    assert journeys.where("channel = 'mail'").changes().changed == 0
    assert journeys.between(None, START + 21 * WEEK).changes().changed == 0
    assert list(journeys.where("channel = 'ads'").changes().persons_of()) == ["anna"]


def test_thresholds_decide_what_is_told() -> None:
    rows = [row for n in range(20) for row in weekly(f"p{n}", [10] * 25 + [6] * 12)]
    journeys = log(rows)

    assert journeys.changes(least=0.3).fell == 20
    assert journeys.changes(least=0.5).fell == 0
    assert journeys.changes(least=0.3, chance=1e-30).fell == 0


def test_days_serve_as_periods_of_a_short_log() -> None:
    day = dt.timedelta(days=1)
    rows: list[Row] = [
        ("anna", START + d * day + dt.timedelta(hours=1 + n), "view", {})
        for d in range(30)
        for n in range(10 if d < 25 else 1)
    ]
    rows.append(("anna", START + 30 * day - dt.timedelta(minutes=1), "view", {}))

    found = log(rows).changes(every="1d")

    assert (found.every, found.periods) == ("day", 30)
    assert next(one for one in found.changes if one.metric == "events").since == "2024-01-26"


def test_a_log_too_short_says_so() -> None:
    found = log(weekly("anna", [5] * 6)).changes()

    assert (found.tested, found.changed, found.changes, found.expected_false) == (0, 0, (), 0.0)
    assert "Nobody is known for more than the 12 weeks" in found.note
    assert "Nobody is known" in str(found)
    found.plot()


def test_a_log_with_nothing_left_answers() -> None:
    found = log(weekly("anna", [5] * 30)).where("event = 'never'").changes()

    assert (found.persons, found.tested, found.changed, found.groups) == (0, 0, 0, ())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"chance": 0}, "expected a chance between 0 and 1"),
        ({"least": 1.0}, "expected a least change"),
        ({"least_of_groups": -0.1}, "expected a least change of groups"),
        ({"baseline": 3}, "expected a baseline of at least 4 periods"),
        ({"most": -1}, "expected to list 0 or more"),
        ({"most_events": -1}, "expected 0 or more event names"),
        ({"every": "1ms"}, "choose longer ones"),
    ],
)
def test_an_option_outside_what_it_accepts_is_refused(options: dict[str, float], message: str) -> None:
    journeys = log(weekly("anna", [5] * 3))

    with pytest.raises(BadOption, match=message):
        journeys.changes(**options)


def test_an_unknown_name_is_refused() -> None:
    journeys = log(weekly("anna", [5] * 3))

    with pytest.raises(UnknownEvent, match="no event is called 'never'"):
        journeys.changes(events=["never"])
    with pytest.raises(BadOption, match="there is no metric 'never'"):
        journeys.changes().persons_of(metric="never")


def test_numbers_and_odds_are_read_easily() -> None:
    assert [number(value) for value in (0, 0.314, 5.234, 17.26, 1204.4)] == ["0", "0.31", "5.23", "17.3", "1,204"]
    assert [odds(chance) for chance in (1 / 47_123, 0.002, 1e-9)] == [
        "once in 47,000",
        "once in 500",
        "under once in a million",
    ]
