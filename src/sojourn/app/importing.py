"""Importing files: reading, storing and indexing wired together.

In: files and a mapping. Out: one durable commit a file, an index that shows them, and the counts.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sojourn.collect.imports.read import read_batches
from sojourn.records.errors import BadFile
from sojourn.store.append import Append, AppendCounts
from sojourn.store.compaction import FRESH_FILES, compact
from sojourn.store.durable import clear_errors
from sojourn.store.events import FRESH, EventsTable
from sojourn.store.folder import create_folder
from sojourn.store.index import refresh_index
from sojourn.store.sqlite import database, queries

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from sojourn.collect.imports.mapping import Mapping
    from sojourn.store.folder import Folder
    from sojourn.store.index_build import Manifest


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What an import did; `read == imported + duplicates + rejected`.

    Attributes:
        read: Rows read.
        imported: Rows stored as events.
        duplicates: Rows stored already, or sent twice with one message id, and skipped.
        repeated: Equal rows of one file that were kept; they are among `imported`.
        rejected: Rows put in quarantine.
        persons: Persons in the data folder afterwards.
        bots: Imported events of self-declared crawlers.
    """

    read: int
    imported: int
    duplicates: int
    repeated: int
    rejected: int
    persons: int
    bots: int

    def to_dict(self) -> dict[str, int]:
        """The same as a dictionary."""
        return asdict(self)

    def sentence(self) -> str:
        """The counts in one line."""
        notes = [f"{self.repeated:,} repeated"] if self.repeated else []
        notes += [f"{self.bots:,} of bots, left out by default"] if self.bots else []
        kept = f"imported {self.imported:,} events" + (f" ({', '.join(notes)})" if notes else "")
        rest = f"{self.duplicates:,} duplicates skipped, {self.rejected:,} rejected"
        return f"read {self.read:,} rows: {kept}, {rest}; {self.persons:,} persons"


def import_files(  # noqa: PLR0913  (the options of an import)
    files: Sequence[Path],
    data: Path,
    mapping: Mapping,
    *,
    source: str = "import",
    drop_duplicates: bool = False,
    on_guess: Callable[[Sequence[str]], None] | None = None,
    on_progress: Callable[[str, int, int], None] | None = None,
) -> ImportResult:
    """Import files into a data folder, each in one atomic commit, and index them.

    Args:
        files: Event logs.
        data: The data folder; made when it does not exist.
        mapping: What is known of the columns; the rest is guessed.
        source: Name under which the events are kept; message ids are unique within it.
        drop_duplicates: Skip rows equal to an earlier row of the same file.
        on_guess: Called with lines that say what was guessed.
        on_progress: Called with what is done, how much of it, and of how much.

    Raises:
        BadFile: A file cannot be read; files before it stay imported.
        StorageFull: The disk is full; nothing of the file was stored.
        FolderBusy: Another process is writing to the folder.
    """
    for file in files:
        check_readable(file)
    folder = create_folder(data)
    report = on_progress or (lambda _what, _done, _of: None)
    total = AppendCounts()
    with folder.writing():
        for file in files:
            counts = _import_file(folder, file, mapping, source, drop_duplicates, on_guess, report)
            total = AppendCounts(**{name: getattr(total, name) + n for name, n in asdict(counts).items()})
        manifest = _indexed(folder, report)
    return ImportResult(**asdict(total), persons=manifest.persons)


def check_readable(file: Path) -> None:
    """Say clearly what is wrong with a path before anything is made.

    Raises:
        BadFile: It is not there, or is a folder.
    """
    if file.is_dir():
        message = f"{file} is a folder; name the files in it, for instance {file}/*"
        raise BadFile(message)
    if not file.exists():
        message = f"there is no file {file}"
        raise BadFile(message)


def _import_file(  # noqa: PLR0913  (the options of one import, passed on once)
    folder: Folder,
    file: Path,
    mapping: Mapping,
    source: str,
    drop_duplicates: bool,  # noqa: FBT001  (passed on once)
    on_guess: Callable[[Sequence[str]], None] | None,
    report: Callable[[str, int, int], None],
) -> AppendCounts:
    with clear_errors(folder.path, f"nothing of {file.name} was stored"):
        append = Append(folder, source=source, drop_repeats=drop_duplicates)
        try:
            for batch in read_batches(
                file,
                mapping,
                on_guess=on_guess,
                on_progress=lambda done, of: report(f"reading {file.name}", done, of),
                secret=folder.secret,
            ):
                append.add(batch)
            counts = append.finish()
        except BaseException:
            append.abandon()
            raise
    now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    record: dict[str, Any] = {**asdict(counts), "file": str(file), "source": source, "finished_at": now}
    with (
        clear_errors(folder.path, f"{file.name} was stored, and is missing in the list of imports"),
        database(folder.control, "control") as control,
    ):
        queries("control").add_import(control, **record)
    return counts


def _indexed(folder: Folder, report: Callable[[str, int, int], None]) -> Manifest:
    """An index of what was imported, after a compaction when many small imports have piled up."""
    fresh = sum(file.bucket == FRESH for file in EventsTable(folder.events).read().files)
    if fresh > FRESH_FILES:
        compact(folder, progress=report)
    return refresh_index(folder, progress=report)
