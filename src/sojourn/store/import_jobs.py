"""Imports that somebody prepared or that run in the background: each a folder of small files, so that any process can follow it.

In: a job and what becomes of it. Out: the same, whoever asks. Never reads the file that is imported.

`imports/ID/job.json` says what is to be imported, `state.json` how far it is, `lock` is held by the process that does it, `cancel` asks that
one to stop; the uploaded file lies beside them until it is imported.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import fcntl
import os
import re
import secrets
import shutil
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from sojourn.records.errors import BadOption, FolderBusy
from sojourn.store.durable import clear_errors, replace_file
from sojourn.store.running import is_held

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sojourn.store.folder import Folder

Status = Literal["draft", "waiting", "running", "done", "failed", "cancelled"]
_ID = re.compile(r"\d{8}-[0-9a-f]{12}")
_UNSAFE = re.compile(r"[^\w.\- ]")
_LONGEST_NAME = 120
_KEPT_DAYS = 7
_STARTING_S = 20.0


class ImportJob(msgspec.Struct, frozen=True):
    """A file that somebody wants to import.

    Attributes:
        id: Name of its folder.
        name: What to call the file.
        path: Where it is.
        uploaded: Whether it is a copy of our own, which goes when it is imported.
        made_by: Who brought it.
        made_at: When, ISO 8601 UTC.
        asked: What its columns mean, as `api.import_mapping` reads it; empty until it is started.
        started_at: When it was started, ISO 8601 UTC; None: it is a draft.
    """

    id: str
    name: str
    path: str
    uploaded: bool
    made_by: str
    made_at: str
    asked: dict[str, list[str]] = {}
    started_at: str | None = None


class ImportState(msgspec.Struct, frozen=True):
    """How far an import is.

    Attributes:
        status: `draft`, `waiting` for the folder, `running`, `done`, `failed`, `cancelled`.
        what: What is being done.
        done: How much of it.
        of: Of how much.
        guesses: What was guessed of the file.
        counts: What became of its rows, when it is done.
        error: Why it failed.
        finished_at: When it ended, ISO 8601 UTC.
    """

    status: Status
    what: str = ""
    done: int = 0
    of: int = 0
    guesses: tuple[str, ...] = ()
    counts: dict[str, int] = {}
    error: str = ""
    finished_at: str | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing will change any more."""
        return self.status in ("done", "failed", "cancelled")


def new_upload(folder: Folder, name: str) -> tuple[str, Path]:
    """Make room for a file that is to be imported.

    Args:
        folder: The data folder.
        name: As the browser says it; made harmless.

    Returns:
        The id of its job, and where an uploaded one is to be written.
    """
    _forget_old(folder)
    job = f"{_now():%Y%m%d}-{secrets.token_hex(6)}"
    place = _place(folder, job)
    with clear_errors(folder.path, "nothing was uploaded"):
        place.mkdir(parents=True, mode=0o700)
    return job, place / f"file-{safe_name(name)}"


def keep_job(folder: Folder, job: ImportJob) -> None:
    """Write what is to be imported."""
    place = _place(folder, job.id)
    with clear_errors(folder.path, "the import was not kept"):
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        replace_file(place / "job.json", msgspec.json.encode(job))


def find_job(folder: Folder, job: str) -> tuple[ImportJob, ImportState]:
    """A job and how far it is.

    Raises:
        BadOption: There is none of this id.
    """
    try:
        found = msgspec.json.decode((_place(folder, job) / "job.json").read_bytes(), type=ImportJob)
    except (OSError, msgspec.DecodeError) as error:
        raise BadOption("there is no such import any more; bring the file again") from error
    return found, _state(folder, found)


def jobs(folder: Folder) -> list[tuple[ImportJob, ImportState]]:
    """Every job, newest first."""
    found = []
    with contextlib.suppress(FileNotFoundError):
        for place in (folder.path / "imports").iterdir():
            if _ID.fullmatch(place.name):
                with contextlib.suppress(BadOption):
                    found.append(find_job(folder, place.name))
    return sorted(found, key=lambda pair: (pair[0].made_at, pair[0].id), reverse=True)


def tell_state(folder: Folder, job: str, state: ImportState) -> None:
    """Write how far a job is."""
    with clear_errors(folder.path, "how far the import is could not be kept"):
        replace_file(_place(folder, job) / "state.json", msgspec.json.encode(state))


def begin(folder: Folder, job: ImportJob, asked: dict[str, list[str]]) -> ImportJob:
    """Say that a job is to be done; a process begins with it afterwards.

    Raises:
        FolderBusy: It is being done.
    """
    if is_held(_place(folder, job.id) / "lock"):
        raise FolderBusy("this import runs already")
    (_place(folder, job.id) / "cancel").unlink(missing_ok=True)
    begun = msgspec.structs.replace(job, asked=asked, started_at=f"{_now():%Y-%m-%dT%H:%M:%SZ}")
    tell_state(folder, job.id, ImportState("waiting", "starting"))
    keep_job(folder, begun)
    return begun


def ask_to_cancel(folder: Folder, job: str) -> None:
    """Ask the process that does a job to stop; it does so between two pieces of the file, and nothing of it is stored."""
    (_place(folder, job) / "cancel").touch()


def is_cancelled(folder: Folder, job: str) -> bool:
    """Whether somebody asked that."""
    return (_place(folder, job) / "cancel").exists()


def forget_job(folder: Folder, job: str) -> None:
    """Throw a job away with its uploaded file.

    Raises:
        FolderBusy: It is being done.
    """
    if is_held(_place(folder, job) / "lock"):
        raise FolderBusy("this import runs; cancel it first")
    shutil.rmtree(_place(folder, job), ignore_errors=True)


def forget_upload(folder: Folder, job: ImportJob) -> None:
    """Delete the uploaded file of a job that is done."""
    for file in _place(folder, job.id).glob("file-*") if job.uploaded else ():
        file.unlink(missing_ok=True)


def forget_uploads(folder: Folder) -> int:
    """Delete uploaded files that are not imported, with their jobs: nobody can say whom a packed file names.

    Returns:
        How many. A file that is being imported stays; what its rows say of erased persons is refused.
    """
    found = [job for job, state in jobs(folder) if job.uploaded and state.status != "done"]
    gone = 0
    for job in found:
        with contextlib.suppress(FolderBusy):
            forget_job(folder, job.id)
            gone += 1
    return gone


@contextlib.contextmanager
def doing(folder: Folder, job: str) -> Iterator[None]:
    """Be the process that does a job.

    Raises:
        FolderBusy: Another one does it.
    """
    descriptor = os.open(_place(folder, job) / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise FolderBusy("this import runs already") from error
        yield
    finally:
        os.close(descriptor)


def safe_name(name: str) -> str:
    """The last part of a file's name, without what could mean something to a shell or a path."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return (_UNSAFE.sub("_", last).strip(" .") or "upload")[-_LONGEST_NAME:]


def _state(folder: Folder, job: ImportJob) -> ImportState:
    if job.started_at is None:
        return ImportState("draft")
    place = _place(folder, job.id)
    try:
        state = msgspec.json.decode((place / "state.json").read_bytes(), type=ImportState)
        age_s = _now().timestamp() - (place / "state.json").stat().st_mtime
    except (OSError, msgspec.DecodeError):
        return ImportState("failed", error="its state cannot be read; start it again")
    starting = state.what == "starting" and age_s < _STARTING_S
    if not state.is_over and not starting and not is_held(place / "lock"):
        # Read once more: it may have ended between the two looks.
        again = msgspec.json.decode((place / "state.json").read_bytes(), type=ImportState)
        if not again.is_over:
            return msgspec.structs.replace(
                again, status="failed", error="its process was ended; nothing of the file was stored, start it again"
            )
        return again
    return state


def _place(folder: Folder, job: str) -> Path:
    if not _ID.fullmatch(job):
        raise BadOption("there is no such import")
    return folder.path / "imports" / job


def _forget_old(folder: Folder) -> None:
    """Files that were uploaded and never imported go after a week."""
    for job, state in jobs(folder):
        age: Any = _now() - dt.datetime.fromisoformat(job.made_at)
        if age.days >= _KEPT_DAYS and state.status != "done":
            with contextlib.suppress(FolderBusy):
                forget_job(folder, job.id)


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
