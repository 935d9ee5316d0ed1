"""`sojourn demo`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

DEFAULT = Path("demo-data")


def demo(  # noqa: PLR0913  (one argument an option)
    data: Annotated[Path, typer.Option("--data", "-d", help="The demo's folder.")] = DEFAULT,
    *,
    reset: Annotated[
        bool, typer.Option("--reset", help="Delete the demo's folder first and begin anew; never another one.")
    ] = False,
    days: Annotated[int, typer.Option(min=7, help="Days of the shop to simulate, today among them.")] = 30,
    visitors: Annotated[int | None, typer.Option(min=1, help="People who come in them; default 13,900.")] = None,
    visitors_per_minute: Annotated[
        float, typer.Option(min=0, max=600, help="Simulated visits that begin in a minute while it runs; 0: none.")
    ] = 20,
    pace: Annotated[float, typer.Option(min=1, max=1000, help="How much shorter their pauses are than people's.")] = 5,
    consent: Annotated[
        Literal["required", "assumed"],
        typer.Option(help="Whether the shop counts cookieless until consent is granted, or by id until it is denied."),
    ] = "required",
    console_port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Port of the console; if not given, 8000 or the next free one."),
    ] = None,
    collector_port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Port of the collector; if not given, 8001 or the next free one."),
    ] = None,
    shop_port: Annotated[
        int | None,
        typer.Option(min=0, max=65535, help="Port of the shop; if not given, 8002 or the next free one."),
    ] = None,
    host: Annotated[
        str, typer.Option(help="Address to listen on; by default only this machine can reach it.")
    ] = "127.0.0.1",
) -> None:
    """Show everything at work: a simulated month of a shop, the console on it, and a small shop to walk through, with visitors.

    Prints a link that logs in to the console once, and the shop's address. Ctrl-C ends all; the next start takes up where this one ended.
    """
    from sojourn.app.demo import DemoOptions, run_demo  # noqa: PLC0415  (heavy)

    options = DemoOptions(
        days, visitors, visitors_per_minute, pace, consent, host, console_port, collector_port, shop_port
    )
    run_demo(data, options, reset=reset)
