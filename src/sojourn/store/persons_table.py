"""The table `persons`: which person each linked anonymous id belongs to, for engines outside.

In: the events table. Out: a Delta table of one row a linked anonymous id. Derived and disposable: nothing of ours reads it,
and it is made anew where a crash left it unclear. An anonymous id that is not in it is a person of its own.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import time
import uuid
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable, PostCommitHookProperties
from deltalake.exceptions import DeltaError
from deltalake.schema import Schema
from deltalake.transaction import AddAction, RemoveAction

from sojourn.store.delta_log import log_of, log_version, sync_commit
from sojourn.store.durable import clear_errors, replace_file, sync_all, sync_folder
from sojourn.store.events import EventsTable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from sojourn.store.events import Version
    from sojourn.store.folder import Folder

PERSONS = pa.schema(
    [
        ("anonymous_id", pa.string()),
        ("user_id", pa.string()),
        ("linked_at", pa.timestamp("us", tz="UTC")),
        ("actor", pa.int64()),
        ("person", pa.int64()),
        ("linked_seq", pa.int64()),
    ]
)
"""Columns, docs/events-table.md."""
_DURABLE = "durable.json"
_MOST_FILES = 16
_CHECKPOINT_EVERY = 100
_HELD = 2_000_000
_QUIET = PostCommitHookProperties(create_checkpoint=False, cleanup_expired_logs=False)
_READ = ("linked_actor", "actor", "time", "seq", "anonymous_id", "user_id")


class _Known(msgspec.Struct, frozen=True):
    """What the table is known to hold: its own version, and the place in the log up to which links are in it."""

    version: int
    seq: int


def publish_persons(folder: Folder) -> None:
    """Bring the table up to date with the durable events. For the holder of `Folder.writing`.

    Only what came since the last time is read, unless the table is in doubt.

    Raises:
        StorageFull: The disk is full; the events are not concerned.
    """
    events = EventsTable(folder.events)
    version = events.read()
    if version.number < 0:
        return
    with clear_errors(folder.path, "the events are stored, and missing in the table `persons`"):
        table = _PersonsTable(folder.persons)
        known = table.known()
        if known is None or known.seq > version.seq:
            table.create()
            known = None
        elif known.seq == version.seq:
            return
        table.add(_links(version, -1 if known is None else known.seq), version.seq)


def doubt_persons(folder: Folder) -> None:
    """Have the table made anew by the next `publish_persons`, of this process or of the next that writes."""
    with contextlib.suppress(FileNotFoundError):
        (folder.persons / _DURABLE).unlink()
        sync_folder(folder.persons)


class _PersonsTable:
    """The table of one data folder, for its writer."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def known(self) -> _Known | None:
        """What it holds; None when it is not there, or in doubt."""
        try:
            known = msgspec.json.decode((self._path / _DURABLE).read_bytes(), type=_Known)
            last = max(log_version(path) for path in log_of(self._path).iterdir())
            whole = known.version == last and all(path.exists() for path in self._files())
        except (OSError, ValueError, msgspec.MsgspecError, DeltaError):
            return None
        return known if whole else None

    def create(self) -> None:
        """Make it, without rows, in place of whatever is there."""
        shutil.rmtree(self._path, ignore_errors=True)
        # What was there must not come back into the new one.
        sync_folder(self._path.parent)
        schema = Schema.from_arrow(PERSONS)
        # Ids must not stand in the log: no statistics of them.
        DeltaTable.create(
            str(self._path),
            schema=schema,
            configuration={"delta.dataSkippingStatsColumns": "linked_seq"},
            post_commithook_properties=_QUIET,
        )
        sync_all(path for path in log_of(self._path).iterdir() if path.is_file())

    def add(self, links: pa.Table, seq: int) -> None:
        """Commit links.

        Args:
            links: The earliest link of each actor among events not seen before.
            seq: Place in the log up to which links are then known.
        """
        files = self._files() if links.num_rows else []
        links, replaces = _news(links, files)
        if links.num_rows and (replaces or len(files) >= _MOST_FILES):
            held = (pq.read_table(file, schema=PERSONS) for file in files)
            self._commit(_earliest(pa.concat_tables([*held, links])), files)
        elif links.num_rows:
            self._commit(links, [])
        self._settle(seq)

    def _files(self) -> list[Path]:
        """Data files of the newest version."""
        actions = pa.table(DeltaTable(str(self._path)).get_add_actions(flatten=True))
        return [self._path / name for name in actions["path"].to_pylist()]

    def _commit(self, links: pa.Table, removes: Sequence[Path]) -> None:
        fresh = self._path / f"part-{uuid.uuid4().hex}.parquet"
        try:
            pq.write_table(links, fresh, compression="zstd", write_statistics=False)
            sync_all([fresh])
            now = int(time.time() * 1000)
            stats = json.dumps({"numRecords": links.num_rows})
            add = AddAction(fresh.name, fresh.stat().st_size, {}, now, True, stats)  # noqa: FBT003  (by place, as Delta takes it)
            gone = [RemoveAction(path.name, data_change=True, deletion_timestamp=now) for path in removes]
            table = DeltaTable(str(self._path))
            table.create_write_transaction(
                [add, *gone],
                mode="append",
                schema=table.schema(),
                commit_properties=CommitProperties(custom_metadata={"sojourn": "persons"}),
                post_commithook_properties=_QUIET,
            )
        except BaseException:
            fresh.unlink(missing_ok=True)
            raise

    def _settle(self, seq: int) -> None:
        """Make the commit outlive a power cut, say what is known, and delete files it does not name."""
        version = int(DeltaTable(str(self._path)).version())
        due = version > 0 and version % _CHECKPOINT_EVERY == 0
        sync_commit(self._path, version, [], checkpoint=due)
        replace_file(self._path / _DURABLE, msgspec.json.encode(_Known(version, seq)))
        gone = set(self._path.glob("*.parquet")) - set(self._files())
        for path in gone:
            path.unlink()
        if gone:
            # What was erased must not come back with a power cut.
            sync_folder(self._path)


def _links(version: Version, after: int) -> pa.Table:
    """The earliest link of each anonymous id among the events past a place in the log, as rows of the table."""
    found = [PERSONS.empty_table()]
    held = 0
    for file in version.files:
        for rows in _linking(file.path, after):
            found.append(_earliest(rows))
            held += found[-1].num_rows
            if held > _HELD + 2 * found[0].num_rows:
                found, held = [_earliest(pa.concat_tables(found))], 0
    return _earliest(pa.concat_tables(found))


def _linking(path: Path, after: int) -> Iterator[pa.Table]:
    """Events of a file, past a place in the log, that carry both ids; a table a row group."""
    with pq.ParquetFile(path, memory_map=True, read_dictionary=["anonymous_id", "user_id"]) as file:
        place = file.schema_arrow.names.index("seq")
        for group in range(file.num_row_groups):
            if file.metadata.row_group(group).column(place).statistics.max <= after:
                continue
            linked = file.read_row_group(group, columns=["linked_actor"], use_threads=False)["linked_actor"]
            if linked.null_count == len(linked):
                continue
            rows = file.read_row_group(group, columns=list(_READ), use_threads=False)
            rows = rows.filter(pc.and_(pc.is_valid(rows["linked_actor"]), pc.greater(rows["seq"], after)))
            columns = [rows[name] for name in ("anonymous_id", "user_id", "time", "linked_actor", "actor", "seq")]
            yield pa.table([_plain(column) for column in columns], schema=PERSONS)


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    return column.cast(pa.string()) if pa.types.is_dictionary(column.type) else column


def _earliest(links: pa.Table) -> pa.Table:
    """The earliest link of each actor, by actor; as `identify.persons.first_links` chooses."""
    actor = links["actor"].to_numpy()
    order = np.lexsort((links["linked_seq"].to_numpy(), _micros(links), actor))
    _, first = np.unique(actor[order], return_index=True)
    return links.take(pa.array(order[first])).combine_chunks()


def _micros(links: pa.Table) -> NDArray[np.int64]:
    """Times of links; 0 without one."""
    micros: NDArray[np.int64] = links["linked_at"].cast(pa.int64()).fill_null(0).to_numpy()
    return micros


def _news(links: pa.Table, files: Sequence[Path]) -> tuple[pa.Table, bool]:
    """Those of some links, by actor, that the files do not tell; and whether one of them comes before one that they do."""
    actors, times = links["actor"].to_numpy(), _micros(links)
    told, replaces = np.zeros(len(actors), np.bool_), False
    for file in files:
        held = pq.read_table(file, columns=["actor", "linked_at"])
        place = np.searchsorted(actors, held["actor"].to_numpy())
        place[place == len(actors)] = 0
        same = actors[place] == held["actor"].to_numpy()
        later = same & (_micros(held) > times[place])
        replaces = replaces or bool(later.any())
        told[place[same & ~later]] = True
    return links.filter(pa.array(~told)), replaces
