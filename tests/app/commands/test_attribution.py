"""`sojourn attribution` on the command line: the JSON others script against."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.analyse.logs import log
from typer.testing import CliRunner

from sojourn.app.cli import app

if TYPE_CHECKING:
    from pathlib import Path

    from tests.analyse.logs import Row

    from sojourn.analyse.journeys import Journeys

ROWS: list[Row] = [
    ("anna", "2024-01-01 10:00", "visit", {"channel": "ads"}),
    ("anna", "2024-01-02 10:00", "visit", {"channel": "mail"}),
    ("anna", "2024-01-03 10:00", "buy", {"revenue": 20.0}),
    ("ben", "2024-01-01 10:00", "visit", {"channel": "ads"}),
]


@pytest.fixture(scope="module")
def journeys() -> Journeys:
    return log(ROWS)


def run(journeys: Journeys, *options: str) -> str:
    found = CliRunner().invoke(app, ["attribution", *options, "--data", str(journeys.index.folder.path)])
    assert found.exit_code == 0, found.output
    return found.stdout


def test_the_json_has_conversions_and_value_by_model_and_channel(journeys: Journeys) -> None:
    answer = json.loads(run(journeys, "--goal", "buy", "--touch", "channel", "--json"))

    assert answer["models"]["first"] == {
        "ads": {"conversions": 1.0, "value": 20.0},
        "mail": {"conversions": 0.0, "value": 0.0},
    }
    assert answer["models"]["linear"]["mail"] == {"conversions": 0.5, "value": 10.0}
    assert (answer["conversions"], answer["paths_without_conversion"]) == (1, 1)
    assert "does not show what a channel caused" in answer["caveat"]


def test_the_persons_of_a_channel_are_listed(journeys: Journeys) -> None:
    goal = ("--goal", "buy", "--touch", "channel")

    assert run(journeys, *goal, "--persons", "ads").split() == ["anna"]
    assert run(journeys, *goal, "--persons", "ads", "--model", "last").split() == []
    assert json.loads(run(journeys, *goal, "--persons", "non_converters", "--json")) == {"count": 1, "persons": ["ben"]}


def test_a_path_table_needs_no_log(tmp_path: Path) -> None:
    file = tmp_path / "paths.csv"
    file.write_text("path,total_conversions,total_conversion_value,total_null\na > b,2,10,1\n")

    found = CliRunner().invoke(app, ["attribution", "--paths", str(file), "--json"])

    assert json.loads(found.stdout)["models"]["last"]["b"] == {"conversions": 2.0, "value": 10.0}


def test_the_terminal_names_the_caveat(journeys: Journeys) -> None:
    text = run(journeys, "--goal", "buy", "--touch", "channel")

    assert "Conversions credited" in text
    assert "holdout" in text
