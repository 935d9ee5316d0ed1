"""`sojourn simulate` switches planted causes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from typer.testing import CliRunner

from sojourn.app.cli import app

if TYPE_CHECKING:
    from pathlib import Path


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["simulate", "shop", "--persons", "20", "--days", "7", *arguments])
    return result.exit_code, result.output + str(result.exception or "")


def causes_on(out: Path) -> set[str]:
    told = msgspec.json.decode((out / "truth.json").read_bytes())
    return {name for name, cause in told["causes"].items() if cause["on"]}


def test_one_cause_alone(tmp_path: Path) -> None:
    code, _ = run("--out", str(tmp_path), "--only", "long_form")

    assert (code, causes_on(tmp_path)) == (0, {"long_form"})


def test_some_causes_or_none(tmp_path: Path) -> None:
    run("--out", str(tmp_path / "two"), "--only", "long_form", "--only", "empty_search")
    run("--out", str(tmp_path / "none"), "--without", "all")
    run("--out", str(tmp_path / "most"), "--without", "long_form")

    assert causes_on(tmp_path / "two") == {"long_form", "empty_search"}
    assert causes_on(tmp_path / "none") == set()
    assert len(causes_on(tmp_path / "most")) == 6


def test_a_cause_the_world_does_not_have(tmp_path: Path) -> None:
    for option in ("--only", "--without"):
        code, said = run("--out", str(tmp_path), option, "rain")
        assert code != 0
        assert "no cause 'rain'" in said
    assert "got both" in run("--out", str(tmp_path), "--only", "long_form", "--without", "all")[1]
