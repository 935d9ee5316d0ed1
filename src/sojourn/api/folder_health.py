"""How a data folder is: how far worker and keeper are behind, what takes how much of the disk, what is wrong.

In: a data folder. Out: numbers and findings. Changes nothing.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sojourn.store.checkup import check_folder
from sojourn.store.events import EventsTable
from sojourn.store.log import open_log
from sojourn.store.running import PROCESSES, running
from sojourn.store.state import STATE_FILE, State
from sojourn.store.worker_lag import records_after, worker_lag

if TYPE_CHECKING:
    from pathlib import Path

    from sojourn.store.checkup import Finding
    from sojourn.store.folder import Folder
    from sojourn.store.log import Log
    from sojourn.store.running import Running

_PARTS = (
    ("events", "events", "the events table (Delta Lake): every event, for ever"),
    ("index", "index", "what questions read; made again from the events"),
    ("log", "log", "accepted events of the last days, and all their ids"),
    ("state", STATE_FILE, "live profiles, scores and segments; made again from log and events"),
    ("persons", "persons", "the table of persons, for engines outside"),
    ("decisions", "control.sqlite", "keys, users, decisions, receipts, the audit log: what cannot be made again"),
    ("quarantine", "quarantine.sqlite", "rejected events with their reasons"),
    ("imports", "imports", "uploaded files until they are imported, and what became of imports"),
)


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the folder.

    Attributes:
        part: What it is called.
        bytes: On the disk.
        holds: What is in it.
    """

    part: str
    bytes: int
    holds: str


@dataclass(frozen=True, slots=True)
class Process:
    """A process of the folder.

    Attributes:
        process: collector, worker, keeper or console.
        runs: Whether it does.
        address: Where it listens; None: it does not.
        behind: Events that wait for it; None: it takes none.
    """

    process: str
    runs: bool
    address: str | None
    behind: int | None


@dataclass(frozen=True, slots=True)
class Health:
    """A data folder at this moment.

    Attributes:
        path: Where it is.
        processes: Which run, and how far behind they are.
        parts: What takes how much of the disk, largest first.
        free_bytes: Left on its disk.
        findings: What is wrong and what to do; empty when all is well.
    """

    path: str
    processes: tuple[Process, ...]
    parts: tuple[Part, ...]
    free_bytes: int
    findings: tuple[Finding, ...]


def health(folder: Folder) -> Health:
    """Look at everything."""
    return Health(
        path=str(folder.path),
        processes=processes(folder),
        parts=_parts(folder.path),
        free_bytes=shutil.disk_usage(folder.path).free,
        findings=tuple(check_folder(folder.path)),
    )


def processes(folder: Folder) -> tuple[Process, ...]:
    """Which processes run, and how many events wait for each."""
    log = open_log(folder)
    stored = EventsTable(folder.events).read().seq if folder.events.exists() else -1
    waiting = {"worker": 0, "keeper": 0}
    if log is not None:
        waiting = {"worker": _worker_lag(folder, log), "keeper": records_after(log, stored)}
    found: dict[str, Running | None] = {name: running(folder, name) for name in PROCESSES}
    return tuple(
        Process(name, one is not None, one.address if one else None, waiting.get(name)) for name, one in found.items()
    )


def _worker_lag(folder: Folder, log: Log) -> int:
    if not (folder.path / STATE_FILE).exists():
        # No worker ever ran: all there is waits.
        return log.last_seq() + 1
    with State(folder) as state:
        return worker_lag(log, state)


def _parts(path: Path) -> tuple[Part, ...]:
    found = [Part(part, _size(path / name), holds) for part, name, holds in _PARTS]
    return tuple(sorted(found, key=lambda one: -one.bytes))


def _size(path: Path) -> int:
    """Bytes that a file or folder takes of the disk; holes take none."""
    try:
        if not path.is_dir():
            return path.stat().st_blocks * 512
        with os.scandir(path) as entries:
            return sum(_size(path / entry.name) for entry in entries)
    except OSError:
        # Gone since it was listed: the keeper cleans up while we look.
        return 0
