"""The index: what the kernels scan. Derived from the events table and disposable.

In: a version of the events table. Out: for each bucket of persons, their rows sorted by (person, time, seq) in
memory-mapped files, and a file for each column that a question asked for. Readers never block the writer: a new
index is a new generation of files, made visible by one rename.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import os
import shutil
import uuid
from typing import TYPE_CHECKING, TypeVar

import msgspec
import numpy as np
import pyarrow as pa

from sojourn.identify.sets import among, distinct
from sojourn.records.enrichment.derived import DERIVED, RULES
from sojourn.records.errors import FolderBusy, NotADataFolder, NotWritable, UnknownColumn
from sojourn.records.progress import tell
from sojourn.store.buckets import Bucket
from sojourn.store.column_source import BySeq, ColumnSource
from sojourn.store.columns import (
    Column,
    MappedNames,
    NumberColumn,
    TextColumn,
    map_columns,
    map_names,
    write_columns,
    write_names,
)
from sojourn.store.durable import clear_errors, replace_file, sync_file, sync_folder
from sojourn.store.events import EventsTable
from sojourn.store.flush import flush
from sojourn.store.identities import map_identities, newer_identities
from sojourn.store.index_build import ROW_COLUMNS, Manifest, RowReader, build_index, placed, read_manifest
from sojourn.store.link_control import read_control
from sojourn.store.links import actors_at
from sojourn.store.overlay import NO_ROWS, NOT_MOVED, Moved, Overlay, Rows, column_over, lay_over, rows_of
from sojourn.store.persons_table import publish_persons
from sojourn.store.tail import read_version

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from sojourn.identify.persons import PersonMap
    from sojourn.store.events import Version
    from sojourn.store.folder import Folder
    from sojourn.store.identities import Identities

T = TypeVar("T")
COLUMN_LIMIT = 64
"""Column files kept; the one unused for longest goes first."""
_ABSENT = "absent"
_TRIES = 3
"""A compaction may replace the files under a reader; it then reads the new ones."""
_NEW_SHARE = 0.05
_NEW_ALWAYS = 10_000
"""Rows up to this share of the index, or this many, are merged in memory instead of building a new index."""
_MOST_MEANWHILE = 1_000_000
"""Rows that are merged in memory at most while somebody else is writing, and perhaps building that index."""


class Index:
    """One generation of the index, open for reading."""

    def __init__(self, folder: Folder, manifest: Manifest, *, progress: Callable[[str, int, int], None]) -> None:
        """Map the buckets."""
        self.folder = folder
        self.manifest = manifest
        self._progress = progress
        self._path = folder.index / manifest.generation
        self._columns: dict[str, list[Column]] = {}
        self._base = [_map_bucket(self._path, number) for number in range(1 << manifest.bits)]
        self._overlay: Overlay | None = None
        self._newer: Version | None = None
        self.buckets = self._base
        self.identities = map_identities(self._path)

    def merge_newer(self, version: Version, newer: Version, *, most: int | None = None) -> bool:
        """Merge in memory what the index does not hold: later rows, and rows that are somebody else's by now.

        Args:
            version: The files that hold all events.
            newer: Those of them that hold rows past this index's `seq`, if any; rows up to its own `seq` are merged.
            most: Rows that may move at most; None: by the size of the index.

        Returns:
            Whether it could be done: not when too many rows would move.
        """
        control = read_control(self.folder)
        older = self.identities
        if not set(older.control.junk) <= set(control.junk):
            # Links of an id that names somebody again are not kept with the index.
            return False
        after = self.manifest.seq
        identities = newer_identities(older, version, newer, self.folder.secret, control, after=after)
        moved = self._moved(version, identities, _most_rows(self.manifest) if most is None else most)
        if moved is None:
            return False
        read = RowReader(self.manifest.events)
        groups = (placed(group, after, newer.seq) for group in EventsTable(self.folder.events).scan(newer, ROW_COLUMNS))
        columns = [read.columns(group, identities.persons) for group in groups if group.num_rows]
        rows = Rows(*(np.concatenate(column) for column in zip(*columns, strict=True))) if columns else NO_ROWS
        self.identities = identities
        if len(rows.seq) or len(moved.rows.seq):
            self._overlay = lay_over(self._base, rows, bits=self.manifest.bits, moved=moved)
            self._newer = newer if len(rows.seq) else None
            self.buckets = self._overlay.buckets
        self.manifest = _with_newer(self.manifest, newer, read, self.buckets)
        return True

    def _moved(self, version: Version, identities: Identities, most: int) -> Moved | None:
        """Rows of this index that are somebody else's by now; None when there are too many."""
        changed = identities.moved()
        if not len(changed.actor):
            return NOT_MOVED
        older = self.identities
        before = distinct(older.persons(changed.actor))
        found = rows_of(self._base, before, bits=self.manifest.bits, most=most)
        if found is None:
            return None
        now = identities.persons(found.rows.person)
        theirs = among(older.person, before)
        actors, persons = older.actor[theirs], older.person[theirs]
        # Where a person's actors go different ways, the events themselves tell whose each is.
        torn = distinct(persons[identities.persons(actors) != identities.persons(persons)])
        mixed = among(found.rows.person, torn)
        if mixed.any():
            now[mixed] = identities.persons(actors_at(version, found.rows.seq[mixed]))
        return dataclasses.replace(found, rows=dataclasses.replace(found.rows, person=now))

    def person_map(self) -> PersonMap:
        """Which person each actor belongs to that is not called after itself, as the rows are grouped here."""
        return self.identities.person_map()

    def column(self, name: str) -> list[Column]:
        """A column of every bucket, built from the table when nobody asked for it before.

        Args:
            name: A fixed column, a property, or a path such as `context.page.path` or `traits.plan`.

        Raises:
            UnknownColumn: No event has it.
        """
        if name not in self._columns:
            self._columns[name] = self._column(name)
        return self._columns[name]

    def _column(self, name: str) -> list[Column]:
        """The index's own column, with the newer rows' values merged in."""
        if self._overlay is None:
            return self._base_column(name)
        newer: BySeq | None = None
        try:
            with contextlib.suppress(UnknownColumn):
                if self._newer is not None:
                    newer = ColumnSource(EventsTable(self.folder.events), self._newer).read(
                        name, progress=lambda _done, _of: None
                    )
            over = column_over(self._overlay, self._base_column(name), newer)
        except UnknownColumn:
            if newer is None:
                raise
            over = None
        except FileNotFoundError:
            # A compaction put the newer rows into other files.
            over = None
        return over or _in_memory(self._read_column(name), self.buckets)

    def _base_column(self, name: str) -> list[Column]:
        """The column in the index's own buckets, from its files or built now."""
        # What older rules derived is not read again.
        known_as = f"{name}\0{RULES}" if name in DERIVED else name
        place = self._path / "columns" / hashlib.blake2b(known_as.encode(), digest_size=12).hexdigest()
        try:
            with clear_errors(self.folder.path, f"the column {name} was not indexed"):
                return self._open_column(name, place)
        except (FileNotFoundError, NotWritable):
            # A newer index took the place of this one, or the folder is not ours to write: nothing is kept.
            return _in_memory(self._read_column(name), self._base)

    def _open_column(self, name: str, place: Path) -> list[Column]:
        if not place.exists():
            self._build_column(name, place)
        with contextlib.suppress(PermissionError):
            os.utime(place)
        if (place / _ABSENT).exists():
            raise UnknownColumn((place / _ABSENT).read_text())
        return self._map_column(place)

    def _map_column(self, place: Path) -> list[Column]:
        files = [map_columns(place / f"{bucket.number:03d}.arrow") for bucket in self._base]
        if (place / "names.arrow").exists():
            names = map_names(place / "names.arrow")
            return [TextColumn(file["codes"], names) for file in files]
        return [NumberColumn(file["values"]) for file in files]

    def _build_column(self, name: str, place: Path) -> None:
        """Read the column by place in the log, then spread it over the buckets' rows."""
        place.parent.mkdir(exist_ok=True)
        fresh = place.with_name(f".{place.name}-{uuid.uuid4().hex}")
        fresh.mkdir()
        try:
            self._write_column(name, fresh)
            sync_folder(fresh)
            with contextlib.suppress(FileExistsError):
                # Another reader may have built the same column first; its files are as good as ours.
                _rename(fresh, place)
        finally:
            shutil.rmtree(fresh, ignore_errors=True)
        _forget_unused(place.parent)

    def _write_column(self, name: str, place: Path) -> None:
        try:
            by_seq = self._read_column(name)
        except UnknownColumn as error:
            # Questions ask for columns a log may lack, such as revenue: it is searched for them once.
            (place / _ABSENT).write_text(str(error))
            sync_file(place / _ABSENT)
            return
        for bucket in self._base:
            write_columns(place / f"{bucket.number:03d}.arrow", {by_seq.kind: by_seq.at(bucket.seq)})
            self._progress(f"indexing {name}", bucket.number + 1, len(self._base))
        if by_seq.names is not None:
            write_names(place / "names.arrow", by_seq.names)

    def _read_column(self, name: str) -> BySeq:
        """A column of the newest version: it holds every event of ours, by the same places in the log."""
        table = EventsTable(self.folder.events)

        def report(done: int, of: int) -> None:
            self._progress(f"reading {name}", done, of)

        def read() -> BySeq:
            version = read_version(self.folder)
            if version.number < self.manifest.version:
                message = f"{self.folder.path} was deleted or replaced meanwhile; open it again"
                raise NotADataFolder(message)
            return ColumnSource(table, version).read(name, progress=report)

        return retried(read)


def open_index(folder: Folder, *, progress: Callable[[str, int, int], None] | None = None) -> Index:
    """Open the index, building it first when a crash left it behind the events table.

    Raises:
        NotADataFolder: Nothing was imported yet.
        FolderBusy: There is no index yet and another process is making it.
    """
    report = progress or tell
    return retried(lambda: _open(folder, report))


def retried(read: Callable[[], T]) -> T:
    """Read again, a few times, when a writer replaced files between finding and opening them."""
    for _ in range(_TRIES - 1):
        with contextlib.suppress(FileNotFoundError):
            return read()
    return read()


def _open(folder: Folder, report: Callable[[str, int, int], None]) -> Index:
    manifest = read_manifest(folder)
    version = read_version(folder)
    if not version.rows:
        message = f"{folder.path} holds no events yet; `sojourn import FILE --data {folder.path}` puts some there"
        raise NotADataFolder(message)
    index = _current(folder, manifest, version, report)
    if index is not None:
        return index
    try:
        with folder.writing():
            # What a crash kept from being done is done now.
            flush(folder)
            manifest = build_index(folder, progress=report)
            publish_persons(folder)
    except FolderBusy:
        # Someone is writing, and an event that was accepted is not to be waited for until that is done.
        manifest = read_manifest(folder)
        if manifest is None:
            raise
        return _meanwhile(folder, manifest, report) or _as_last_shown(folder, manifest, report)
    # What was accepted since the flush.
    return _current(folder, manifest, read_version(folder), report) or Index(folder, manifest, progress=report)


def _meanwhile(folder: Folder, manifest: Manifest, report: Callable[[str, int, int], None]) -> Index | None:
    """The index with all events merged in that it lacks; None when those are too many, as after a large import."""
    version = read_version(folder)
    lacking = version.rows - manifest.rows
    if lacking > _MOST_MEANWHILE:
        return None
    files = tuple(file for file in version.files if file.first_seq > manifest.seq)
    if sum(file.rows for file in files) != lacking:
        # A compaction put newer rows beside older ones, or an erasure took some.
        files = version.files
    index = Index(folder, manifest, progress=report)
    newer = dataclasses.replace(version, files=files)
    return index if index.merge_newer(version, newer, most=_MOST_MEANWHILE) else None


def _as_last_shown(folder: Folder, manifest: Manifest, report: Callable[[str, int, int], None]) -> Index:
    """The index with the newer rows that readers had been shown already, wherever a writer has put them meanwhile."""
    index = Index(folder, manifest, progress=report)
    version = EventsTable(folder.events).read()
    files = tuple(file for file in version.files if file.first_seq <= manifest.visible)
    index.merge_newer(version, dataclasses.replace(version, files=files, seq=manifest.visible))
    return index


def refresh_index(folder: Folder, *, progress: Callable[[str, int, int], None] | None = None) -> Manifest:
    """Make the newest events visible: a new index, unless they are few enough to be merged in by every reader.

    For the holder of `Folder.writing`.

    Returns:
        What readers see from now on.
    """
    report = progress or tell
    manifest = read_manifest(folder)
    index = _current(folder, manifest, EventsTable(folder.events).read(), report)
    if index is None or manifest is None:
        return build_index(folder, progress=report)
    if index.manifest.visible > manifest.visible:
        shown = msgspec.structs.replace(manifest, visible=index.manifest.visible)
        replace_file(folder.index / "manifest.json", msgspec.json.encode(shown))
    return index.manifest


def _current(
    folder: Folder, manifest: Manifest | None, version: Version, report: Callable[[str, int, int], None]
) -> Index | None:
    """The index with all events of a version and its persons as they are now; None when a new one must be built for that."""
    newer = None if manifest is None else newer_files(manifest, version)
    if manifest is None or newer is None:
        return None
    index = Index(folder, manifest, progress=report)
    return index if index.merge_newer(version, newer) else None


def newer_files(manifest: Manifest, version: Version) -> Version | None:
    """The files that came after the index, when reading them anew at every start costs less than a new index.

    Returns:
        The version with those files only, if any; None when there are too many rows in them, or something else changed.
    """
    files = tuple(file for file in version.files if file.first_seq > manifest.seq)
    rows = sum(file.rows for file in files)
    # The tail of the log is in no version that an index could be built of: it is merged in, however long it is.
    stored = sum(file.rows for file in files if file.memory is None)
    if not rows and manifest.version != version.number:
        return None
    if version.rows - rows != manifest.rows or stored > _most_rows(manifest):
        return None
    return dataclasses.replace(version, files=files)


def _most_rows(manifest: Manifest) -> int:
    """Rows that are merged in memory at most, and that may move at most."""
    return max(_NEW_ALWAYS, int(manifest.rows * _NEW_SHARE))


def _with_newer(manifest: Manifest, newer: Version, read: RowReader, buckets: Sequence[Bucket]) -> Manifest:
    """What an index holds with newer rows merged in."""
    timed, rows = manifest.untimed < manifest.rows, sum(len(bucket.time) for bucket in buckets)
    untimed = manifest.untimed + read.untimed
    bounds = [(manifest.first_us, manifest.last_us)] if timed else []
    bounds += [(int(read.first_us), int(read.last_us))] if read.first_us <= read.last_us else []
    return msgspec.structs.replace(
        manifest,
        version=newer.number,
        rows=rows,
        persons=sum(len(bucket.person) for bucket in buckets),
        untimed=untimed,
        bots=manifest.bots + read.bots,
        first_us=min((first for first, _ in bounds), default=0),
        last_us=max((last for _, last in bounds), default=0),
        seq=newer.seq,
        visible=newer.seq,
        events=list(read.codes),
    )


def _in_memory(by_seq: BySeq, buckets: Sequence[Bucket]) -> list[Column]:
    """A column over the rows of buckets, without a file."""
    if by_seq.names is None:
        return [NumberColumn(by_seq.at(bucket.seq)) for bucket in buckets]
    names = MappedNames(by_seq.names.cast(pa.large_string()))
    return [TextColumn(by_seq.at(bucket.seq), names) for bucket in buckets]


def _rename(fresh: Path, place: Path) -> None:
    """Give a folder its name.

    Raises:
        FileExistsError: There is one of that name.
    """
    try:
        fresh.rename(place)
    except OSError as error:
        if place.exists():
            raise FileExistsError(error.errno, str(error)) from error
        raise


def _map_bucket(path: Path, number: int) -> Bucket:
    persons = map_columns(path / f"{number:03d}.persons.arrow")
    rows = map_columns(path / f"{number:03d}.rows.arrow")
    return Bucket(
        person=persons["person"][:-1],
        offset=persons["offset"],
        time=rows["time"],
        event=rows["event"],
        seq=rows["seq"],
        number=number,
    )


def _forget_unused(columns: Path) -> None:
    """Keep the column files within their limit."""
    with contextlib.suppress(FileNotFoundError):
        # Another reader may be forgetting the same ones.
        used = {place: place.stat().st_mtime for place in columns.iterdir() if not place.name.startswith(".")}
        for place in sorted(used, key=used.__getitem__)[:-COLUMN_LIMIT]:
            shutil.rmtree(place, ignore_errors=True)
