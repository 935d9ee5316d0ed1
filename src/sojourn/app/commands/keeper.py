"""`sojourn keeper`."""

from __future__ import annotations

from typing import Annotated

import typer

from sojourn.app.asking import DEFAULT_DATA, Data, say


def keeper(
    data: Data = DEFAULT_DATA,
    every_s: Annotated[
        float, typer.Option(min=0, help="Seconds an event waits at most until it is in the table.")
    ] = 30.0,
    rows: Annotated[int, typer.Option(min=1, help="Waiting events that are written without waiting longer.")] = 50_000,
    keep_days: Annotated[
        int, typer.Option(min=0, help="Days for which the log keeps events that are in the table.")
    ] = 7,
    ids_days: Annotated[
        int, typer.Option(min=1, help="Days for which an event that is sent again is recognised.")
    ] = 400,
    once: Annotated[
        bool, typer.Option("--once", help="Write what waits, look after the folder once, and end.")
    ] = False,
) -> None:
    """Take collected events into the events table, keep the index and the files in order, and drop old days of the log.

    Questions see every event without it; it keeps them fast. Ends on Ctrl-C, after what it is at.
    """
    from sojourn.app.keeper import KeeperOptions, keep_once, run_keeper  # noqa: PLC0415  (heavy)
    from sojourn.app.logs import configure_logs  # noqa: PLC0415  (heavy)
    from sojourn.store.folder import create_folder  # noqa: PLC0415  (heavy)

    folder = create_folder(data)
    configure_logs("keeper")
    options = KeeperOptions(every_s=every_s, rows=rows, keep_days=keep_days, ids_days=ids_days)
    if once:
        say(f"{keep_once(folder, options).rows:,} events written", err=True)
        return
    run_keeper(folder, options)
