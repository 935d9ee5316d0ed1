"""The first promise of the README: a log in, a report out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from typer.testing import CliRunner

from sojourn.app.cli import app

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def test_a_real_shop_log_with_a_cut_last_row_gives_a_report(data: Callable[[str], Path], tmp_path: Path) -> None:
    file = data("rees46_store/events_2019-10-01.csv.gz")
    runner = CliRunner()

    first = runner.invoke(app, ["report", str(file), "--data", str(tmp_path / "d"), "--json"])
    again = runner.invoke(app, ["report", str(file), "--data", str(tmp_path / "d"), "--json"])

    assert first.exit_code == 0, first.output
    told = json.loads(first.stdout)
    assert told["import"] | {"imported": 17434, "rejected": 1, "read": 17435} == told["import"]
    assert told["chosen"]["steps"] == ["view", "cart", "purchase"]
    assert json.loads(again.stdout)["import"]["duplicates"] == 17434
    assert json.loads(again.stdout)["sections"] == told["sections"]
