"""The rooms say what they are for, the README draws the same, and the fences know them all."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

FLOW = (
    *("records", "collect", "identify", "signals", "store", "analyse", "predict", "measure", "act"),
    *("api", "console", "app", "simulate", "bench", "demo"),
)
"""The rooms in the order of the flow; the ones on top last."""

KNOWS_DRIVERS = {"store", "bench"}
"""`store` keeps data; `bench` runs the engines Sojourn is compared with."""


def rooms(root: Path) -> dict[str, str]:
    """First line of the docstring of each room that exists, in the order of the flow."""
    found = {}
    for name in FLOW:
        opening = root / "src" / "sojourn" / name / "__init__.py"
        if opening.exists():
            docstring = ast.get_docstring(ast.parse(opening.read_text()))
            assert docstring, f"{name} says nothing"
            found[name] = docstring.partition("\n")[0]
    return found


def test_every_room_has_a_place_in_the_flow(root: Path) -> None:
    folders = {path.parent.name for path in (root / "src" / "sojourn").glob("*/__init__.py")}

    assert folders <= set(FLOW)
    assert folders == rooms(root).keys()


def test_a_room_opens_with_in_out_never(root: Path) -> None:
    for name, line in rooms(root).items():
        assert re.fullmatch(r"[^.]+\. In: [^.]+\. Out: [^.]+\. Never: .+\.", line), f"{name}: {line}"


def test_stages_are_numbered_along_the_flow(root: Path) -> None:
    lines = rooms(root)
    numbers = {name: int(match[1]) for name, line in lines.items() if (match := re.match(r"Stage (\d) of 8\.", line))}

    assert numbers == {name: FLOW.index(name) for name in numbers}
    assert {"collect", "identify", "signals", "store", "analyse"} <= numbers.keys()


def test_the_drawing_in_the_readme_says_what_the_rooms_say(root: Path) -> None:
    match = re.search(r"## The flow\n.*?```text\n(.*?)```", (root / "README.md").read_text(), flags=re.DOTALL)
    assert match
    drawn = [tuple(re.split(r" {2,}", line.strip(), maxsplit=1)) for line in match[1].splitlines() if line.strip()]

    said = []
    for name, line in rooms(root).items():
        parts = re.search(r"In: (.+?)\. Out: (.+?)\. Never", line)
        assert parts
        said.append((name, f"{parts[1]} -> {parts[2]}"))
    assert drawn == said


def test_every_room_is_fenced(root: Path) -> None:
    contracts = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers, drivers = contracts[0]["layers"], contracts[1]["source_modules"]
    layered = set(re.findall(r"\w+", " ".join(layers)))

    assert set(FLOW) == layered
    assert {f"sojourn.{name}" for name in rooms(root).keys() - KNOWS_DRIVERS} == set(drivers)


def test_no_import_crosses_a_fence(root: Path) -> None:
    command = "from importlinter.cli import lint_imports_command as lint; lint()"
    done = subprocess.run(
        [sys.executable, "-c", command, "--no-cache"], cwd=root, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout


HEAVY = {"numba", "pyarrow", "duckdb", "deltalake", "plotly", "scipy", "sklearn", "sqlglot", "numpy"}


def test_importing_sojourn_takes_nothing_heavy() -> None:
    """A script that only sends events, and `sojourn --help`, should not wait for compilers and engines."""
    code = "import sys, sojourn; print(*{name.partition('.')[0] for name in sys.modules})"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert not HEAVY & set(done.stdout.split())
