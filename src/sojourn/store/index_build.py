"""Building the index from the events table.

In: a version of the events table. Out: a generation of files, and the manifest that makes it current. Memory stays
bounded: rows go to one temporary file a bucket, and two buckets are sorted at a time.
"""

from __future__ import annotations

import contextlib
import itertools
import shutil
import tempfile
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pyarrow as pa

from sojourn.records.progress import tell
from sojourn.store.columns import write_columns
from sojourn.store.durable import clear_errors, replace_file, sync_folder
from sojourn.store.events import EventsTable
from sojourn.store.grouping import group_rows
from sojourn.store.identities import map_identities, newer_identities, read_identities, write_identities
from sojourn.store.link_control import read_control
from sojourn.store.overlay import bucket_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from sojourn.store.events import Version
    from sojourn.store.folder import Folder
    from sojourn.store.identities import Identities

FORMAT = 3
_CORES = 2
_TRIES = 3
_IN_MEMORY = 1 << 28
"""Bytes of rows held in memory on their way to the buckets, all buckets together; what is more goes to disk."""
_U16 = 1 << 16
ROW_COLUMNS = ("actor", "time", "seq", "event", "bot")


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
        seq: Highest place in the log that it holds.
        visible: Highest place that readers were shown: past `seq` when they merge newer rows in.
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
    seq: int
    visible: int
    events: list[str]


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


def current_identities(folder: Folder, version: Version) -> Identities:
    """Who is whom by all events of a version and what is decided now; with an index only what it lacks is read."""
    control = read_control(folder)
    manifest = read_manifest(folder)
    if manifest is not None and manifest.seq <= version.seq:
        # A newer index may take the place of this one meanwhile.
        with contextlib.suppress(FileNotFoundError):
            older = map_identities(folder.index / manifest.generation)
            if set(older.control.junk) <= set(control.junk):
                return newer_identities(older, version, version, folder.secret, control, after=manifest.seq)
    return read_identities(version, folder.secret, control)


def build_index(folder: Folder, *, progress: Callable[[str, int, int], None] | None = None) -> Manifest:
    """Build the index of the durable version and make it the current one. For the holder of `Folder.writing`.

    Memory stays bounded: rows go to one temporary file a bucket, and two buckets are sorted at a time.
    """
    report = progress or tell
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
        manifest = _Builder(table, version, fresh, report).build(generation, folder)
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


class RowReader:
    """Reads rows for the index, and keeps count of what it read."""

    def __init__(self, names: Sequence[str]) -> None:
        """Begin with the event names known so far; new ones get the codes after them."""
        self.codes = {name: code for code, name in enumerate(names)}
        self.untimed = self.bots = 0
        self.first_us, self.last_us = np.iinfo(np.int64).max, np.iinfo(np.int64).min

    def columns(self, group: pa.Table, persons: Callable[[NDArray[np.int64]], NDArray[np.int64]]) -> list[NDArray[Any]]:
        """Person, time, seq and event code of each row of a group with `ROW_COLUMNS`; `persons` knows whose an actor is."""
        time = group["time"]
        self.untimed += time.null_count
        self.bots += int(np.asarray(group["bot"]).sum())
        micros = _whole(time)
        if time.null_count < len(time):
            known = micros[np.asarray(time.is_valid())] if time.null_count else micros
            self.first_us, self.last_us = min(self.first_us, known.min()), max(self.last_us, known.max())
        person = persons(_whole(group["actor"]))
        return [person, micros, _whole(group["seq"]), self._event_codes(group["event"])]

    def _event_codes(self, events: pa.ChunkedArray) -> NDArray[np.uint32]:
        encoded = events.combine_chunks().dictionary_encode()
        codes = [self.codes.setdefault(name, len(self.codes)) for name in encoded.dictionary.to_pylist()]
        return np.array(codes, np.uint32)[encoded.indices.to_numpy()]


def placed(rows: pa.Table, after: int, last: int) -> pa.Table:
    """Rows past one place in the log and up to another; files of the newest version may hold others too."""
    seq = rows["seq"].to_numpy()
    wanted = (seq > after) & (seq <= last)
    return rows if wanted.all() else rows.filter(pa.array(wanted))


class _Builder:
    """One build of an index."""

    def __init__(
        self, table: EventsTable, version: Version, path: Path, report: Callable[[str, int, int], None]
    ) -> None:
        self._table, self._version, self._path, self._report = table, version, path, report
        self._bits = bucket_bits(version.rows)
        self._reader = RowReader(())

    def build(self, generation: str, folder: Folder) -> Manifest:
        identities = read_identities(self._version, folder.secret, read_control(folder))
        write_identities(self._path, identities)
        persons = identities.person_map()
        del identities
        with tempfile.TemporaryDirectory(dir=self._path, prefix="rows-") as spill:
            rows = self._spread(persons.persons, spill)
            counted = self._sort(rows)
        read = self._reader
        timed = read.untimed < self._version.rows
        return Manifest(
            format=FORMAT,
            version=self._version.number,
            generation=generation,
            bits=self._bits,
            rows=self._version.rows,
            persons=sum(counted),
            untimed=read.untimed,
            bots=read.bots,
            first_us=int(read.first_us) if timed else 0,
            last_us=int(read.last_us) if timed else 0,
            seq=self._version.seq,
            visible=self._version.seq,
            events=list(read.codes),
        )

    def _spread(self, persons: Callable[[NDArray[np.int64]], NDArray[np.int64]], spill: str) -> list[list[Any]]:
        """Append each row to its bucket's temporary files."""
        fields = 4
        rows = [
            [tempfile.SpooledTemporaryFile(_IN_MEMORY // (fields << self._bits), dir=spill) for _ in range(fields)]  # noqa: SIM115  (closed by _sort)
            for _ in range(1 << self._bits)
        ]
        done = 0
        for group in self._table.scan(self._version, ROW_COLUMNS):
            for number, segment in _by_bucket(self._reader.columns(group, persons), self._bits):
                for file, values in zip(rows[number], segment, strict=True):
                    file.write(values.data)
            done += group.num_rows
            self._report("reading events", done, self._version.rows)
        return rows

    def _sort(self, rows: list[list[Any]]) -> list[int]:
        """Sort and write the buckets, two at a time."""
        small = len(self._reader.codes) <= _U16

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


def _by_bucket(columns: Sequence[NDArray[Any]], bits: int) -> Iterator[tuple[int, list[NDArray[Any]]]]:
    """Rows by the bucket of their person, the first column, in the order they came."""
    bucket = bucket_of(columns[0], bits).astype(np.uint8)
    order = np.argsort(bucket, kind="stable")
    bounds = np.searchsorted(bucket[order], np.arange((1 << bits) + 1)).tolist()
    moved = [column[order] for column in columns]
    for number, (a, b) in enumerate(itertools.pairwise(bounds)):
        yield number, [column[a:b] for column in moved]


def bucket_bits(rows: int) -> int:
    """How many bits of the number choose the bucket: 1, 4, 16 or 64 buckets as a store grows."""
    for bits, most in ((0, 500_000), (2, 4_000_000), (4, 40_000_000)):
        if rows <= most:
            return bits
    return 6


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
