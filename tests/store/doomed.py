"""The process that a crash test kills: it imports, compacts, indexes or erases, and may kill itself at a step.

It runs as a fork of a server that has loaded everything, so that a kill costs a second, not five.
"""

from __future__ import annotations

import os
import signal
import sys
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from deltalake import DeltaTable

from sojourn.app import importing
from sojourn.collect.imports.mapping import Mapping
from sojourn.store import append, compaction, erasure, events, index, index_build, persons_table
from sojourn.store.folder import create_folder, open_folder
from tests.store.power import Journal, watched

if TYPE_CHECKING:
    from pathlib import Path

MAPPING = Mapping(person="user", actor="device", time="time", event="event")
_STEPS = {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.link", "os.truncate"}


@dataclass(frozen=True)
class Task:
    """What to do, and when to die of it.

    Attributes:
        action: `import`, `compact`, `index`, `column` or `erase`.
        of: File, column or person.
        data: The data folder.
        journal: Where syncs are noted.
        dies_at: Step at which the process kills itself; None: somebody else kills it, or nobody.
    """

    action: str
    of: str
    data: Path
    journal: Path
    dies_at: int | None = None


def run(task: Task, answer: Any) -> None:
    """Do a task; `answer` (a pipe) gets how many steps it took, once it is acknowledged."""
    journal = Journal(task.journal)
    steps = _Steps(task.dies_at)
    small()
    watched(journal, _phases())
    vars(os)["fsync"] = partial(_noted_sync, steps, journal)
    data = str(task.data)
    sys.addaudithook(lambda name, given: steps.one() if name in _STEPS and _writes(name, given, data) else None)
    journal.phase(task.action)
    _ACTIONS[task.action](task.data, task.of)
    answer.send(steps.count)


def _noted_sync(steps: _Steps, journal: Journal, descriptor: int) -> None:
    """A sync as the journal sees it."""
    steps.one()
    journal.record(descriptor)


def small() -> None:
    """Many files, buckets, checkpoints and compactions from few rows, and an index for every import."""
    changes: dict[Any, dict[str, Any]] = {
        append: {"_ROWS_A_FILE": 1500},
        events: {"_CHECKPOINT_EVERY": 3},
        importing: {"FRESH_FILES": 6},
        index: {"_NEW_ALWAYS": 700},
        persons_table: {"_CHECKPOINT_EVERY": 2, "_MOST_FILES": 2},
        index_build: {"_IN_MEMORY": 1 << 14, "bucket_bits": few_buckets},
        compaction: {"bucket_bits": few_buckets},
    }
    for module, values in changes.items():
        for name, value in values.items():
            setattr(module, name, value)


def few_buckets(rows: int) -> int:
    """Buckets of a store of thousands, as `bucket_bits` has them for one of millions."""
    return 0 if rows < 4000 else 2 if rows < 12000 else 4


class _Steps:
    """Counts steps; the last one is not taken."""

    def __init__(self, dies_at: int | None) -> None:
        self.count, self._dies_at = 0, dies_at

    def one(self) -> None:
        self.count += 1
        if self.count == self._dies_at:
            os.kill(os.getpid(), signal.SIGKILL)


def _writes(name: str, given: tuple[Any, ...], data: str) -> bool:
    """Whether a step changes something in the data folder."""
    if not str(given[0]).startswith(data):
        return False
    return name != "open" or (isinstance(given[2], int) and bool(given[2] & (os.O_WRONLY | os.O_RDWR)))


def _phases() -> dict[str, tuple[Any, str]]:
    table = events.EventsTable
    return {
        "reading": (append.Append, "add"),
        "finishing": (append.Append, "finish"),
        "dropping what is stored": (append.Append, "_drop_stored"),
        "quarantine": (append, "keep_rejected"),
        "recovering": (table, "recover"),
        "promoting": (table, "promote"),
        "committing": (table, "commit"),
        "log entry": (DeltaTable, "create_write_transaction"),
        "settling": (table, "_settle"),
        "checkpoint": (DeltaTable, "create_checkpoint"),
        "deleting old files": (table, "remove_unreferenced"),
        "persons: rows": (persons_table, "_rows"),
        "persons: committing": (persons_table._PersonsTable, "_commit"),
        "persons: settling": (persons_table._PersonsTable, "settle"),
        "compacting": (compaction, "_rewrite"),
        "index: building": (index_build, "_build"),
        "index: reading": (index_build._Builder, "_spread"),
        "index: sorting": (index_build._Builder, "_sort"),
        "index: column": (index.Index, "_build_column"),
        "erasing: files": (erasure, "_without"),
        "erasing: index": (erasure, "_renew_index"),
    }


def _import(data: Path, file: str) -> None:
    importing.import_files([data.parent / file], data, MAPPING)


def _compact(data: Path, _of: str) -> None:
    folder = open_folder(data)
    with folder.writing():
        compaction.compact(folder)


def _index(data: Path, _of: str) -> None:
    folder = create_folder(data)
    with folder.writing():
        index_build.build_index(folder)


def _column(data: Path, name: str) -> None:
    index.open_index(open_folder(data)).column(name)


def _erase(data: Path, person: str) -> None:
    folder = open_folder(data)
    with folder.writing():
        erasure.erase(folder, person)


_ACTIONS = {"import": _import, "compact": _compact, "index": _index, "column": _column, "erase": _erase}
