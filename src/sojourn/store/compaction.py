"""Moving fresh events into the buckets of their actors, in one atomic commit.

In: the events table. Out: the same events, in files by the top bits of the actor's number, so that one actor's
history is in few files. Buckets grow from 1 to 4, 16 and 64 by prefix. Memory is bounded by `_BUFFERED` rows.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sojourn.store.durable import clear_errors, replace_file
from sojourn.store.events import DataFile, EventsTable, open_writer, scan_file
from sojourn.store.index_build import bucket_bits, read_manifest
from sojourn.store.persons_table import publish_persons

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from sojourn.store.events import Version
    from sojourn.store.folder import Folder

FRESH_FILES = 64
"""An import compacts by itself when there are more fresh files than this."""
_FILES_A_BUCKET = 8
_BUFFERED = 2_000_000
WHOLE = "all"
"""The one bucket of a small table."""


def compact(folder: Folder, *, progress: Callable[[str, int, int], None] | None = None) -> Version:
    """Rewrite fresh files, and buckets of many files, by actor. For the holder of `Folder.writing`.

    Returns:
        The table's version afterwards; the same events as before. Readers keep working throughout.
    """
    report = progress or (lambda _what, _done, _of: None)
    table = EventsTable(folder.events)
    table.recover()
    version = table.read()
    bits = bucket_bits(version.rows)
    replaced = _to_rewrite(version.files, bits)
    publish_persons(folder)
    if not replaced:
        return version
    try:
        with clear_errors(folder.path, "the events are as they were before compacting"):
            written = _rewrite(table, version, replaced, bits, report)
            after = table.commit(written, seq=version.seq, removes=replaced, kind="compact")
    except BaseException:
        table.remove_unreferenced()
        raise
    manifest = read_manifest(folder)
    if manifest is not None and manifest.version == version.number:
        # The same events under another version: the index stays true.
        kept = msgspec.structs.replace(manifest, version=after.number)
        replace_file(folder.index / "manifest.json", msgspec.json.encode(kept))
    table.remove_unreferenced()
    return after


def bucket_name(number: int, bits: int) -> str:
    """Name of a bucket: its prefix in binary, or `all`."""
    return f"{number:0{bits}b}" if bits else WHOLE


def _to_rewrite(files: Sequence[DataFile], bits: int) -> list[DataFile]:
    """Fresh files, files of buckets of another size, and buckets of too many files."""
    names = {bucket_name(number, bits) for number in range(1 << bits)}
    counts = {name: sum(file.bucket == name for file in files) for name in names}
    return [file for file in files if file.bucket not in names or counts[file.bucket] > _FILES_A_BUCKET]


class _BucketFiles:
    """Files being written, one a bucket, with rows held back until they make a good row group."""

    def __init__(self, table: EventsTable, schema: pa.Schema, bits: int) -> None:
        self._table, self._schema, self._bits = table, schema, bits
        self._held: list[list[pa.Table]] = [[] for _ in range(1 << bits)]
        self._rows = np.zeros(1 << bits, np.int64)
        self._writers: dict[int, pq.ParquetWriter] = {}
        self._paths: list[Path] = []

    def add(self, number: int, rows: pa.Table) -> None:
        """Keep rows for a bucket, writing the fullest one when too many are held."""
        self._held[number].append(rows)
        self._rows[number] += rows.num_rows
        if self._rows.sum() > _BUFFERED:
            self._write(int(self._rows.argmax()))

    def close(self) -> list[Path]:
        """Write what is held and close all files."""
        for number in np.flatnonzero(self._rows):
            self._write(int(number))
        for writer in self._writers.values():
            writer.close()
        return self._paths

    def _write(self, number: int) -> None:
        if number not in self._writers:
            path = self._table.new_file(bucket_name(number, self._bits))
            self._paths.append(path)
            self._writers[number] = open_writer(path, self._schema)
        self._writers[number].write_table(pa.concat_tables(self._held[number]))
        self._held[number], self._rows[number] = [], 0


def _rewrite(
    table: EventsTable,
    version: Version,
    files: Sequence[DataFile],
    bits: int,
    report: Callable[[str, int, int], None],
) -> list[Path]:
    schema = table.schema(version)
    out = _BucketFiles(table, schema, bits)
    done, total = 0, sum(file.rows for file in files)
    for file in files:
        for group in scan_file(file.path, schema.names, version.promoted):
            for number, rows in _split(group, bits):
                out.add(number, rows)
            done += group.num_rows
            report("compacting", done, total)
    return out.close()


def _split(rows: pa.Table, bits: int) -> list[tuple[int, pa.Table]]:
    """Rows by bucket, in order."""
    if not bits:
        return [(0, rows)]
    actors = rows["actor"].to_numpy().view(np.uint64)
    bucket = (actors >> np.uint64(64 - bits)).astype(np.uint8)
    order = np.argsort(bucket, kind="stable")
    bounds = np.searchsorted(bucket[order], np.arange((1 << bits) + 1))
    moved = rows.take(pa.array(order))
    pairs = enumerate(itertools.pairwise(bounds))
    return [(number, moved.slice(a, b - a)) for number, (a, b) in pairs if b > a]
