"""Names of events that came without a message id, as an export writes them: `row-` and their 128-bit id.

In: ids, or such names. Out: the other. An export that is imported again is so known by what it was known by.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from numpy.typing import NDArray

_PREFIX = "row-"
_NAME = r"^row-[0-9a-f]{32}$"


def row_name(high: int, low: int) -> str:
    """`row-` and the id of an event as 32 hexadecimal digits."""
    return f"{_PREFIX}{high % 2**64:016x}{low % 2**64:016x}"


def named_ids(rows: pa.Table) -> pa.Array:
    """The message id of each event; its row's name where none came."""
    messages = rows["message_id"].combine_chunks()
    if not messages.null_count:
        return messages
    halves = zip(rows["id_high"].to_pylist(), rows["id_low"].to_pylist(), strict=True)
    return pc.coalesce(messages, pa.array([row_name(high, low) for high, low in halves], pa.string()))


def with_row_ids(ids: NDArray[np.uint64], messages: pa.Array) -> NDArray[np.uint64]:
    """The ids, those of events whose message id is a row's name replaced by what it says; shape (events, 2)."""
    named = pc.fill_null(pc.match_substring_regex(messages, _NAME), False)  # noqa: FBT003  (Arrow's signature)
    places = np.flatnonzero(named.to_numpy(zero_copy_only=False))
    if places.size:
        digits = "".join(name.removeprefix(_PREFIX) for name in messages.filter(named).to_pylist())
        ids[places] = np.frombuffer(bytes.fromhex(digits), ">u8").reshape(-1, 2)
    return ids
