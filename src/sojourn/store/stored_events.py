"""Events of the table as they came in, in the order of the log.

In: a version of the events table and a stretch of places. Out: `Arrived` events, properties and all. The inverse of
`log_rows` and of an import's rows: what is derived from events is the same by either way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from sojourn.identify.sets import among
from sojourn.records.event import Arrived, Event
from sojourn.store.event_columns import FIXED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from sojourn.store.events import DataFile, Promoted, Version

    Choice = Callable[[pa.Table], NDArray[np.bool_]]

_TIMES = ("time", "received_at", "original_time", "sent_at")
_PLAIN = (
    "source", "event", "sent_event", "user_id", "anonymous_id", "previous_id", "group_id", "order_id", "revenue",
    "currency", "traits", "context",
)  # fmt: skip
_COLUMNS = (
    "seq", "type", "message_id", "bot", "properties", "id_high", "id_low", "external_ids", "proven", "daily", "from_browser",
    *_TIMES, *_PLAIN,
)  # fmt: skip


def stored_events(version: Version, after: int, through: int) -> list[Arrived]:
    """Events of the table between two places, bots left out.

    Args:
        version: From `EventsTable.read` or `read_version`.
        after: The place before the first.
        through: The last place.

    Returns:
        In the order of their places.
    """

    def between(rows: pa.Table) -> NDArray[np.bool_]:
        seq = rows["seq"].to_numpy()
        return (seq > after) & (seq <= through)

    return _wanted(version, [file for file in version.files if file.first_seq <= through], between)


def events_of_actors(version: Version, actors: NDArray[np.int64]) -> list[Arrived]:
    """Events of some actors, bots left out.

    Args:
        version: From `EventsTable.read` or `read_version`.
        actors: Their numbers, ascending.

    Returns:
        In the order of their places.
    """
    return _wanted(version, version.files, lambda rows: among(rows["actor"].to_numpy(), actors))


def _wanted(version: Version, files: Sequence[DataFile], wanted: Choice) -> list[Arrived]:
    """Events of files that a condition over `seq` and `actor` holds of, in the order of their places."""
    names = [*_COLUMNS, *(promoted.column for promoted in version.promoted)]
    found = [
        event
        for file in files
        for rows in _groups(file, names, version, wanted)
        for event in _events(rows, version.promoted)
    ]
    return sorted(found, key=lambda arrived: arrived.seq)


def _groups(file: DataFile, names: Sequence[str], version: Version, choice: Choice) -> Iterator[pa.Table]:
    """The wanted rows of a file: what they are chosen by is read first, the rest only where one is wanted."""
    types = {field.name: field.type for field in FIXED} | {p.column: p.type for p in version.promoted}
    with pq.ParquetFile(file.source, memory_map=True) as parquet:
        present = set(parquet.schema_arrow.names)
        for group in range(parquet.num_row_groups):
            places = parquet.read_row_group(group, columns=["seq", "actor", "bot"], use_threads=False)
            wanted = np.flatnonzero(choice(places) & ~np.asarray(places["bot"].fill_null(False)))  # noqa: FBT003 - Arrow's signature
            if not len(wanted):
                continue
            rows = parquet.read_row_group(group, columns=[n for n in names if n in present], use_threads=False)
            rows = rows.take(pa.array(wanted))
            for name in names:
                if name not in present:
                    rows = rows.append_column(name, pa.nulls(rows.num_rows, types[name]))
            yield rows


def _events(rows: pa.Table, promoted: Sequence[Promoted]) -> Iterator[Arrived]:
    for name in _TIMES:
        rows = rows.set_column(rows.schema.get_field_index(name), name, rows[name].cast(pa.int64()))
    keys = np.column_stack([rows[name].to_numpy() for name in ("id_high", "id_low")]).astype("<i8")
    for row, key in zip(rows.to_pylist(), keys, strict=True):
        yield Arrived(row["seq"], _event(row, promoted), key.tobytes())


def _event(row: dict[str, Any], promoted: Sequence[Promoted]) -> Event:
    time = row["time"] if row["time"] is not None else 0
    external = row["external_ids"]
    return Event(
        message_id=row["message_id"] or f"{row['seq']}",
        type=row["type"] or "track",
        time=time,
        received_at=row["received_at"] if row["received_at"] is not None else time,
        original_time=row["original_time"],
        sent_at=row["sent_at"],
        external_ids=msgspec.json.decode(external, type=tuple[tuple[str, str], ...]) if external else (),
        proven=bool(row["proven"]),
        daily=bool(row["daily"]),
        browser=bool(row["from_browser"]),
        properties=_properties(row, promoted),
        **{name: row[name] for name in _PLAIN},
    )


def _properties(row: dict[str, Any], promoted: Sequence[Promoted]) -> str:
    columns = {p.property: value for p in promoted if (value := row[p.column]) is not None}
    rest = row["properties"]
    if not columns:
        return rest or "{}"
    return msgspec.json.encode(columns | (msgspec.json.decode(rest) if rest else {})).decode()
