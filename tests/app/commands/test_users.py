from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from sojourn.app.cli import app
from sojourn.app.console import first_link
from sojourn.store.audit import audit_log
from sojourn.store.folder import create_folder, open_folder
from sojourn.store.users import find_link

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    create_folder(tmp_path / "data")
    return tmp_path / "data"


def run(data: Path, *arguments: str) -> str:
    result = CliRunner().invoke(app, ["users", *arguments, "--data", str(data)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_link_is_printed_alone_and_makes_the_first_admin(data: Path) -> None:
    address = run(data, "link", "--address", "https://sojourn.example/").strip()

    assert address.startswith("https://sojourn.example/link/")
    about = find_link(open_folder(data), address.rsplit("/", 1)[1], now_s=0)
    assert about is not None
    assert about.name is None


def test_users_are_made_listed_and_disabled(data: Path) -> None:
    run(data, "create", "anna", "--role", "admin")
    address = run(data, "create", "Ben").strip()
    run(data, "disable", "ben")

    listed = json.loads(run(data, "list", "--json"))["users"]
    assert [(user["name"], user["role"], user["disabled_at"] is None) for user in listed] == [
        ("anna", "admin", True),
        ("ben", "viewer", False),
    ]
    assert find_link(open_folder(data), address.rsplit("/", 1)[1], now_s=0) is None
    assert {line.who for line in audit_log(open_folder(data))} == {"command line"}


def test_the_console_offers_a_link_until_there_is_a_user(data: Path) -> None:
    assert (first_link(open_folder(data)) or "").startswith("/link/")
    run(data, "create", "anna", "--role", "admin")
    assert first_link(open_folder(data)) is None
