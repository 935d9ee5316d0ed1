"""The console's process: pages and the control API over one data folder.

In: a data folder and a listening socket. Out: nothing while it runs.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import structlog

from sojourn.api.accounts import Accounts
from sojourn.api.control import control_app
from sojourn.api.history import History
from sojourn.api.sessions import WithSessions
from sojourn.app.backing import backing_of
from sojourn.app.collecting import address_of, serve
from sojourn.app.import_jobs import ImportJobs
from sojourn.app.readiness import WhenReady
from sojourn.console.app import console_app
from sojourn.console.asked import Backing
from sojourn.records.errors import NotADataFolder
from sojourn.store.index import open_index
from sojourn.store.sources import Keyring

if TYPE_CHECKING:
    import socket

    from starlette.types import ASGIApp, Receive, Scope, Send

    from sojourn.store.folder import Folder

PORT = 8000
"""Where it listens unless told otherwise."""
COMMAND_LINE = "command line"
"""Who did it, in the audit log: whoever can read the folder."""
_PATIENCE_S = 2
"""A browser that follows what happens never ends its request by itself."""
_log = structlog.get_logger()


def run_console(folder: Folder, listening: socket.socket) -> None:
    """Answer until the process is told to end (SIGTERM, Ctrl-C)."""
    address = address_of(listening)
    with folder.present("console", address):
        imports = ImportJobs(folder)
        app = WhenReady(pages_and_api(folder, imports), lambda: _open(folder))
        _log.info(f"answering for {folder.path} on {address}")
        if link := first_link(folder):
            _log.info(f"log in once at {address}{link}; the link works for an hour")
        try:
            serve(app, listening, patience_s=_PATIENCE_S)
        finally:
            imports.close()


def first_link(folder: Folder) -> str | None:
    """Path of a link that makes the first admin; None where there is a user."""
    accounts = Accounts(folder)
    return f"/link/{accounts.make_link(None, who=COMMAND_LINE)}" if accounts.is_new else None


def pages_and_api(folder: Folder, imports: ImportJobs | None = None) -> ASGIApp:
    """The console's pages, and the control API under `/api`, which who is logged in may ask too.

    Args:
        folder: The data folder.
        imports: Begins the processes of imports; None: nothing is imported.
    """
    history, accounts = History(folder), Accounts(folder)
    backing = backing_of(folder, history)
    pages = console_app(Backing(history, backing.live, backing.care, imports), accounts=accounts)
    api = WithSessions(control_app(backing, Keyring(folder)), accounts)

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        of_api = path in {"/ready", "/health"} or path.startswith("/api/")
        await (api if of_api else pages)(scope, receive, send)

    return app


def _open(folder: Folder) -> None:
    with contextlib.suppress(NotADataFolder):
        # A folder without events has pages that say how to begin.
        open_index(folder)
