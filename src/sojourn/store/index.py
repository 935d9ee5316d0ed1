"""The index: what the kernels scan. Derived from the events table and disposable.

In: a version of the events table. Out: for each bucket of persons, their rows sorted by (person, time, seq) in
memory-mapped files, and a file for each column that a question asked for. Readers never block the writer: a new
index is a new generation of files, made visible by one rename.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import os
import shutil
import tempfile
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
import numpy as np
import pyarrow as pa

from sojourn.identify.persons import PersonMap, fold_links
from sojourn.records.errors import FolderBusy, NotADataFolder, NotWritable, UnknownColumn
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
from sojourn.store.grouping import group_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from sojourn.store.events import Version
    from sojourn.store.folder import Folder

T = TypeVar("T")
FORMAT = 1
COLUMN_LIMIT = 64
"""Column files kept; the one unused for longest goes first."""
_CORES = 2
_ABSENT = "absent"
_TRIES = 3
"""A compaction may replace the files under a reader; it then reads the new ones."""
_IN_MEMORY = 1 << 23
_U16 = 1 << 16


class Manifest(msgspec.Struct, frozen=True):
    """What the current generation of the index holds.

    Attributes:
        format: Version of this layout.
        version: Version of the events table it was built from.
        generation: Folder of its files.
        bits: Persons are in 2 ** bits buckets, by the top bits of their number.
        rows: Events in it.
        persons: Persons in it.
        untimed: Events without a time.
        bots: Events of self-declared crawlers.
        first_us: Earliest time, microseconds since 1970 UTC; 0 with no times.
        last_us: Latest time.
        events: Event names; an event's code is its place here.
    """

    format: int
    version: int
    generation: str
    bits: int
    rows: int
    persons: int
    untimed: int
    bots: int
    first_us: int
    last_us: int
    events: list[str]


@dataclass(frozen=True, slots=True)
class Bucket:
    """The rows of one bucket of persons, mapped from disk.

    Attributes:
        person: int64, ascending: one a person.
        offset: int64, persons + 1: where each person's rows begin.
        time: int64, one an event: microseconds since 1970 UTC, 0 without a time.
        event: uint16 or uint32 codes, one an event.
        seq: int64, one an event: its place in the log.
        number: Which bucket it is.
    """

    person: NDArray[np.int64]
    offset: NDArray[np.int64]
    time: NDArray[np.int64]
    event: NDArray[Any]
    seq: NDArray[np.int64]
    number: int


class Index:
    """One generation of the index, open for reading."""

    def __init__(self, folder: Folder, manifest: Manifest, *, progress: Callable[[str, int, int], None]) -> None:
        """Map the buckets."""
        self.folder = folder
        self.manifest = manifest
        self._progress = progress
        self._path = folder.index / manifest.generation
        self._columns: dict[str, list[Column]] = {}
        self.buckets = [_map_bucket(self._path, number) for number in range(1 << manifest.bits)]

    def column(self, name: str) -> list[Column]:
        """A column of every bucket, built from the table when nobody asked for it before.

        Args:
            name: A fixed column, a property, or a path such as `context.page.path` or `traits.plan`.

        Raises:
            UnknownColumn: No event has it.
        """
        if name not in self._columns:
            place = self._path / "columns" / hashlib.blake2b(name.encode(), digest_size=12).hexdigest()
            try:
                with clear_errors(self.folder.path, f"the column {name} was not indexed"):
                    self._columns[name] = self._open_column(name, place)
            except (FileNotFoundError, NotWritable):
                # A newer index took the place of this one, or the folder is not ours to write: nothing is kept.
                self._columns[name] = _in_memory(self._read_column(name), self.buckets)
        return self._columns[name]

    def _open_column(self, name: str, place: Path) -> list[Column]:
        if not place.exists():
            self._build_column(name, place)
        with contextlib.suppress(PermissionError):
            os.utime(place)
        if (place / _ABSENT).exists():
            raise UnknownColumn((place / _ABSENT).read_text())
        return self._map_column(place)

    def _map_column(self, place: Path) -> list[Column]:
        files = [map_columns(place / f"{bucket.number:03d}.arrow") for bucket in self.buckets]
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
        for bucket in self.buckets:
            write_columns(place / f"{bucket.number:03d}.arrow", {by_seq.kind: by_seq.at(bucket.seq)})
            self._progress(f"indexing {name}", bucket.number + 1, len(self.buckets))
        if by_seq.names is not None:
            write_names(place / "names.arrow", by_seq.names)

    def _read_column(self, name: str) -> BySeq:
        """A column of the newest version: it holds every event of ours, by the same places in the log."""
        table = EventsTable(self.folder.events)

        def report(done: int, of: int) -> None:
            self._progress(f"reading {name}", done, of)

        def read() -> BySeq:
            version = table.read()
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
    report = progress or (lambda _what, _done, _of: None)
    return retried(lambda: _open(folder, report))


def retried(read: Callable[[], T]) -> T:
    """Read again, a few times, when a writer replaced files between finding and opening them."""
    for _ in range(_TRIES - 1):
        with contextlib.suppress(FileNotFoundError):
            return read()
    return read()


def _open(folder: Folder, report: Callable[[str, int, int], None]) -> Index:
    manifest = read_manifest(folder)
    version = EventsTable(folder.events).read()
    if not version.rows:
        message = f"{folder.path} holds no events yet; `sojourn import FILE --data {folder.path}` puts some there"
        raise NotADataFolder(message)
    if manifest is None or manifest.version < version.number:
        try:
            with folder.writing():
                manifest = build_index(folder, progress=report)
        except FolderBusy:
            # Someone is writing: what was last made visible is what there is to read.
            manifest = read_manifest(folder)
            if manifest is None:
                raise
    return Index(folder, manifest, progress=report)


def read_manifest(folder: Folder) -> Manifest | None:
    """The manifest of the current generation; None when there is none that this version reads."""
    for _ in range(_TRIES):
        with contextlib.suppress(FileNotFoundError, msgspec.MsgspecError):
            manifest = msgspec.json.decode((folder.index / "manifest.json").read_bytes(), type=Manifest)
            if manifest.format != FORMAT:
                return None
            # Without its files it was replaced this moment, and the next reading finds the new one.
            if (folder.index / manifest.generation).is_dir():
                return manifest
    return None


def build_index(folder: Folder, *, progress: Callable[[str, int, int], None] | None = None) -> Manifest:
    """Build the index of the durable version and make it the current one. For the holder of `Folder.writing`.

    Memory stays bounded: rows go to one temporary file a bucket, and two buckets are sorted at a time.
    """
    report = progress or (lambda _what, _done, _of: None)
    with clear_errors(folder.path, "the events are stored, and not indexed yet"):
        return _build(folder, report)


def _build(folder: Folder, report: Callable[[str, int, int], None]) -> Manifest:
    table = EventsTable(folder.events)
    version = table.read()
    folder.index.mkdir(exist_ok=True)
    generation = f"{version.number:08d}-{uuid.uuid4().hex[:8]}"
    fresh = folder.index / f".{generation}"
    fresh.mkdir()
    try:
        manifest = _Builder(table, version, fresh, report).build(generation)
        sync_folder(fresh)
        fresh.rename(folder.index / generation)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    replace_file(folder.index / "manifest.json", msgspec.json.encode(manifest))
    for other in folder.index.iterdir():
        if other.is_dir() and other.name != generation:
            shutil.rmtree(other, ignore_errors=True)
    # What was erased must not come back with a power cut.
    sync_folder(folder.index)
    return manifest


class _Builder:
    """One build of an index."""

    def __init__(
        self, table: EventsTable, version: Version, path: Path, report: Callable[[str, int, int], None]
    ) -> None:
        self._table, self._version, self._path, self._report = table, version, path, report
        self._bits = bucket_bits(version.rows)
        self._codes: dict[str, int] = {}
        self._untimed = self._bots = 0
        self._first, self._last = np.iinfo(np.int64).max, np.iinfo(np.int64).min

    def build(self, generation: str) -> Manifest:
        persons = self._person_map()
        with tempfile.TemporaryDirectory(dir=self._path, prefix="rows-") as spill:
            rows = self._spread(persons, spill)
            counted = self._sort(rows)
        timed = self._untimed < self._version.rows
        return Manifest(
            format=FORMAT,
            version=self._version.number,
            generation=generation,
            bits=self._bits,
            rows=self._version.rows,
            persons=sum(counted),
            untimed=self._untimed,
            bots=self._bots,
            first_us=int(self._first) if timed else 0,
            last_us=int(self._last) if timed else 0,
            events=list(self._codes),
        )

    def _person_map(self) -> PersonMap:
        found: list[list[NDArray[np.int64]]] = [[np.empty(0, np.int64)] * 4]
        for group in self._table.scan(self._version, ["linked_actor", "actor", "time", "seq"]):
            linked = group.filter(group["linked_actor"].is_valid())
            if linked.num_rows:
                found.append([_whole(linked[name]) for name in ("linked_actor", "actor", "time", "seq")])
        return fold_links(*(np.concatenate(column) for column in zip(*found, strict=True)))

    def _spread(self, persons: PersonMap, spill: str) -> list[list[Any]]:
        """Append each row to its bucket's temporary files."""
        fields = 4
        rows = [
            [tempfile.SpooledTemporaryFile(_IN_MEMORY, dir=spill) for _ in range(fields)]  # noqa: SIM115  (closed by _sort)
            for _ in range(1 << self._bits)
        ]
        done = 0
        for group in self._table.scan(self._version, ["actor", "time", "seq", "event", "bot"]):
            columns = self._columns(group, persons)
            for number, segment in enumerate(self._by_bucket(columns)):
                for file, values in zip(rows[number], segment, strict=True):
                    file.write(values.data)
            done += group.num_rows
            self._report("reading events", done, self._version.rows)
        return rows

    def _columns(self, group: pa.Table, persons: PersonMap) -> list[NDArray[Any]]:
        time = group["time"]
        self._untimed += time.null_count
        self._bots += int(np.asarray(group["bot"]).sum())
        micros = _whole(time)
        if time.null_count < len(time):
            known = micros[np.asarray(time.is_valid())] if time.null_count else micros
            self._first, self._last = min(self._first, known.min()), max(self._last, known.max())
        person = persons.persons(_whole(group["actor"]))
        return [person, micros, _whole(group["seq"]), self._event_codes(group["event"])]

    def _event_codes(self, events: pa.ChunkedArray) -> NDArray[np.uint32]:
        encoded = events.combine_chunks().dictionary_encode()
        codes = [self._codes.setdefault(name, len(self._codes)) for name in encoded.dictionary.to_pylist()]
        return np.array(codes, np.uint32)[encoded.indices.to_numpy()]

    def _by_bucket(self, columns: Sequence[NDArray[Any]]) -> list[list[NDArray[Any]]]:
        if not self._bits:
            return [list(columns)]
        bucket = (columns[0].view(np.uint64) >> np.uint64(64 - self._bits)).astype(np.uint8)
        order = np.argsort(bucket, kind="stable")
        bounds = np.searchsorted(bucket[order], np.arange((1 << self._bits) + 1))
        moved = [column[order] for column in columns]
        return [[column[a:b] for column in moved] for a, b in itertools.pairwise(bounds)]

    def _sort(self, rows: list[list[Any]]) -> list[int]:
        """Sort and write the buckets, two at a time."""
        small = len(self._codes) <= _U16

        def one(number: int) -> int:
            kinds = (np.int64, np.int64, np.int64, np.uint32)
            person, time, seq, event = (_read_back(f, kind) for f, kind in zip(rows[number], kinds, strict=True))
            codes = event.astype(np.uint16) if small else event
            who, offset, time, seq, codes = group_rows(person, time, seq, codes)
            write_columns(self._path / f"{number:03d}.persons.arrow", {"person": np.append(who, 0), "offset": offset})
            write_columns(self._path / f"{number:03d}.rows.arrow", {"time": time, "event": codes, "seq": seq})
            return len(who)

        counted = []
        with ThreadPoolExecutor(_CORES) as pool:
            for n in pool.map(one, range(len(rows))):
                counted.append(n)
                self._report("sorting by person", len(counted), len(rows))
        return counted


def bucket_bits(rows: int) -> int:
    """How many bits of the number choose the bucket: 1, 4, 16 or 64 buckets as a store grows."""
    for bits, most in ((0, 500_000), (2, 4_000_000), (4, 40_000_000)):
        if rows <= most:
            return bits
    return 6


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


def _read_back(file: Any, kind: Any) -> NDArray[Any]:  # noqa: ANN401  (a spooled file has no public type)
    file.seek(0)
    values: NDArray[Any] = np.frombuffer(file.read(), kind)
    file.close()
    return values


def _whole(values: pa.ChunkedArray) -> NDArray[np.int64]:
    """Integers or times as int64; 0 for null."""
    cast = values.cast(pa.int64())
    filled = cast.fill_null(0) if cast.null_count else cast
    return np.ascontiguousarray(filled.to_numpy())


def _forget_unused(columns: Path) -> None:
    """Keep the column files within their limit."""
    with contextlib.suppress(FileNotFoundError):
        # Another reader may be forgetting the same ones.
        used = {place: place.stat().st_mtime for place in columns.iterdir() if not place.name.startswith(".")}
        for place in sorted(used, key=used.__getitem__)[:-COLUMN_LIMIT]:
            shutil.rmtree(place, ignore_errors=True)
