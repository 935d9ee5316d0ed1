"""Parts: the rows of some persons, as a question's kernel sees them.

In: buckets of the index. Out: parts, filtered or cut into sessions; a question's `partial` takes one part.
Never changes a bucket: a filtered part has new, shorter arrays.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
from numba import njit

from sojourn.analyse.sessions_kernel import cut
from sojourn.store.columns import Column, NumberColumn, TextColumn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sojourn.store.buckets import Bucket

GapRule = Literal["reaches", "exceeds"]


class Log(Protocol):
    """What a part asks of the log it belongs to; `store.index.Index` is one."""

    def column(self, name: str) -> list[Column]:
        """A column of every bucket."""
        ...


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of some units (persons, or sessions of persons), sorted by (unit, time, seq).

    Attributes:
        person: int64, one a unit: the person's number. A person with several sessions stands several times.
        start: int64, one a unit: where its rows begin.
        stop: int64, one a unit: where they end (exclusive).
        time: int64, one an event: microseconds since 1970 UTC; 0 without a time.
        event: uint16 or uint32 codes, one an event: places in `events`.
        events: Event names.
        rows: int64, one an event: its place in the bucket; None when all rows of the bucket are here.
        bucket: Number of the bucket.
        log: Where columns come from.
    """

    person: NDArray[np.int64]
    start: NDArray[np.int64]
    stop: NDArray[np.int64]
    time: NDArray[np.int64]
    event: NDArray[Any]
    events: Sequence[str]
    rows: NDArray[np.int64] | None
    bucket: int
    log: Log

    def column(self, name: str, places: NDArray[np.int64] | None = None) -> Column:
        """A column, one value an event of this part, or of some of its events. `event` is the event's name.

        Args:
            name: Of the column.
            places: int64: places of the events in this part; None for all.
        """
        if name == "event":
            codes = self.event if places is None else self.event[places]
            return TextColumn(frozen(codes.astype(np.int32)), self.events)
        column = self.log.column(name)[self.bucket]
        rows = self.rows
        if places is not None:
            rows = places if rows is None else rows[places]
        if rows is None:
            return column
        if isinstance(column, TextColumn):
            return TextColumn(frozen(column.codes[rows]), column.names)
        return NumberColumn(frozen(column.values[rows]))


def whole_part(bucket: Bucket, events: Sequence[str], log: Log) -> Part:
    """All rows of a bucket."""
    return Part(
        person=bucket.person,
        start=bucket.offset[:-1],
        stop=bucket.offset[1:],
        time=bucket.time,
        event=bucket.event,
        events=events,
        rows=None,
        bucket=bucket.number,
        log=log,
    )


def keep(part: Part, mask: NDArray[np.bool_]) -> Part:
    """Only the events where `mask` is true, and the units that have any.

    Args:
        part: Any part.
        mask: bool, one an event.
    """
    rows = np.flatnonzero(mask)
    start, stop = _bounds(part.start, part.stop, rows)
    some = stop > start
    return replace(
        part,
        person=frozen(part.person[some]),
        start=frozen(start[some]),
        stop=frozen(stop[some]),
        time=frozen(part.time[rows]),
        event=frozen(part.event[rows]),
        rows=rows if part.rows is None else part.rows[rows],
    )


def choose(part: Part, units: NDArray[np.bool_]) -> Part:
    """Only the units where `units` is true, with all their events."""
    return replace(
        part, person=frozen(part.person[units]), start=frozen(part.start[units]), stop=frozen(part.stop[units])
    )


def alone(part: Part, unit: int) -> Part:
    """One unit with its events and no others: what is asked of it costs no look at theirs."""
    first, last = int(part.start[unit]), int(part.stop[unit])
    rows = np.arange(first, last) if part.rows is None else part.rows[first:last]
    return replace(
        part,
        person=frozen(part.person[unit : unit + 1]),
        start=frozen(np.zeros(1, np.int64)),
        stop=frozen(np.array([last - first])),
        time=frozen(part.time[first:last]),
        event=frozen(part.event[first:last]),
        rows=rows,
    )


def cut_sessions(part: Part, gap_us: int, rule: GapRule) -> Part:
    """The same rows with one unit a session.

    Args:
        part: A part of persons.
        gap_us: Silence that ends a session, microseconds.
        rule: `reaches`: a silence equal to the gap ends it; `exceeds`: only a longer one does.
    """
    person, begins, ends = cut(part.start, part.stop, part.time, part.person, silence(gap_us, rule))
    return replace(part, person=frozen(person), start=frozen(begins), stop=frozen(ends))


def silence(gap_us: int, rule: GapRule) -> int:
    """From which silence on a session has ended, microseconds; see `cut_sessions`."""
    return gap_us if rule == "reaches" else gap_us + 1


def frozen(array: NDArray[Any]) -> NDArray[Any]:
    """Mark an array as read-only, as mapped ones are: one compiled kernel then serves both."""
    array.flags.writeable = False
    return array


@njit(nogil=True, cache=True)
def _bounds(start, stop, rows):  # type: ignore[no-untyped-def]
    """Where, among some ascending rows, those of each unit begin and end."""
    begins, ends = np.empty(start.size, np.int64), np.empty(start.size, np.int64)
    n = 0
    for u in range(start.size):
        while n < rows.size and rows[n] < start[u]:
            n += 1
        begins[u] = n
        while n < rows.size and rows[n] < stop[u]:
            n += 1
        ends[u] = n
    return begins, ends


@njit(nogil=True, cache=True)
def units_with(start, stop, classes, bits):  # type: ignore[no-untyped-def]  # noqa: ANN201  (a kernel)
    """uint8, one a unit: the bits of all its events' classes."""
    out = np.zeros(start.size, np.uint8)
    for u in range(start.size):
        found = np.uint8(0)
        for i in range(start[u], stop[u]):
            found |= bits[classes[i]]
        out[u] = found
    return out
