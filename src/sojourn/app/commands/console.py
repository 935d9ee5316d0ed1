"""`sojourn console`."""

from __future__ import annotations

from typing import Annotated

import typer

from sojourn.app.asking import DEFAULT_DATA, Data


def console(
    data: Data = DEFAULT_DATA,
    port: Annotated[
        int | None,
        typer.Option("--port", "-p", min=0, max=65535, help="Port; if not given, 8000 or the next free one."),
    ] = None,
    host: Annotated[
        str, typer.Option(help="Address to listen on; by default only this machine can ask.")
    ] = "127.0.0.1",
) -> None:
    """Show the console: pages over the data folder, and its control API under `/api`. Prints a one-time link while there is no user."""
    from sojourn.app.collecting import listen  # noqa: PLC0415  (heavy)
    from sojourn.app.console import PORT, run_console  # noqa: PLC0415  (heavy)
    from sojourn.app.logs import configure_logs  # noqa: PLC0415  (heavy)
    from sojourn.store.folder import create_folder  # noqa: PLC0415  (heavy)

    folder = create_folder(data)
    configure_logs("console")
    run_console(folder, listen(host, port, usual=PORT))
