"""Which processes of a data folder run, by the locks they hold: a killed one holds none.

In: a data folder. Out: what runs on it, and what of it had to be started again. Starts and ends nothing.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from pathlib import Path

    from sojourn.store.folder import Folder

_RESTARTS = "restarts.json"
PROCESSES = ("collector", "worker", "keeper", "console")
"""In the order in which they are ended: who takes events first, who shows them last."""


@dataclass(frozen=True, slots=True)
class Running:
    """A process of a data folder.

    Attributes:
        process: `collector`, `worker`, `keeper`, `console`, or `up`.
        pid: Its number; of several collectors the one that began last; -1 when it cannot be read.
        since: When it began, seconds since 1970.
        address: Where it listens; None when it does not.
    """

    process: str
    pid: int
    since: float
    address: str | None


def running(folder: Folder, process: str) -> Running | None:
    """What runs of a kind; None when nothing does."""
    lock = folder.path / f"{process}.lock"
    if not is_held(lock):
        return None
    try:
        number, _, address = lock.read_text(errors="replace").strip().partition("\n")
        since = lock.stat().st_mtime
    except FileNotFoundError:
        return None
    return Running(process, int(number) if number.isdigit() else -1, since, address or None)


def is_held(lock: Path) -> bool:
    """Whether a process holds a lock; killed ones hold none."""
    try:
        descriptor = os.open(lock, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


class Restarts(msgspec.Struct, frozen=True):
    """How often a process died since `sojourn up` began.

    Attributes:
        times: So often.
        how: How it ended the last time.
        at: When that was, seconds since 1970.
    """

    times: int
    how: str
    at: float


def restarts(folder: Folder) -> dict[str, Restarts]:
    """What `sojourn up` had to start again, by process."""
    try:
        return msgspec.json.decode((folder.path / _RESTARTS).read_bytes(), type=dict[str, Restarts])
    except (FileNotFoundError, msgspec.MsgspecError):
        return {}


def note_restart(folder: Folder, process: str, how: str) -> None:
    """Note that a process died and is started again; what cannot be noted, on a full disk, is not."""
    known = restarts(folder)
    times = known[process].times + 1 if process in known else 1
    fresh = folder.path / f"{_RESTARTS}.new"
    with contextlib.suppress(OSError):
        fresh.write_bytes(msgspec.json.encode(known | {process: Restarts(times, how, time.time())}))
        fresh.replace(folder.path / _RESTARTS)


def forget_restarts(folder: Folder) -> None:
    """Begin to count anew."""
    (folder.path / _RESTARTS).unlink(missing_ok=True)
