"""How a data folder is: how far worker and keeper are behind, what takes how much of the disk, what is wrong.

In: a data folder. Out: numbers and findings. Changes nothing.
"""

from __future__ import annotations

import datetime as dt
import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sojourn.store import held
from sojourn.store.checkup import check_folder
from sojourn.store.events import EventsTable
from sojourn.store.log import open_log
from sojourn.store.running import PROCESSES, restarts, running
from sojourn.store.state import STATE_FILE, State
from sojourn.store.worker_lag import records_after, worker_lag

if TYPE_CHECKING:
    from pathlib import Path

    from sojourn.store.checkup import Finding
    from sojourn.store.folder import Folder
    from sojourn.store.held import Waiting
    from sojourn.store.log import Log
    from sojourn.store.running import Restarts, Running

_PARTS = (
    ("events", "events", "the events table (Delta Lake): every event, as long as events are kept"),
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
        since: When it was last started, ISO 8601 UTC; None: it does not run.
        restarts: How often it died, and `sojourn up` started it again, since that began.
        died_at: When it last did, ISO 8601 UTC; None: it did not.
        died_how: How, and why if it could tell; None: it did not.
    """

    process: str
    runs: bool
    address: str | None
    behind: int | None
    since: str | None = None
    restarts: int = 0
    died_at: str | None = None
    died_how: str | None = None


@dataclass(frozen=True, slots=True)
class HeldSends:
    """What a restored folder does not send before somebody has seen it.

    Attributes:
        restored_at: ISO 8601 UTC.
        taken_at: When the backup was made.
        waiting: What each receiver would be told.
    """

    restored_at: str
    taken_at: str
    waiting: tuple[Waiting, ...]


@dataclass(frozen=True, slots=True)
class Health:
    """A data folder at this moment.

    Attributes:
        path: Where it is.
        processes: Which run, and how far behind they are.
        parts: What takes how much of the disk, largest first.
        free_bytes: Left on its disk.
        findings: What is wrong and what to do; empty when all is well.
        held: What is not sent until it is released; None when nothing is held.
    """

    path: str
    processes: tuple[Process, ...]
    parts: tuple[Part, ...]
    free_bytes: int
    findings: tuple[Finding, ...]
    held: HeldSends | None = None


def health(folder: Folder) -> Health:
    """Look at everything."""
    return Health(
        path=str(folder.path),
        processes=processes(folder),
        parts=_parts(folder.path),
        free_bytes=shutil.disk_usage(folder.path).free,
        findings=tuple(check_folder(folder.path)),
        held=held_sends(folder),
    )


def held_sends(folder: Folder) -> HeldSends | None:
    """What would be sent from a restored folder; None where nothing is held."""
    found = held.held(folder)
    return HeldSends(found.restored_at, found.taken_at, tuple(held.waiting(folder))) if found else None


def release_sends(folder: Folder, what: Literal["send", "drop"], *, who: str) -> None:
    """Let sends of a restored folder go on; nothing changes where none are held.

    Args:
        folder: The data folder.
        what: `send`: what waits is sent; `drop`: it is passed over.
        who: Asks, for the audit log.
    """
    held.release(folder, what, who=who)


def processes(folder: Folder) -> tuple[Process, ...]:
    """Which processes run, and how many events wait for each."""
    log = open_log(folder)
    stored = EventsTable(folder.events).read().seq if folder.events.exists() else -1
    waiting = {"worker": 0, "keeper": 0}
    if log is not None:
        waiting = {"worker": _worker_lag(folder, log), "keeper": records_after(log, stored)}
    died = restarts(folder)
    return tuple(_process(name, running(folder, name), waiting.get(name), died.get(name)) for name in PROCESSES)


def _process(name: str, runs: Running | None, behind: int | None, died: Restarts | None) -> Process:
    return Process(
        name,
        runs is not None,
        runs.address if runs else None,
        behind,
        _iso(runs.since) if runs else None,
        died.times if died else 0,
        _iso(died.at) if died else None,
        died.how if died else None,
    )


def _iso(since_1970_s: float) -> str:
    return dt.datetime.fromtimestamp(since_1970_s, dt.UTC).isoformat(timespec="seconds")


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
