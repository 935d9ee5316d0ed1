"""`sojourn person` on the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.analyse.logs import log
from typer.testing import CliRunner

from sojourn.app.cli import app
from sojourn.records.errors import BadOption, UnknownPerson

if TYPE_CHECKING:
    from tests.analyse.logs import Row

    from sojourn.analyse.journeys import Journeys

ROWS: list[Row] = [
    ("anna", "2024-01-01 10:00", "view", {}),
    ("anna", "2024-02-01 10:00", "view", {}),
    ("ben", "2024-02-02 10:00", "view", {}),
]


@pytest.fixture(scope="module")
def journeys() -> Journeys:
    return log(ROWS)


def run(journeys: Journeys, *options: str) -> str:
    found = CliRunner().invoke(app, ["person", *options, "--data", str(journeys.index.folder.path)])
    if found.exception is not None:
        raise found.exception
    return found.stdout


def test_a_person_is_one_json_object(journeys: Journeys) -> None:
    answer = json.loads(run(journeys, "anna", "--period", "month", "--json"))

    assert (answer["person"], answer["visits"]) == ("anna", 2)
    assert [(period["period"], period["visits"]) for period in answer["periods"]] == [("2024-01", 1), ("2024-02", 1)]
    assert answer["sessions"][0]["timeline"][0]["event"] == "view"


def test_everybody_by_cohort_is_one_json_object(journeys: Journeys) -> None:
    answer = json.loads(run(journeys, "--cohort", "month", "--json"))

    assert [(cohort["cohort"], cohort["persons"]) for cohort in answer["cohorts"]] == [("2024-01", 1), ("2024-02", 1)]
    assert answer["all"]["periods"][1]["persons"] == 1
    assert run(journeys, "--cohort", "month", "--persons", "2024-01").split() == ["anna"]


def test_the_terminal_tells_the_story(journeys: Journeys) -> None:
    assert "2 events in 2 sessions from 2024-01-01 to 2024-02-01" in run(journeys, "anna")


def test_what_cannot_be_is_said(journeys: Journeys) -> None:
    with pytest.raises(UnknownPerson, match="'nobody'"):
        run(journeys, "nobody")
    with pytest.raises(BadOption, match="not both"):
        run(journeys, "anna", "--cohort", "month")
