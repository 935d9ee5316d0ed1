from __future__ import annotations

import json
from typing import TYPE_CHECKING

from typer.testing import CliRunner

from sojourn.app.cli import app
from sojourn.identify.click_token import read
from sojourn.store.folder import create_folder

if TYPE_CHECKING:
    from pathlib import Path


def test_a_link_is_signed_by_the_folder(tmp_path: Path) -> None:
    folder = create_folder(tmp_path / "data")
    said = ["link", "https://shop.example/sale", "--email", "Anna@shop.example", "--base", "https://t.example/"]
    result = CliRunner().invoke(app, [*said, "--data", str(folder.path), "--json"])

    address = json.loads(result.stdout)["address"]
    assert address.startswith("https://t.example/l/")
    token = read(address.rpartition("/")[2], folder.secret)
    assert (token.kind, token.value, token.target) == ("email", "anna@shop.example", "https://shop.example/sale")


def test_a_pixel_has_no_target(tmp_path: Path) -> None:
    folder = create_folder(tmp_path / "data")
    result = CliRunner().invoke(app, ["link", "--open", "--user", "anna", "--data", str(folder.path)])

    assert result.stdout.strip().startswith("http://127.0.0.1:8001/o/")
    assert result.stdout.strip().endswith(".gif")


def test_a_link_needs_a_recipient_and_a_target(tmp_path: Path) -> None:
    create_folder(tmp_path / "data")
    for said in (["https://shop.example/"], ["--user", "anna"], ["https://a.example", "--open", "--user", "anna"]):
        assert CliRunner().invoke(app, ["link", *said, "--data", str(tmp_path / "data")]).exit_code == 1
