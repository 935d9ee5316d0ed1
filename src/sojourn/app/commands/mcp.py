"""`sojourn mcp`."""

from __future__ import annotations

import typer

from sojourn.app.asking import DEFAULT_DATA, Data
from sojourn.records.errors import MissingExtra


def mcp(data: Data = DEFAULT_DATA) -> None:
    """Answer a language model's questions about a data folder, over the Model Context Protocol on standard input and output.

    A client such as an assistant or an editor starts it; docs/mcp.md says how. It only reads.
    """
    try:
        from sojourn.app.mcp_server import run_mcp  # noqa: PLC0415  (an extra)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "mcp":
            raise
        raise MissingExtra("this needs the package `mcp`: pip install 'sojourn[mcp]'") from error
    from sojourn.app.logs import configure_logs  # noqa: PLC0415  (heavy)
    from sojourn.store.folder import open_folder  # noqa: PLC0415  (heavy)

    folder = open_folder(data)
    configure_logs("mcp")
    typer.echo(f"answering for {data} on standard input and output; Ctrl-C ends it", err=True)
    run_mcp(folder)
