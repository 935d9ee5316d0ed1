"""Random bytes that are the same for a day, in every process, and then gone for ever.

In: a data folder and a moment. Out: 32 bytes. They are kept in memory and in one file, which is overwritten and deleted when its day
is over: from then on nobody can tell which browser had which pseudonym.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import secrets
from typing import TYPE_CHECKING

from sojourn.store.durable import clear_errors, sync_folder

if TYPE_CHECKING:
    from pathlib import Path

    from sojourn.store.folder import Folder

_BYTES = 32
_PREFIX = "daily-salt-"
_DAY_US = 86_400_000_000


class DailySalt:
    """Today's salt of a data folder; a day is one of UTC."""

    def __init__(self, folder: Folder) -> None:
        """Begin with none known."""
        self._folder = folder
        self._day, self._salt = -1, b""

    def __call__(self, now_us: int) -> bytes:
        """The salt of the day of this moment.

        Args:
            now_us: Microseconds since 1970 UTC, of a clock that goes on; a day that is over has no salt any more.

        Raises:
            StorageFull: The disk is full.
            NotWritable: The folder is read-only.
        """
        day = now_us // _DAY_US
        if day > self._day:
            self._salt = self._of_day(day)
            self._day = day
        return self._salt

    def _of_day(self, day: int) -> bytes:
        name = (dt.date(1970, 1, 1) + dt.timedelta(days=day)).isoformat()
        path = self._folder.path / f"{_PREFIX}{name}"
        with clear_errors(self._folder.path, "no pseudonym of the day could be made"):
            for old in self._folder.path.glob(f"{_PREFIX}*"):
                if old.name < path.name:
                    _destroy(old)
            if not path.exists():
                _make(path)
            return path.read_bytes()


def _make(path: Path) -> None:
    """Write a new salt, unless another process has just done so."""
    fresh = path.with_name(f".{path.name}-{secrets.token_hex(8)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(_BYTES))
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(fresh, path)
    finally:
        fresh.unlink()
    sync_folder(path.parent)


def _destroy(path: Path) -> None:
    """Overwrite and delete; another process may be doing the same."""
    with contextlib.suppress(FileNotFoundError):
        with path.open("r+b") as file:
            file.write(bytes(_BYTES))
            file.flush()
            os.fsync(file.fileno())
        path.unlink()
        sync_folder(path.parent)
