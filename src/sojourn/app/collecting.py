"""The collector's process: its parts wired, a port found, a server run.

In: a data folder and a port. Out: nothing while it runs. Never imports what reads history (numba, pyarrow, duckdb): it must start in a
moment and stay small.
"""

from __future__ import annotations

import errno
import os
import signal
import socket
from functools import lru_cache
from typing import TYPE_CHECKING

import structlog
import uvicorn

from sojourn.api.collector import Collector
from sojourn.api.intake import Intake
from sojourn.api.links import Links
from sojourn.api.webhooks import Webhooks
from sojourn.app.readiness import tell_ready
from sojourn.collect.addresses import hide_address
from sojourn.records.errors import BadOption
from sojourn.store.clicks import Clicks
from sojourn.store.daily_salt import DailySalt
from sojourn.store.durable import clear_errors
from sojourn.store.log import Log
from sojourn.store.quarantine import keep_rejected
from sojourn.store.sources import Keyring

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from starlette.types import ASGIApp

    from sojourn.api.intake import EventLog
    from sojourn.records.rejected import Rejected
    from sojourn.store.folder import Folder

_PORTS_TRIED = 100
_PROBE_BYTES = 1 << 18
_BACKLOG = 2048
PORT = 8001
"""Where the collector listens unless told otherwise."""
_log = structlog.get_logger()


def collector_app(folder: Folder, *, log: EventLog | None = None) -> Collector:
    """The collector of a data folder.

    Args:
        folder: The data folder.
        log: Where events go; None: the folder's log.
    """

    def quarantine(source: str, rejected: Sequence[Rejected]) -> None:
        with clear_errors(folder.path, "rejected messages could not be kept"):
            keep_rejected(folder, source, rejected)

    intake = Intake(Log(folder) if log is None else log, quarantine, probe=lambda: _probe(folder))
    return Collector(
        intake,
        Keyring(folder),
        salt=DailySalt(folder),
        country=_countries(),
        webhooks=Webhooks(folder.path / "webhooks"),
        links=Links(folder.secret, Clicks(folder)),
    )


def _probe(folder: Folder) -> None:
    """Write and force to disk a little, and take it away again."""
    path = folder.path / f".probe-{os.getpid()}"
    with clear_errors(folder.path, "nothing can be stored"):
        try:
            with path.open("wb") as file:
                file.write(bytes(_PROBE_BYTES))
                file.flush()
                os.fsync(file.fileno())
        finally:
            path.unlink(missing_ok=True)


def _countries() -> Callable[[str], str | None]:
    """Country of an address, from a table that came with the package; nobody is asked."""
    from ip3country import CountryLookup  # type: ignore[import-untyped] # noqa: PLC0415 - no types; and 0.1 s to read

    table = CountryLookup()

    @lru_cache(maxsize=1 << 14)
    def of_network(network: str) -> str | None:
        found = table.lookupStr(network) if "." in network else None
        return found if isinstance(found, str) and found.isalpha() else None

    # A network of 256 addresses is what the table knows, and what is kept.
    return lambda address: of_network(hide_address(address))


def listen(host: str, port: int | None, *, usual: int, shared: bool = False) -> socket.socket:
    """A listening socket.

    Args:
        host: Address of this machine.
        port: The port, which must be free; 0 for any; None: the first free one from `usual` on.
        usual: The port where nobody named one.
        shared: Other processes that ask for the same may listen there too; each connection goes to one of them.

    Raises:
        BadOption: The host is none of this machine's, or the port is taken.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    tried = (port,) if port is not None else range(usual, min(usual + _PORTS_TRIED, 1 << 16))
    for candidate in tried:
        made = socket.socket(family, socket.SOCK_STREAM)
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT if shared else socket.SO_REUSEADDR, 1)
        try:
            made.bind((host, candidate))
            made.listen(_BACKLOG)
        except OSError as error:
            made.close()
            if error.errno in (errno.EADDRINUSE, errno.EACCES):
                why = "taken by another program" if error.errno == errno.EADDRINUSE else "not ours to listen on"
                continue
            message = f"cannot listen on {host}: {error.strerror or error}; give --host an address of this machine"
            raise BadOption(message) from error
        made.set_inheritable(True)
        if port is None and candidate != usual:
            _log.warning(f"port {usual} is taken; listening on {candidate}")
        return made
    named = f"port {port} of {host} is" if port is not None else f"the ports {usual} to {tried[-1]} of {host} are"
    message = f"{named} {why}; end that program, or give another port"
    raise BadOption(message)


def address_of(listening: socket.socket) -> str:
    """The URL of a listening socket."""
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def run_collector(folder: Folder, listening: socket.socket) -> None:
    """Collect until the process is told to end (SIGTERM, Ctrl-C); what waits is written first."""
    address = address_of(listening)
    with folder.present("collector", address):
        app = collector_app(folder)
        _log.info(f"collecting into {folder.path} on {address}")
        serve(app, listening, started=tell_ready)


class _Server(uvicorn.Server):
    """A server that says when it has started."""

    def __init__(self, config: uvicorn.Config, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._when_started = started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._when_started()


def serve(
    app: Collector | ASGIApp,
    listening: socket.socket,
    *,
    patience_s: int = 10,
    started: Callable[[], None] = lambda: None,
) -> None:
    """Answer requests until the process is told to end; what waits is written first.

    Args:
        app: What answers.
        listening: Where.
        patience_s: Seconds that answers under way have to come to an end.
        started: Called when the first request can be answered.
    """
    config = uvicorn.Config(
        app,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=patience_s,
    )
    for ending in (signal.SIGTERM, signal.SIGINT):
        # The server ends in order when it is told to, then tells again whoever listened before: by then all is done.
        signal.signal(ending, lambda *_: None)
    _Server(config, started).run(sockets=[listening])
