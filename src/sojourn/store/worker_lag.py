"""How many events have not taken effect yet.

In: the log and the state. Out: counts of events; places that imports took hold no record of the log and are not counted as such.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sojourn.store.log_ids import RangeState
from sojourn.store.state import WORKER

if TYPE_CHECKING:
    from sojourn.store.log import Log
    from sojourn.store.state import State

RANGES = "ranges"
"""Name of the worker's cursor in the stretches of places that imports took."""


def records_after(log: Log, place: int) -> int:
    """Records of the log past a place; the places of imports among them are none."""
    last = log.last_seq()
    taken = sum(max(0, min(one.first + one.n - 1, last) - max(one.first, place + 1) + 1) for one in log.ids.ranges())
    return max(0, last - place - taken)


def worker_lag(log: Log, state: State) -> int:
    """Events, collected and imported, that have not taken effect in the state."""
    known = state.cursor(RANGES)
    unseen = sum(one.n for one in log.ids.ranges() if one.first > known and one.state == RangeState.STORED)
    owed = sum(one.last - one.done for one in state.owed())
    return records_after(log, state.cursor(WORKER)) + owed + unseen
