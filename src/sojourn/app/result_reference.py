"""The page of the documentation that lists every field of every result, written from the records themselves.

In: the rooms that answer. Out: Markdown, the text of docs/results.md (`make docs` writes it). Never asks a question.
"""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import pkgutil
import re
from typing import TYPE_CHECKING

import sojourn.analyse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

OPENING = """\
# Results

Written by `make docs` from the records themselves. A result is a frozen record; `to_dict()` and `--json` give the same names,
`table` an Arrow table, `plot()` a figure, `persons(...)` exactly the persons a number counted. Units are part of a name: `_s` is
seconds, `share` lies between 0 and 1, everything else says what it counts.
"""

_OTHERS = (
    "sojourn.analyse.attribution_records",
    "sojourn.app.importing",
    "sojourn.app.report.plan",
    "sojourn.app.report.sections",
    "sojourn.app.report.report",
    "sojourn.simulate.run",
)
_INSIDE = ("Question", "Partial")
"""Endings of records that ask or are on their way: not results."""


def reference() -> str:
    """One heading a record, one table row a field, questions in order of their names.

    Returns:
        Markdown, ending in one newline.

    Raises:
        KeyError: A field is not explained under `Attributes:` in the docstring of its record.
    """
    sections = [OPENING.rstrip()]
    sections += [_section(record) for module in modules() for record in records(module)]
    return "\n\n".join(sections) + "\n"


def records(module: ModuleType) -> list[type]:
    """The public result records a module defines, in the order of the file.

    A module of `analyse` has results when one of its records is a `Result`; the records that one is made of stand beside it.
    """
    own = [value for value in vars(module).values() if isinstance(value, type) and value.__module__ == module.__name__]
    public = [value for value in own if dataclasses.is_dataclass(value) and not value.__name__.startswith("_")]
    return [value for value in public if not value.__name__.endswith(_INSIDE)]


def modules() -> Iterator[ModuleType]:
    """Modules that define results: the questions of `analyse` in order of their names, then the others."""
    from sojourn.analyse.results import Result  # noqa: PLC0415  (only while the page is written)

    for found in pkgutil.walk_packages(sojourn.analyse.__path__, "sojourn.analyse."):
        module = importlib.import_module(found.name)
        if any(issubclass(record, Result) for record in records(module)):
            yield module
    for name in _OTHERS:
        yield importlib.import_module(name)


def _section(record: type) -> str:
    """Heading, first sentence and fields of one record."""
    docstring = inspect.getdoc(record) or ""
    explained = attributes(docstring)
    names = [field.name for field in dataclasses.fields(record) if not field.name.startswith("_")]
    missing = [name for name in names if name not in explained]
    if missing:
        message = f"{record.__module__}.{record.__name__} does not explain {missing} under `Attributes:`"
        raise KeyError(message)
    opening = " ".join(docstring.partition("\n\n")[0].split())
    kinds = _annotations(record)
    rows = [_row(name, kinds[name], explained[name]) for name in names]
    lines = [f"## {record.__name__}", "", opening, "", "| field | type | meaning |", "|---|---|---|", *rows]
    return "\n".join(lines)


def _row(name: str, kind: str, meaning: str) -> str:
    cells = (f"`{name}`", f"`{kind}`", meaning)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _annotations(record: type) -> dict[str, str]:
    """Types of the fields as they are written; they may name what is imported for type checkers only."""
    (tree,) = ast.parse(inspect.cleandoc(inspect.getsource(record))).body
    body = tree.body if isinstance(tree, ast.ClassDef) else []
    return {
        line.target.id: ast.unparse(line.annotation)
        for line in body
        if isinstance(line, ast.AnnAssign) and isinstance(line.target, ast.Name)
    }


def attributes(docstring: str) -> dict[str, str]:
    """What a Google-style docstring says under `Attributes:`, by name, each on one line."""
    match = re.search(r"^Attributes:\n((?:[ \t]+.*\n?|\n)+)", docstring, flags=re.MULTILINE)
    found: dict[str, str] = {}
    name = ""
    for line in inspect.cleandoc(match[1]).splitlines() if match else ():
        if start := re.match(r"(\w+)(?: \([^)]*\))?: (.*)", line):
            name = start[1]
            found[name] = start[2].strip()
        elif line.strip() and name:
            found[name] += " " + line.strip()
    return found
