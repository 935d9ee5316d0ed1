"""`sojourn simulate`."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Literal

import typer

from sojourn.app.asking import Json, show
from sojourn.records.errors import BadOption


def simulate(  # noqa: PLR0913  (one argument an option)
    world: Annotated[Literal["shop", "software", "streaming"], typer.Argument(help="Which world.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the log and its truth; made when missing.")],
    persons: Annotated[int | None, typer.Option(min=1, help="People who come; each world has its own default.")] = None,
    days: Annotated[int, typer.Option(min=1, help="How many days.")] = 30,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 1,
    start: Annotated[str | None, typer.Option(help="First day, e.g. 2025-03-01.")] = None,
    without: Annotated[list[str] | None, typer.Option(help="Switch a planted cause off; `all` for every one.")] = None,
    json: Json = False,
) -> None:
    """Write a simulated log and the truth behind it: who would have bought, and what each planted cause did."""
    from sojourn.app.simulating import SimulatedLog  # noqa: PLC0415  (heavy)
    from sojourn.simulate import CAUSES  # noqa: PLC0415  (heavy)
    from sojourn.simulate import simulate as make  # noqa: PLC0415  (heavy)

    known = [cause.name for cause in CAUSES[world]]
    off = known if without and "all" in without else list(without or ())
    for cause in off:
        if cause not in known:
            message = f"{cause!r} is no cause of the {world} world; there are {', '.join(known)}"
            raise BadOption(message)
    options = {} if start is None else {"start": dt.date.fromisoformat(start)}
    made = make(world, out, persons=persons, days=days, seed=seed, causes=dict.fromkeys(off, False), **options)
    show(SimulatedLog(made), as_json=json)
