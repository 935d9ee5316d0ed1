"""What is wrong with a data folder, and what to do about each.

In: a path. Out: findings. Repairs nothing that could lose something: it only gives back what dead readers of the log hold.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sojourn.records.errors import SojournError
from sojourn.store.delta_log import log_of, log_version
from sojourn.store.durable_version import durable_version
from sojourn.store.events import EMPTY, EventsTable
from sojourn.store.folder import FORMAT, open_folder
from sojourn.store.index_build import read_manifest
from sojourn.store.log import open_log
from sojourn.store.running import is_held
from sojourn.store.state import WORKER, State
from sojourn.store.worker_lag import worker_lag

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sojourn.store.folder import Folder

LOCKS = ("writer", "keeper", "worker")
LITTLE_SPACE = 256 << 20
_STOPPED = {"T", "t", "Z"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be.

    Attributes:
        check: Which: `folder`, `schema`, `delta_log`, `index`, `cursor`, `disk`, `lock`.
        found: What was found.
        do: What to do.
    """

    check: str
    found: str
    do: str


def check_folder(path: Path, *, free: Callable[[Path], int] | None = None) -> list[Finding]:
    """Look at everything of a data folder.

    Args:
        path: The data folder.
        free: Bytes free on the disk of a path; the system's own answer when None.

    Returns:
        What is wrong; empty when all is well.
    """
    try:
        folder = open_folder(path)
    except SojournError as error:
        return [Finding("folder", str(error), "name a data folder with --data, or restore this one from a backup")]
    found: list[Finding] = []
    found += _disk(path, free or (lambda place: shutil.disk_usage(place).free))
    found += _delta_log(folder)
    unreadable = any(finding.check == "delta_log" and "cannot be read" in finding.found for finding in found)
    # The others compare with the table.
    for check in (_locks, _schema) if unreadable else (_locks, _cursors, _index, _schema):
        found += check(folder)
    return found


def _delta_log(folder: Folder) -> Iterator[Finding]:
    table = EventsTable(folder.events)
    if not folder.events.exists():
        return
    try:
        # As it is on disk now: what this process read before may be torn since.
        number = durable_version(folder.events)
        version = EMPTY if number is None else table.read_version(number)
    except Exception as error:  # noqa: BLE001  (a torn table fails in as many ways as there are bytes)
        yield Finding(
            "delta_log",
            f"the events table cannot be read ({' '.join(str(error).split())[:300]})",
            "restore the folder `events` from a backup, then `sojourn keeper --once` writes what the log still holds",
        )
        return
    lost = [file.path.name for file in version.files if not file.path.exists()]
    if lost:
        yield Finding(
            "delta_log", f"{len(lost)} data files of the events table are missing, {lost[0]} among them",
            "restore the folder `events` from a backup",
        )  # fmt: skip
    torn = [path.name for path in sorted(log_of(folder.events).glob("*")) if log_version(path) > version.number]
    if torn and not is_held(folder.path / "writer.lock"):
        yield Finding(
            "delta_log",
            f"commits after the last durable one, {version.number}, were left by a crash: {', '.join(torn)}",
            "nothing that was acknowledged is in them; `sojourn keeper --once` or the next import sets them aside",
        )


def _index(folder: Folder) -> Iterator[Finding]:
    if EventsTable(folder.events).read().rows and read_manifest(folder) is None:
        yield Finding(
            "index", "there is no index, or it lacks its files", "the next question builds it again; nothing is lost"
        )


def _cursors(folder: Folder) -> Iterator[Finding]:
    log = open_log(folder)
    if log is None:
        return
    last, stored = log.last_seq(), EventsTable(folder.events).read().seq
    if stored > last:
        yield Finding(
            "cursor", f"the events table holds place {stored}, past the log's last one, {last}: the log is older than the table",
            "stop the collector and delete the folder `log`: it begins again after the table, with the table's ids",
        )  # fmt: skip
    if not (folder.path / "state.sqlite").exists():
        return
    with State(folder) as state:
        taken, waiting = state.cursor(WORKER), worker_lag(log, state)
    if taken > max(last, stored):
        yield Finding(
            "cursor", f"the worker's cursor {taken} is ahead of the log's last place {last}: its state is of another log",
            "stop the worker and delete `state.sqlite`: the worker derives it again",
        )  # fmt: skip
    elif waiting and not is_held(folder.path / "worker.lock"):
        yield Finding(
            "cursor", f"no worker runs, and {waiting:,} events wait for one: profiles, scores and segments stand still",
            f"start it: `sojourn worker --data {folder.path}`",
        )  # fmt: skip


def _disk(path: Path, free: Callable[[Path], int]) -> Iterator[Finding]:
    left = free(path)
    if left < LITTLE_SPACE:
        yield Finding(
            "disk", f"{left / 1e6:,.0f} MB are free on the disk of {path}",
            "free some space: a full disk makes the collector answer 503 and the keeper wait; nothing is lost meanwhile",
        )  # fmt: skip


def _locks(folder: Folder) -> Iterator[Finding]:
    for name in LOCKS:
        lock = folder.path / f"{name}.lock"
        if is_held(lock):
            holder = lock.read_text(errors="replace").partition("\n")[0].strip()
            if _state_of(holder) in _STOPPED:
                yield Finding(
                    "lock", f"{lock.name} is held by process {holder}, which is stopped and does nothing",
                    f"let it go on (`kill -CONT {holder}`) or end it (`kill -9 {holder}`): either is safe",
                )  # fmt: skip
            elif _state_of(holder) is None:
                yield Finding(
                    "lock", f"{lock.name} is held, and process {holder or 'unknown'}, which took it, is not on this machine",
                    "the folder is used from another machine or container: end the one there; a data folder has one machine",
                )  # fmt: skip
    log = open_log(folder)
    if log is not None and (gone := log.check_readers()):
        yield Finding(
            "lock", f"{gone} readers of the log were killed and held on to its pages", "nothing: their slots were given back"
        )  # fmt: skip


def _schema(folder: Folder) -> Iterator[Finding]:
    if folder.format < FORMAT:
        yield Finding(
            "schema", f"the folder has format {folder.format}, this version writes {FORMAT}",
            "`sojourn keeper --once`, or the next import, brings it up to date; a backup before that is never wrong",
        )  # fmt: skip


def _state_of(process: str) -> str | None:
    """The state of a process as the kernel says it; None when there is none of that number."""
    try:
        stat = Path(f"/proc/{int(process)}/stat").read_text()
    except (OSError, ValueError):
        return _without_proc(process)
    return stat.rpartition(")")[2].split()[0]


def _without_proc(process: str) -> str | None:
    """Whether a process is there, where the system does not show it as a file."""
    try:
        os.kill(int(process), 0)
    except (OSError, ValueError):
        return None
    return "S"
