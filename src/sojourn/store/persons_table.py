"""The table `persons`: which person each linked identifier belongs to, for engines outside.

In: the events table and its links. Out: a Delta table of one row an identifier that belongs to another's number. Derived
and disposable: nothing of ours reads it, and it is made anew where a crash left it unclear. An actor that is not in it is a
person of its own.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import time
import uuid
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import CommitProperties, DeltaTable, PostCommitHookProperties
from deltalake.exceptions import DeltaError
from deltalake.schema import Schema
from deltalake.transaction import AddAction, RemoveAction

from sojourn.identify.sets import among, distinct
from sojourn.store.delta_log import log_of, log_version, sync_commit
from sojourn.store.durable import clear_errors, replace_file, sync_all, sync_folder
from sojourn.store.events import EventsTable
from sojourn.store.index_build import current_identities
from sojourn.store.link_names import NAMES, names_at

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from sojourn.store.events import Version
    from sojourn.store.folder import Folder
    from sojourn.store.identities import Identities

PERSONS = pa.schema(
    [
        ("actor", pa.int64()),
        ("person", pa.int64()),
        ("kind", pa.string()),
        ("id", pa.string()),
        ("person_id", pa.string()),
        ("linked_at", pa.timestamp("us", tz="UTC")),
        ("linked_seq", pa.int64()),
    ]
)
"""Columns, docs/events-table.md."""
_DURABLE = "durable.json"
_MOST_FILES = 16
_CHECKPOINT_EVERY = 100
_QUIET = PostCommitHookProperties(create_checkpoint=False, cleanup_expired_logs=False)


class _Known(msgspec.Struct, frozen=True):
    """What the table is known to hold.

    Attributes:
        version: Its own version.
        seq: Place in the log up to which links are in it.
        control: Digest of what was decided by hand.
        columns: How many columns it has.
    """

    version: int
    seq: int
    control: str = ""
    columns: int = 0


def publish_persons(folder: Folder) -> None:
    """Bring the table up to date with the durable events and what is decided by hand. For the holder of `Folder.writing`.

    Raises:
        StorageFull: The disk is full; the events are not concerned.
    """
    version = EventsTable(folder.events).read()
    if version.number < 0:
        return
    with clear_errors(folder.path, "the events are stored, and missing in the table `persons`"):
        table = _PersonsTable(folder.persons)
        known = table.known()
        identities = current_identities(folder, version)
        control = hashlib.blake2b(msgspec.json.encode(identities.control), digest_size=8).hexdigest()
        if known is None or known.seq > version.seq or known.columns != len(PERSONS):
            table.create()
        elif known.seq == version.seq and known.control == control:
            return
        table.bring_to(identities, version, folder.secret)
        table.settle(version.seq, control)


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

    def bring_to(self, identities: Identities, version: Version, secret: bytes) -> None:
        """Commit what is not in the table yet, and take out what is not so any more."""
        now = identities.person_map()
        files = self._files()
        empty = PERSONS.empty_table()
        held = pa.concat_tables([empty, *(pq.read_table(file, schema=PERSONS) for file in files)]).combine_chunks()
        actors, persons = held["actor"].to_numpy(), held["person"].to_numpy()
        true = among(actors, now.actor) & (now.persons(actors) == persons)
        new = ~among(now.actor, np.sort(actors[true]))
        rows = _rows(identities, now.actor[new], now.person[new], version, secret) if new.any() else empty
        if not true.all() or (rows.num_rows and len(files) >= _MOST_FILES):
            kept = pa.concat_tables([held.filter(pa.array(true)), rows])
            self._commit(kept.sort_by("actor"), files)
        elif rows.num_rows:
            self._commit(rows, [])

    def _files(self) -> list[Path]:
        """Data files of the newest version."""
        actions = pa.table(DeltaTable(str(self._path)).get_add_actions(flatten=True))
        return [self._path / name for name in actions["path"].to_pylist()]

    def _commit(self, rows: pa.Table, removes: Sequence[Path]) -> None:
        fresh = self._path / f"part-{uuid.uuid4().hex}.parquet"
        try:
            pq.write_table(rows, fresh, compression="zstd", write_statistics=False)
            sync_all([fresh])
            now = int(time.time() * 1000)
            stats = json.dumps({"numRecords": rows.num_rows})
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

    def settle(self, seq: int, control: str) -> None:
        """Make the commit outlive a power cut, say what is known, and delete files it does not name."""
        version = int(DeltaTable(str(self._path)).version())
        due = version > 0 and version % _CHECKPOINT_EVERY == 0
        sync_commit(self._path, version, [], checkpoint=due)
        replace_file(self._path / _DURABLE, msgspec.json.encode(_Known(version, seq, control, len(PERSONS))))
        gone = set(self._path.glob("*.parquet")) - set(self._files())
        for path in gone:
            path.unlink()
        if gone:
            # What was erased must not come back with a power cut.
            sync_folder(self._path)


def _rows(
    identities: Identities, actors: NDArray[np.int64], persons: NDArray[np.int64], version: Version, secret: bytes
) -> pa.Table:
    """Rows of the table for some actors, by actor."""
    wanted = distinct(np.concatenate([actors, persons]))
    links = identities.connected(wanted)
    ends, times, seqs = np.concatenate([links.one, links.other]), np.tile(links.time, 2), np.tile(links.seq, 2)
    order = np.lexsort((seqs, times, ends))
    _, first = np.unique(ends[order], return_index=True)
    first = order[first]
    first = first[among(ends[first], wanted)]
    named = names_at(version, secret, seqs[first], wanted)
    at = np.searchsorted(ends[first], actors)
    known, whose = (_found(named, some) for some in (actors, persons))
    micros = pa.array(times[first][at], mask=times[first][at] == 0)
    return pa.table(
        [
            pa.array(actors), pa.array(persons), known["kind"], known["id"], whose["id"],
            micros.cast(PERSONS.field("linked_at").type), pa.array(seqs[first][at]),
        ],
        schema=PERSONS,
    )  # fmt: skip


def _found(named: pa.Table, actors: NDArray[np.int64]) -> pa.Table:
    """Names of actors; null where an erasure took the event that told one."""
    known = named["actor"].to_numpy()
    place = np.searchsorted(known, actors)
    inside = np.minimum(place, max(len(known) - 1, 0))
    missing = known[inside] != actors if len(known) else np.ones(len(actors), np.bool_)
    return (
        named.take(pa.array(inside, mask=missing))
        if len(known)
        else pa.table([pa.nulls(len(actors), field.type) for field in NAMES], schema=NAMES)
    )
