"""Backups: one file of a data folder made while everything runs, and a folder made of such a file.

In: a data folder and the name of a file, or the reverse. Out: the other, whole or not at all. A restored folder sends nothing until somebody
has seen what it would send (`store.held`), and who was erased since is erased in it before it has its name.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import fcntl
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sojourn import __version__
from sojourn.records.errors import BadOption, FolderBusy
from sojourn.store.archive import Contents, pack, unpack
from sojourn.store.durable import sync_folder
from sojourn.store.erasure import erase_again
from sojourn.store.events import EventsTable
from sojourn.store.expiry import expire
from sojourn.store.expiry_limit import NO_LIMIT, limit_of
from sojourn.store.folder import FORMAT, open_folder
from sojourn.store.held import Held, hold
from sojourn.store.log import open_log
from sojourn.store.snapshot import OWN, snapshot
from sojourn.store.tail import suppressed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sojourn.store.folder import Folder

    Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class BackedUp:
    """A backup, made or restored.

    Attributes:
        file: The backup.
        taken_at: The moment it is of, ISO 8601 UTC.
        events: Events in its table.
        waiting: Events in its log that were not in the table yet; all of them were acknowledged.
        files: How many files are in it.
        bytes: Their size before compression.
        erased_again: Identifiers that were erased after it was made, and are erased in the restored folder too.
    """

    file: str
    taken_at: str
    events: int
    waiting: int
    files: int
    bytes: int
    erased_again: int = 0


def back_up(folder: Folder, out: Path, *, say: Callable[[str], None], progress: Progress) -> BackedUp:
    """Write a backup of a data folder; collector, worker, keeper and console may run.

    Every event that was acknowledged before this was called is in it.

    Args:
        folder: The data folder.
        out: The backup; must not exist, and does not until it is whole.
        say: Told what is waited for and what is copied.
        progress: Called with bytes that were packed.

    Raises:
        BadOption: `out` exists, is in no folder, or in the data folder and not in its `backups`.
        FolderBusy: Another backup is being made.
        StorageFull: There is no room for it.
    """
    own, place = folder.path.resolve() / OWN, out.resolve().parent
    if place == own:
        own.mkdir(exist_ok=True, mode=0o700)
    elif place.is_relative_to(folder.path.resolve()):
        raise BadOption(
            f"{out} would be part of the next backup; put it into {folder.path / OWN}, or out of the folder"
        )
    with snapshot(folder, say=say) as stage:
        taken = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        contents = pack(stage, out, _contents(open_folder(stage), taken), progress=progress)
    return _told(out, contents)


def restore(file: Path, place: Path, *, erased_in: Path | None, progress: Progress) -> BackedUp:
    """Make a data folder of a backup. It has its name only when it is whole.

    Args:
        file: The backup.
        place: The new folder; must not exist, or be empty.
        erased_in: The data folder that was in use: who was erased there is erased in the new one too, and so is what had expired there.
        progress: Called with what is done.

    Raises:
        BadBackup: The file is none, was cut or damaged.
        BadOption: `place` is not empty.
        NotADataFolder: `erased_in` is none.
    """
    before = None if erased_in is None else open_folder(erased_in)
    gone, limit = ({}, NO_LIMIT) if before is None else (suppressed(before), limit_of(before))
    if place.exists() and (not place.is_dir() or any(place.iterdir())):
        raise BadOption(f"{place} is not empty; name another folder with --data, or move this one away")
    with _stage(place) as stage:
        contents = unpack(file, stage, newest=FORMAT, progress=progress)
        folder = open_folder(stage)
        known = suppressed(folder)
        again = {actor for actor, until in gone.items() if until > known.get(actor, -1)}
        if again:
            with folder.writing():
                erase_again(folder, again, progress=progress)
        if limit > limit_of(folder):
            with folder.writing():
                expire(folder, limit, progress=progress)
        restored_at = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        hold(stage, Held(restored_at, contents.taken_at))
        for lock in stage.glob("*.lock"):
            lock.unlink()
        stage.rename(place)
        sync_folder(place.parent)
    return _told(file, contents, erased_again=len(again))


def _contents(copy: Folder, taken_at: str) -> Contents:
    version = EventsTable(copy.events).read()
    log = open_log(copy)
    waiting = 0 if log is None else max(log.last_seq() - version.seq, 0)
    for lock in copy.path.rglob("lock.mdb"):
        lock.unlink()
    return Contents(__version__, copy.format, taken_at, version.rows, waiting)


def _told(file: Path, contents: Contents, *, erased_again: int = 0) -> BackedUp:
    files, size = len(contents.files), contents.size
    return BackedUp(str(file), contents.taken_at, contents.events, contents.waiting, files, size, erased_again)


@contextlib.contextmanager
def _stage(place: Path) -> Iterator[Path]:
    """A folder beside the new one; what a restore left there that was killed is removed first.

    Raises:
        FolderBusy: Somebody else restores to the same place.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    stage = place.with_name(f"{place.name}.restoring")
    descriptor = os.open(place.with_name(f"{place.name}.restoring.lock"), os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise FolderBusy(f"another process restores to {place}; wait until it is done, or end it") from error
        shutil.rmtree(stage, ignore_errors=True)
        stage.mkdir(mode=0o700)
        try:
            yield stage
        finally:
            shutil.rmtree(stage, ignore_errors=True)
            Path(f"{stage}.lock").unlink()
    finally:
        os.close(descriptor)
