"""What functions and records say about themselves: their annotations and the sections of their docstrings.

In: a function or a record of ours. Out: its types, and what it says of each argument or attribute. Imports what annotations
name only for type checkers. Never asks a question.
"""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import sys
from functools import cache
from typing import TYPE_CHECKING, Any, get_type_hints

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

_ENTRY = re.compile(r"(\w+)(?: \([^)]*\))?: (.*)")


def sentence(of: Callable[..., Any] | type) -> str:
    """The first paragraph of a docstring, on one line."""
    return " ".join((inspect.getdoc(of) or "").partition("\n\n")[0].split())


def section(of: Callable[..., Any] | type, name: str) -> dict[str, str]:
    """What a Google-style docstring says under a heading such as `Args`, by name, each on one line."""
    text = inspect.getdoc(of) or ""
    match = re.search(rf"^{name}:\n((?:[ \t]+.*(?:\n|\Z)|\n)+)", text, flags=re.MULTILINE)
    found: dict[str, str] = {}
    entry = ""
    for line in inspect.cleandoc(match[1]).splitlines() if match else ():
        if start := _ENTRY.match(line):
            entry = start[1]
            found[entry] = start[2].strip()
        elif line.strip() and entry:
            found[entry] += " " + line.strip()
    return found


def hints(of: Callable[..., Any] | type) -> dict[str, Any]:
    """Types of arguments or fields by name, those imported for type checkers only included."""
    module = sys.modules[of.__module__]
    return get_type_hints(of, vars(module), _OnlyTypes(module))


class _OnlyTypes(dict[str, Any]):
    """Names that a module imports for type checkers only; imported when an annotation needs one."""

    def __init__(self, module: ModuleType) -> None:
        super().__init__()
        self._places = _imported_for_types(module)

    def __missing__(self, name: str) -> object:
        module, member = self._places[name]
        found = importlib.import_module(module)
        return getattr(found, member) if member else found


@cache
def _imported_for_types(module: ModuleType) -> dict[str, tuple[str, str]]:
    """Module and member of each name imported under `if TYPE_CHECKING`; no member for a module itself."""
    places: dict[str, tuple[str, str]] = {}
    for block in ast.parse(inspect.getsource(module)).body:
        if not (isinstance(block, ast.If) and isinstance(block.test, ast.Name) and block.test.id == "TYPE_CHECKING"):
            continue
        for line in block.body:
            if isinstance(line, ast.ImportFrom) and line.module:
                places |= {name.asname or name.name: (line.module, name.name) for name in line.names}
            elif isinstance(line, ast.Import):
                places |= {name.asname or name.name: (name.name, "") for name in line.names}
    return places
