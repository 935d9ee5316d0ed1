"""The keeper: takes the log into the events table, and looks after what lies in the folder.

In: the log. Out: a flush every so often, an index that shows it, files compacted, days of the log and old ids dropped. It
decides nothing: killed anywhere, it begins again with what is not done.
"""

from __future__ import annotations

import datetime as dt
import signal
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from sojourn.app.expiring import expire_due
from sojourn.app.readiness import tell_ready
from sojourn.records.errors import FolderBusy, StorageFull
from sojourn.store.compaction import FRESH_FILES, compact
from sojourn.store.events import FRESH, EventsTable
from sojourn.store.flush import Flushed, flush
from sojourn.store.index import refresh_index
from sojourn.store.log import Log
from sojourn.store.persons_table import publish_persons
from sojourn.store.quarantine import forget_rejected
from sojourn.store.settings import read_settings
from sojourn.store.snapshot import LOCK as BACKUP
from sojourn.store.snapshot import remove_leftovers
from sojourn.store.state import WORKER, State

if TYPE_CHECKING:
    from collections.abc import Callable

    from sojourn.store.folder import Folder

_LOOK_S = 0.1
_CARE_S = 60.0
_AFTER_A_FULL_DISK_S = 5.0
_DAY_S = 86_400
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class KeeperOptions:
    """When the keeper does what.

    Attributes:
        every_s: Seconds an event waits for a flush, at most.
        rows: Events that make a flush due before that.
        keep_days: Days for which records stay in the log after they were flushed.
        ids_days: Days for which an event that comes again is recognised.
    """

    every_s: float = 30.0
    rows: int = 50_000
    keep_days: int = 7
    ids_days: int = 400


class Keeper:
    """The one keeper of a data folder; for the holder of `Folder.alone("keeper")`."""

    def __init__(self, folder: Folder, options: KeeperOptions) -> None:
        """Begin; nothing is done yet."""
        self._folder, self._options = folder, options
        self._log = Log(folder)
        self._table = EventsTable(folder.events)
        self._flushed = self._table.read().seq
        self._waiting_since: float | None = None
        self._care_at = 0.0
        self._ids_at = b""

    def run(self, stop: threading.Event) -> None:
        """Work until told to stop. A full disk, or a folder that an import is writing to, is waited for."""
        while not stop.is_set():
            pause = _LOOK_S
            try:
                self.look_after()
            except FolderBusy:
                # An import flushes what came before it; the rest waits, visible.
                pass
            except StorageFull as error:
                _log.error("disk full", error=str(error))
                pause = _AFTER_A_FULL_DISK_S
            stop.wait(pause)

    def look_after(self) -> None:
        """Do what is due."""
        now = time.monotonic()
        waiting = self.behind()
        if waiting <= 0:
            self._waiting_since = None
        elif self._waiting_since is None:
            self._waiting_since = now
        if waiting >= self._options.rows or (
            self._waiting_since is not None and now - self._waiting_since >= self._options.every_s
        ):
            self.flush()
        if now >= self._care_at:
            self._care_at = now + _CARE_S
            self.care()

    def behind(self) -> int:
        """Places of the log that the table does not hold yet."""
        return self._log.last_seq() - self._flushed

    def flush(self) -> Flushed:
        """Write what waits into the table, index it, and compact when many small files have piled up.

        Raises:
            FolderBusy: An import is writing.
            StorageFull: The disk is full; the events are in the log.
        """
        began = time.monotonic()
        with self._folder.writing():
            done = flush(self._folder)
            self._flushed, self._waiting_since = done.seq, None
            if done.rows:
                publish_persons(self._folder)
                refresh_index(self._folder)
                if sum(file.bucket == FRESH for file in self._table.read().files) > FRESH_FILES:
                    compact(self._folder)
        if done.rows:
            _log.info("flushed", rows=done.rows, seq=done.seq, seconds=round(time.monotonic() - began, 3))
        return done

    def care(self) -> None:
        """Give back what killed readers hold, move ids of closed days, drop days, ids, rejected and accepted events whose time is over."""
        self._log.check_readers()
        self._log.move_ids()
        today = dt.datetime.now(dt.UTC).date()
        before = f"{today - dt.timedelta(days=self._options.keep_days):%Y-%m-%d}"
        dropped = self._without_backup(lambda: self._log.drop_days(self.passed(), before=before))
        if dropped:
            _log.info("days of the log dropped", days=dropped)
        oldest = (today - dt.date(1970, 1, 1)).days - self._options.ids_days
        self._ids_at = self._log.ids.forget(oldest, after=self._ids_at)
        self._forget_rejected()
        if gone := expire_due(self._folder, who="keeper"):
            _log.info("events expired", before=gone.before, events=gone.events)

    def _forget_rejected(self) -> None:
        """Delete rejected events whose time, as the settings say, is over."""
        days = read_settings(self._folder).rejected_days
        if days is None:
            return
        oldest = dt.datetime.now(dt.UTC) - dt.timedelta(days=days)
        if gone := forget_rejected(self._folder, before=oldest.isoformat(timespec="seconds")):
            _log.info("rejected events forgotten", events=gone)

    def _without_backup(self, drop: Callable[[], list[str]]) -> list[str]:
        """Drop days, unless a backup is copying them: then they wait for the next time."""
        try:
            with self._folder.alone(BACKUP):
                remove_leftovers(self._folder)
                return drop()
        except FolderBusy:
            return []

    def passed(self) -> int:
        """Last place in the log that the table and the state hold both."""
        stored = self._table.read().seq
        if not (self._folder.path / "state.sqlite").exists():
            return stored
        with State(self._folder) as state:
            return min(stored, state.cursor(WORKER))


def run_keeper(folder: Folder, options: KeeperOptions) -> None:
    """Keep a folder until the process is told to end (SIGTERM, Ctrl-C).

    Raises:
        FolderBusy: The folder has a keeper already.
    """
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    with folder.alone("keeper"):
        keeper = Keeper(folder, options)
        _log.info("keeping", behind=keeper.behind())
        tell_ready()
        keeper.run(stop)


def keep_once(folder: Folder, options: KeeperOptions) -> Flushed:
    """Flush what waits and look after the folder once.

    Raises:
        FolderBusy: The folder has a keeper already, or an import is writing.
        StorageFull: The disk is full.
    """
    with folder.alone("keeper"):
        keeper = Keeper(folder, options)
        done = keeper.flush()
        keeper.care()
        return done
