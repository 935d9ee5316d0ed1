"""Saying that a process does its work now: to who started it, and to who asks over HTTP.

In: what has to be done first. Out: a word on a pipe, and `/ready`, which is 503 until then.
"""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Receive, Scope, Send

_log = structlog.get_logger()
_told: list[int] = []


def tell(descriptor: int) -> None:
    """Let `tell_ready` write to a pipe. For a process that was started by `app.supervisor`."""
    _told[:] = [descriptor]


def tell_ready() -> None:
    """Tell who started this process, if anybody asked, that it does its work now. Later calls say nothing."""
    while _told:
        os.write(_told.pop(), b"1")


class WhenReady:
    """An application whose `/ready` answers 503 until what it answers from has been opened once."""

    def __init__(self, app: ASGIApp, prepare: Callable[[], object]) -> None:
        """Prepare nothing yet: a thread does when the server starts, so that it listens at once.

        Args:
            app: Everything but `/ready` while it is not.
            prepare: Opens what answers come from. When it fails, the reason is logged and questions say it themselves.
        """
        self._app, self._prepare = app, prepare
        self._ready = threading.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or hand on."""
        if scope["type"] == "lifespan":
            threading.Thread(target=self._open, name="prepare", daemon=True).start()
        if scope["type"] == "http" and scope["path"] == "/ready" and not self._ready.is_set():
            headers = [(b"content-type", b"application/json"), (b"retry-after", b"1")]
            await send({"type": "http.response.start", "status": 503, "headers": headers})
            await send({"type": "http.response.body", "body": b'{"ready":false}'})
            return
        await self._app(scope, receive, send)

    def _open(self) -> None:
        try:
            self._prepare()
        except Exception as error:  # noqa: BLE001 - whatever it is, the pages say it to who asks
            _log.warning("not everything can be answered", error=f"{type(error).__name__}: {error}")
        self._ready.set()
        tell_ready()
