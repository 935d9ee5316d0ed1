"""Imports as somebody runs them from a page: a file is brought, looked at, imported in the background, followed, cancelled.

In: a data folder, files, and who asks. Out: jobs and what became of them. Reads no file as events itself: `app.import_jobs` does, in a
process of its own.
"""

from __future__ import annotations

import datetime as dt
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from sojourn.api.import_mapping import Preview, kept_fields, mapping_of, preview, source_of
from sojourn.records.errors import BadFile, BadOption, BodyTooLarge, StorageFull
from sojourn.store import audit, decided, import_jobs
from sojourn.store.durable import clear_errors
from sojourn.store.import_jobs import ImportJob, ImportState

if TYPE_CHECKING:
    from collections.abc import Mapping as Values
    from collections.abc import Sequence
    from typing import BinaryIO

    from sojourn.store.folder import Folder

__all__ = ["ImportDone", "ImportJob", "ImportState", "Preview", "RunsImports", "Upload", "WaitingFile"]
"""Besides the functions."""
MOST_BYTES = 4 << 30
"""Largest file that may be uploaded; larger ones are put into the folder `incoming`."""
INCOMING = "incoming"
"""Folder of the data folder whose files an admin may import without an upload."""
TOO_LARGE = (
    f"a file of more than {MOST_BYTES / 1e9:,.1f} GB cannot be uploaded; put it into {INCOMING}/ of the data folder, "
    "or import it with `sojourn import`"
)
_ROOM = 512 << 20
_LISTED = 200


class RunsImports(Protocol):
    """Who begins the process of a job; `app.import_jobs.ImportJobs` does."""

    def start(self, job: str, /) -> None:
        """Begin, and return at once."""


@dataclass(frozen=True, slots=True)
class WaitingFile:
    """A file in the folder `incoming`.

    Attributes:
        name: Its path within that folder.
        bytes: Its size.
    """

    name: str
    bytes: int


@dataclass(frozen=True, slots=True)
class ImportDone:
    """A finished import of one file, from wherever it was started.

    Attributes:
        file: Name of the file.
        source: Source it was imported under.
        finished_at: When, ISO 8601 UTC.
        read: Rows read.
        imported: Rows that became events.
        duplicates: Rows that were there before.
        rejected: Rows in quarantine.
    """

    file: str
    source: str
    finished_at: str
    read: int
    imported: int
    duplicates: int
    rejected: int


class Upload:
    """A file on its way into the data folder; what is not finished is deleted."""

    def __init__(self, folder: Folder, name: str, *, who: str, most: int = MOST_BYTES) -> None:
        """Open it for writing.

        Args:
            folder: The data folder.
            name: As the browser says it.
            who: Who uploads.
            most: Largest size in bytes.
        """
        self._folder, self._who, self._most = folder, who, most
        self.name = import_jobs.safe_name(name)
        self.job, self._path = import_jobs.new_upload(folder, name)
        self._file: BinaryIO = self._path.open("xb")
        self.bytes = 0

    def write(self, piece: bytes) -> None:
        """Add a piece.

        Raises:
            BodyTooLarge: The file is larger than may be uploaded.
            StorageFull: The disk is full, or nearly.
        """
        self.bytes += len(piece)
        if self.bytes > self._most:
            raise BodyTooLarge(TOO_LARGE)
        if shutil.disk_usage(self._folder.path).free < _ROOM:
            raise StorageFull("less than 512 MB are free on the disk of the data folder; free some, and upload again")
        with clear_errors(self._folder.path, "nothing was uploaded"):
            self._file.write(piece)

    def finish(self) -> ImportJob:
        """Make a draft of it.

        Raises:
            BadOption: It is empty.
        """
        self._file.close()
        if not self.bytes:
            self.give_up()
            raise BadOption("choose a file that is not empty")
        job = ImportJob(self.job, self.name, str(self._path), uploaded=True, made_by=self._who, made_at=_now())
        import_jobs.keep_job(self._folder, job)
        audit.record(
            self._folder, who=self._who, what="uploaded a file", detail={"file": self.name, "bytes": self.bytes}
        )
        return job

    def give_up(self) -> None:
        """Delete what came."""
        self._file.close()
        import_jobs.forget_job(self._folder, self.job)


def waiting_files(folder: Folder) -> list[WaitingFile]:
    """Files in the folder `incoming`, by name, at most 200."""
    base = folder.path / INCOMING
    if not base.is_dir():
        return []
    files = sorted(path for path in base.rglob("*") if path.is_file() and not path.name.startswith("."))
    return [WaitingFile(str(path.relative_to(base)), path.stat().st_size) for path in files[:_LISTED]]


def take_waiting(folder: Folder, name: str, *, who: str) -> ImportJob:
    """Make a draft of a file in the folder `incoming`, which stays where it is.

    Raises:
        BadFile: There is no such file in it.
    """
    base = (folder.path / INCOMING).resolve()
    path = (base / name).resolve()
    if not path.is_relative_to(base) or not path.is_file():
        message = f"there is no file {name[:100]!r} in {INCOMING}/ of the data folder"
        raise BadFile(message)
    job, _ = import_jobs.new_upload(folder, path.name)
    draft = ImportJob(job, path.name, str(path), uploaded=False, made_by=who, made_at=_now())
    import_jobs.keep_job(folder, draft)
    return draft


def look_at(folder: Folder, job: ImportJob, values: Values[str, Sequence[str]]) -> Preview:
    """What a file looks like under what a form says of it.

    Raises:
        BadOption: A field of the form has a value that it does not know.
    """
    return preview(Path(job.path), mapping_of(values), secret=folder.secret, name=job.name)


def start(folder: Folder, job: ImportJob, values: Values[str, Sequence[str]], *, runs: RunsImports, who: str) -> None:
    """Import a file in the background.

    Raises:
        BadOption: A field of the form has a value that it does not know.
        FolderBusy: It runs already.
    """
    mapping_of(values)
    source_of(values)
    asked = kept_fields(values)
    import_jobs.begin(folder, job, asked)
    audit.record(folder, who=who, what="started an import", detail={"file": job.name, "columns": asked})
    runs.start(job.id)


def cancel(folder: Folder, job: ImportJob, *, who: str) -> None:
    """Stop an import; nothing of its file is stored, unless all of it was already."""
    import_jobs.ask_to_cancel(folder, job.id)
    audit.record(folder, who=who, what="cancelled an import", detail={"file": job.name})


def throw_away(folder: Folder, job: ImportJob, *, who: str) -> None:
    """Forget a draft or what became of an import; events stay.

    Raises:
        FolderBusy: It runs.
    """
    import_jobs.forget_job(folder, job.id)
    audit.record(folder, who=who, what="threw an import away", detail={"file": job.name})


def find(folder: Folder, job: str) -> tuple[ImportJob, ImportState]:
    """A job and how far it is.

    Raises:
        BadOption: There is none of this id.
    """
    return import_jobs.find_job(folder, job)


def listed(folder: Folder) -> list[tuple[ImportJob, ImportState]]:
    """Jobs, newest first."""
    return import_jobs.jobs(folder)


def done(folder: Folder) -> list[ImportDone]:
    """Imports that were finished, newest first, whoever ran them."""
    rows = reversed(decided.imports(folder))
    return [
        ImportDone(_called(file), source, at, read, imported, duplicates, rejected)
        for _, file, source, at, read, imported, duplicates, _, rejected, _ in rows
    ]


def _called(file: str) -> str:
    name = Path(file).name
    return name.removeprefix("file-") if Path(file).parent.parent.name == "imports" else name


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
