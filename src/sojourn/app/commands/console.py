"""`sojourn console`."""

from __future__ import annotations

from typing import Annotated

import typer

from sojourn.app.asking import DEFAULT_DATA, Data, say


def console(
    data: Data = DEFAULT_DATA,
    port: Annotated[
        int, typer.Option("--port", "-p", min=0, max=65535, help="Port; the next free one when it is taken.")
    ] = 8000,
    host: Annotated[
        str, typer.Option(help="Address to listen on; by default only this machine can ask.")
    ] = "127.0.0.1",
) -> None:
    """Answer questions over HTTP: `GET /api/persons/ID` with a token of `sojourn keys create NAME --role viewer`."""
    from sojourn.api.control import control_app  # noqa: PLC0415  (heavy)
    from sojourn.app.collecting import configure_logs, listen, serve  # noqa: PLC0415  (heavy)
    from sojourn.app.live import LiveQuestions  # noqa: PLC0415  (heavy)
    from sojourn.store.folder import open_folder  # noqa: PLC0415  (heavy)
    from sojourn.store.sources import Keyring  # noqa: PLC0415  (heavy)

    folder = open_folder(data)
    configure_logs()
    app = control_app(LiveQuestions(folder), Keyring(folder))
    listening = listen(host, port)
    taken = listening.getsockname()[1]
    if port not in (0, taken):
        say(f"port {port} is taken", err=True)
    shown = f"[{host}]" if ":" in host else host
    say(f"answering for {data} on http://{shown}:{taken}", err=True)
    serve(app, listening)
