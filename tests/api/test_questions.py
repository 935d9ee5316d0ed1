"""The registry of questions: made from their functions, and true to them."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import jsonschema_rs
import pytest
from tests.analyse.logs import log

from sojourn.api.questions import QUESTIONS
from sojourn.records.errors import BadCatalogue, BadField, SojournError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sojourn.analyse.journeys import Journeys

Values = dict[str, list[str]]


@pytest.fixture(scope="module")
def journeys() -> Journeys:
    """Anna buys, Ben leaves at the cart, Cleo only looks."""
    return log(
        [
            ("anna", "2024-01-01 10:00", "view", {"channel": "ads", "revenue": None}),
            ("anna", "2024-01-01 10:01", "cart", {"channel": "ads"}),
            ("anna", "2024-01-01 10:05", "purchase", {"channel": "ads", "revenue": 40.0, "order_id": "o1"}),
            ("ben", "2024-01-02 10:00", "view", {"channel": "mail"}),
            ("ben", "2024-01-02 10:02", "cart", {"channel": "mail"}),
            ("cleo", "2024-01-03 10:00", "view", {"channel": "ads"}),
        ]
    )


ASKED: tuple[tuple[str, Values, Values | None], ...] = (
    ("overview", {}, {"of_event": ["cart"]}),
    ("journey_map", {}, None),
    ("sessions", {"by": ["channel"]}, {"of_kind": ["all"]}),
    ("funnel", {"steps": ["view", "cart", "purchase"]}, {"of_step": ["1"], "of_outcome": ["reached"]}),
    ("compare", {"steps": ["view", "cart", "purchase"]}, {"of_side": ["b"]}),
    ("paths", {"start": ["view"]}, {"of_path": ["view", "cart"]}),
    ("transitions", {}, {"of_from": ["view"], "of_to": ["cart"]}),
    ("ngrams", {"length": ["2"]}, {"of_steps": ["view", "cart"]}),
    ("loops", {}, {"of_kind": ["repeat"]}),
    ("retention", {"period": ["day"]}, {"of_after": ["0"]}),
    ("attribution", {"goal": ["purchase"], "touch": ["channel"]}, {"of_channel": ["ads"]}),
    ("engagement", {"page": ["event"]}, {"of_start": ["2024-01-02"], "of_end": ["2024-01-03"]}),
    ("orders", {}, {"of_kind": ["all"]}),
    ("history", {"period": ["day"]}, {"of_cohort": ["all"]}),
    ("changes", {"every": ["1d"], "baseline": ["4"]}, {}),
    ("person", {"person": ["anna"]}, None),
    ("links", {"person": ["anna"]}, None),
    ("signals", {"catalogue": ["shop"]}, {"of_signal": ["visits"]}),
    ("scores", {"catalogue": ["shop"]}, {"of_score": ["engagement"], "of_at_least": ["0"]}),
    ("segments", {"catalogue": ["shop"]}, None),
    ("segment_overlap", {"catalogue": ["shop"], "predicate": ["signal.visits >= 0"]}, {"drill": ["persons"]}),
    ("backtest", {"catalogue": ["shop"], "goal": ["purchase"]}, None),
)


def test_every_question_is_asked_here() -> None:
    assert [name for name, _, _ in ASKED] == list(QUESTIONS)


@pytest.mark.parametrize(("name", "values", "number"), ASKED, ids=[name for name, _, _ in ASKED])
def test_texts_of_a_url_get_the_answer_the_function_gives(
    journeys: Journeys, name: str, values: Values, number: Values | None
) -> None:
    question = QUESTIONS[name]

    result = question.ask(journeys, question.read(values))

    assert isinstance(result, question.result)
    if number is not None:
        try:
            persons = question.drill(result, number)
        except SojournError as error:
            pytest.fail(f"{name}: {error}")
        assert set(persons.ids) <= {"anna", "ben", "cleo"}


def test_the_persons_behind_a_number_are_as_many_as_it_says(journeys: Journeys) -> None:
    funnel = QUESTIONS["funnel"]
    result = funnel.ask(journeys, funnel.read({"steps": ["view", "cart", "purchase"]}))

    dropped = funnel.drill(result, {"of_step": ["2"], "of_outcome": ["dropped"]})

    assert dropped.ids == ("ben",)
    assert result.to_dict()["steps"][2]["dropped"] == 1


def test_the_overview_lists_who_has_an_event(journeys: Journeys) -> None:
    overview = QUESTIONS["overview"]
    result = overview.ask(journeys, {})

    assert set(overview.drill(result, {"of_event": ["cart"]})) == {"anna", "ben"}
    assert len(overview.drill(result, {})) == result.to_dict()["persons"] == 3


def test_where_a_result_has_several_ways_to_persons_what_is_given_says_which(journeys: Journeys) -> None:
    paths = QUESTIONS["paths"]
    result = paths.ask(journeys, paths.read({}))

    branch = paths.drill(result, {"of_path": ["view", "cart"]})
    whole = paths.drill(result, {"of_path": ["view", "cart"], "drill": ["persons_of_whole"]})
    node = paths.drill(result, {"of_position": ["1"], "of_value": ["cart"]})

    assert [set(branch), set(whole), set(node)] == [{"anna", "ben"}, {"ben"}, {"anna", "ben"}]


@pytest.mark.parametrize("name", ["paths", "transitions", "loops"])
def test_a_group_that_is_a_whole_answer_lists_its_own_persons(journeys: Journeys, name: str) -> None:
    question = QUESTIONS[name]
    result = question.ask(journeys, question.read({"by": ["channel"]}))

    assert set(question.drill(result, {"of_group": ["ads"]})) == {"anna", "cleo"}
    assert set(question.drill(result, {})) == {"anna", "ben", "cleo"}
    with pytest.raises(BadField, match="expected a group of the breakdown, got 'tv'; there are ads, mail"):
        question.drill(result, {"of_group": ["tv"]})


@pytest.mark.parametrize(
    ("name", "values", "told"),
    [
        ("funnel", {}, "steps: expected a value: Event names, alternatives"),
        (
            "funnel",
            {"steps": ["view"], "order": ["backwards"]},
            "order: expected one of ordered, strict, any, got 'backwards'",
        ),
        (
            "funnel",
            {"steps": ["view"], "within": ["soon"]},
            "within: expected a length of time such as 30m, 12h or 7d, got 'soon'",
        ),
        ("funnel", {"steps": ["view"], "within": ["1d", "2d"]}, "within: expected one value, got 2"),
        ("overview", {"most": ["many"]}, "most: expected a whole number, got 'many'"),
        ("overview", {"most": ["99999999999"]}, "most: expected a whole number"),
        ("changes", {"chance": ["nan"]}, "chance: expected a finite number, got 'nan'"),
        ("paths", {"collapse": ["perhaps"]}, "collapse: expected true or false, got 'perhaps'"),
        ("paths", {"groups": ["product"]}, "groups: expected NAME=PATTERN such as product=/p/%, got 'product'"),
        ("scores", {"at": ["yesterday"]}, "at: expected a moment such as"),
        (
            "attribution",
            {"goal": ["a"], "touch": ["b"], "spend": ["/etc/passwd"]},
            "spend: expected the name of a table",
        ),
        ("attribution", {"goal": ["a"], "touch": ["b"], "spend": [".."]}, "spend: expected the name of a table"),
    ],
)
def test_an_error_names_the_field_and_what_was_expected(name: str, values: Values, told: str) -> None:
    with pytest.raises(BadField) as error:
        QUESTIONS[name].read(values)

    assert str(error.value).startswith(told)
    assert error.value.field == told.partition(":")[0]


def test_a_catalogue_is_a_name_or_its_text_and_never_a_file_of_the_machine(journeys: Journeys) -> None:
    signals = QUESTIONS["signals"]

    with pytest.raises(BadCatalogue, match=r"signals\.yaml:1: \$: "):
        signals.ask(journeys, signals.read({"catalogue": ["/etc/hostname"]}))


def test_what_a_number_counts_must_be_said(journeys: Journeys) -> None:
    transitions = QUESTIONS["transitions"]
    result = transitions.ask(journeys, {})

    with pytest.raises(BadField, match="of_from of_to of_group; got of_value"):
        transitions.drill(result, {"of_value": ["view"]})


def test_none_is_a_word_where_something_else_is_meant_without_one() -> None:
    assert QUESTIONS["paths"].read({"most": ["none"]}) == {"most": None}
    assert QUESTIONS["attribution"].read({"goal": ["a"], "touch": ["b"], "value": ["none"]})["value"] is None


def test_empty_texts_as_forms_send_them_say_nothing() -> None:
    assert QUESTIONS["funnel"].read({"steps": ["view", "", " "], "within": [""], "page": ["2"]}) == {"steps": ["view"]}


@pytest.mark.parametrize(("name", "values", "number"), ASKED, ids=[name for name, _, _ in ASKED])
def test_an_answer_is_what_its_schema_says(
    journeys: Journeys,
    name: str,
    values: Values,
    number: Values | None,  # noqa: ARG001  (the same table for all)
) -> None:
    question = QUESTIONS[name]
    components: dict[str, dict[str, Any]] = {}
    schema: Mapping[str, Any] = question.result_schema(components)
    answer = json.loads(json.dumps(question.ask(journeys, question.read(values)).to_dict()))

    jsonschema_rs.Draft202012Validator({**schema, "components": {"schemas": components}}).validate(answer)


def test_the_registry_loads_no_kernel() -> None:
    code = "import sys; import sojourn.api.questions; assert not {'numba', 'pyarrow', 'plotly'} & set(sys.modules)"

    subprocess.run([sys.executable, "-c", code], check=True)
