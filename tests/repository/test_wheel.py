"""What is published installs and works on its own: no make, no checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.long
def test_the_wheel_installs_and_answers_in_a_fresh_environment(root: Path, tmp_path: Path) -> None:
    def run(*command: Path | str) -> str:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        return subprocess.run(command, cwd=tmp_path, env=clean, capture_output=True, text=True, check=True).stdout

    pip = ("-m", "pip", "--disable-pip-version-check", "--quiet")
    run(sys.executable, *pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", tmp_path, root)
    (wheel,) = tmp_path.glob("sojourn-*.whl")
    venv.create(tmp_path / "fresh", with_pip=True)
    python = tmp_path / "fresh" / "bin" / "python"
    locked = ("--no-compile", "--require-hashes", "--requirement", root / "requirements.lock")
    run(python, *pip, "install", *locked)
    run(python, *pip, "install", "--no-deps", "--no-index", wheel)
    # What an import needs is compiled when it is needed; compiling everything first is `make test`'s own work.
    marked = "from sojourn.app.warming import _marker as m; m().parent.mkdir(parents=True, exist_ok=True); m().touch()"
    run(python, "-c", marked)
    log = tmp_path / "log.csv"
    log.write_text("user,time,event\nann,2025-01-01 10:00,view\nann,2025-01-01 10:05,buy\nbob,2025-01-01 11:00,view\n")

    sojourn = tmp_path / "fresh" / "bin" / "sojourn"
    assert run(sojourn, "--version").split() == ["sojourn", wheel.name.split("-")[1]]
    columns = ("--person", "user", "--time", "time", "--event", "event")
    last = run(sojourn, "import", log, "--data", tmp_path / "data", *columns, "--json").splitlines()[-1]
    assert '"imported":3' in last.replace(" ", "")
    script = "from sojourn.api.tracker import tracker; print(tracker().decode())"
    assert run(python, "-c", script).rstrip("\n") == (root / "src" / "sojourn" / "api" / "t.js").read_text().rstrip(
        "\n"
    )
