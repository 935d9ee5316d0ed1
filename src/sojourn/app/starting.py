"""What `sojourn up` does before its processes run, and what it says when they do.

In: a data folder's path, ports. Out: running processes, until told to end.
"""

from __future__ import annotations

import contextlib
import os
import time
from typing import TYPE_CHECKING

import structlog

from sojourn.app.asking import say
from sojourn.app.collecting import PORT as COLLECTOR_PORT
from sojourn.app.collecting import address_of, listen
from sojourn.app.logs import configure_logs
from sojourn.app.supervisor import Supervisor
from sojourn.app.upgrading import upgrade_apart
from sojourn.records.errors import FolderBusy
from sojourn.store.folder import create_folder
from sojourn.store.running import forget_restarts, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sojourn.store.folder import Folder

CONSOLE_PORT = 8000
"""Where the console listens unless told otherwise."""
_PATIENCE_S = 15.0
_PAUSE_S = 0.1
_log = structlog.get_logger()


def run_up(
    data: Path,
    *,
    host: str,
    console_port: int | None,
    collector_port: int | None,
    when_ready: Callable[[str, str], None] | None = None,
    beside: Callable[[], None] | None = None,
) -> None:
    """Run collector, worker, keeper and console on a folder until told to end.

    Args:
        data: The data folder; made when there is none.
        host: Address to listen on.
        console_port: Must be free; None: 8000 or the next free one.
        collector_port: Must be free; None: 8001 or the next free one.
        when_ready: Called once with the addresses of console and collector, when all do their work; prints them if not given.
        beside: Called each time a process may have ended, and at least every second.

    Raises:
        FolderBusy: The folder's processes run already.
        NotUpgraded: The folder is of an older format, and could not be brought to this one.
        BadOption: A port is taken, or the host is none of this machine's.
        NotStarted: One of the processes cannot do its work as things are.
    """
    began = time.monotonic()
    # One thread of algebra is all that is ever used here, and a process with others is a bad one to copy.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    folder = create_folder(data)
    configure_logs("up")
    with _alone(folder):
        kept = upgrade_apart(folder)
        if kept is not None:
            _log.info("upgraded", from_format=folder.format, backup=str(kept))
        sockets = {
            "collector": listen(host, collector_port, usual=COLLECTOR_PORT),
            "console": listen(host, console_port, usual=CONSOLE_PORT),
        }
        addresses = address_of(sockets["console"]), address_of(sockets["collector"])

        def ready() -> None:
            _log.info("ready", seconds=round(time.monotonic() - began, 1))
            (when_ready or _show)(*addresses)

        forget_restarts(folder)
        Supervisor(folder, sockets, when_ready=ready, beside=beside).run(lambda: _prepare(folder))


def _show(console: str, collector: str) -> None:
    say(f"console    {console}")
    say(f"collector  {collector}")


def _prepare(_folder: Folder) -> None:
    from sojourn.app.asking import compile_once  # noqa: PLC0415  (loads the kernels; the collector runs by now)

    compile_once()


@contextlib.contextmanager
def _alone(folder: Folder) -> Iterator[None]:
    """Be the folder's one `sojourn up`, with nobody else's processes on it; those of a killed one are waited for.

    Raises:
        FolderBusy: Another one runs, or one of the processes that it would start.
    """
    with contextlib.ExitStack() as held:
        _hold(folder, held)
        for process in ("worker", "keeper"):
            found = running(folder, process)
            if found is not None:
                message = f"process {found.pid} is the {process} of {folder.path}; end it, `sojourn up` starts its own"
                raise FolderBusy(message)
        yield


def _hold(folder: Folder, held: contextlib.ExitStack) -> None:
    until = time.monotonic() + _PATIENCE_S
    said = False
    while True:
        try:
            held.enter_context(folder.alone("up"))
        except FolderBusy as error:
            holder = running(folder, "up")
            if (holder is not None and _is_there(holder.pid)) or time.monotonic() > until:
                pid = "unknown" if holder is None else holder.pid
                message = f"`sojourn up` runs on {folder.path} already, as process {pid}; end it, or name another folder with --data"
                raise FolderBusy(message) from error
        else:
            return
        if not said:
            _log.info("waiting for the processes of one that was killed")
            said = True
        time.sleep(_PAUSE_S)


def _is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
