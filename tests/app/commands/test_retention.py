"""`sojourn retention` prints what scripts read."""

from __future__ import annotations

import json

import pytest
from tests.analyse.logs import log
from typer.testing import CliRunner

from sojourn.app.cli import app

LOG = [
    ("anna", "2024-01-03", "visit"),
    ("bert", "2024-01-31", "visit"),
    ("anna", "2024-02-01", "visit"),
    ("bert", "2024-03-10", "buy"),
]


@pytest.fixture(scope="module")
def folder() -> object:
    return log(LOG)


def run(folder: object, *options: str) -> str:
    done = CliRunner().invoke(app, ["retention", "--data", str(folder.index.folder.path), *options])  # type: ignore[attr-defined]  # a Journeys
    assert done.exit_code == 0, done.output
    return done.stdout


def test_json_holds_the_cohorts(folder: object) -> None:
    printed = json.loads(run(folder, "--period", "month", "--json"))

    assert printed["cohorts"] == [
        {"start": "2024-01", "size": 2, "returned": [1, 1], "share": [0.5, 0.5], "complete": 1}
    ]
    assert printed["window_days"] is None


def test_the_persons_of_a_cell_are_listed(folder: object) -> None:
    assert run(folder, "--period", "month", "--persons", "2024-01", "--after", "2") == "bert\n"
    assert json.loads(run(folder, "--period", "month", "--persons", "all", "--json"))["count"] == 2


def test_the_terminal_shows_the_triangle(folder: object) -> None:
    assert "2024-01" in run(folder, "--period", "month", "--mode", "unbounded")
