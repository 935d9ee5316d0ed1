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
    days: Annotated[
        int, typer.Option(min=1, help="How many days; at least 7 (shop), 14 (streaming), 24 (software).")
    ] = 30,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 1,
    start: Annotated[str | None, typer.Option(help="First day, e.g. 2025-03-01.")] = None,
    without: Annotated[list[str] | None, typer.Option(help="Switch a planted cause off; `all` for every one.")] = None,
    only: Annotated[
        list[str] | None, typer.Option(help="Leave this planted cause on and switch all others off.")
    ] = None,
    json: Json = False,
) -> None:
    """Write a simulated log and the truth behind it: who would have bought, and what each planted cause did."""
    from sojourn.app.simulating import SimulatedLog  # noqa: PLC0415  (heavy)
    from sojourn.simulate import CAUSES  # noqa: PLC0415  (heavy)
    from sojourn.simulate import only as only_these  # noqa: PLC0415  (heavy)
    from sojourn.simulate import simulate as make  # noqa: PLC0415  (heavy)

    if without and only:
        raise BadOption("expected --without or --only, got both: --only switches all other causes off already")
    on = only_these(world, *only) if only else {}
    off = [cause.name for cause in CAUSES[world]] if without and "all" in without else (without or ())
    causes = on or dict.fromkeys(off, False)
    options = {} if start is None else {"start": dt.date.fromisoformat(start)}
    made = make(world, out, persons=persons, days=days, seed=seed, causes=causes, **options)
    show(SimulatedLog(made), as_json=json)
