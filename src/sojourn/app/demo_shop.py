"""The demo shop's process: its pages and its simulated visitors, started and ended by `sojourn demo`.

In: a listening socket, where collector and console are, keys. Out: a word on stdout when it answers. It ends with the process that started it:
its standard input ends then.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
import threading
import time
from typing import TYPE_CHECKING

import httpx
import msgspec

from sojourn.app.collecting import serve
from sojourn.app.logs import configure_logs
from sojourn.demo.counter import Door  # noqa: TC001  (msgspec reads annotations when it decodes)
from sojourn.demo.sending import Sending
from sojourn.demo.shop import shop_app
from sojourn.demo.visitors import Visitors

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

READY = b"ready\n"
"""What is written to stdout when the shop answers."""
_PATIENCE_S = 10.0
_PAGES_S = 2


class Errand(msgspec.Struct, frozen=True):
    """What the process is told on its standard input, as a line of JSON.

    Attributes:
        socket: Number of the listening socket.
        door: How the shop is followed.
        simulated_key: The key of the simulated visitors.
        visitors_per_minute: How many of them come.
        pace: How much shorter their pauses are than people's.
        known: How many people of the simulated month may come again.
        seed: Seed of that month.
    """

    socket: int
    door: Door
    simulated_key: str
    visitors_per_minute: float
    pace: float
    known: int
    seed: int


class WithVisitors:
    """The shop, and visitors who come while it is open."""

    def __init__(self, shop: ASGIApp, errand: Errand) -> None:
        """Nobody is there yet."""
        self._shop, self._errand = shop, errand
        self._coming: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or open and close with the server."""
        if scope["type"] == "lifespan" and self._errand.visitors_per_minute > 0:
            self._coming = asyncio.create_task(self._come())
        try:
            await self._shop(scope, receive, send)
        finally:
            if scope["type"] == "lifespan" and self._coming is not None:
                self._coming.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await self._coming

    async def _come(self) -> None:
        errand = self._errand
        now_ms = time.time_ns() // 1_000_000
        visitors = Visitors(
            a_minute=errand.visitors_per_minute,
            pace=errand.pace,
            known=errand.known,
            seed=errand.seed,
            chance=now_ms,
            now_ms=now_ms,
        )
        async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
            await Sending(visitors, errand.door.collector, errand.simulated_key, client).run()


def run_shop(errand: Errand) -> None:
    """Serve until told to end (SIGTERM), or until whoever started this process is gone."""
    configure_logs("shop")
    threading.Thread(target=_end_with_parent, name="end-with-parent", daemon=True).start()
    listening = socket.socket(fileno=errand.socket)
    serve(WithVisitors(shop_app(errand.door), errand), listening, patience_s=_PAGES_S, started=_tell_ready)


def _tell_ready() -> None:
    with contextlib.suppress(OSError):
        os.write(sys.stdout.fileno(), READY)


def _end_with_parent() -> None:
    while os.read(sys.stdin.fileno(), 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_PATIENCE_S)
    os._exit(1)


def main() -> None:
    """`python -m sojourn.app.demo_shop < ERRAND`: the errand is the first line of standard input, so that no list of processes shows keys."""
    line = bytearray()
    while (piece := os.read(sys.stdin.fileno(), 1)) not in (b"\n", b""):
        line += piece
    run_shop(msgspec.json.decode(bytes(line), type=Errand))


if __name__ == "__main__":
    main()
