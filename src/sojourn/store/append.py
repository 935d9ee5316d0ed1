"""Adding an import to the events table, exactly once.

In: `EventBatch`es in file order. Out: one atomic, durable commit and the counts of what became of each row.
Never makes anything visible before `finish`; a process killed before it leaves no trace that readers see.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sojourn.identify.blake2b import digests, hash_distinct
from sojourn.records.event import source_prefix
from sojourn.records.rejected import Reason, Rejected
from sojourn.store.batch_actors import BatchActors
from sojourn.store.event_columns import FIXED
from sojourn.store.events import FRESH, EventsTable, scan_file, write_file
from sojourn.store.expiry_limit import EXPIRED, NO_LIMIT, limit_of
from sojourn.store.flush import settle_imports
from sojourn.store.ids import SeenIds
from sojourn.store.leftovers import add_to_rest, fit
from sojourn.store.log import open_log
from sojourn.store.log_import import join_log
from sojourn.store.migrations import migrate
from sojourn.store.quarantine import keep_rejected
from sojourn.store.row_names import with_row_ids
from sojourn.store.sqlite import database, queries

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future
    from pathlib import Path

    from numpy.typing import NDArray

    from sojourn.records.batch import EventBatch
    from sojourn.store.events import Promoted
    from sojourn.store.folder import Folder

_ROWS_A_FILE = 2_097_152
_FILES_WAITING = 2


@dataclass(frozen=True, slots=True)
class AppendCounts:
    """What became of the rows of one import; `read == imported + duplicates + rejected`.

    Attributes:
        read: Rows read.
        imported: Rows stored as events.
        duplicates: Rows skipped because they are stored already, or came twice with the same message id.
        repeated: Equal rows that were kept (they are among `imported`).
        rejected: Rows put in quarantine.
        bots: Imported events of self-declared crawlers.
    """

    read: int = 0
    imported: int = 0
    duplicates: int = 0
    repeated: int = 0
    rejected: int = 0
    bots: int = 0


class Append:
    """One import under way. Use by the holder of `Folder.writing` only."""

    def __init__(self, folder: Folder, *, source: str, drop_repeats: bool = False, proven: bool = False) -> None:
        """Begin.

        Args:
            folder: Where to.
            source: Name of the source; message ids are unique within it.
            drop_repeats: Skip rows equal to an earlier row of the same import, counting them as duplicates.
            proven: The user ids are proven: whoever wrote the rows knows that they are who they are.
        """
        self._folder = folder
        self._table = EventsTable(folder.events)
        migrate(folder)
        self._table.recover()
        self._log = open_log(folder)
        if self._log is not None:
            settle_imports(self._log, self._table.read())
        self._version = self._table.create()
        self._source = source
        self._drop_repeats = drop_repeats
        self._ids = SeenIds()
        self._actors = BatchActors(folder.secret)
        self._proven = proven
        self._counts = AppendCounts()
        self._next = self._version.seq + 1
        self._rejected: list[Rejected] = []
        self._repeats: list[NDArray[np.int64]] = []
        self._parts: list[Path] = []
        self._pending: list[pa.Table] = []
        self._pending_rows = 0
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="sojourn-write")
        self._writes: list[Future[int]] = []
        with database(folder.control, "control") as control:
            rows = list(queries("control").suppressed(control))
        self._suppressed = np.array(sorted(rows), np.int64).reshape(-1, 2)
        self._limit = limit_of(folder)

    def add(self, batch: EventBatch) -> None:
        """Stage one batch of rows."""
        self._rejected.extend(batch.rejected)
        self._count(read=batch.read, rejected=len(batch.rejected))
        if not batch.fixed.num_rows:
            return
        table = self._canonical(batch)
        table = self._without_suppressed(self._without_expired(table))
        table = self._without_known(table, given=_valid(table["message_id"]))
        if not table.num_rows:
            return
        if self._pending and self._pending[0].schema != table.schema:
            self._flush()
        self._pending.append(table)
        self._pending_rows += table.num_rows
        if self._pending_rows >= _ROWS_A_FILE:
            self._flush()

    def finish(self) -> AppendCounts:
        """Commit everything added.

        Returns:
            The counts; when this returns, the rows survive a power cut and readers see them.
        """
        self._flush()
        for write in self._writes:
            write.result()
        self._writer.shutdown()
        if self._parts and self._version.rows:
            self._drop_stored()
        keep_rejected(self._folder, self._source, self._rejected)
        if self._parts:
            self._commit()
        return self._counts

    def _commit(self) -> None:
        if self._log is None:
            self._table.commit(self._parts, seq=self._next - 1, kind="import")
            return
        places = range(self._version.seq + 1, self._next)
        joined = join_log(
            self._folder, self._table, self._log, self._parts, promoted=self._version.promoted, places=places
        )
        self._count(imported=-joined.duplicates, duplicates=joined.duplicates, bots=-joined.bots)
        if joined.paths:
            self._table.commit(joined.paths, seq=joined.seq, kind="import")
        self._log.settle(joined.first, stored=bool(joined.paths))

    def abandon(self) -> None:
        """Give up; whatever was staged is deleted."""
        self._writer.shutdown(cancel_futures=True)
        self._table.remove_unreferenced()

    def _count(self, **more: int) -> None:
        self._counts = replace(self._counts, **{name: getattr(self._counts, name) + n for name, n in more.items()})

    def _canonical(self, batch: EventBatch) -> pa.Table:
        """The batch with the table's columns: places, actors, ids, promoted properties."""
        fixed, n = batch.fixed, batch.fixed.num_rows
        self._promote(batch)
        actors, linked = self._actors.numbers(fixed)
        ids = self._row_ids(batch)
        seq = np.arange(self._next, self._next + n)
        self._next += n
        rest, promoted = self._properties(batch)
        made = {
            "seq": pa.array(seq),
            "received_at": pc.coalesce(fixed["received_at"], fixed["time"]),
            "source": pa.repeat(pa.scalar(self._source), n),
            "actor": pa.array(actors),
            "linked_actor": linked,
            "proven": pc.and_(fixed["user_id"].is_valid(), self._proven),
            "properties": rest,
            "id_high": pa.array(ids[:, 0].view(np.int64)),
            "id_low": pa.array(ids[:, 1].view(np.int64)),
        }
        given = {*fixed.column_names}
        made |= {field.name: pa.nulls(n, field.type) for field in FIXED if field.name not in {*given, *made}}
        columns = [made[name] if name in made else fixed[name] for name in FIXED.names]
        names = [*FIXED.names, *promoted]
        return pa.table([*columns, *promoted.values()], names=names)

    def _promote(self, batch: EventBatch) -> None:
        known = {promoted.property for promoted in self._version.promoted}
        new = [(name, values.type) for name, values in batch.properties.items() if name not in known]
        named = [(name, kind) for name, kind in new if not pa.types.is_null(kind)]
        if named:
            self._version = self._table.promote(named)

    def _properties(self, batch: EventBatch) -> tuple[pa.Array, dict[str, pa.Array]]:
        """JSON of what has no column, and the promoted columns."""
        leftovers: dict[str, pa.Array] = {}
        columns: dict[str, pa.Array] = {}
        by_property: dict[str, Promoted] = {promoted.property: promoted for promoted in self._version.promoted}
        for name, values in batch.properties.items():
            promoted = by_property.get(name)
            if promoted is None:
                leftovers[name] = values
                continue
            columns[promoted.column], left = fit(values, promoted.type)
            if left is not None:
                leftovers[name] = left
        return add_to_rest(batch.fixed["rest"].combine_chunks(), leftovers), columns

    def _row_ids(self, batch: EventBatch) -> NDArray[np.uint64]:
        """128-bit ids: of (source, message id) where one came, else of the row's fields."""
        messages = batch.fixed["message_id"].combine_chunks()
        ids = batch.row_hash.copy()
        if messages.null_count == len(messages):
            return ids
        prefix = source_prefix(self._source)
        of_message = hash_distinct(messages, lambda values: digests(values, prefix=prefix, size=16))
        given = _valid(messages)
        ids[given] = of_message[given]
        return with_row_ids(ids, messages)

    def _without_expired(self, table: pa.Table) -> pa.Table:
        """Refuse events from before the time from which events are kept; nothing of them is kept."""
        if self._limit == NO_LIMIT:
            return table
        kept = pc.greater_equal(table["time"].cast(pa.int64()), self._limit).fill_null(True)  # noqa: FBT003  (Arrow's signature)
        return self._refused(table, kept, Reason.EXPIRED, EXPIRED)

    def _refused(self, table: pa.Table, kept: pa.ChunkedArray, reason: Reason, detail: str) -> pa.Table:
        """The rows that are kept; the others are counted and leave one line in quarantine."""
        rows = table.filter(kept)
        if refused := table.num_rows - rows.num_rows:
            self._count(rejected=refused)
            self._rejected.append(Rejected("", 0, reason, detail, b""))
        return rows

    def _without_suppressed(self, table: pa.Table) -> pa.Table:
        """Refuse events of erased actors up to the time of their erasure; nothing of them is kept.

        An event of somebody else on an erased person's device stays, and does not name the device.
        """
        if not len(self._suppressed):
            return table
        linked = self._is_suppressed(table, "linked_actor")
        if linked.any():
            table = without_device(table, linked)
        kept = pa.chunked_array([~self._is_suppressed(table, "actor")])
        detail = "the person was erased on request; events up to the erasure are refused"
        return self._refused(table, kept, Reason.ERASED_PERSON, detail)

    def _is_suppressed(self, table: pa.Table, column: str) -> NDArray[np.bool_]:
        actors = table[column].fill_null(0).to_numpy()
        times = table["time"].cast(pa.int64()).fill_null(0).to_numpy()
        place = np.minimum(np.searchsorted(self._suppressed[:, 0], actors), len(self._suppressed) - 1)
        found: NDArray[np.bool_] = (self._suppressed[place, 0] == actors) & (times <= self._suppressed[place, 1])
        return found

    def _without_known(self, table: pa.Table, *, given: NDArray[np.bool_]) -> pa.Table:
        """Drop rows that this import has already seen."""
        ids = _ids(table)
        times = self._ids.claim(ids, given=given)
        drop = times < 0
        if self._drop_repeats:
            drop |= times > 0
        self._count(
            imported=int((~drop).sum()),
            duplicates=int(drop.sum()),
            repeated=int(((times > 0) & ~drop).sum()),
            bots=int(np.asarray(table["bot"])[~drop].sum()),
        )
        if not (times != 0).any():
            return table
        for name, column in (("id_high", 0), ("id_low", 1)):
            values = pa.array(np.ascontiguousarray(ids[:, column]).view(np.int64))
            table = table.set_column(table.schema.get_field_index(name), name, values)
        self._repeats.append(table["seq"].to_numpy()[(times > 0) & ~drop])
        return table.filter(pa.array(~drop))

    def _flush(self) -> None:
        if not self._pending:
            return
        if len(self._writes) >= _FILES_WAITING:
            # Else rows would pile up in memory where reading is faster than writing.
            self._writes[-_FILES_WAITING].result()
        path = self._table.new_file(FRESH)
        tables, self._pending, self._pending_rows = self._pending, [], 0
        self._parts.append(path)
        self._writes.append(self._writer.submit(write_file, path, tables))

    def _drop_stored(self) -> None:
        """Rewrite the staged files without the rows the table already holds."""
        columns = ("id_high", "id_low")
        if not sum(self._ids.mark_stored(_ids(rows)) for rows in self._table.scan(self._version, columns)):
            return
        kept = []
        self._next = self._version.seq + 1
        for path in self._parts:
            fresh = self._table.new_file(FRESH)
            if write_file(fresh, self._new_rows(path)):
                kept.append(fresh)
            path.unlink()
        self._parts = kept

    def _new_rows(self, path: Path) -> Iterator[pa.Table]:
        for rows in scan_file(path, pq.read_schema(path).names, self._version.promoted):
            stored = self._ids.stored(_ids(rows))
            again = int(stored.sum())
            bots = int(np.asarray(rows["bot"])[stored].sum())
            repeats = int(np.isin(rows["seq"].to_numpy()[stored], np.concatenate([*self._repeats, []])).sum())
            self._count(imported=-again, duplicates=again, bots=-bots, repeated=-repeats)
            yield self._placed(rows.filter(pa.array(~stored)))

    def _placed(self, rows: pa.Table) -> pa.Table:
        """The rows at the next places in the log: a file that grows must not leave a gap for what was known of it."""
        place = np.arange(self._next, self._next + rows.num_rows)
        self._next += rows.num_rows
        return rows.set_column(rows.schema.get_field_index("seq"), "seq", pa.array(place))


def without_device(rows: pa.Table, which: NDArray[np.bool_]) -> pa.Table:
    """Events with their anonymous id forgotten in some rows; the user id says who it was."""
    for name in ("anonymous_id", "linked_actor"):
        column = rows[name].combine_chunks()
        kept = pc.if_else(pa.array(which), pa.scalar(None, column.type), column)
        rows = rows.set_column(rows.schema.get_field_index(name), name, kept)
    return rows


def _ids(table: pa.Table) -> NDArray[np.uint64]:
    """The 128-bit ids of a table, shape (rows, 2)."""
    halves = [table[name].to_numpy().view(np.uint64) for name in ("id_high", "id_low")]
    return np.column_stack(halves)


def _valid(values: pa.Array | pa.ChunkedArray) -> NDArray[np.bool_]:
    return np.asarray(values.is_valid())
