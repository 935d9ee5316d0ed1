"""The help of the program: sections, whole sentences, and examples that work."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

import pytest
from typer.core import TyperGroup
from typer.main import get_command
from typer.testing import CliRunner

from sojourn.app.cli import app
from sojourn.app.help_pages import EXAMPLES, SECTIONS

if TYPE_CHECKING:
    from pathlib import Path

UNTIL_STOPPED = ("demo", "mcp", "up")
"""Commands whose example ends when it is stopped: tests of their own start and stop them."""
COMMANDS = [name for names in SECTIONS.values() for name in names]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a log of forty persons, imported into its `sojourn-data`."""
    monkeypatch.chdir(tmp_path)
    rows = ["user,time,event,channel,path,price,order_id"]
    for n in range(40):
        user, day = ("anna", "ben")[n] if n < 2 else f"u{n}", 1 + n % 20
        seen = ("view", "cart", "purchase")[: 1 + n % 3]
        rows += [
            f"{user},2024-01-{day:02d} 10:0{k}:00,{event},{('ads', 'mail')[n % 2]},/{event},"
            f"{9.5 if event == 'purchase' else ''},{f'o{n}' if event == 'purchase' else ''}"
            for k, event in enumerate(seen)
        ]
    (tmp_path / "events.csv").write_text("\n".join(rows) + "\n")
    assert CliRunner().invoke(app, ["import", "events.csv"]).exit_code == 0
    return tmp_path


def test_every_command_stands_in_a_section_with_a_whole_sentence() -> None:
    page = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "100"}).output

    assert all(f"  {name}" in page for name in COMMANDS)
    assert "..." not in page.replace("[ARGS]...", "")


@pytest.mark.parametrize("name", COMMANDS)
def test_each_help_tells_options_by_what_they_say(name: str) -> None:
    page = CliRunner().invoke(app, [name, "--help"]).output

    assert page.count("--help") == 1
    assert ("--where" in page) == ("Which events:" in page)
    assert (name in EXAMPLES) == ("Example:" in page)


def test_what_events_count_stands_together_whatever_else_a_command_calls_start() -> None:
    page = CliRunner().invoke(app, ["paths", "--help"]).output
    options, which = page.split("Which events:")

    assert ("--start" in options, "--from" in options, "--from" in which) == (True, False, True)


@pytest.mark.parametrize("example", [EXAMPLES[name] for name in EXAMPLES if name not in UNTIL_STOPPED])
def test_each_example_works(example: str, folder: Path) -> None:
    program, *arguments = shlex.split(example)
    if arguments[0] == "restore":
        CliRunner().invoke(app, shlex.split(EXAMPLES["backup"])[1:])

    done = CliRunner().invoke(app, arguments, input="y\n")

    assert (program, done.exit_code) == ("sojourn", 0), done.output
    assert done.output
    assert (folder / "sojourn-data").is_dir()


@pytest.mark.parametrize("name", [name for name in EXAMPLES if name in UNTIL_STOPPED])
def test_each_example_that_ends_when_it_is_stopped_can_be_read(name: str) -> None:
    program, called, *arguments = shlex.split(EXAMPLES[name])
    commands = get_command(app)
    assert isinstance(commands, TyperGroup)

    assert (program, called) == ("sojourn", name)
    with commands.commands[name].make_context(name, arguments) as read:
        assert not read.args
