"""Importing files: reading, storing and indexing wired together.

In: files and a mapping. Out: one durable commit a file, an index that shows them, and the counts.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from sojourn.analyse.show.words import counted
from sojourn.collect.imports.incoming import check_there, incoming
from sojourn.collect.imports.read import read_batches
from sojourn.records.errors import BadFile, BadMapping
from sojourn.store.append import Append, AppendCounts
from sojourn.store.compaction import FRESH_FILES, compact
from sojourn.store.durable import clear_errors
from sojourn.store.events import FRESH, EventsTable
from sojourn.store.folder import create_folder
from sojourn.store.index import refresh_index
from sojourn.store.persons_table import publish_persons
from sojourn.store.sqlite import database, queries

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from sojourn.collect.imports.mapping import Mapping
    from sojourn.records.errors import SojournError
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
        skipped_files: Files that are no event log, or lack a column that was named; nothing of them was read.
    """

    read: int
    imported: int
    duplicates: int
    repeated: int
    rejected: int
    persons: int
    bots: int
    skipped_files: int = 0

    def to_dict(self) -> dict[str, int]:
        """The same as a dictionary."""
        return asdict(self)

    def sentence(self) -> str:
        """The counts in one line."""
        notes = [f"{self.repeated:,} of them equal to another row"] if self.repeated else []
        notes += [f"{self.bots:,} of bots, left out by default"] if self.bots else []
        kept = f"imported {counted(self.imported, 'event')}" + (f" ({', '.join(notes)})" if notes else "")
        rest = f"{counted(self.duplicates, 'duplicate')} skipped, {self.rejected:,} rejected"
        skipped = f"; {self.skipped_files:,} of the files skipped" if self.skipped_files else ""
        return f"read {counted(self.read, 'row')}: {kept}, {rest}; {counted(self.persons, 'person')}{skipped}"


def import_files(  # noqa: PLR0913  (the options of an import)
    files: Sequence[Path],
    data: Path,
    mapping: Mapping,
    *,
    source: str = "import",
    drop_duplicates: bool = False,
    on_guess: Callable[[Sequence[str]], None] | None = None,
    on_progress: Callable[[str, int, int], None] | None = None,
    on_bad_file: Callable[[Path, SojournError], None] | None = None,
) -> ImportResult:
    """Import files into a data folder, each in one atomic commit, and index them.

    Args:
        files: Event logs; `-` is standard input. A zip archive stands for the files in it, all in one commit.
        data: The data folder; made when it does not exist.
        mapping: What is known of the columns; the rest is guessed.
        source: Name under which the events are kept; message ids are unique within it.
        drop_duplicates: Skip rows equal to an earlier row of the same file.
        on_guess: Called with lines that say what was guessed.
        on_progress: Called with what is done, how much of it, and of how much.
        on_bad_file: Called with a file that is no event log, and why; the others are imported. None: it ends the import.

    Raises:
        BadFile: A file cannot be read; files before it stay imported.
        BadMapping: A file lacks a column that was named; the same holds.
        StorageFull: The disk is full; nothing of the file was stored.
        FolderBusy: Another process is writing to the folder.
    """
    for file in files if on_bad_file is None else ():
        check_there(file)
    folder = create_folder(data)
    report = on_progress or (lambda _what, _done, _of: None)
    tell = None if on_guess is None else _Telling(on_guess, several=len(files) > 1)
    total, skipped = AppendCounts(), 0
    with folder.writing():
        for file in files:
            try:
                check_there(file)
                counts = _import_file(folder, file, mapping, source, drop_duplicates, tell, report)
            except (BadFile, BadMapping) as error:
                if on_bad_file is None:
                    raise
                on_bad_file(file, error)
                skipped += 1
                continue
            total = AppendCounts(**{name: getattr(total, name) + n for name, n in asdict(counts).items()})
        manifest = _indexed(folder, report)
    return ImportResult(**asdict(total), persons=manifest.persons, skipped_files=skipped)


class _Telling:
    """Tells what was guessed; of several files each one's name, and nothing that the file before it told already."""

    def __init__(self, on_guess: Callable[[Sequence[str]], None], *, several: bool) -> None:
        self._on_guess, self._several = on_guess, several
        self._told: tuple[str, ...] | None = None

    def __call__(self, name: str, guesses: Sequence[str]) -> None:
        if tuple(guesses) == self._told:
            return
        named = self._several or self._told is not None
        self._told = tuple(guesses)
        self._on_guess([f"{name}:", *(f"  {guess}" for guess in guesses)] if named else guesses)


def _import_file(  # noqa: PLR0913  (the options of one import, passed on once)
    folder: Folder,
    file: Path,
    mapping: Mapping,
    source: str,
    drop_duplicates: bool,  # noqa: FBT001  (passed on once)
    tell: _Telling | None,
    report: Callable[[str, int, int], None],
) -> AppendCounts:
    with clear_errors(folder.path, f"nothing of {file.name} was stored"):
        append = Append(folder, source=source, drop_repeats=drop_duplicates, proven=mapping.proven)
        try:
            with incoming(file) as parts:
                for part in parts:
                    for batch in read_batches(
                        part.path,
                        mapping,
                        on_guess=None if tell is None else partial(tell, part.name),
                        on_progress=lambda done, of: report(f"reading {file.name}", done, of),
                        secret=folder.secret,
                        name=part.name,
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
    """The table of persons and an index of what was imported, after a compaction when many small imports have piled up."""
    fresh = sum(file.bucket == FRESH for file in EventsTable(folder.events).read().files)
    if fresh > FRESH_FILES:
        compact(folder, progress=report)
    manifest = refresh_index(folder, progress=report)
    publish_persons(folder)
    return manifest
