"""`sojourn compare` prints what scripts read."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from tests.analyse.logs import log
from tests.analyse.test_compare import small_shop
from typer.testing import CliRunner

from sojourn.app.cli import app

if TYPE_CHECKING:
    from sojourn.analyse.journeys import Journeys

STEPS = ("--step", "cart", "--step", "purchase")


@pytest.fixture(scope="module")
def shop() -> Journeys:
    return log(small_shop())


def run(shop: Journeys, *options: str) -> str:
    done = CliRunner().invoke(app, ["compare", "--data", str(shop.index.folder.path), *options])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_json_holds_groups_tried_and_findings(shop: Journeys) -> None:
    printed = json.loads(run(shop, *STEPS, "--json"))
    best = printed["findings"][0]

    assert printed["groups"] == {"leavers": 8, "converters": 8}
    assert printed["tried"] >= 1
    assert (best["kind"], best["what"], best["share_a"], best["share_b"]) == ("event", "error", 0.75, 0.125)
    assert (best["n_a"], best["n_b"], best["difference"], best["ratio"]) == (8, 8, 0.625, 6.0)
    assert best["low"] < best["difference"] < best["high"]
    assert 0 < best["p"] <= best["p_corrected"] <= 1
    assert "75 % against 12 % of converters" in best["sentence"]
    assert not [name for name in best if name.startswith("_")]


def test_the_persons_of_a_finding_are_listed(shop: Journeys) -> None:
    assert run(shop, *STEPS, "--persons", "0", "--side", "b") == "buyer0\n"
    assert json.loads(run(shop, *STEPS, "--persons", "0", "--json"))["count"] == 6


def test_the_terminal_tells_a_story(shop: Journeys) -> None:
    text = run(shop, "--group", "error", "--against", "thanks", "--kind", "event")

    assert "persons with error against persons with thanks" in text
    assert "Left out: 1 who are in both groups." in text
