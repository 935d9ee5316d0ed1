"""`sojourn paths` prints what scripts read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.analyse.logs import log
from typer.testing import CliRunner

from sojourn.app.cli import app
from sojourn.records.errors import BadOption

if TYPE_CHECKING:
    from sojourn.analyse.journeys import Journeys

LOG = [
    ("anna", "2024-01-01 10:00", "home"),
    ("anna", "2024-01-01 10:01", "item"),
    ("anna", "2024-01-01 10:02", "home"),
    ("bert", "2024-01-01 10:00", "home"),
    ("bert", "2024-01-01 10:01", "item"),
    ("bert", "2024-01-01 10:02", "buy"),
]


@pytest.fixture(scope="module")
def journeys() -> Journeys:
    return log(LOG)


def run(journeys: Journeys, *options: str) -> str:
    done = CliRunner().invoke(app, ["paths", "--data", str(journeys.index.folder.path), *options])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.stdout


def answer(journeys: Journeys, *options: str) -> Any:
    return json.loads(run(journeys, *options, "--json"))


def test_transitions_as_json(journeys: Journeys) -> None:
    printed = answer(journeys, "--transitions")

    assert [(t["from"], t["to"], t["count"]) for t in printed["transitions"]] == [
        ("home", "item", 2),
        ("item", "home", 1),
        ("item", "buy", 1),
    ]
    assert printed["entries"] == [{"value": "home", "count": 2, "share": 1.0}]


def test_the_tree_as_json_and_on_the_terminal(journeys: Journeys) -> None:
    printed = answer(journeys, "--start", "home", "--depth", "1")

    assert printed["branches"][0] == {
        "path": ["home"], "position": 0, "count": 2, "persons": 2, "share": 1.0, "share_of_previous": 1.0,
    }  # fmt: skip
    assert printed["links"][0] == {"position": 0, "from": "home", "to": "item", "count": 2, "persons": 2}
    assert "home 2" in run(journeys)


def test_ngrams_and_loops_as_json(journeys: Journeys) -> None:
    assert answer(journeys, "--ngrams", "2", "--rank", "lift")["tried"] == 3
    assert answer(journeys, "--loops")["back_and_forth"][0]["via"] == "item"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--persons", "home > item > buy"], ["bert"]),
        (["--around", "item", "--persons", "item > home", "--direction", "after"], ["anna"]),
        (["--transitions", "--persons", "item > buy"], ["bert"]),
        (["--ngrams", "3", "--persons", "home > item > home"], ["anna"]),
        (["--loops", "--persons", "home > item > home"], ["anna"]),
        (["--loops", "--persons", "home"], ["anna"]),
        (["--loops", "--persons", "home > home"], []),
        (["--group", "page=%e%", "--persons", "page > page > page"], ["anna"]),
    ],
)
def test_the_persons_behind_a_number_are_listed(journeys: Journeys, options: list[str], expected: list[str]) -> None:
    assert run(journeys, *options).split() == expected


@pytest.mark.parametrize(
    "options",
    [
        ["--transitions", "--loops"],
        ["--group", "page"],
        ["--loops", "--persons", "a > b > c"],
        ["--transitions", "--persons", "home"],
    ],
)
def test_what_cannot_be_asked_is_refused(journeys: Journeys, options: list[str]) -> None:
    with pytest.raises(BadOption):
        run(journeys, *options)
