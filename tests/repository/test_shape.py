"""Code a stranger can read: short functions and files, names that say what is known, exceptions with reasons."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LONGEST_FUNCTION = 60
LONGEST_FILE = 500
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "misc", "shared", "manager", "service", "services"}


@pytest.fixture(scope="module")
def sources(root: Path) -> dict[str, str]:
    """Text of every Python file of the package and its tests, by path."""
    files = [*(root / "src").rglob("*.py"), *(root / "tests").rglob("*.py")]
    return {path.relative_to(root).as_posix(): path.read_text() for path in sorted(files)}


def functions(text: str) -> Iterator[tuple[str, int]]:
    """Name and length of each function: the lines of its body without the docstring."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0]
            start = (first.end_lineno or 0) + 1 if ast.get_docstring(node) else first.lineno
            yield node.name, (node.end_lineno or start) - start + 1


def test_functions_and_files_are_short(sources: dict[str, str]) -> None:
    lengths = {name: text.count("\n") for name, text in sources.items()}
    long = [f"{name}: {lines} lines" for name, lines in lengths.items() if lines > LONGEST_FILE]
    for name, text in sources.items():
        long += [
            f"{name}: {function} has {lines} lines" for function, lines in functions(text) if lines > LONGEST_FUNCTION
        ]

    assert not long


def test_no_file_or_folder_has_a_name_that_says_nothing(sources: dict[str, str]) -> None:
    assert not [
        name for name in sources if EMPTY_NAMES & {part.removesuffix(".py").strip("_") for part in name.split("/")}
    ]


def test_a_module_says_what_comes_in_and_out(sources: dict[str, str]) -> None:
    """A folder inside a room may say it once for its files, in its `__init__.py`."""
    silent = []
    for name, text in sources.items():
        if not re.match(r"src/sojourn/\w+/", name):
            continue
        said = ast.get_docstring(ast.parse(text)) or ""
        if re.match(r"src/sojourn/\w+/\w+/", name):
            said += ast.get_docstring(ast.parse(sources[f"{name.rpartition('/')[0]}/__init__.py"])) or ""
        silent += [f"{name}: {word}" for word in ("In:", "Out:") if word not in said]

    assert not silent


SILENCED = re.compile(r"#\s*(?:noqa|type: ignore|pragma)[^\n]*")
REASONED = re.compile(r"#\s*(?:noqa: [A-Z0-9, ]+|type: ignore\[[a-z, -]+\]|pragma: [a-z ]+)\s+(?:#|-+|\()\s*\S.+")
KERNEL = re.compile(r"@(?:numba\.)?njit\b")


def test_a_rule_that_is_silenced_says_which_and_why(sources: dict[str, str]) -> None:
    """Except above a kernel, whose types numba infers: there the decorator says why."""
    found = []
    for name, text in sources.items():
        if name.endswith("tests/repository/test_shape.py"):
            continue
        lines = text.splitlines()
        for number, line in enumerate(lines):
            if KERNEL.match(lines[number - 1]) and line.endswith("# type: ignore[no-untyped-def]"):
                continue
            found += [
                f"{name}:{number + 1}: {match}" for match in SILENCED.findall(line) if not REASONED.fullmatch(match)
            ]

    assert not found


def test_nothing_is_left_for_later(sources: dict[str, str]) -> None:
    # Written apart, so that this file does not hold what it forbids.
    later = re.compile("|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X", "raise NotImplemented" + "Error")))

    assert not [f"{name}: {match[0]}" for name, text in sources.items() for match in later.finditer(text)]
