"""The data folder: where each store lives, its secret, and the lock of its one writer.

In: a path. Out: `Folder`. Never reads events; `store.events` and `store.index` do.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import shutil
import tempfile
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from sojourn.records.errors import FolderBusy, NotADataFolder
from sojourn.store.durable import replace_file

if TYPE_CHECKING:
    from collections.abc import Iterator

FORMAT = 1
_FILE = "folder.json"


class _FolderFile(msgspec.Struct, frozen=True):
    format: int
    secret: str


@dataclass(frozen=True, slots=True)
class Folder:
    """One folder of data.

    Attributes:
        path: The folder.
        secret: 32 random bytes made with the folder; actors are numbered with it.
    """

    path: Path
    secret: bytes

    @property
    def events(self) -> Path:
        """The Delta table of facts."""
        return self.path / "events"

    @property
    def index(self) -> Path:
        """The derived index."""
        return self.path / "index"

    @property
    def control(self) -> Path:
        """The SQLite file of what is kept by hand: imports, receipts, suppression list."""
        return self.path / "control.sqlite"

    @property
    def quarantine(self) -> Path:
        """The SQLite file of rejected rows."""
        return self.path / "quarantine.sqlite"

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """Be the folder's one writer for a while.

        Raises:
            FolderBusy: Another process is writing; its process number is in the message.
        """
        descriptor = os.open(self.path / "writer.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _lock(descriptor, self.path)
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, str(os.getpid()).encode(), 0)
            yield
        finally:
            os.close(descriptor)


class TemporaryFolder:
    """A folder that goes away with the last reference to this object, or when Python ends."""

    def __init__(self) -> None:
        """Make it."""
        self.path = Path(tempfile.mkdtemp(prefix="sojourn-"))
        weakref.finalize(self, shutil.rmtree, self.path, ignore_errors=True)


def open_folder(path: str | Path) -> Folder:
    """Open a data folder that exists.

    Raises:
        NotADataFolder: Nothing was imported there yet, or a newer version of Sojourn wrote it.
    """
    place = Path(path)
    try:
        content = (place / _FILE).read_bytes()
    except (FileNotFoundError, NotADirectoryError) as error:
        message = f"no Sojourn data in {place}; `sojourn import FILE --data {place}` puts some there"
        raise NotADataFolder(message) from error
    try:
        record = msgspec.json.decode(content, type=_FolderFile)
    except msgspec.MsgspecError as error:
        message = f"{place / _FILE} is damaged ({error}); restore it from a backup, it holds the folder's secret"
        raise NotADataFolder(message) from error
    if record.format > FORMAT:
        message = f"{place} has format {record.format}, this version reads up to {FORMAT}; upgrade Sojourn"
        raise NotADataFolder(message)
    return Folder(path=place, secret=bytes.fromhex(record.secret))


def create_folder(path: str | Path) -> Folder:
    """Open a data folder, making it first when it does not exist."""
    place = Path(path)
    try:
        return open_folder(place)
    except NotADataFolder:
        if (place / _FILE).exists():
            raise
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    record = _FolderFile(format=FORMAT, secret=secrets.token_hex(32))
    replace_file(place / _FILE, msgspec.json.encode(record))
    (place / _FILE).chmod(0o600)
    return open_folder(place)


def _lock(descriptor: int, path: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = os.pread(descriptor, 32, 0).decode(errors="replace") or "unknown"
        message = f"process {holder} is writing to {path}; wait until it is done, or end it"
        raise FolderBusy(message) from error
