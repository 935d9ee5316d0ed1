"""`sojourn collector`."""

from __future__ import annotations

from typing import Annotated

import typer

from sojourn.app.asking import DEFAULT_DATA, Data, say


def collector(
    data: Data = DEFAULT_DATA,
    port: Annotated[
        int, typer.Option("--port", "-p", min=0, max=65535, help="Port; the next free one when it is taken.")
    ] = 8001,
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
    from sojourn.app.collecting import collector_app, configure_logs, listen, serve  # noqa: PLC0415  (heavy)
    from sojourn.store.folder import create_folder  # noqa: PLC0415  (heavy)

    folder = create_folder(data)
    configure_logs()
    app = collector_app(folder)
    listening = listen(host, port, shared=share_port)
    taken = listening.getsockname()[1]
    if port not in (0, taken):
        say(f"port {port} is taken", err=True)
    shown = f"[{host}]" if ":" in host else host
    say(f"collecting into {data} on http://{shown}:{taken}", err=True)
    serve(app, listening)
