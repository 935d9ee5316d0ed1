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
import time
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from sojourn.records.errors import FolderBusy, NotADataFolder
from sojourn.store.durable import clear_errors, replace_file, sync_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

FORMAT = 2
"""Of the folders this version makes; older ones are brought up to it by `store.migrations`."""
_FILE = "folder.json"
_SECRET_BYTES = 32
_PATIENCE_S = 0.3
"""Whoever looks whether a lock is held has it for a moment (`store.running`)."""
_PAUSE_S = 0.02


class _FolderFile(msgspec.Struct, frozen=True):
    format: int
    secret: str


@dataclass(frozen=True, slots=True)
class Folder:
    """One folder of data.

    Attributes:
        path: The folder.
        secret: 32 random bytes made with the folder; actors are numbered with it.
        format: The format it had when it was opened.
    """

    path: Path
    secret: bytes
    format: int = FORMAT

    @property
    def events(self) -> Path:
        """The Delta table of facts."""
        return self.path / "events"

    @property
    def index(self) -> Path:
        """The derived index."""
        return self.path / "index"

    @property
    def persons(self) -> Path:
        """The derived Delta table of links, for engines outside."""
        return self.path / "persons"

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
            StorageFull: The disk is full.
            NotWritable: The folder is read-only.
        """
        with self._holding("writer.lock", "writing to"):
            yield

    @contextlib.contextmanager
    def alone(self, process: str) -> Iterator[None]:
        """Be the folder's one process of a kind for a while.

        Args:
            process: `worker`, `keeper`, or `up`, which starts all of them.

        Raises:
            FolderBusy: There is one already; its process number is in the message.
        """
        with self._holding(f"{process}.lock", f"the {process} of"):
            yield

    @contextlib.contextmanager
    def present(self, process: str, address: str) -> Iterator[None]:
        """Let `store.running` know that a process of a kind runs, of which there may be several.

        Args:
            process: `collector` or `console`.
            address: Where it listens.
        """
        with self._holding(f"{process}.lock", f"a {process} of", shared=True, note=address):
            yield

    @contextlib.contextmanager
    def _holding(self, lock: str, doing: str, *, shared: bool = False, note: str = "") -> Iterator[None]:
        with clear_errors(self.path, "nothing was written"):
            descriptor = os.open(self.path / lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            _lock(descriptor, self.path, doing, shared=shared)
            with clear_errors(self.path, "nothing was written"):
                os.ftruncate(descriptor, 0)
                os.pwrite(descriptor, "\n".join(filter(None, (str(os.getpid()), note))).encode(), 0)
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
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
        message = f"no Sojourn data in {place}; `sojourn import FILE --data {place}` puts some there"
        raise NotADataFolder(message) from error
    try:
        record = msgspec.json.decode(content, type=_FolderFile)
        secret = bytes.fromhex(record.secret)
        if len(secret) != _SECRET_BYTES:
            message = f"a secret of {len(secret)} bytes"
            raise ValueError(message)  # noqa: TRY301  (damage of any kind ends in one sentence)
    except (msgspec.MsgspecError, ValueError) as error:
        message = f"{place / _FILE} is damaged ({error}); restore it from a backup, it holds the folder's secret"
        raise NotADataFolder(message) from error
    if record.format > FORMAT:
        message = f"{place} has format {record.format}, this version reads up to {FORMAT}; upgrade Sojourn"
        raise NotADataFolder(message)
    return Folder(path=place, secret=secret, format=record.format)


def create_folder(path: str | Path) -> Folder:
    """Open a data folder, making it first when it does not exist.

    Raises:
        NotADataFolder: There is something else of that name, or the folder is damaged.
        StorageFull: The disk is full.
        NotWritable: It may not be made there.
    """
    place = Path(path)
    try:
        return open_folder(place)
    except NotADataFolder:
        if (place / _FILE).exists():
            # Damaged, which it says again, or made by another process this moment.
            return open_folder(place)
    try:
        with clear_errors(place, "nothing was written"):
            place.mkdir(parents=True, exist_ok=True, mode=0o700)
            _write_secret(place)
    except (FileExistsError, NotADirectoryError) as error:
        message = f"{place} is no folder; name another one with --data"
        raise NotADataFolder(message) from error
    return open_folder(place)


def set_format(folder: Folder, number: int) -> None:
    """Record that a folder has a format now. For the holder of `Folder.writing`."""
    record = _FolderFile(format=number, secret=folder.secret.hex())
    replace_file(folder.path / _FILE, msgspec.json.encode(record))


def _write_secret(place: Path) -> None:
    """Make `folder.json`, unless another process has just made it: a folder has one secret for ever."""
    record = _FolderFile(format=FORMAT, secret=secrets.token_hex(_SECRET_BYTES))
    fresh = place / f".{_FILE}-{secrets.token_hex(8)}"
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(record))
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(fresh, place / _FILE)
    finally:
        fresh.unlink()
    sync_folder(place)
    sync_folder(place.parent)


def _lock(descriptor: int, path: Path, doing: str, *, shared: bool) -> None:
    until = time.monotonic() + _PATIENCE_S
    while True:
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() < until:
                time.sleep(_PAUSE_S)
                continue
            holder = os.pread(descriptor, 32, 0).decode(errors="replace").partition("\n")[0] or "unknown"
            message = f"process {holder} is {doing} {path}; wait until it is done, or end it"
            raise FolderBusy(message) from error
        return
