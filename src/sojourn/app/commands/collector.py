"""`sojourn collector`."""

from __future__ import annotations

from typing import Annotated

import typer

from sojourn.app.asking import DEFAULT_DATA, Data


def collector(
    data: Data = DEFAULT_DATA,
    port: Annotated[
        int | None,
        typer.Option("--port", "-p", min=0, max=65535, help="Port; if not given, 8001 or the next free one."),
    ] = None,
    host: Annotated[
        str, typer.Option(help="Address to listen on; by default only this machine can send.")
    ] = "127.0.0.1",
    share_port: Annotated[
        bool, typer.Option("--share-port", help="Let other collectors listen on the same port: one a processor core.")
    ] = False,
) -> None:
    """Take events over HTTP, from the clients of Segment, RudderStack, PostHog and Snowplow, from webhooks, and from the tracker.

    `sojourn keys create NAME` makes the key they send with. Ends on Ctrl-C, after what waits is written.
    """
    from sojourn.app.collecting import PORT, listen, run_collector  # noqa: PLC0415  (heavy)
    from sojourn.app.logs import configure_logs  # noqa: PLC0415  (heavy)
    from sojourn.store.folder import create_folder  # noqa: PLC0415  (heavy)

    folder = create_folder(data)
    configure_logs("collector")
    run_collector(folder, listen(host, port, usual=PORT, shared=share_port))
