"""The beginning of a log: where its places begin, and which ids are taken.

In: a data folder. Out: `log/` with its first environment, or the one that is there. Imports from before the log keep
their places, and an event they brought with a message id of its own does not come in again.
"""

from __future__ import annotations

import datetime as dt
import shutil
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from sojourn.records.errors import FolderBusy, LogFailed, SojournError
from sojourn.store.durable import clear_errors, replace_file, sync_folder
from sojourn.store.log_files import environment
from sojourn.store.log_ids import RECORD_TABLES, Day, LogIds

if TYPE_CHECKING:
    from pathlib import Path

    from sojourn.store.folder import Folder

_STARTED = "started"
_WAIT_S = 10.0
_PAUSE_S = 0.05


def is_started(folder: Folder) -> bool:
    """Whether the folder has a log."""
    return (folder.path / "log" / _STARTED).exists()


def start(folder: Folder, *, now: float) -> None:
    """Make the log unless there is one.

    Args:
        folder: The data folder.
        now: Seconds since 1970.

    Raises:
        FolderBusy: Another process is writing to the events table: which places it takes is not known yet.
        StorageFull: The disk is full.
    """
    give_up = time.monotonic() + _WAIT_S
    while not is_started(folder):
        try:
            with folder.writing():
                if not is_started(folder):
                    _start(folder, now)
        except FolderBusy:
            if time.monotonic() > give_up:
                raise
            time.sleep(_PAUSE_S)


def begin(path: Path, first: int, now: float) -> LogIds:
    """Make the long memory, which lists one environment of records that begins at a place."""
    ids = LogIds(path / "ids", make=True)
    name = f"{dt.datetime.fromtimestamp(now, dt.UTC):%Y-%m-%d}"
    environment(path / name, RECORD_TABLES, make=True)
    ids.set_days([Day(name, first, moved=False)], expect=[])
    return ids


def _start(folder: Folder, now: float) -> None:
    path = folder.path / "log"
    with clear_errors(folder.path, "there is no log yet"):
        # What a process left that was killed here.
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(mode=0o700)
        sync_folder(folder.path)
        if (folder.events / "durable.json").exists():
            _seed(folder, now)
        else:
            begin(path, 0, now)
        replace_file(path / _STARTED, b"")


def _seed(folder: Folder, now: float) -> None:
    """Take the ids of the table, in a process of its own where this one has not loaded what reads a table, and need not."""
    failed = f"the ids of {folder.events} could not be read, so that there is no log yet"
    if "deltalake" in sys.modules:
        from sojourn.store.log_seed import seed  # noqa: PLC0415  (it reads tables)

        try:
            seed(folder, now)
        except (OSError, SojournError):
            # A full disk is said as one.
            raise
        except Exception as error:
            raise LogFailed(f"{failed}: {error}") from error
        return
    command = [sys.executable, "-m", "sojourn.store.log_seed", str(folder.path), str(now)]
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603  (our own module, no shell)
    if done.returncode:
        raise LogFailed(f"{failed}: {done.stderr.strip()[-500:]}")
