"""The examples of the README and the notebooks do what they show.

A fenced block whose first line is ```` ```console runnable ```` or ```` ```python runnable ```` is run, all blocks of a page
in one folder and in order. In a console block a line `$ command` is run and what stands below it is what it prints on
stdout; `...` stands for anything.
"""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path

import nbclient
import nbformat
import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
BLOCK = re.compile(r"^```(console|python) runnable\n(.*?)^```", flags=re.DOTALL | re.MULTILINE)


def agree(wanted: str, printed: str) -> bool:
    """Whether the output is what the page shows: empty lines and spaces at line ends apart, `...` stands for anything."""
    shown, came = (
        "".join(line.rstrip() + "\n" for line in text.splitlines() if line.strip()) for text in (wanted, printed)
    )
    return doctest.OutputChecker().check_output(shown, came, doctest.ELLIPSIS)


def run(command: list[str] | str, folder: Path) -> str:
    paths = os.pathsep.join([str(folder / "bin"), os.environ["PATH"]])
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PATH": paths, "COLUMNS": "110", "NO_COLOR": "1"},
        shell=isinstance(command, str),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.mark.long
@pytest.mark.parametrize("page", ["README.md"])
def test_the_examples_of_a_page_print_what_it_shows(page: str, tmp_path: Path) -> None:
    """`SOJOURN_WRITE_EXAMPLES=1` writes what was printed into the page instead of comparing."""
    text = (ROOT / page).read_text()
    program = tmp_path / "bin" / "sojourn"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m sojourn.app.cli "$@"\n')
    program.chmod(0o755)
    for kind, block in BLOCK.findall(text):
        if kind == "python":
            run([sys.executable, "-W", "error", "-c", block], tmp_path)
            continue
        for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, wanted = step.partition("\n")
            printed = run(command, tmp_path)
            if os.environ.get("SOJOURN_WRITE_EXAMPLES") == "1":
                shown = "".join(line.rstrip() + "\n" for line in printed.splitlines() if line.strip())
                text = text.replace(f"$ {command}\n{wanted}", f"$ {command}\n{shown}", 1)
            else:
                assert agree(wanted, printed), f"$ {command}\n{printed}"
    if os.environ.get("SOJOURN_WRITE_EXAMPLES") == "1":
        (ROOT / page).write_text(text)


@pytest.mark.long
def test_the_notebooks_run_from_top_to_bottom(tmp_path: Path) -> None:
    for notebook in sorted((ROOT / "examples").glob("*.ipynb")):
        content = nbformat.reads(notebook.read_text(), as_version=4)  # type: ignore[no-untyped-call]  # not typed there

        nbclient.NotebookClient(content, timeout=240, resources={"metadata": {"path": str(tmp_path)}}).execute()
