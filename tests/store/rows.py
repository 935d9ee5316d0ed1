"""Small imports for tests of the store: rows a reader can count, and what the store then holds.

A row is what a file said of one event; equal rows hash alike, as rows of a file do.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from sojourn.records.batch import FIXED_COLUMNS, EventBatch
from sojourn.store.append import Append
from sojourn.store.events import EventsTable
from sojourn.store.folder import create_folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sojourn.records.rejected import Rejected
    from sojourn.store.append import AppendCounts
    from sojourn.store.folder import Folder

SECOND = 1_000_000
START = 1_704_067_200 * SECOND
"""2024-01-01 00:00 UTC."""
_UTC = pa.timestamp("us", tz="UTC")


@dataclass(frozen=True)
class Row:
    """One event of a file: who, seconds after the start of 2024 (None: no time), what, and the rest."""

    user: str | None = None
    anonymous: str | None = None
    second: int | None = 0
    event: str = "view"
    message_id: str | None = None
    properties: dict[str, Any] = field(default_factory=dict, hash=False)
    more: dict[str, str | bool | float | None] = field(default_factory=dict, hash=False)

    def hash(self) -> bytes:
        """128 bits over what the row says, its message id aside."""
        said = [self.user, self.anonymous, self.second, self.event, self.properties, self.more]
        return hashlib.blake2b(json.dumps(said, sort_keys=True, default=str).encode(), digest_size=16).digest()


def batch(
    rows: Sequence[Row], *, types: dict[str, pa.DataType] | None = None, rejected: Sequence[Rejected] = ()
) -> EventBatch:
    """Rows as one batch, as reading a file gives it.

    Args:
        rows: The rows.
        types: Arrow types of properties; guessed by Arrow without.
        rejected: Rows of the same stretch that were not accepted.
    """
    n = len(rows)
    columns: dict[str, pa.Array] = {name: pa.nulls(n, pa.string()) for name in FIXED_COLUMNS}
    times = [None if row.second is None else START + row.second * SECOND for row in rows]
    columns |= {
        "time": pa.array(times, _UTC),
        "received_at": pa.nulls(n, _UTC),
        "type": pa.array(["track"] * n, pa.string()),
        "event": pa.array([row.event for row in rows], pa.string()),
        "user_id": pa.array([row.user for row in rows], pa.string()),
        "anonymous_id": pa.array([row.anonymous for row in rows], pa.string()),
        "message_id": pa.array([row.message_id for row in rows], pa.string()),
        "revenue": pa.nulls(n, pa.float64()),
        "bot": pa.array([bool(row.more.get("bot", False)) for row in rows], pa.bool_()),
    }
    for name in sorted({name for row in rows for name in row.more} - {"bot"}):
        columns[name] = pa.array([row.more.get(name) for row in rows], columns[name].type)
    names = sorted({name for row in rows for name in row.properties})
    given = types or {}
    properties = {name: pa.array([row.properties.get(name) for row in rows], given.get(name)) for name in names}
    hashes = np.frombuffer(b"".join(row.hash() for row in rows), np.uint64).reshape(-1, 2).copy()
    table = pa.table({name: columns[name] for name in FIXED_COLUMNS})
    return EventBatch(table, properties, hashes, list(rejected), n + len(rejected))


@contextlib.contextmanager
def passing_folder() -> Iterator[Folder]:
    """A data folder for one random example, in memory where the system has a place for that."""
    memory = Path("/dev/shm")  # noqa: S108  (a folder of random name is made in it)
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as place:
        yield create_folder(Path(place) / "data")


def store(folder: Folder, *batches: EventBatch, source: str = "test", drop_repeats: bool = False) -> AppendCounts:
    """Import batches as one file."""
    with folder.writing():
        append = Append(folder, source=source, drop_repeats=drop_repeats)
        for one in batches:
            append.add(one)
        return append.finish()


def stored(folder: Folder, *columns: str) -> list[dict[str, Any]]:
    """What the events table holds, by place in the log."""
    table = EventsTable(folder.events)
    version = table.read()
    names = list(columns) or table.schema(version).names
    wanted = list(dict.fromkeys([*names, "seq"]))
    rows = [row for group in table.scan(version, wanted) for row in group.to_pylist()]
    ordered = sorted(rows, key=lambda row: row["seq"])
    return [{name: row[name] for name in names} for row in ordered]


def stored_values(folder: Folder, name: str) -> list[Any]:
    """One column of the events table, by place in the log."""
    return [row[name] for row in stored(folder, name)]
