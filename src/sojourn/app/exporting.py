"""Exporting events: as they came, in forms other tools read.

In: journeys and a format. Out: Segment messages (JSON lines), Parquet or CSV, in the order of the log.
Never leaves out a property: promoted ones and those kept as JSON come back together.
"""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any, Literal

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq

from sojourn.store.event_columns import FIXED
from sojourn.store.events import EventsTable
from sojourn.store.row_names import named_ids, row_name
from sojourn.store.tail import read_version

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from sojourn.analyse.journeys import Journeys
    from sojourn.store.events import Version
    from sojourn.store.folder import Folder

ExportFormat = Literal["segment", "parquet", "csv"]
_INTERNAL = {"actor", "linked_actor", "id_high", "id_low"}
_NAMED_TYPES = {"page", "screen"}


def export_events(
    journeys: Journeys, out: IO[bytes], form: ExportFormat, *, progress: Callable[[str, int, int], None]
) -> int:
    """Write the events of journeys.

    Args:
        journeys: What to export; its filters apply.
        out: Where to.
        form: `segment`: one JSON object a line, docs/export.md; `parquet` or `csv`: one row an event.
        progress: Called with what is done.

    Returns:
        Events written.
    """
    table = EventsTable(journeys.index.folder.events)
    version = read_version(journeys.index.folder)
    wanted = _wanted(journeys)
    rows = _rows(table, version, wanted, progress)
    return _WRITERS[form](rows, version, out)


def export_events_of(
    folder: Folder, actors: NDArray[np.int64], out: IO[bytes], *, progress: Callable[[str, int, int], None]
) -> int:
    """Write the events of some actors as Segment messages, bots' too; returns how many."""
    table, version = EventsTable(folder.events), read_version(folder)
    groups = _rows(table, version, None, progress)
    rows = (group.filter(pa.array(np.isin(group["actor"].fill_null(0).to_numpy(), actors))) for group in groups)
    return _write_segment(rows, version, out)


def _wanted(journeys: Journeys) -> NDArray[np.int64] | None:
    """Places in the log of the events to export, ascending; None for all."""
    parts = journeys.parts()
    if all(part.rows is None for part in parts):
        return None
    chosen = [journeys.index.buckets[part.bucket].seq[part.rows] for part in parts]
    return np.sort(np.concatenate(chosen))


def _rows(
    table: EventsTable,
    version: Version,
    wanted: NDArray[np.int64] | None,
    progress: Callable[[str, int, int], None],
) -> Iterator[pa.Table]:
    done = 0
    for group in table.scan(version, table.schema(version).names):
        done += group.num_rows
        progress("exporting", done, version.rows)
        if wanted is None:
            yield group
            continue
        mine = np.isin(group["seq"].to_numpy(), wanted, assume_unique=True)
        if mine.any():
            yield group.filter(pa.array(mine))


def _write_segment(rows: Iterator[pa.Table], version: Version, out: IO[bytes]) -> int:
    encoder = msgspec.json.Encoder()
    promoted = [(p.column, p.property) for p in version.promoted]
    written = 0
    for group in rows:
        out.writelines(encoder.encode(_message(row, promoted)) + b"\n" for row in group.to_pylist())
        written += group.num_rows
    return written


def _message(row: dict[str, Any], promoted: list[tuple[str, str]]) -> dict[str, Any]:
    """One event as a Segment message, its type, event and name as they were sent."""
    kind = row["type"]
    sent = row["sent_event"]
    message: dict[str, Any] = {
        "type": kind,
        "event": (sent or row["event"]) if kind == "track" else None,
        "name": sent if kind in _NAMED_TYPES else None,
        "messageId": row["message_id"] or row_name(row["id_high"], row["id_low"]),
        "anonymousId": row["anonymous_id"],
        "userId": row["user_id"],
        "previousId": row["previous_id"],
        "groupId": row["group_id"],
        "timestamp": _iso(row["time"]),
        "receivedAt": _iso(row["received_at"]),
        "properties": _properties(row, promoted),
        "traits": _decoded(row["traits"]),
        "context": _context(row),
    }
    return {key: value for key, value in message.items() if value is not None}


def _properties(row: dict[str, Any], promoted: list[tuple[str, str]]) -> dict[str, Any]:
    found = {name: row[column] for column, name in promoted if row[column] is not None}
    found |= _decoded(row["properties"]) or {}
    for name in ("order_id", "revenue", "currency"):
        if row[name] is not None:
            found.setdefault(name, row[name])
    return found


def _context(row: dict[str, Any]) -> dict[str, Any] | None:
    """The context as it was sent, with the further identifiers that were taken out of it."""
    context = _decoded(row["context"])
    if row["external_ids"] is None:
        return context
    listed = [{"type": kind, "id": value} for kind, value in msgspec.json.decode(row["external_ids"])]
    return {**(context or {}), "externalIds": listed}


def _decoded(text: str | None) -> dict[str, Any] | None:
    return None if text is None else msgspec.json.decode(text)


def _iso(moment: Any) -> str | None:  # noqa: ANN401  (a datetime or None)
    return None if moment is None else moment.isoformat().replace("+00:00", "Z")


def _flat(group: pa.Table, version: Version) -> pa.Table:
    """Columns for people: what is internal is left out, promoted properties under their own names."""
    names = [name for name in FIXED.names if name not in _INTERNAL]
    place = group.schema.get_field_index("message_id")
    flat = group.set_column(place, "message_id", named_ids(group)).select(
        [*names, *(p.column for p in version.promoted)]
    )
    taken = set(names)
    named = [f"properties.{p.property}" if p.property in taken else p.property for p in version.promoted]
    return flat.rename_columns([*names, *named])


def _write_parquet(rows: Iterator[pa.Table], version: Version, out: IO[bytes]) -> int:
    written = 0
    writer: pq.ParquetWriter | None = None
    for group in rows:
        flat = _flat(group, version)
        writer = writer or pq.ParquetWriter(out, flat.schema, compression="zstd")
        writer.write_table(flat)
        written += flat.num_rows
    if writer is not None:
        writer.close()
    return written


def _write_csv(rows: Iterator[pa.Table], version: Version, out: IO[bytes]) -> int:
    written = 0
    for group in rows:
        options = pa_csv.WriteOptions(include_header=not written)
        pa_csv.write_csv(_flat(group, version), out, options)
        written += group.num_rows
    return written


_WRITERS: dict[ExportFormat, Callable[[Iterator[pa.Table], Version, IO[bytes]], int]] = {
    "segment": _write_segment,
    "parquet": _write_parquet,
    "csv": _write_csv,
}
