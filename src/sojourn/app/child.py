"""A process of `sojourn up`: one of the four, started, watched and ended by `app.supervisor`.

In: which one, a data folder, a listening socket for those that answer. Out: an exit code; a word on a pipe when it does its work, or why it
cannot. It ends with the process that started it: a pipe that nobody else holds open tells it of that.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from sojourn.app.logs import configure_logs
from sojourn.app.readiness import tell, tell_ready
from sojourn.records.errors import SojournError
from sojourn.store.folder import open_folder

if TYPE_CHECKING:
    from sojourn.store.folder import Folder

CANNOT = 78
"""Exit code of one that cannot do its work as things are; EX_CONFIG of sysexits.h."""
FAILED = 70
"""Exit code of one that broke; EX_SOFTWARE."""
_PATIENCE_S = 10.0
_REASON = 2_000
_log = structlog.get_logger()


def run_child(process: str, data: Path, listening: socket.socket | None, *, ready: int, alive: int) -> int:
    """Be one of the processes until told to end; returns an exit code.

    Args:
        process: `collector`, `worker`, `keeper` or `console`.
        data: The data folder.
        listening: For a collector and a console.
        ready: The end of a pipe that is written to: `1` when it does its work, `!` and a sentence when it ends because it cannot.
        alive: The end of a pipe that is read: it ends when whoever started this process does.
    """
    configure_logs(process)
    tell(ready)
    threading.Thread(target=_end_with, args=(alive,), name="end-with-parent", daemon=True).start()
    try:
        _work(process, open_folder(data), listening)
    except SojournError as error:
        _log.error("cannot work", error=str(error))
        _tell_why(ready, str(error))
        return CANNOT
    except Exception as error:  # noqa: BLE001 - whatever it is, it is said in the one stream of lines
        places = [f"{frame.name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
        why = f"{type(error).__name__}: {error}"
        _log.critical("broke", error=why, at=places[-6:])
        _tell_why(ready, why)
        return FAILED
    return 0


def _tell_why(ready: int, why: str) -> None:
    with contextlib.suppress(OSError):
        os.write(ready, f"!{why}".encode()[:_REASON])


def _work(process: str, folder: Folder, listening: socket.socket | None) -> None:
    if process == "collector":
        from sojourn.app.collecting import run_collector  # noqa: PLC0415  (each process loads its own)

        assert listening is not None
        run_collector(folder, listening)
    elif process == "worker":
        from sojourn.app.live import run_worker  # noqa: PLC0415  (the same)

        run_worker(folder)
    elif process == "keeper":
        from sojourn.app.keeper import KeeperOptions, run_keeper  # noqa: PLC0415  (the same)

        run_keeper(folder, KeeperOptions())
    else:
        from sojourn.app.console import run_console  # noqa: PLC0415  (the same)

        assert listening is not None
        run_console(folder, listening)
    tell_ready()


def _end_with(alive: int) -> None:
    """Wait until whoever started this process is gone; then end in order, or at once when that takes too long."""
    os.read(alive, 1)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_PATIENCE_S)
    os._exit(FAILED)


def main() -> None:
    """Be a process where it cannot be a copy of its parent: `python -m sojourn.app.child PROCESS DATA READY ALIVE [SOCKET]`."""
    process, data, ready, alive, *others = sys.argv[1:]
    listening = socket.socket(fileno=int(others[0])) if others else None
    code = run_child(process, Path(data), listening, ready=int(ready), alive=int(alive))
    sys.exit(code)


if __name__ == "__main__":
    main()
