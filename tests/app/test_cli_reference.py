"""The page of commands is written from the commands."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import Annotated, Literal

import typer

from sojourn.app.cli_reference import OPENING, reference


class Ties(enum.StrEnum):
    """Two ways to judge."""

    SEQUENCE = "sequence"
    STRICT = "strict"


application = typer.Typer(add_completion=False)
worlds = typer.Typer()
application.add_typer(worlds, name="simulate")


@application.command()
def funnel(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Logs to read.")],
    step: Annotated[list[str] | None, typer.Option(metavar="STEP", help="A step: `A|B`.")] = None,
    ties: Annotated[Ties, typer.Option(help="Equal times.")] = Ties.SEQUENCE,
    unit: Annotated[Literal["persons", "sessions"], typer.Option(help="What is counted.")] = "persons",
    *,
    top: Annotated[int, typer.Option(help="Rows shown.")] = 20,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Count who came how far.

    In order.
    """


@worlds.command()
def shop() -> None:
    """Make a shop."""


def test_every_command_has_a_heading_and_every_option_a_row() -> None:
    assert (
        reference(application)
        == OPENING
        + """
## `sojourn funnel`

Count who came how far.

In order.

| argument or option | takes | default | meaning |
|---|---|---|---|
| `FILE...` | FILE... | required | Logs to read. |
| `--step` | STEP, repeatable |  | A step: `A\\|B`. |
| `--ties` | `sequence` or `strict` | `sequence` | Equal times. |
| `--unit` | `persons` or `sessions` | `persons` | What is counted. |
| `--top` | a whole number | `20` | Rows shown. |
| `--json` |  |  | Print JSON. |

## `sojourn simulate shop`

Make a shop.
"""
    )
