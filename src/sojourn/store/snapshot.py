"""A copy of a data folder as it was at one moment, while everything runs.

In: a data folder. Out: a folder beside its stores that holds what a backup keeps. Never holds what can be derived (index, table of
persons), what is to be forgotten (today's salt) or what says who runs.

The order makes it whole: first the events, then the SQLite files, the state among them, then the log. So nothing of what is copied knows of
an event that the log, copied last, does not have; and nobody trims the log meanwhile.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from sojourn.records.errors import FolderBusy
from sojourn.store.durable import clear_errors
from sojourn.store.log import open_log
from sojourn.store.log_files import environment
from sojourn.store.log_ids import RECORD_TABLES, LogIds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sojourn.store.folder import Folder

LOCK = "backup"
"""Who holds it keeps days of the log from being dropped."""
OWN = "backups"
"""The one place in a data folder where backups may lie."""
_STAGE = ".backup-"
_PAUSE_S = 0.2
_LEFT_OUT = frozenset(
    {
        OWN,  # a backup of backups has no end
        "events",  # linked
        "held.json",  # a restored folder is held anyway
        "imports",  # uploaded files until they are imported
        "incoming",  # files on their way into an import
        "index",  # derived
        "log",  # copied last
        "persons",  # derived
        "restarts.json",  # of the processes that run here
    }
)
_PASSING = (".lock", ".new", "-journal")
_SALT = "daily-salt-"


@contextlib.contextmanager
def snapshot(folder: Folder, *, say: Callable[[str], None]) -> Iterator[Path]:
    """A folder with the copy, which goes away behind the block; collectors, worker and console go on meanwhile.

    Args:
        folder: The data folder.
        say: Told what is waited for and what is copied.

    Raises:
        FolderBusy: Another backup is being made.
        StorageFull: There is no room for a copy of the log and the SQLite files; the events take none.
    """
    with folder.alone(LOCK), clear_errors(folder.path, "no backup was made"):
        remove_leftovers(folder)
        stage = Path(tempfile.mkdtemp(prefix=_STAGE, dir=folder.path))
        try:
            with _when_nobody_writes(folder, say):
                say("linking the events")
                _link_events(folder, stage)
                say("copying the databases")
                _copy_others(folder, stage)
                say("copying the log")
                _copy_log(folder, stage)
            yield stage
        finally:
            shutil.rmtree(stage, ignore_errors=True)


def remove_leftovers(folder: Folder) -> None:
    """Delete what a backup left that was killed. For the holder of `Folder.alone(LOCK)`."""
    for stage in folder.path.glob(f"{_STAGE}*"):
        shutil.rmtree(stage, ignore_errors=True)


@contextlib.contextmanager
def _when_nobody_writes(folder: Folder, say: Callable[[str], None]) -> Iterator[None]:
    """Keep imports, flushes and erasures away; one that is at it is waited for."""
    with contextlib.ExitStack() as held:
        said = False
        while True:
            try:
                held.enter_context(folder.writing())
                break
            except FolderBusy as error:
                if not said:
                    say(f"waiting: {error}")
                said = True
                time.sleep(_PAUSE_S)
        yield


def _link_events(folder: Folder, stage: Path) -> None:
    """The events table: its files are never changed in place, so that another name of each is a copy."""
    for path in sorted(folder.events.rglob("*")):
        inside = path.relative_to(folder.events)
        if path.is_dir() or inside.parts[0] == "torn":
            continue
        target = stage / "events" / inside
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(path, target)
        except OSError:
            # A file system without links.
            shutil.copyfile(path, target)


def _copy_others(folder: Folder, stage: Path) -> None:
    for path in sorted(folder.path.iterdir()):
        if path.name in _LEFT_OUT or path.name.startswith((_SALT, ".")) or path.name.endswith(_PASSING):
            continue
        if path.suffix == ".sqlite":
            _copy_database(path, stage / path.name)
        elif path.is_dir():
            shutil.copytree(path, stage / path.name)
        else:
            shutil.copyfile(path, stage / path.name)


def _copy_database(path: Path, target: Path) -> None:
    """A database as of its last commit; whoever commits meanwhile waits."""
    with (
        contextlib.closing(sqlite3.connect(path, timeout=30)) as old,
        contextlib.closing(sqlite3.connect(target)) as new,
    ):
        old.backup(new)


def _copy_log(folder: Folder, stage: Path) -> None:
    """The list of days first, then each day it names: what comes meanwhile is of a later moment."""
    log = open_log(folder)
    if log is None:
        return
    target = stage / "log"
    target.mkdir()
    log.ids.env.copy(target / "ids")
    for day in LogIds(target / "ids").days():
        environment(log.path / day.name, RECORD_TABLES).copy(target / day.name)
    (target / "started").touch()
    for lock in target.rglob("lock.mdb"):
        lock.unlink()
