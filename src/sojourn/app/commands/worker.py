"""`sojourn worker`."""

from __future__ import annotations

from typing import Annotated

import typer

from sojourn.app.asking import DEFAULT_DATA, Data, say


def worker(
    data: Data = DEFAULT_DATA,
    once: Annotated[bool, typer.Option("--once", help="End when nothing is left to do.")] = False,
) -> None:
    """Follow the log: join identities, move signals, scores and segments with every event.

    Signals are those of `signals.yaml` in the data folder; without one, of a shop. Ends on Ctrl-C, after what it is at.
    """
    from sojourn.app.live import run_worker, worker_of  # noqa: PLC0415  (heavy)
    from sojourn.app.logs import configure_logs  # noqa: PLC0415  (heavy)
    from sojourn.store.folder import open_folder  # noqa: PLC0415  (heavy)

    folder = open_folder(data)
    configure_logs("worker")
    if not once:
        run_worker(folder)
        return
    with worker_of(folder) as working:
        say(f"{working.catch_up():,} events took effect", err=True)
