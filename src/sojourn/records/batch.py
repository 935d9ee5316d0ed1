"""What reading a file yields, batch by batch, before anything is stored.

In: nothing. Out: `EventBatch`, and `FIXED_COLUMNS`, the columns its table always has. Never reads files itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from sojourn.records.rejected import Rejected

FIXED_COLUMNS = (
    "time",
    "received_at",
    "type",
    "event",
    "sent_event",
    "user_id",
    "anonymous_id",
    "message_id",
    "order_id",
    "revenue",
    "currency",
    "bot",
    "traits",
    "context",
    "rest",
    "previous_id",
    "group_id",
    "external_ids",
)


@dataclass(frozen=True, slots=True)
class EventBatch:
    """Some thousand accepted rows of one file, in file order, and the rows rejected on the way.

    Attributes:
        fixed: Table with exactly `FIXED_COLUMNS`: `time` and `received_at` are timestamp[us, UTC] (null: none given),
            `revenue` float64, `bot` bool, the others string. `traits`, `context` and `rest` hold JSON objects,
            `external_ids` JSON lists of pairs of kind and value. A row has a user id, an anonymous id or one of these.
        properties: Flat properties by name, aligned with `fixed`: string, int64, float64 or bool arrays.
        row_hash: uint64, shape (rows, 2): a 128-bit hash of the row's mapped source fields. The order of
            columns does not matter and nulls contribute nothing.
        rejected: Rows of this stretch of the file that were not accepted.
        read: Rows read, accepted and rejected together.
    """

    fixed: pa.Table
    properties: dict[str, pa.Array]
    row_hash: np.ndarray
    rejected: list[Rejected]
    read: int
