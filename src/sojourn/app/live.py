"""The live side of a data folder wired: its worker, and what is read of its state.

In: a data folder. Out: a running worker, live profiles. The catalogue is `signals.yaml` of the folder; without one, that of a shop.
"""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from typing import TYPE_CHECKING

import structlog

from sojourn.app.effects import FoldRules
from sojourn.app.live_profile import ProfileReader
from sojourn.app.readiness import tell_ready
from sojourn.app.worker import Worker
from sojourn.records.errors import BadCatalogue, FolderBusy, NotADataFolder, StorageFull, UnknownPerson
from sojourn.signals.catalogue import Catalogue
from sojourn.signals.catalogue_file import load_catalogue
from sojourn.signals.default_catalogues import default_catalogue, fitting_branch, path_of
from sojourn.signals.program import compile_catalogue
from sojourn.store.durable import clear_errors, replace_file
from sojourn.store.index import open_index
from sojourn.store.link_control import read_control
from sojourn.store.log import Log, open_log
from sojourn.store.sources import consent_modes
from sojourn.store.state import STATE_FILE, State
from sojourn.store.worker_lag import worker_lag

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sojourn.app.live_profile import LiveProfile
    from sojourn.signals.default_catalogues import Branch
    from sojourn.store.folder import Folder

_MICRO = 1_000_000
_AGAIN_S = 5.0
_BUSY_S = 0.1
_WATCH_S = 0.5
_log = structlog.get_logger()


def fold_rules(folder: Folder) -> FoldRules:
    """What the folder's events are read by.

    Raises:
        BadCatalogue: `signals.yaml` is not a catalogue; the message names line and path.
    """
    own = folder.path / Catalogue.FILE
    catalogue = load_catalogue(own) if own.exists() else default_catalogue("shop")
    return FoldRules(
        folder.secret, compile_catalogue(catalogue), control=read_control(folder), modes=consent_modes(folder)
    )


def settle_catalogue(folder: Folder) -> None:
    """Write the folder's `signals.yaml` when it has none, so that live and history read by the same one.

    It is the branch's that fits the events there are; a shop's when there are none.
    """
    own = folder.path / Catalogue.FILE
    if own.exists():
        return
    branch: Branch = "shop"
    with contextlib.suppress(NotADataFolder):
        branch = fitting_branch(open_index(folder).manifest.events)
    replace_file(own, path_of(branch).read_bytes())


@contextlib.contextmanager
def worker_of(folder: Folder) -> Iterator[Worker]:
    """The folder's one worker; it waits for an import, an erasure or a keeper that is writing.

    Raises:
        FolderBusy: There is one already.
    """
    with folder.alone("worker"), clear_errors(folder.path, "the worker stopped"), State(folder) as state:
        yield _when_nobody_writes(lambda: _worker(folder, state))


def _worker(folder: Folder, state: State) -> Worker:
    settle_catalogue(folder)
    return Worker(folder, Log(folder), state, fold_rules(folder))


def _when_nobody_writes(begin: Callable[[], Worker]) -> Worker:
    said = False
    while True:
        try:
            return begin()
        except FolderBusy as error:
            if not said:
                _log.info("waiting", why=str(error))
            said = True
            time.sleep(_BUSY_S)


def run_worker(folder: Folder) -> None:
    """Work until the process is told to end (SIGTERM, Ctrl-C); a full disk is waited for, a changed catalogue followed."""
    stop = threading.Event()
    while not stop.is_set():
        try:
            with worker_of(folder) as worker:
                # Only now: who still waits for its turn has nothing to bring to an end.
                for number in (signal.SIGTERM, signal.SIGINT):
                    signal.signal(number, lambda _number, _frame: stop.set())
                _log.info("working", behind=worker.lag())
                tell_ready()
                watch = CatalogueWatch(folder, worker.catalogue)
                worker.run(stop, outdated=watch.changed)
        except StorageFull as error:
            _log.warning("waiting for space", error=str(error))
            stop.wait(_AGAIN_S)


class CatalogueWatch:
    """Notices when the folder's `signals.yaml` says something else than a worker works by."""

    def __init__(self, folder: Folder, catalogue: Catalogue) -> None:
        """Look at nothing yet.

        Args:
            folder: The data folder.
            catalogue: What is worked by.
        """
        self._own, self._catalogue = folder.path / Catalogue.FILE, catalogue
        self._seen: tuple[int, int] | None = None
        self._look_at = 0.0

    def changed(self) -> bool:
        """Whether there is another catalogue now; what is no catalogue is said in the log, and changes nothing."""
        now = time.monotonic()
        if now < self._look_at:
            return False
        self._look_at = now + _WATCH_S
        try:
            stat = self._own.stat()
            if (stat.st_mtime_ns, stat.st_ino) == self._seen:
                return False
            self._seen = stat.st_mtime_ns, stat.st_ino
            catalogue = load_catalogue(self._own)
        except FileNotFoundError:
            return False
        except BadCatalogue as error:
            _log.warning("not a catalogue; working by the one before", error=str(error))
            return False
        if catalogue == self._catalogue:
            return False
        signals = compile_catalogue(catalogue).fingerprint != compile_catalogue(self._catalogue).fingerprint
        _log.info("another catalogue", anew="everything" if signals else "stages, scores and segments")
        return True


def live_profile(folder: Folder, identifier: str) -> LiveProfile | None:
    """A person's live profile; None when no worker has taken anything of it."""
    if not (folder.path / STATE_FILE).exists():
        return None
    try:
        return LiveQuestions(folder).person(identifier)
    except UnknownPerson:
        return None


class LiveQuestions:
    """Answers of the moment, for the control API and the command line."""

    def __init__(self, folder: Folder) -> None:
        """Read the folder's catalogue."""
        self._folder, self._read_at = folder, _changed(folder)
        self._rules = fold_rules(folder)

    def person(self, identifier: str) -> LiveProfile:
        """The live profile of the person an identifier belongs to.

        Raises:
            UnknownPerson: The worker has taken no event of it.
            StaleState: `signals.yaml` was changed this moment, and the worker has not followed yet.
        """
        if not (self._folder.path / STATE_FILE).exists():
            message = (
                f"no worker has run on {self._folder.path}; start one: `sojourn worker --data {self._folder.path}`"
            )
            raise UnknownPerson(message)
        if (changed := _changed(self._folder)) != self._read_at:
            self._rules, self._read_at = fold_rules(self._folder), changed
        log = open_log(self._folder)
        with State(self._folder) as state:
            behind = 0 if log is None else worker_lag(log, state)
            now = int(time.time() * _MICRO)
            return ProfileReader(state, self._rules).profile(identifier, at_us=now, behind=behind)


def _changed(folder: Folder) -> tuple[int, ...]:
    """When what the rules are made of was last changed: the catalogue, and what is decided by hand."""
    files = (folder.path / Catalogue.FILE, folder.control)
    return tuple(file.stat().st_mtime_ns if file.exists() else 0 for file in files)
