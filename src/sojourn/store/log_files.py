"""LMDB environments: each opened once a process, grown before it is full, its errors said in our words.

In: the path of an environment's folder. Out: transactions on it. Never knows what is kept there.
"""

from __future__ import annotations

import contextlib
import errno
import os
import threading
import weakref
from typing import TYPE_CHECKING, Any

import lmdb

from sojourn.records.errors import LogFailed, StorageFull
from sojourn.store.durable import is_nearly_full, sync_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_FIRST_SIZE = 1 << 26
_SLACK = 1 << 20
_READERS = 510
_GROWTHS = 8
_OPENED: weakref.WeakValueDictionary[str, Environment] = weakref.WeakValueDictionary()
_OPENING = threading.Lock()

Transaction = Any
"""An LMDB transaction; the driver has no types."""


class Environment:
    """One LMDB environment. Get it from `environment`, never twice in a process: LMDB's locks do not bear that."""

    def __init__(self, path: Path, names: Sequence[str], *, size: int) -> None:
        """Open it, making it first when it does not exist."""
        fresh = not path.exists()
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path = path
        self._size = size
        self._names = tuple(names)
        self._lock = threading.RLock()
        self._dead = 0
        self._env: Any = None
        self._open()
        if fresh:
            sync_folder(path)
            sync_folder(path.parent)

    @contextlib.contextmanager
    def reading(self) -> Iterator[Transaction]:
        """A view of the last synced commit; to be closed within a second, for it holds on to pages."""
        with self._lock, _clear_errors(self.path):
            txn = self._begin(write=False)
            try:
                yield txn
            finally:
                txn.abort()

    @contextlib.contextmanager
    def writing(self, room: int) -> Iterator[Transaction]:
        """A transaction no other process or thread can overlap; synced when the block ends, undone when it raises.

        Args:
            room: Bytes it may need; the map is grown for them first.

        Raises:
            StorageFull: The disk is full. The transaction is undone, and the next one may work.
            LogFailed: LMDB failed otherwise.
        """
        with self._lock, _clear_errors(self.path):
            txn = self._begin(write=True)
            for _ in range(_GROWTHS):
                if not self._too_small(room):
                    break
                # The map may only change while no transaction is open.
                txn.abort()
                self._grow(room)
                txn = self._begin(write=True)
            try:
                yield txn
            except BaseException:
                txn.abort()
                raise
            try:
                txn.commit()
            except lmdb.Error:
                # A commit that failed half way may leave the handle unusable: the next one begins with a new one.
                self._reopen()
                raise

    def db(self, name: str) -> Any:  # noqa: ANN401  (the driver has no types)
        """The handle of one of its named tables."""
        return self._tables[name]

    def put(self, table: str, rows: Sequence[tuple[bytes, bytes]]) -> None:
        """Keep rows, ascending by key, in a transaction of their own."""
        room = sum(len(key) + len(value) for key, value in rows)
        with self.writing(room) as txn, txn.cursor(db=self.db(table)) as cursor:
            cursor.putmulti(rows)

    def entries(self, table: str, most: int) -> Iterator[list[tuple[bytes, bytes]]]:
        """All rows of a table, so many at a time, by several short transactions."""
        key = b""
        while True:
            rows: list[tuple[bytes, bytes]] = []
            with self.reading() as txn, txn.cursor(db=self.db(table)) as cursor:
                there = cursor.set_range(key + b"\0") if key else cursor.first()
                while there and len(rows) < most:
                    rows.append((bytes(cursor.key()), bytes(cursor.value())))
                    there = cursor.next()
            if not rows:
                return
            yield rows
            key = rows[-1][0]

    def copy(self, path: Path) -> None:
        """Write a copy as of the last synced commit, without free pages, into a new folder; whoever writes goes on."""
        path.mkdir(mode=0o700)
        with self._lock, _clear_errors(path):
            # Where another process has grown the map, its size is taken by this.
            self._begin(write=False).abort()
            self._env.copy(str(path), compact=True)

    def check_readers(self) -> int:
        """Give back what killed readers hold; returns how many there were."""
        with self._lock:
            found, self._dead = self._dead + int(self._env.reader_check()), 0
            return found

    def size(self) -> int:
        """Bytes of the map, of which the used part is on the disk."""
        return int(self._env.info()["map_size"])

    def _open(self) -> None:
        with _clear_errors(self.path):
            self._env = lmdb.open(
                str(self.path), map_size=self._size, max_dbs=len(self._names), max_readers=_READERS, mode=0o600
            )
            self._tables = {name: self._env.open_db(name.encode()) for name in self._names}
        # Nothing of a killed process may hold on to pages.
        self._dead += int(self._env.reader_check())
        weakref.finalize(self, self._env.close)

    def _reopen(self) -> None:
        self._env.close()
        with contextlib.suppress(lmdb.Error, StorageFull, LogFailed):
            self._open()

    def _begin(self, *, write: bool) -> Transaction:
        for _ in range(_GROWTHS):
            try:
                return self._env.begin(write=write)
            except lmdb.MapResizedError:
                # Another process has grown the map: take its size.
                self._env.set_mapsize(0)
        return self._env.begin(write=write)

    def _too_small(self, room: int) -> bool:
        info = self._env.info()
        page = self._env.stat()["psize"]
        return bool((info["last_pgno"] + 1) * page + 4 * room + _SLACK > info["map_size"])

    def _grow(self, room: int) -> None:
        self._env.set_mapsize(2 * max(self._env.info()["map_size"], 4 * room + _SLACK))


def environment(path: Path, names: Sequence[str], *, make: bool = False, size: int = _FIRST_SIZE) -> Environment:
    """The environment of a folder, the same object for all of a process.

    Args:
        path: Its folder.
        names: Its tables.
        make: Make it when it does not exist.
        size: Bytes of the map when it is new; it grows.

    Raises:
        FileNotFoundError: It does not exist, and is not to be made.
    """
    with _OPENING:
        key = str(path.resolve())
        found = _OPENED.get(key)
        if found is None:
            if not make and not (path / "data.mdb").exists():
                raise FileNotFoundError(errno.ENOENT, "no such part of the log", str(path))
            found = _OPENED[key] = Environment(path, names, size=size)
        return found


def _close_in_child() -> None:
    """LMDB's handles do not outlive a fork: the child opens its own."""
    for opened in list(_OPENED.values()):
        opened._env.close()  # noqa: SLF001  (of this module)
    _OPENED.clear()


os.register_at_fork(after_in_child=_close_in_child)


@contextlib.contextmanager
def _clear_errors(place: Path) -> Iterator[None]:
    """What LMDB says, in our words: a full disk comes as any of several errors."""
    try:
        yield
    except lmdb.MapFullError as error:
        message = f"the log in {place} is full ({error}); nothing of this batch was stored, send it again"
        raise StorageFull(message) from error
    except (lmdb.Error, OSError) as error:
        if "No space left" in str(error) or is_nearly_full(place):
            message = f"no space left in {place}; nothing of this batch was stored, free some and send it again"
            raise StorageFull(message) from error
        message = f"the log in {place} cannot be written ({error}); nothing of this batch was stored"
        raise LogFailed(message) from error
