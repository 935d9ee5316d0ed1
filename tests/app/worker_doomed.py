"""The worker that `test_worker_crash.py` kills, beside collectors, an import and a keeper."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

from tests.store.doomed import small
from tests.store.log_doomed import Doom
from tests.store.log_doomed import run as run_store
from tests.store.power import Journal, watched

from sojourn.app import worker
from sojourn.app.effects import FoldRules
from sojourn.app.worker import Worker
from sojourn.records.errors import FolderBusy
from sojourn.signals.catalogue import Catalogue, Count, Without
from sojourn.signals.program import compile_catalogue
from sojourn.store.folder import open_folder
from sojourn.store.log import Log
from sojourn.store.state import State

if TYPE_CHECKING:
    from sojourn.store.folder import Folder

PROGRAM = compile_catalogue(
    Catalogue(
        signals=(
            Count(name="views", kind="behavioral", says="views", of="Page Viewed", half_life="1h"),
            Without(name="left", kind="behavioral", says="left", of="Page Viewed", without="buy", within="30m"),
        )
    )
)
_PHASES: dict[str, tuple[Any, str]] = {
    "working": (worker, "effects"),
    "writing the state": (State, "write"),
    "a stretch": (Worker, "_stretch"),
    "timers": (Worker, "_timers"),
}


def rules(folder: Folder) -> FoldRules:
    """Rules over the events that collectors and imports send."""
    return FoldRules(folder.secret, PROGRAM)


def run(doom: Doom) -> None:
    """Work until killed."""
    if doom.action != "work":
        run_store(doom)
        return
    journal = Journal(doom.journal)
    small()
    vars(worker)["BATCH"] = 7
    vars(worker)["STRETCH"] = 5
    vars(worker)["_LOOK_S"] = 0.0
    watched(journal, _PHASES)
    vars(os)["fsync"] = journal.record
    folder = open_folder(doom.data)
    with folder.alone("worker"), State(folder) as state:
        while True:
            try:
                working = Worker(folder, Log(folder), state, rules(folder))
                break
            except FolderBusy:
                time.sleep(0.01)
        while True:
            working.work()
