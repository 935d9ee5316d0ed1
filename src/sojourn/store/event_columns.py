"""The columns that every event of the events table has.

In: nothing. Out: their names and types, docs/events-table.md. New ones come last: older files lack them, and read as null.
"""

from __future__ import annotations

import pyarrow as pa

_UTC = pa.timestamp("us", tz="UTC")

FIXED = pa.schema(
    [
        ("seq", pa.int64()),
        ("time", _UTC),
        ("received_at", _UTC),
        ("source", pa.string()),
        ("type", pa.string()),
        ("event", pa.string()),
        ("sent_event", pa.string()),
        ("actor", pa.int64()),
        ("linked_actor", pa.int64()),
        ("user_id", pa.string()),
        ("anonymous_id", pa.string()),
        ("message_id", pa.string()),
        ("order_id", pa.string()),
        ("revenue", pa.float64()),
        ("currency", pa.string()),
        ("bot", pa.bool_()),
        ("traits", pa.string()),
        ("context", pa.string()),
        ("properties", pa.string()),
        ("id_high", pa.int64()),
        ("id_low", pa.int64()),
        ("previous_id", pa.string()),
        ("external_ids", pa.string()),
        ("proven", pa.bool_()),
        ("daily", pa.bool_()),
        ("from_browser", pa.bool_()),
        ("group_id", pa.string()),
        ("original_time", _UTC),
        ("sent_at", _UTC),
    ]
)
"""Columns every event has, docs/events-table.md. Promoted properties follow as `p_...` columns."""
