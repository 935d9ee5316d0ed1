"""The console on a port of this machine, for a real browser."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from typing import TYPE_CHECKING

import uvicorn

from sojourn.console.app import console_app

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sojourn.console.asked import Backing


@contextlib.contextmanager
def served(backing: Backing) -> Iterator[str]:
    """The console on a free port of this machine."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(console_app(backing), log_level="error"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{listening.getsockname()[1]}"
    server.should_exit = True
    thread.join(10)
