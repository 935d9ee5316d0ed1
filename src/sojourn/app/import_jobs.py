"""Imports in the background: each in a process of its own, so that pages stay quick and an import can end without them.

In: a data folder and the id of a job. Out: the job's state, written as it goes on. `python -m sojourn.app.import_jobs DATA JOB` is that process.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import signal
import subprocess
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from sojourn.records.errors import FolderBusy, SojournError
from sojourn.store import import_jobs
from sojourn.store.folder import open_folder
from sojourn.store.import_jobs import ImportState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sojourn.store.folder import Folder
    from sojourn.store.import_jobs import ImportJob

_TELL_S = 0.25
_BUSY_S = 0.5
_NICE = 5
_END_S = 10.0


class ImportJobs:
    """Begins the processes of one console, and ends them with it."""

    def __init__(self, folder: Folder) -> None:
        """Begin none yet."""
        self._folder = folder
        self._lock = threading.Lock()
        self._running: list[subprocess.Popen[bytes]] = []

    def start(self, job: str) -> None:
        """Begin the process of a job, and return at once."""
        command = [sys.executable, "-m", "sojourn.app.import_jobs", str(self._folder.path), job]
        with self._lock:
            self._running = [process for process in self._running if process.poll() is None]
            self._running.append(subprocess.Popen(command, stdin=subprocess.DEVNULL))  # noqa: S603  (our own program, ids that were checked)

    def close(self) -> None:
        """End what still runs; nothing of a file that is not whole is stored."""
        with self._lock:
            for process in self._running:
                process.terminate()
            for process in self._running:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(_END_S)
            self._running = []


class _Cancelled(Exception):
    """Somebody asked to stop."""


class _Telling:
    """Writes how far an import is, a few times a second, and notices when it is to stop."""

    def __init__(self, folder: Folder, job: ImportJob) -> None:
        self._folder, self._job = folder, job
        self._told = 0.0
        self.guesses: tuple[str, ...] = ()

    def guessed(self, lines: Sequence[str]) -> None:
        self.guesses = (*self.guesses, *lines)

    def __call__(self, what: str, done: int, of: int) -> None:
        now = time.monotonic()
        if now - self._told < _TELL_S:
            return
        self._told = now
        # What is stored already is indexed to the end: there is nothing left to cancel.
        if what.startswith("reading"):
            self.check()
            what = f"reading {self._job.name}"
        self.tell(ImportState("running", what, done, of, self.guesses))

    def check(self) -> None:
        if import_jobs.is_cancelled(self._folder, self._job.id):
            raise _Cancelled

    def tell(self, state: ImportState) -> None:
        import_jobs.tell_state(self._folder, self._job.id, state)

    def end(self, state: ImportState) -> None:
        at = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
        self.tell(
            ImportState(state.status, guesses=self.guesses, counts=state.counts, error=state.error, finished_at=at)
        )


_ENDED = ImportState("cancelled", error="the console ended; start the import again")


def _came_of(error: BaseException | None, kind: type[BaseException]) -> bool:
    """Whether an error, or what caused it, is of a kind."""
    while error is not None and not isinstance(error, kind):
        error = error.__cause__ or error.__context__
    return error is not None


def run(folder: Folder, job: str) -> ImportState:
    """Do a job to its end, whatever that is.

    Args:
        folder: The data folder.
        job: Its id.

    Raises:
        FolderBusy: Another process does it.
    """
    found, _ = import_jobs.find_job(folder, job)
    with import_jobs.doing(folder, job):
        telling = _Telling(folder, found)
        try:
            telling.end(ImportState("done", counts=_imported(folder, found, telling)))
            import_jobs.forget_upload(folder, found)
        except _Cancelled:
            telling.end(ImportState("cancelled"))
        except KeyboardInterrupt:
            telling.end(_ENDED)
        except SojournError as error:
            telling.end(ImportState("failed", error=str(error).replace(found.path, found.name)))
        except Exception as error:  # noqa: BLE001  (whatever it is, the page must say that it is over)
            if _came_of(error, KeyboardInterrupt):
                # In the middle of a kernel's call the interruption comes out as an error of the call.
                telling.end(_ENDED)
                return import_jobs.find_job(folder, job)[1]
            traceback.print_exc()
            words = f"the import failed unexpectedly ({type(error).__name__}); nothing of the file was stored"
            telling.end(ImportState("failed", error=words))
    return import_jobs.find_job(folder, job)[1]


def _imported(folder: Folder, job: ImportJob, telling: _Telling) -> dict[str, int]:
    from sojourn.api.import_mapping import mapping_of, source_of  # noqa: PLC0415  (heavy)
    from sojourn.app.importing import import_files  # noqa: PLC0415  (heavy)

    while True:
        telling.check()
        try:
            result = import_files(
                [Path(job.path)],
                folder.path,
                mapping_of(job.asked),
                source=source_of(job.asked),
                drop_duplicates="drop_duplicates" in job.asked,
                on_guess=telling.guessed,
                on_progress=telling,
            )
        except FolderBusy:
            telling.tell(ImportState("waiting", "waiting for another import, or for the keeper"))
            time.sleep(_BUSY_S)
            continue
        return result.to_dict()


def _interrupt(*_signal: object) -> None:
    raise KeyboardInterrupt


def main(arguments: Sequence[str]) -> None:
    """The process of one job."""
    data, job = arguments
    signal.signal(signal.SIGTERM, _interrupt)
    os.nice(_NICE)
    run(open_folder(data), job)


if __name__ == "__main__":
    main(sys.argv[1:])
