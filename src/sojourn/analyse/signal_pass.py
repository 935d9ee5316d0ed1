"""The pass of all signals over history.

In: journeys and a program. Out: the values of every person's signals at one or several times, a block of persons at a time.
An event counts at a time when it happened and was received by then: what arrived later was not known.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sojourn.analyse.parts import choose, frozen
from sojourn.analyse.signal_feeds import feeds_of
from sojourn.analyse.signal_pass_kernel import any_late, fold_persons, last_known
from sojourn.records.errors import UnknownColumn
from sojourn.store.columns import NumberColumn, TextColumn

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from sojourn.analyse.journeys import Journeys
    from sojourn.analyse.parts import Part
    from sojourn.signals.program import Program

_BLOCK_CELLS = 8_000_000
"""Values held at once: 64 MB."""


@dataclass(frozen=True, slots=True)
class Block:
    """Signals of some persons.

    Attributes:
        part: The part they are in.
        first: Place of the first of them in the part.
        person: int64: their numbers.
        values: float64, shape (times, persons, signals).
        hits: int32, shape (persons, signals): hits until the last time.
        at: The times.
        received: int64, one a row of the part: when it was received; empty when as it happened.
    """

    part: Part
    first: int
    person: NDArray[np.int64]
    values: NDArray[np.float64]
    hits: NDArray[np.int32]
    at: NDArray[np.int64]
    received: NDArray[np.int64]

    def begun(self, time: int) -> NDArray[np.bool_]:
        """Whether each person has an event that happened and was received by the time of that place."""
        rows = slice(self.first, self.first + len(self.person))
        every = frozen(np.zeros(len(self.part.time), np.int32))
        return self._last(every, rows, time) >= 0

    def known(self, column: str, time: int) -> list[str | float | None]:
        """Each person's last known value of a column at the time of that place."""
        try:
            found = self.part.column(column)
        except UnknownColumn:
            return [None] * len(self.person)
        rows = slice(self.first, self.first + len(self.person))
        if isinstance(found, TextColumn):
            codes, names = found.codes, found.names
            last = self._last(codes, rows, time)
            return [None if code < 0 else names[code] for code in last]
        values, place = np.unique(found.values, return_inverse=True)
        last = self._last(frozen(np.where(np.isnan(found.values), -1, place).astype(np.int32)), rows, time)
        return [None if code < 0 else float(values[code]) for code in last]

    def _last(self, codes: NDArray[np.int32], rows: slice, time: int) -> NDArray[np.int32]:
        part = self.part
        last: NDArray[Any] = last_known(
            codes, part.start[rows], part.stop[rows], part.time, self.received, self.at[time]
        )
        return last


def signal_blocks(
    part: Part, program: Program, at: Sequence[int], *, only: NDArray[np.bool_] | None = None
) -> Iterator[Block]:
    """Signals of the persons of a part.

    Args:
        part: Persons and their events.
        program: The compiled catalogue.
        at: When to read, microseconds since 1970 UTC, ascending.
        only: bool, one a person: who is wanted; None for everybody.
    """
    if only is not None:
        if not only.any():
            return
        part = choose(part, only)
    feeds = feeds_of(part, program)
    times = np.array(at, np.int64)
    received = received_at(part)
    signals = len(program.names)
    size = max(1, _BLOCK_CELLS // (signals * len(times)))
    for first in range(0, len(part.person), size):
        person = part.person[first : first + size]
        values = np.zeros((len(times), len(person), signals))
        hits = np.zeros((len(person), signals), np.int32)
        fold_persons(
            program.automata, feeds.words, feeds.lookups, feeds.literals,
            feeds.keys, feeds.codes, feeds.numbers, part.start[first : first + size], part.stop[first : first + size],
            part.time, part.event, received, times, values, hits,
        )  # fmt: skip
        yield Block(part, first, person, values, hits, times, received)


def received_at(part: Part) -> NDArray[np.int64]:
    """When each row was received, never before it happened; empty when all were as they happened."""
    try:
        column = part.column("received_at")
    except UnknownColumn:
        return frozen(np.empty(0, np.int64))
    assert isinstance(column, NumberColumn)  # the table keeps it as a time
    if not any_late(part.time, column.values):
        return frozen(np.empty(0, np.int64))
    return frozen(np.where(column.values > part.time, column.values, part.time).astype(np.int64))


def last_moment(journeys: Journeys) -> int:
    """The first time by which everything has happened and was received."""
    latest = 0
    for part in journeys.parts():
        received = received_at(part)
        latest = max(latest, int(part.time.max(initial=0)), int(received.max(initial=0)))
    return latest
