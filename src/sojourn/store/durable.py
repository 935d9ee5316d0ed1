"""Making files outlive a power cut, and a full disk a clear error.

In: paths. Out: nothing. Never decides what to write, only when it is safe.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import sqlite3
import sys
from typing import TYPE_CHECKING

from sojourn.records.errors import NotWritable, StorageFull

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

_FULL = {errno.ENOSPC, errno.EDQUOT}
_NOT_OURS = {errno.EROFS, errno.EACCES, errno.EPERM}
_NEARLY_FULL = 1 << 18


def sync_file(path: Path) -> None:
    """Force a file's bytes to the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(path: Path) -> None:
    """Force a folder's entries (names, renames, removals) to the disk."""
    sync_file(path)


def sync_all(files: Iterable[Path]) -> None:
    """Force files and then the folders that hold them to the disk."""
    paths = list(files)
    for path in paths:
        sync_file(path)
    for folder in {path.parent for path in paths}:
        sync_folder(folder)


def replace_file(path: Path, content: bytes) -> None:
    """Write a small file so that, whenever the machine stops, it holds either the old or the new content."""
    fresh = path.with_name(path.name + ".new")
    with fresh.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    sync_folder(path.parent)


@contextlib.contextmanager
def clear_errors(place: Path, outcome: str) -> Iterator[None]:
    """Say in one sentence what a disk that is full, or not ours to write, means.

    Args:
        place: The data folder.
        outcome: What did not happen, for the sentence.

    Raises:
        StorageFull: The disk is full.
        NotWritable: The folder is read-only for us.
    """
    try:
        yield
    except Exception as error:
        if not isinstance(error, (OSError, sqlite3.Error, *_delta_error())):
            raise
        if _says_full(error, place):
            message = f"no space left in {place}; {outcome}, free some and do it again"
            raise StorageFull(message) from error
        if _says_read_only(error, place):
            message = f"{place} cannot be written ({error}); {outcome}"
            raise NotWritable(message) from error
        raise


def is_nearly_full(place: Path) -> bool:
    """Whether a disk has so little space left that an error without a reason is that of a full one."""
    return place.exists() and shutil.disk_usage(place).free < _NEARLY_FULL


def _delta_error() -> tuple[type[Exception], ...]:
    """The class of Delta's errors; none where Delta was never imported: the collector does without it."""
    module = sys.modules.get("deltalake.exceptions")
    return () if module is None else (module.DeltaError,)


def _says_full(error: Exception, place: Path) -> bool:
    """Whether an error, of whichever library, is that of a full disk."""
    if isinstance(error, OSError) and error.errno in _FULL:
        return True
    if isinstance(error, sqlite3.OperationalError) and "disk I/O" in str(error):
        # SQLite says the same of a full disk and of a broken one.
        return is_nearly_full(place)
    return any(words in str(error) for words in ("No space left", "disk is full", "Disk quota exceeded"))


def _says_read_only(error: Exception, place: Path) -> bool:
    if isinstance(error, OSError) and error.filename is not None and not str(error.filename).startswith(str(place)):
        # The file that is being imported, for one, is none of ours.
        return False
    if isinstance(error, OSError) and error.errno in _NOT_OURS:
        return True
    return any(words in str(error) for words in ("Read-only file system", "readonly database", "Permission denied"))
