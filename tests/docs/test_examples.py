"""The examples of the README and the notebooks do what they show.

A fenced block whose first line is ```` ```console runnable ```` or ```` ```python runnable ```` is run, all blocks of a page
in one folder and in order. In a console block a line `$ command` is run and what stands below it is what it prints;
`...` stands for anything.
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
    """Whether the output is what the page shows: spaces at line ends apart, `...` stands for anything."""
    shown, came = ("\n".join(line.rstrip() for line in text.strip().splitlines()) + "\n" for text in (wanted, printed))
    return doctest.OutputChecker().check_output(shown, came, doctest.ELLIPSIS)


def run(command: list[str] | str, folder: Path) -> str:
    paths = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PATH": paths, "COLUMNS": "120", "NO_COLOR": "1"},
        shell=isinstance(command, str),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}"
    return done.stdout


@pytest.mark.parametrize("page", ["README.md"])
def test_the_examples_of_a_page_print_what_it_shows(page: str, tmp_path: Path) -> None:
    for kind, block in BLOCK.findall((ROOT / page).read_text()):
        if kind == "python":
            run([sys.executable, "-W", "error", "-c", block], tmp_path)
            continue
        for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, wanted = step.partition("\n")
            printed = run(command, tmp_path)
            assert not wanted.strip() or agree(wanted, printed), f"$ {command}\n{printed}"


def test_the_notebooks_run_from_top_to_bottom(tmp_path: Path) -> None:
    for notebook in sorted((ROOT / "examples").glob("*.ipynb")):
        content = nbformat.reads(notebook.read_text(), as_version=4)  # type: ignore[no-untyped-call]  # not typed there

        nbclient.NotebookClient(content, timeout=240, resources={"metadata": {"path": str(tmp_path)}}).execute()
