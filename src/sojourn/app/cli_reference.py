"""The page of the documentation that lists every command and option, written from the commands themselves.

In: a typer application. Out: Markdown, the text of docs/cli.md (`make docs` writes it). Never runs a command.
"""

from __future__ import annotations

import enum
import inspect
import typing
from typing import TYPE_CHECKING

import typer.main

if TYPE_CHECKING:
    from collections.abc import Iterator

    from typer.core import TyperArgument, TyperCommand, TyperOption

OPENING = """\
# Commands

Written by `make docs` from the commands themselves; `sojourn COMMAND --help` says the same.
Exit codes: 0, done; 1, the request or the data must change first, and the error says how; 2, the command line itself is wrong;
3, imported, and some rows are in quarantine.
"""


def reference(application: typer.Typer, program: str = "sojourn") -> str:
    """One heading a command, one table row an argument or option, in the order of the help.

    Args:
        application: The commands. A group in it becomes one heading for each of its commands.
        program: What the user types before the command.

    Returns:
        Markdown, ending in one newline.
    """
    top = typer.main.get_command(application)
    sections = [OPENING.rstrip()]
    sections += [_section(path, command) for path, command in _commands(top, program) if not command.hidden]
    return "\n\n".join(sections) + "\n"


def _commands(command: object, path: str) -> Iterator[tuple[str, TyperCommand]]:
    """The command itself when it stands alone or has options of its own, then those of its group."""
    inner: dict[str, object] = getattr(command, "commands", {})
    single = typing.cast("TyperCommand", command)
    if not inner or any(parameter.name != "help" for parameter in single.params):
        yield path, single
    for name, below in inner.items():
        yield from _commands(below, f"{path} {name}")


def _section(path: str, command: TyperCommand) -> str:
    text = inspect.cleandoc(command.help or "").replace("\b\n", "")
    lines = [f"## `{path}`", "", text or "(no description)"]
    rows = [_row(typing.cast("TyperArgument | TyperOption", parameter)) for parameter in command.params]
    if rows:
        lines += ["", "| argument or option | takes | default | meaning |", "|---|---|---|---|", *rows]
    return "\n".join(lines)


def _row(parameter: TyperArgument | TyperOption) -> str:
    if parameter.param_type_name == "argument":
        names = f"`{parameter.metavar or (parameter.name or '').upper()}`"
    else:
        names = ", ".join(f"`{name}`" for name in [*parameter.opts, *parameter.secondary_opts])
    cells = (names, _takes(parameter), _default(parameter), " ".join((parameter.help or "").split()))
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


_PLAIN: dict[object, str] = {int: "a whole number", float: "a number", str: "text"}


def _takes(parameter: TyperArgument | TyperOption) -> str:
    if getattr(parameter, "is_flag", False):
        return ""
    kind: object = parameter.type_descriptor.annotation
    if typing.get_origin(kind) in {list, tuple}:
        kind = typing.get_args(kind)[0]
    if typing.get_origin(kind) is typing.Literal:
        words = [str(value) for value in typing.get_args(kind)]
    elif isinstance(kind, type) and issubclass(kind, enum.Enum):
        words = [str(member.value) for member in kind]
    else:
        word = parameter.metavar or _PLAIN.get(kind, "a path")
        return word + (", repeatable" if parameter.multiple else "")
    return " or ".join(f"`{word}`" for word in words)


def _default(parameter: TyperArgument | TyperOption) -> str:
    if parameter.required:
        return "required"
    value = parameter.default
    if value is None or value is False or callable(value) or value in ((), [], ""):
        return ""
    return f"`{value.value if isinstance(value, enum.Enum) else value}`"
