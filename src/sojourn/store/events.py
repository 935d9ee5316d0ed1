"""The events table: all facts, as a Delta table other engines can read while we write.

In: Arrow tables of accepted events. Out: the same, kept. Commits are atomic and outlive a power cut:
Delta does not sync its files, so every commit here is followed by the sync of its data files, its log entry
and their folders, and only then recorded as durable. Readers read the last durable version; what a crash left
behind it is set aside by the next writer.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import errno
import json
import sys
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable, PostCommitHookProperties, Transaction
from deltalake.exceptions import DeltaError
from deltalake.schema import Field, PrimitiveType, Schema
from deltalake.transaction import AddAction, RemoveAction

from sojourn.records.errors import NotADataFolder
from sojourn.store.delta_log import forget_history, log_of, log_version, sync_commit
from sojourn.store.durable import sync_all, sync_folder
from sojourn.store.durable_version import NAME as DURABLE
from sojourn.store.durable_version import durable_mark, durable_version, record_durable
from sojourn.store.event_columns import FIXED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from sojourn.store.durable_version import Mark

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)

FRESH = "fresh"
PROMOTED_LIMIT = 64
_DELTA_TYPES = {pa.string(): "string", pa.int64(): "long", pa.float64(): "double", pa.bool_(): "boolean"}
_CONFIGURATION = {"delta.dataSkippingStatsColumns": "time,seq"}
_QUIET = PostCommitHookProperties(create_checkpoint=False, cleanup_expired_logs=False)
_CHECKPOINT_EVERY = 100
_SEQ_APP = "seq"
_LAST_YEAR_US = 253_402_300_799_999_999  # 9999-12-31: the last day ISO 8601 and Python can write
_FIRST_YEAR_US = -30_610_224_000_000_000  # 1000-01-01: before, strftime leaves out the leading zero
_ROW_GROUP = 262_144
_TRIES = 3


@dataclass(frozen=True, slots=True)
class DataFile:
    """One Parquet file of the table.

    Attributes:
        path: Where it is.
        bucket: Prefix of the actor's bits, or `fresh`.
        rows: Events in it.
        size: Bytes.
        first_seq: Lowest place in the log of its events.
        memory: The file itself when it is only in memory: events of the log that are not in the table yet.
    """

    path: Path
    bucket: str
    rows: int
    size: int
    first_seq: int
    memory: pa.Buffer | None = field(default=None, compare=False, repr=False)

    @property
    def source(self) -> Path | pa.BufferReader:
        """What a reader opens."""
        return self.path if self.memory is None else pa.BufferReader(self.memory)


@dataclass(frozen=True, slots=True)
class Promoted:
    """A property that has a column of its own.

    Attributes:
        property: The property's name, as sent.
        column: The table's column.
        type: Arrow type of the column.
    """

    property: str
    column: str
    type: pa.DataType


@dataclass(frozen=True, slots=True)
class Version:
    """The table as it was after one commit; what every reader works on.

    Attributes:
        number: Delta version; -1 before the first commit.
        seq: Highest place given to an event.
        files: Its data files, oldest first.
        promoted: Properties that have a column.
    """

    number: int
    seq: int
    files: tuple[DataFile, ...]
    promoted: tuple[Promoted, ...]

    @property
    def rows(self) -> int:
        """Events in the table."""
        return sum(file.rows for file in self.files)


EMPTY = Version(number=-1, seq=-1, files=(), promoted=())
_KNOWN: dict[Path, tuple[Mark, Version]] = {}
"""The durable version of each table as it was last read, with its mark: a commit's log is read once, not by every question."""
_MOST_KNOWN = 16


class EventsTable:
    """The events table of one data folder.

    Every method that writes must be called by the holder of `Folder.writing`.
    """

    def __init__(self, path: Path) -> None:
        """Name the table's folder; nothing is read yet."""
        self.path = path

    def read(self) -> Version:
        """The last durable version; `EMPTY` when nothing was committed."""
        for _ in range(_TRIES - 1):
            with contextlib.suppress(FileNotFoundError):
                return self._read_durable()
        return self._read_durable()

    def read_version(self, number: int) -> Version:
        """A version that was durable once; its files may be gone when it is not the last.

        Raises:
            FileNotFoundError: An erasure cut off the log that told of it.
        """
        try:
            table = DeltaTable(str(self.path), version=number)
        except DeltaError as error:
            if durable_version(self.path) in (None, number):
                raise
            message = f"version {number} of {self.path} was forgotten with an erasure"
            raise FileNotFoundError(errno.ENOENT, message) from error
        seq = table.transaction_version(_SEQ_APP)
        return Version(number, -1 if seq is None else seq, self._files(table), _promoted(table.schema()))

    def recover(self) -> list[Path]:
        """Set aside what a crash left after the last durable version.

        Returns:
            The files set aside, now under `torn/`; they belong to no acknowledged import.

        Raises:
            NotADataFolder: The record of what is durable is gone though there are commits; nothing is touched then.
        """
        if not self.path.exists():
            return []
        durable = durable_version(self.path)
        last = -1 if durable is None else durable
        log = log_of(self.path)
        if durable is None and any(log_version(path) > 0 for path in log.glob("*.json")):
            # Only the commit that makes the table may stand there without a record of it.
            message = f"{self.path / DURABLE} is missing, though {log} holds commits; restore it from a backup"
            raise NotADataFolder(message)
        torn = [path for path in sorted(log.glob("*")) if log_version(path) > last or path.name.startswith(".")]
        pointer = log / "_last_checkpoint"
        if pointer.exists() and _checkpointed(pointer) > last:
            torn.append(pointer)
        aside = self.path / "torn"
        for path in torn:
            aside.mkdir(exist_ok=True)
            path.replace(aside / f"{time.time_ns()}-{path.name.lstrip('.')}")
        if torn:
            sync_folder(log)
            sync_folder(aside)
        self.remove_unreferenced()
        return torn

    def promote(self, names: Sequence[tuple[str, pa.DataType]]) -> Version:
        """Give properties a column of their own, as far as the limit of 64 allows.

        Args:
            names: Property names and Arrow types (string, int64, float64, bool). Known ones are left alone.
        """
        version = self.read()
        known = {promoted.property for promoted in version.promoted}
        taken = {promoted.column for promoted in version.promoted}
        free = PROMOTED_LIMIT - len(known)
        fields = []
        for name, kind in [(name, kind) for name, kind in dict(names).items() if name not in known][:free]:
            column = _column_name(name, taken)
            taken.add(column)
            fields.append(Field(column, PrimitiveType(_DELTA_TYPES[kind]), metadata={"sojourn.property": name}))
        if not fields:
            return version
        if version.number < 0:
            fixed = Schema.from_arrow(pa.schema([*FIXED, ("bucket", pa.string())])).fields
            table = DeltaTable.create(
                str(self.path),
                schema=Schema([*fixed, *fields]),
                partition_by=["bucket"],
                configuration=_CONFIGURATION,
                post_commithook_properties=_QUIET,
            )
        else:
            table = DeltaTable(str(self.path))
            table.alter.add_columns(fields, post_commithook_properties=_QUIET)
            table = DeltaTable(str(self.path))
        self._settle(table.version(), [])
        return self.read()

    def create(self) -> Version:
        """Make the table when it does not exist yet, or give an older one the columns that it lacks."""
        version = self.read()
        if version.number >= 0:
            return self._with_all_columns(version)
        table = DeltaTable.create(
            str(self.path),
            schema=Schema.from_arrow(pa.schema([*FIXED, ("bucket", pa.string())])),
            partition_by=["bucket"],
            configuration=_CONFIGURATION,
            post_commithook_properties=_QUIET,
        )
        self._settle(table.version(), [])
        return self.read()

    def _with_all_columns(self, version: Version) -> Version:
        table = DeltaTable(str(self.path))
        known = {field.name for field in table.schema().fields}
        lacking = [field for field in Schema.from_arrow(FIXED).fields if field.name not in known]
        if not lacking:
            return version
        table.alter.add_columns(lacking, post_commithook_properties=_QUIET)
        self._settle(DeltaTable(str(self.path)).version(), [])
        return self.read()

    def new_file(self, bucket: str) -> Path:
        """A path for a data file to be written and then committed."""
        folder = self.path / f"bucket={bucket}"
        folder.mkdir(parents=True, exist_ok=True)
        return folder / f"part-{uuid.uuid4().hex}.parquet"

    def commit(
        self,
        adds: Sequence[Path],
        *,
        seq: int,
        removes: Sequence[DataFile] = (),
        kind: str = "append",
        checkpoint: bool = False,
    ) -> Version:
        """Add and remove data files in one atomic, durable commit.

        Args:
            adds: Written with `write_file` at paths of `new_file`.
            seq: Highest place in the log that the table holds afterwards.
            removes: Files that the added ones replace.
            kind: What to call it in the table's history.
            checkpoint: Write a checkpoint, so that `forget_history` can forget all before it.

        Returns:
            The new version; when this returns, a power cut cannot undo it.
        """
        sync_all(adds)
        table = DeltaTable(str(self.path))
        actions: list[AddAction | RemoveAction] = [_add_action(self.path, path) for path in adds]
        actions += [_remove_action(self.path, file) for file in removes]
        held = table.transaction_version(_SEQ_APP)
        # Delta takes the same transaction id twice without a word, so a later place is written only once, by us.
        transactions = [Transaction(_SEQ_APP, seq)] if held is None or seq > held else []
        table.create_write_transaction(
            actions,
            mode="append",
            schema=table.schema(),
            partition_by=["bucket"],
            commit_properties=CommitProperties(custom_metadata={"sojourn": kind}, app_transactions=transactions),
            post_commithook_properties=_QUIET,
        )
        self._settle(DeltaTable(str(self.path)).version(), adds, checkpoint=checkpoint)
        return self.read()

    def remove_unreferenced(self) -> int:
        """Delete data files that the durable version does not name, for good.

        Returns:
            Files deleted.
        """
        named = {file.path for file in self.read().files}
        gone = [path for path in self.path.glob("bucket=*/*.parquet") if path not in named]
        for path in gone:
            path.unlink()
        # What was erased must not come back with a power cut.
        for folder in {path.parent for path in gone}:
            sync_folder(folder)
        return len(gone)

    def forget_history(self) -> None:
        """Delete what the log says of versions before the durable one, if that has a checkpoint."""
        durable = durable_version(self.path)
        if durable is not None:
            forget_history(self.path, durable)

    def scan(self, version: Version, columns: Sequence[str]) -> Iterator[pa.Table]:
        """Row groups of a version, one table each, oldest file first.

        Args:
            version: From `read`.
            columns: Columns wanted; one that a file lacks comes as nulls.
        """
        for file in version.files:
            yield from scan_file(file.source, columns, version.promoted)

    def dataset(self, version: Version) -> ds.Dataset:
        """A version as an Arrow dataset, for engines that read one."""
        schema = self.schema(version)
        stored = [str(file.path) for file in version.files if file.memory is None]
        found = ds.dataset(stored, schema=schema, format="parquet")
        newer = [
            table
            for file in version.files
            if file.memory is not None
            for table in scan_file(file.source, schema.names, version.promoted)
        ]
        return ds.dataset([found, ds.dataset(pa.concat_tables(newer))]) if newer else found

    def schema(self, version: Version) -> pa.Schema:
        """Columns of a version's data files, promoted ones last."""
        return pa.schema([*FIXED, *(pa.field(p.column, p.type) for p in version.promoted)])

    def _read_durable(self) -> Version:
        # The mark is taken first: what is committed meanwhile differs from it, and is read the next time.
        mark = durable_mark(self.path)
        known = _KNOWN.get(self.path)
        if known is not None and known[0] == mark:
            return known[1]
        number = durable_version(self.path)
        if mark is None or number is None:
            return EMPTY
        version = self.read_version(number)
        if len(_KNOWN) >= _MOST_KNOWN:
            _KNOWN.clear()
        _KNOWN[self.path] = mark, version
        return version

    def _settle(self, version: int, adds: Sequence[Path], *, checkpoint: bool = False) -> None:
        """Sync a commit's log entry and folders, then record it as durable."""
        due = version > 0 and version % _CHECKPOINT_EVERY == 0
        sync_commit(self.path, version, adds, checkpoint=checkpoint or due)
        record_durable(self.path, version)

    def _files(self, table: DeltaTable) -> tuple[DataFile, ...]:
        actions = pa.table(table.get_add_actions(flatten=True))
        if not actions.num_rows:
            return ()
        rows = zip(
            actions["path"].to_pylist(),
            actions["partition.bucket"].to_pylist(),
            actions["num_records"].to_pylist(),
            actions["size_bytes"].to_pylist(),
            actions["min.seq"].to_pylist(),
            strict=True,
        )
        ordered = sorted(rows, key=lambda row: (row[4], row[0]))
        return tuple(DataFile(self.path / path, bucket, n, size, first) for path, bucket, n, size, first in ordered)


def scan_file(
    path: Path | pa.BufferReader, columns: Sequence[str], promoted: Sequence[Promoted] = ()
) -> Iterator[pa.Table]:
    """Row groups of one data file; columns the file lacks come as nulls."""
    types = {field.name: field.type for field in FIXED} | {p.column: p.type for p in promoted}
    with pq.ParquetFile(path, memory_map=True) as file:
        present = set(file.schema_arrow.names)
        wanted = [name for name in columns if name in present]
        for group in range(file.num_row_groups):
            table = file.read_row_group(group, columns=wanted, use_threads=False)
            for name in columns:
                if name not in present:
                    table = table.append_column(name, pa.nulls(table.num_rows, types[name]))
            yield table.select(list(columns))


def write_file(path: Path, tables: Iterator[pa.Table] | Sequence[pa.Table]) -> int:
    """Write tables of one schema as one Parquet file; not synced yet.

    Returns:
        Rows written; with 0 rows no file is left.
    """
    rows = 0
    writer: pq.ParquetWriter | None = None
    try:
        for table in tables:
            if not table.num_rows:
                continue
            if writer is None:
                writer = open_writer(path, table.schema)
            writer.write_table(table, row_group_size=_ROW_GROUP)
            rows += table.num_rows
    finally:
        if writer is not None:
            writer.close()
    return rows


def open_writer(path: Path, schema: pa.Schema) -> pq.ParquetWriter:
    """A writer of one data file, with the encodings that suit each column; not synced yet."""
    # Hashes and running numbers do not repeat: a dictionary of them only costs time.
    plain = {"seq", "id_high", "id_low", "actor", "linked_actor", "message_id", "time", "received_at"}
    return pq.ParquetWriter(
        path,
        schema,
        compression={name: "NONE" if name.startswith("id_") else "ZSTD" for name in schema.names},
        compression_level={name: 1 for name in schema.names if not name.startswith("id_")},
        use_dictionary=[
            field.name
            for field in schema
            if field.name not in plain and (pa.types.is_string(field.type) or field.name.startswith("p_"))
        ],
        write_statistics=["time", "seq"],
    )


def _add_action(root: Path, path: Path) -> AddAction:
    with pq.ParquetFile(path) as file:
        rows = file.metadata.num_rows
        stats = {"numRecords": rows, "minValues": {}, "maxValues": {}, "nullCount": {}}
        for name in ("seq", "time"):
            _column_stats(file, name, stats)
    size = path.stat().st_size
    bucket = path.parent.name.removeprefix("bucket=")
    now = int(time.time() * 1000)
    return AddAction(path.relative_to(root).as_posix(), size, {"bucket": bucket}, now, True, json.dumps(stats))  # noqa: FBT003  (by place, as Delta takes it)


def _remove_action(root: Path, file: DataFile) -> RemoveAction:
    path = file.path.relative_to(root).as_posix()
    now = int(time.time() * 1000)
    return RemoveAction(path, data_change=True, deletion_timestamp=now, partition_values={"bucket": file.bucket})


def _column_stats(file: pq.ParquetFile, name: str, stats: dict[str, Any]) -> None:
    column = file.schema_arrow.names.index(name)
    groups = [file.metadata.row_group(g).column(column).statistics for g in range(file.num_row_groups)]
    known = [group for group in groups if group is not None and group.has_min_max]
    stats["nullCount"][name] = sum(group.null_count for group in groups if group is not None)
    if not known:
        return
    low, high = min(group.min_raw for group in known), max(group.max_raw for group in known)
    if name == "time":
        if low < _FIRST_YEAR_US or high > _LAST_YEAR_US:
            return
        low, high = _iso(low), _iso(high)
    stats["minValues"][name], stats["maxValues"][name] = low, high


def _iso(micros: int) -> str:
    return (_EPOCH + dt.timedelta(microseconds=micros)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _promoted(schema: Schema) -> tuple[Promoted, ...]:
    types = {name: kind for kind, name in _DELTA_TYPES.items()}
    found = []
    for column in schema.fields:
        name = column.metadata.get("sojourn.property")
        if name is not None and isinstance(column.type, PrimitiveType):
            found.append(Promoted(name, column.name, types[column.type.type]))
    return tuple(found)


def _column_name(name: str, taken: set[str]) -> str:
    """A column name any engine takes: lower case letters, digits and underscores, `p_` first."""
    plain = "p_" + "".join(c if c.isascii() and c.isalnum() else "_" for c in name.lower())[:60]
    column, n = plain, 2
    while column in taken:
        column, n = f"{plain}_{n}", n + 1
    return column


def _checkpointed(pointer: Path) -> int:
    """Version that `_last_checkpoint` names; past any version when the file is torn."""
    try:
        return int(json.loads(pointer.read_bytes())["version"])
    except (ValueError, KeyError, TypeError, OSError):
        return sys.maxsize
