"""What is copied to servers names what there is."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

from typer.main import get_command

from sojourn.app.cli import app

ROOT = Path(__file__).parents[2]
UNIT = ROOT / "deploy" / "sojourn.service"
CONTAINER = ROOT / "deploy" / "Containerfile"


def options_of_up() -> set[str]:
    up = get_command(app).commands["up"]  # type: ignore[attr-defined] # a group of commands
    return {name for parameter in up.params for name in parameter.opts}


def test_both_start_sojourn_up_with_options_it_has() -> None:
    started = re.findall(r"^ExecStart=\S+/sojourn (.+)$", UNIT.read_text(), re.MULTILINE)
    run = re.findall(r'^CMD \["(.+)"\]$', CONTAINER.read_text(), re.MULTILINE)

    for words in (started[0].split(), run[0].split('", "')):
        assert words[0] == "up"
        assert {word for word in words if word.startswith("--")} <= options_of_up()


def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path: Path) -> None:
    """Where systemd is; what is wrong in a unit is a line on stderr, whatever the code."""
    text = UNIT.read_text()
    assert text.count("/opt/sojourn/.venv/bin/sojourn") == 1
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        return
    unit = tmp_path / "sojourn.service"
    unit.write_text(text.replace("/opt/sojourn/.venv/bin/sojourn", "/bin/true"))

    done = subprocess.run([analyze, "verify", str(unit)], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")


def test_the_container_copies_what_there_is() -> None:
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", CONTAINER.read_text(), re.MULTILINE)

    assert all((ROOT / name).exists() for names in copied for name in names.split())
