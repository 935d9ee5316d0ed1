"""The console's process: pages and the control API over one data folder.

In: a data folder and a listening socket. Out: nothing while it runs.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import structlog

from sojourn.api.control import control_app
from sojourn.app.collecting import address_of, serve
from sojourn.app.live import LiveQuestions
from sojourn.app.readiness import WhenReady
from sojourn.records.errors import NotADataFolder
from sojourn.store.index import open_index
from sojourn.store.sources import Keyring

if TYPE_CHECKING:
    import socket

    from sojourn.store.folder import Folder

PORT = 8000
"""Where it listens unless told otherwise."""
_PATIENCE_S = 2
"""A browser that follows what happens never ends its request by itself."""
_log = structlog.get_logger()


def run_console(folder: Folder, listening: socket.socket) -> None:
    """Answer until the process is told to end (SIGTERM, Ctrl-C)."""
    address = address_of(listening)
    with folder.present("console", address):
        app = control_app(LiveQuestions(folder), Keyring(folder))
        _log.info(f"answering for {folder.path} on {address}")
        serve(WhenReady(app, lambda: _open(folder)), listening, patience_s=_PATIENCE_S)


def _open(folder: Folder) -> None:
    with contextlib.suppress(NotADataFolder):
        # A folder without events has pages that say how to begin.
        open_index(folder)
