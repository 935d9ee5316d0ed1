"""Attribution of logs: which touches count, what each model gives, who is behind a number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.analyse import attribution_kernel as kernel
from sojourn.analyse.attribution import CAVEAT, attribute_paths
from sojourn.analyse.attribution_names import MODELS
from sojourn.records.errors import BadOption, UnknownColumn, UnknownEvent
from tests.analyse import attribution_oracle as oracle
from tests.analyse.logs import log
from tests.thoroughness import examples

if TYPE_CHECKING:
    from sojourn.analyse.attribution import Attribution
    from tests.analyse.logs import Row

DAY = 86_400
SINGLE = ("first", "last", "last_non_direct", "linear", "time_decay", "position_u", "position_w")


def conversions(result: Attribution, model: str) -> dict[str, float]:
    return {channel: credit.conversions for channel, credit in result.models[model].items() if credit.conversions}


def journey(*channels: str, person: str = "anna", then: str | None = "buy", revenue: float | None = None) -> list[Row]:
    """One visit a day from each channel, and a day later what came of it."""
    rows: list[Row] = [(person, n * DAY, "visit", {"channel": channel}) for n, channel in enumerate(channels)]
    goal = {} if revenue is None else {"revenue": revenue}
    return [*rows, (person, len(channels) * DAY, then, goal)] if then else rows


def test_each_model_shares_one_conversion_of_four_touches_in_its_own_way() -> None:
    """ads, mail, search, direct, then a sale of 100, a day between each."""
    result = log(journey("ads", "mail", "search", "direct", revenue=100.0)).attribution(goal="buy", touch="channel")

    assert conversions(result, "first") == {"ads": 1}
    assert conversions(result, "last") == {"direct": 1}
    assert conversions(result, "last_non_direct") == {"search": 1}
    assert conversions(result, "linear") == pytest.approx({"ads": 0.25, "mail": 0.25, "search": 0.25, "direct": 0.25})
    assert conversions(result, "position_u") == pytest.approx({"ads": 0.4, "mail": 0.1, "search": 0.1, "direct": 0.4})
    assert conversions(result, "position_w") == pytest.approx({"ads": 0.3, "mail": 0.1, "search": 0.3, "direct": 0.3})
    assert conversions(result, "shapley") == pytest.approx({"ads": 0.25, "mail": 0.25, "search": 0.25, "direct": 0.25})
    halves = [2 ** (-days / 7) for days in (3, 2, 1, 0)]
    decayed = {
        channel: half / sum(halves) for channel, half in zip(("ads", "mail", "search", "direct"), halves, strict=True)
    }
    assert conversions(result, "time_decay") == pytest.approx(decayed)
    assert result.models["linear"]["mail"].value == pytest.approx(25)
    assert (result.conversions, result.value, result.converters) == (1, 100.0, 1)
    assert result.caveat == CAVEAT


def test_every_model_gives_away_exactly_the_conversions_with_a_touch() -> None:
    rows = [*journey("ads", "mail"), *journey("mail", person="ben"), *journey("ads", person="cleo", then=None)]
    rows += journey(person="dora")  # buys without a touch

    result = log(rows).attribution(goal="buy", touch="channel")

    assert (result.conversions, result.conversions_without_touch, result.paths_without_conversion) == (3, 1, 1)
    assert set(result.models) == {*SINGLE, "markov", "shapley", "logistic"}
    for given_by_model in result.models.values():
        assert sum(credit.conversions for credit in given_by_model.values()) == pytest.approx(2)


def test_a_touch_counts_up_to_the_lookback_and_once() -> None:
    rows: list[Row] = [
        ("anna", 0, "visit", {"channel": "ads"}),
        ("anna", 29 * DAY, "visit", {"channel": "mail"}),
        ("anna", 30 * DAY, "buy", {}),  # ads is exactly 30 days back
        ("anna", 61 * DAY, "buy", {}),  # the touches before the first sale are used up
        ("ben", 0, "visit", {"channel": "ads"}),
        ("ben", 30 * DAY + 1, "buy", {}),  # a second too late
    ]

    result = log(rows).attribution(goal="buy", touch="channel")

    assert conversions(result, "linear") == {"ads": 0.5, "mail": 0.5}
    assert result.conversions_without_touch == 2


def test_the_channel_of_the_conversion_itself_is_its_last_touch() -> None:
    rows: list[Row] = [("anna", 0, "visit", {"channel": "ads"}), ("anna", DAY, "buy", {"channel": "mail"})]

    result = log(rows).attribution(goal="buy", touch="channel")

    assert conversions(result, "last") == {"mail": 1}
    assert result.paths_without_conversion == 0


def test_only_touch_events_are_touches_when_they_are_named() -> None:
    rows: list[Row] = [
        ("anna", 0, "visit", {"channel": "ads"}),
        ("anna", DAY, "scroll", {"channel": "mail"}),
        ("anna", 2 * DAY, "buy", {"channel": "mail"}),
    ]

    result = log(rows).attribution(goal="buy", touch="channel", touch_event="visit")

    assert conversions(result, "last") == {"ads": 1}


def test_an_order_counts_once_a_person() -> None:
    """A reloaded thank-you page is no second sale; the same number of another person is."""
    rows: list[Row] = [
        ("anna", 0, "visit", {"channel": "ads"}),
        ("anna", 10, "buy", {"revenue": 40.0, "order_id": "1"}),
        ("anna", 20, "buy", {"revenue": 40.0, "order_id": "1"}),
        ("ben", 0, "visit", {"channel": "mail"}),
        ("ben", 30, "buy", {"revenue": 7.0, "order_id": "1"}),
    ]

    once = log(rows).attribution(goal="buy", touch="channel")
    lines = log(rows).attribution(goal="buy", touch="channel", orders="lines")

    assert (once.conversions, once.value, once.repeated_orders) == (2, 47.0, 1)
    assert (lines.conversions, lines.value) == (2, 87.0)
    assert lines.models["first"]["ads"].value == 80.0


def test_a_milestone_is_the_middle_of_the_w_model() -> None:
    """The trial began right after the second of five touches; 10 % are left for the third and fourth."""
    rows = journey("ads", "mail", "search", "social", "direct")
    rows.insert(2, ("anna", DAY + 1, "trial", {}))

    result = log(rows).attribution(goal="buy", touch="channel", milestone="trial")

    given = conversions(result, "position_w")
    assert given == pytest.approx({"ads": 0.3, "mail": 0.3, "search": 0.05, "social": 0.05, "direct": 0.3})


def test_a_visit_counts_once_when_touches_are_visits() -> None:
    """Three pages of one visit from ads, then mail: two touches; what follows the sale in its visit is no lost path."""
    rows: list[Row] = [
        *((("anna", second, "page", {"channel": "ads"})) for second in (0, 60, 120)),
        ("anna", DAY, "page", {"channel": "mail"}),
        ("anna", DAY + 60, "buy", {"channel": "mail"}),
        ("anna", DAY + 90, "page", {"channel": "mail"}),
    ]

    visits = log(rows).attribution(goal="buy", touch="channel", touches="visits")
    events = log(rows).attribution(goal="buy", touch="channel")

    assert conversions(visits, "linear") == {"ads": 0.5, "mail": 0.5}
    assert visits.paths_without_conversion == 0
    assert conversions(events, "linear") == pytest.approx({"ads": 0.6, "mail": 0.4})
    assert events.paths_without_conversion == 1
    assert any("--touches visits" in note for note in events.notes)


def test_channels_beyond_the_most_are_put_together() -> None:
    rows = [*journey("a", "a", "b"), *journey("a", "c", person="ben"), *journey("d", person="cleo")]

    result = log(rows).attribution(goal="buy", touch="channel", channels=2)

    assert conversions(result, "last") == {"(other)": 3}
    assert conversions(result, "first") == {"a": 2, "(other)": 1}


def test_a_breakdown_adds_up_to_the_whole() -> None:
    rows = [*journey("ads", "mail"), *journey("ads", person="ben"), *journey("mail", person="cleo", then=None)]
    rows = [
        (person, time, event, {**properties, "plan": "new" if person == "anna" else "old"})
        for person, time, event, properties in rows
    ]

    result = log(rows).attribution(goal="buy", touch="channel", by="plan")

    assert {group.group: group.conversions for group in result.groups} == {"new": 1, "old": 1}
    linear = [group.models["linear"] for group in result.groups]
    assert sum(given["ads"].conversions for given in linear) == result.models["linear"]["ads"].conversions == 1.5


def test_the_persons_behind_a_number_are_exactly_those() -> None:
    rows = [*journey("ads", "mail"), *journey("mail", person="ben"), *journey("ads", person="cleo", then=None)]
    rows += journey(person="dora")

    result = log(rows).attribution(goal="buy", touch="channel")

    assert set(result.persons("ads")) == {"anna"}
    assert set(result.persons("mail")) == {"anna", "ben"}
    assert set(result.persons("mail", model="first")) == {"ben"}
    assert set(result.persons("ads", model="last")) == set()
    assert set(result.persons_of("converters")) == {"anna", "ben", "dora"}
    assert set(result.persons_of("non_converters")) == {"cleo"}
    assert set(result.persons_of("without_touch")) == {"dora"}
    assert result.converters == 3
    assert result.non_converters == 1


def test_where_and_between_narrow_the_paths() -> None:
    rows = journey("ads", "mail", "search")

    narrow = log(rows).where("event = 'buy' or channel <> 'search'").attribution(goal="buy", touch="channel")
    late = log(rows).between("2024-01-02", None).attribution(goal="buy", touch="channel")

    assert conversions(narrow, "last") == {"mail": 1}
    assert conversions(late, "first") == {"mail": 1}


def test_a_log_without_the_goal_or_the_column_says_so() -> None:
    journeys = log(journey("ads"))

    with pytest.raises(UnknownEvent, match="no event is named 'sale'"):
        journeys.attribution(goal="sale", touch="channel")
    with pytest.raises(UnknownColumn, match="chanel"):
        journeys.attribution(goal="buy", touch="chanel")
    with pytest.raises(BadOption, match="holds text"):
        journeys.attribution(goal="buy", touch="channel", value="channel")
    with pytest.raises(BadOption, match="2 to 60 channels"):
        journeys.attribution(goal="buy", touch="channel", channels=100)


def test_a_log_where_nobody_converts_gives_nothing_away() -> None:
    rows = [*journey("ads", then=None), *journey("mail", person="ben")]

    result = (
        log(rows)
        .where("channel = 'ads' or channel is null")
        .where("event <> 'buy'")
        .attribution(goal="buy", touch="channel")
    )

    assert result.conversions == 0
    assert conversions(result, "markov") == {}
    assert "logistic" not in result.models
    assert str(result)


def _random_rows() -> st.SearchStrategy[list[Row]]:
    """Visits from channels and purchases of five persons over forty days, and one purchase there is always."""
    event = st.sampled_from(["visit", "visit", "visit", "buy"])
    channel = st.sampled_from(["ads", "mail", "search", "direct"])
    properties = st.fixed_dictionaries({}, optional={"channel": channel, "revenue": st.integers(-5, 9).map(float)})
    row = st.tuples(
        st.sampled_from(["p0", "p1", "p2", "p3", "p4"]),
        st.integers(0, 40).map(lambda n: n * 3600 * 24),
        event,
        properties,
    )
    always: list[Row] = [("p9", 0, "visit", {"channel": "ads", "revenue": 1.0}), ("p9", 1, "buy", {})]
    return st.lists(row, min_size=1, max_size=40).map(lambda rows: [*rows, *always])


@examples(25)
@given(st.data())
def test_every_model_equals_brute_force_on_random_logs(data: st.DataObject) -> None:
    rows = data.draw(_random_rows())

    result = log(rows).attribution(goal="buy", touch="channel", lookback="14d", half_life="3d")

    paths = oracle.paths_of(rows, goal="buy", lookback_s=14 * DAY)
    for model in SINGLE:
        found = {c: (x.conversions, x.value) for c, x in result.models[model].items() if x.conversions}
        expected = oracle.credit(model, paths, half_life_s=3 * DAY)
        expected = {channel: given for channel, given in expected.items() if given[0]}
        assert found.keys() == expected.keys(), model
        for name, both in found.items():
            assert both == pytest.approx(expected[name]), model
    assert conversions(result, "shapley") == pytest.approx({k: v for k, v in oracle.shapley(paths).items() if v})
    effects = {channel.channel: channel.removal_effect for channel in result.channels}
    assert effects == pytest.approx(oracle.removal_effects(paths), abs=1e-9)
    credited = sum(path.converted and bool(path.channels) for path in paths)
    whole = sum(effects.values())
    markov = {channel: effect / whole * credited for channel, effect in effects.items() if effect > 1e-12}
    assert conversions(result, "markov") == pytest.approx(markov)
    for name in effects:
        assert set(result.persons(name)) == {p.person for p in paths if p.converted and name in p.channels}
    assert result.converters == len({p.person for p in paths if p.converted})
    assert result.conversions == sum(p.converted for p in paths)
    assert result.paths_without_conversion == sum(not p.converted for p in paths)


@examples(8)
@given(st.data())
def test_the_path_table_of_a_log_gives_the_same_answers_again(data: st.DataObject) -> None:
    channel = st.sampled_from(["ads", "mail", "search"])
    row = st.tuples(
        st.sampled_from(["p0", "p1"]),
        st.integers(0, 20),
        st.sampled_from(["visit", "buy"]),
        st.fixed_dictionaries({"channel": channel}),
    )
    rows = [*data.draw(st.lists(row, max_size=12)), ("p9", 1, "buy", {"channel": "ads"})]

    result = log(rows).attribution(goal="buy", touch="channel")
    again = attribute_paths(result.path_table)

    assert again.conversions == result.conversions
    for model in set(again.models) - {"logistic"}:
        assert conversions(again, model) == pytest.approx(conversions(result, model)), model


def test_the_result_can_be_shown_in_every_form() -> None:
    result = log([*journey("ads", "mail", revenue=9.0), *journey("ads", person="b", then=None)]).attribution(
        goal="buy", touch="channel"
    )

    assert "Markov" in str(result)
    assert CAVEAT.split(";")[0] in str(result)
    assert result.table.num_rows == 2 * len(result.models)
    assert len(result.plot().data) == len(result.models)
    assert result.to_dict()["models"]["first"]["ads"] == {"conversions": 1.0, "value": 9.0}


@examples(25)
@given(st.data())
def test_fewer_models_give_the_same_credits_and_the_same_paths(data: st.DataObject) -> None:
    """Whatever is left out, what is there is what all ten say; so are the counts, the channels and the path table."""
    rows = data.draw(_random_rows())
    chosen = data.draw(st.lists(st.sampled_from(MODELS), min_size=1, unique=True))
    top = data.draw(st.sampled_from([0, 3, 10]))
    options = {
        "touches": data.draw(st.sampled_from(["events", "visits"])),
        "by": data.draw(st.sampled_from([None, "channel"])),
        "lookback": data.draw(st.sampled_from(["2d", "30d"])),
    }
    journeys = log(rows)
    every = journeys.attribution(goal="buy", touch="channel", **options)
    some = journeys.attribution(goal="buy", touch="channel", models=chosen, top=top, **options)

    assert list(some.models) == [model for model in every.models if model in chosen]
    for model, credits_given in some.models.items():
        for channel, credit in credits_given.items():
            assert credit.conversions == pytest.approx(every.models[model][channel].conversions, rel=1e-12, abs=1e-12)
            assert credit.value == pytest.approx(every.models[model][channel].value, rel=1e-12, abs=1e-12)
    counts = ("conversions", "conversions_without_touch", "repeated_orders", "paths_without_conversion", "converters")
    for name in (*counts, "non_converters", "value"):
        assert getattr(some, name) == getattr(every, name), name
    told = [[(c.channel, c.touches, c.paths, c.conversions) for c in one.channels] for one in (every, some)]
    assert told[0] == told[1]
    assert len(some.top_paths) == min(top, len(every.top_paths))
    assert [path.conversions for path in some.top_paths] == [path.conversions for path in every.top_paths[:top]]
    assert sorted(some.path_table.to_pylist(), key=str) == sorted(every.path_table.to_pylist(), key=str)
    assert [(g.group, g.conversions) for g in some.groups] == [(g.group, g.conversions) for g in every.groups]


def test_models_are_refused_when_there_are_none_of_that_name() -> None:
    journeys = log(journey("ads"))

    with pytest.raises(BadOption, match="got 'best'"):
        journeys.attribution(goal="buy", touch="channel", models=["first", "best"])
    with pytest.raises(BadOption, match="at least 0"):
        journeys.attribution(goal="buy", touch="channel", top=-1)


def test_time_decay_is_two_to_the_minus_half_lives() -> None:
    """Touches 0 s, an hour, and far more than a thousand half-lives before the conversion."""
    for half_life in (1.0, 977.0, 3600e6, 7.0 * 86400e6):
        passed = np.array([0, 1, 500, 3600e6, 86400e6, 29 * 86400e6], np.int64)
        for us in passed.tolist():
            steps = us * 1024 / half_life
            expected = 2.0 ** -(us / half_life) if us / half_life < 1075 else 0.0
            assert kernel._halved(steps) == pytest.approx(expected, rel=1e-11, abs=1e-300)


def test_a_period_without_events_has_no_conversions_and_is_no_error() -> None:
    found = (
        log([("anna", 0, "buy", {"channel": "ads"})])
        .between("2030-01-01", None)
        .attribution(goal="buy", touch="channel")
    )

    assert (found.conversions, found.value, found.converters) == (0, 0.0, 0)
