"""The command line.

In: arguments. Out: one call of a function, shown. Errors a user can mend are one line on stderr and exit code 1.
"""

from __future__ import annotations

import importlib
import keyword
import sys

import typer

from sojourn import __version__
from sojourn.app.asking import say
from sojourn.app.help_pages import SECTIONS, Command, Commands
from sojourn.records.errors import SojournError

app = typer.Typer(
    name="sojourn",
    cls=Commands,
    context_settings={"max_content_width": 110},
    help="See how people journey through your log, where they leave, and why.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

_COMMANDS = tuple(name for names in SECTIONS.values() for name in names)
for _name in _COMMANDS:
    # A keyword of Python has an underscore behind it as the name of a module and of a function.
    _python = f"{_name}_" if keyword.iskeyword(_name) else _name
    _found = getattr(importlib.import_module(f"sojourn.app.commands.{_python}"), _python)
    if isinstance(_found, typer.Typer):
        app.add_typer(_found, name=_name)
    else:
        app.command(_name, cls=Command)(_found)


def _version(asked: bool) -> None:  # noqa: FBT001  (typer calls it so)
    if asked:
        typer.echo(f"sojourn {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: bool = typer.Option(False, "--version", callback=_version, is_eager=True, help="Print the version."),  # noqa: FBT001, FBT003  (typer reads it so)
) -> None:
    """See how people journey through your log, where they leave, and why."""


def main() -> None:
    """Run the command line."""
    try:
        app()
    except SojournError as error:
        say(f"sojourn: {error}", err=True)
        sys.exit(1)
    except BrokenPipeError:
        # The reader of our output (head, less) has seen enough.
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:
        if error.filename is None:
            raise
        say(
            f"sojourn: cannot use {error.filename}: {error.strerror}; see that its folder is there and may be written to",
            err=True,
        )
        sys.exit(1)


if __name__ == "__main__":
    main()
