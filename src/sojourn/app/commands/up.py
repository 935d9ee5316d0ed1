"""`sojourn up`."""

from __future__ import annotations

from typing import Annotated

import typer

from sojourn.app.asking import DEFAULT_DATA, Data


def up(
    data: Data = DEFAULT_DATA,
    console_port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Port of the console; if not given, 8000 or the next free one."),
    ] = None,
    collector_port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Port of the collector; if not given, 8001 or the next free one."),
    ] = None,
    host: Annotated[
        str, typer.Option(help="Address to listen on; by default only this machine can reach it.")
    ] = "127.0.0.1",
) -> None:
    """Run everything on one data folder, which is made when there is none: collector, worker, keeper and console.

    What dies is started again; Ctrl-C ends all in order, a second one at once. Addresses are printed when all is ready, and what happens
    meanwhile on stderr, a line each.
    """
    from sojourn.app.starting import run_up  # noqa: PLC0415  (heavy)

    run_up(data, host=host, console_port=console_port, collector_port=collector_port)
