"""The live side of a data folder wired: its worker, and what is read of its state.

In: a data folder. Out: a running worker, live profiles. The catalogue is `signals.yaml` of the folder; without one, that of a shop.
"""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from importlib import resources
from typing import TYPE_CHECKING

import structlog

from sojourn.app.effects import FoldRules
from sojourn.app.live_profile import ProfileReader
from sojourn.app.worker import Worker
from sojourn.records.errors import StorageFull, UnknownPerson
from sojourn.signals.catalogue import Catalogue
from sojourn.signals.catalogue_file import load_catalogue, read_catalogue
from sojourn.signals.program import compile_catalogue
from sojourn.store.durable import clear_errors
from sojourn.store.log import Log, open_log
from sojourn.store.state import State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sojourn.app.live_profile import LiveProfile
    from sojourn.store.folder import Folder

_MICRO = 1_000_000
_AGAIN_S = 5.0
_log = structlog.get_logger()


def fold_rules(folder: Folder) -> FoldRules:
    """What the folder's events are read by.

    Raises:
        BadCatalogue: `signals.yaml` is not a catalogue; the message names line and path.
    """
    own = folder.path / Catalogue.FILE
    if own.exists():
        catalogue = load_catalogue(own)
    else:
        text = resources.files("sojourn.signals").joinpath("catalogues/shop.yaml").read_text("utf-8")
        catalogue = read_catalogue(text, name="shop.yaml")
    return FoldRules(folder.secret, compile_catalogue(catalogue))


@contextlib.contextmanager
def worker_of(folder: Folder) -> Iterator[Worker]:
    """The folder's one worker.

    Raises:
        FolderBusy: There is one already.
    """
    with folder.alone("worker"), clear_errors(folder.path, "the worker stopped"), State(folder) as state:
        yield Worker(folder, Log(folder), state, fold_rules(folder))


def run_worker(folder: Folder) -> None:
    """Work until the process is told to end (SIGTERM, Ctrl-C); a full disk is waited for."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    while not stop.is_set():
        try:
            with worker_of(folder) as worker:
                _log.info("working", behind=worker.lag())
                worker.run(stop)
        except StorageFull as error:
            _log.warning("waiting for space", error=str(error))
            stop.wait(_AGAIN_S)


class LiveQuestions:
    """Answers of the moment, for the control API and the command line."""

    def __init__(self, folder: Folder) -> None:
        """Read the folder's catalogue."""
        self._folder, self._rules = folder, fold_rules(folder)

    def person(self, identifier: str) -> LiveProfile:
        """The live profile of the person an identifier belongs to.

        Raises:
            UnknownPerson: The worker has taken no event of it.
        """
        if not (self._folder.path / "state.sqlite").exists():
            message = (
                f"no worker has run on {self._folder.path}; start one: `sojourn worker --data {self._folder.path}`"
            )
            raise UnknownPerson(message)
        log = open_log(self._folder)
        with State(self._folder) as state:
            behind = 0 if log is None else log.last_seq() - state.cursor()
            now = int(time.time() * _MICRO)
            return ProfileReader(state, self._rules).profile(identifier, at_us=now, behind=behind)
