"""`sojourn engagement` on the command line."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.analyse.logs import log
from typer.testing import CliRunner

from sojourn.app.cli import app

if TYPE_CHECKING:
    from tests.analyse.logs import Row

    from sojourn.analyse.journeys import Journeys

ROWS: list[Row] = [
    ("anna", "2024-01-01 10:00", "Page Viewed", {"path": "/"}),
    ("anna", "2024-01-01 10:02", "Page Viewed", {"path": "/cart"}),
    ("ben", "2024-01-02 10:00", "Comment Posted", {}),
]


@pytest.fixture(scope="module")
def journeys() -> Journeys:
    return log(ROWS)


def run(journeys: Journeys, *options: str) -> str:
    found = CliRunner().invoke(app, ["engagement", *options, "--data", str(journeys.index.folder.path)])
    assert found.exit_code == 0, found.output
    return found.stdout


def test_the_json_has_a_section_each_and_says_which_are_absent(journeys: Journeys) -> None:
    answer = json.loads(run(journeys, "--json"))

    assert answer["page_time"]["all"]["median_s"] == 120.0
    assert answer["page_time"]["untimed"] == 1
    assert answer["activity"]["dau_mean"] == 1.0
    assert answer["comments"]["persons"] == 1
    assert (answer["scroll"], answer["video"]) == (None, None)
    assert set(answer["absent"]) == {"scroll", "video"}


def test_persons_are_listed(journeys: Journeys) -> None:
    assert run(journeys, "--persons", "/cart").split() == ["anna"]
    assert json.loads(run(journeys, "--persons", "commented", "--json")) == {"count": 1, "persons": ["ben"]}


def test_the_terminal_says_what_is_not_known(journeys: Journeys) -> None:
    text = " ".join(run(journeys).split())

    assert "the last of their session: 1." in text
    assert "videos (no video events" in text
