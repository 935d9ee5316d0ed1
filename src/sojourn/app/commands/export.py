"""`sojourn export`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from sojourn.app.asking import (
    DEFAULT_DATA,
    Bots,
    Data,
    From,
    Scope,
    Until,
    Where,
    Zone,
    progress_bar,
    say,
)
from sojourn.records.errors import BadOption


def export(  # noqa: PLR0913  (one argument an option)
    what: Annotated[Literal["events"], typer.Argument(help="What to export.")] = "events",
    data: Data = DEFAULT_DATA,
    form: Annotated[
        Literal["segment", "parquet", "csv"], typer.Option("--format", help="segment: one JSON message a line.")
    ] = "segment",
    out: Annotated[Path | None, typer.Option("--out", "-o", help="File to write; default: standard output.")] = None,
    where: Where = None,
    start: From = None,
    until: Until = None,
    time_zone: Zone = "UTC",
    bots: Bots = False,
) -> None:
    """Write events as they came, in the order of the log: Segment messages, Parquet or CSV. Bots only with --bots."""
    from sojourn.app.exporting import export_events  # noqa: PLC0415  (heavy)

    if out is None and form == "parquet" and sys.stdout.isatty():
        message = "Parquet is not for a terminal; name a file with --out"
        raise BadOption(message)
    scope = Scope(data, tuple(where or ()), start, until, time_zone, bots)
    with progress_bar(quiet=False) as progress:
        journeys = scope.journeys(progress=progress)
        if out is None:
            written = export_events(journeys, sys.stdout.buffer, form, progress=progress)
        else:
            with out.open("wb") as file:
                written = export_events(journeys, file, form, progress=progress)
    say(f"{written:,} {what} written" + (f" to {out}" if out else ""), err=True)
