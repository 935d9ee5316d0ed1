"""Breakdowns: the group of every event.

In: what to break down by. Out: one group number an event, and the groups' names.
`channel` is the value on the event that counts; `first channel` and `last channel` are the person's first and
last known value. Groups beyond the largest are put together as `(other)`, missing values are `(none)`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa
from numba import njit

from sojourn.analyse.masks import names_array
from sojourn.analyse.side_by_side import side_by_side
from sojourn.store.columns import TextColumn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sojourn.analyse.parts import Part

NONE = "(none)"
OTHER = "(other)"
_FEW = 1 << 12
Touch = Literal["event", "first", "last"]


def _nothing() -> NDArray[np.int32]:
    return np.empty(0, np.int32)


@dataclass(frozen=True, slots=True)
class Breakdown:
    """What to break down by.

    Attributes:
        column: Column or property.
        touch: `event`: its value on the counted event; `first` or `last`: the person's first or last known value.
    """

    column: str
    touch: Touch = "event"


@dataclass(frozen=True, slots=True)
class Grouping:
    """Groups of one part's events, numbered alike in all parts, looked up where they are asked for.

    Attributes:
        names: The groups' names; the same in all parts of one question.
        events: Events of the part.
        codes: int32: the column's code of each event, or of each unit when `starts` is given; -1 for null.
        starts: int64: where the rows of each unit begin, when all events of a unit have one group; else None.
        table: int32: the group of each code, that of null last. Empty when there is one group.
    """

    names: tuple[str, ...]
    events: int
    codes: NDArray[np.int32] = field(default_factory=_nothing)
    starts: NDArray[np.int64] | None = None
    table: NDArray[np.int32] = field(default_factory=_nothing)

    def at(self, rows: NDArray[np.int64], units: NDArray[np.int64] | None = None) -> NDArray[np.int32]:
        """int32: the group of the events at some places of the part; `units`, where known, are those they lie in."""
        if not len(self.table):
            return np.zeros(len(rows), np.int32)
        places = rows
        if self.starts is not None:
            places = _units_of(self.starts, rows) if units is None else units
        found: NDArray[np.int32] = self.table[self.codes[places]]
        return found

    @property
    def group(self) -> NDArray[np.int32]:
        """int32: the group of every event."""
        if not len(self.table):
            return np.zeros(self.events, np.int32)
        if self.starts is not None:
            return self.at(np.arange(self.events))
        grouped: NDArray[np.int32] = self.table[self.codes]
        return grouped


def read_breakdown(by: str | None) -> Breakdown | None:
    """Read `channel`, `first channel` or `last channel`; None for no breakdown."""
    if by is None:
        return None
    head, _, tail = by.strip().partition(" ")
    if head in ("first", "last") and tail:
        return Breakdown(tail.strip(), head)  # type: ignore[arg-type]  # one of the two, just tested
    return Breakdown(by.strip())


def group_events(parts: Sequence[Part], breakdown: Breakdown | None, *, most: int = 20) -> list[Grouping]:
    """Group the events of all parts.

    Args:
        parts: All parts of the question.
        breakdown: None puts every event in one group named "".
        most: Groups kept; the rest become `(other)`. Size is counted in events.
    """
    if breakdown is None:
        return [Grouping(("",), len(part.time)) for part in parts]
    # Whoever opens a column first builds it for all parts: that is done before the threads start.
    parts[0].column(breakdown.column)
    labelled = side_by_side(lambda part: _labels(part, breakdown.column), parts)
    sizes: Counter[str] = Counter()
    for labels in labelled:
        sizes.update(labels.sizes())
    kept = [name for name, _ in sizes.most_common(most)]
    every = (*kept, OTHER) if len(sizes) > most else tuple(kept)
    place = {name: number for number, name in enumerate(every)}
    return side_by_side(lambda part, labels: _grouping(part, labels, place, every, breakdown.touch), parts, labelled)


@dataclass(frozen=True, slots=True)
class _Labels:
    """Values of a column in one part.

    Attributes:
        codes: int32, one an event; -1 for null.
        highest: The codes lie below it.
        counts: Events of each code, null first.
        used: Codes in use.
        names: Their names.
    """

    codes: NDArray[np.int32]
    highest: int
    counts: NDArray[np.int64]
    used: NDArray[np.int64]
    names: list[str]

    def sizes(self) -> dict[str, int]:
        """Events by name."""
        found = dict(zip(self.names, self.counts[self.used + 1].tolist(), strict=True))
        return found | {NONE: int(self.counts[0])} if self.counts[0] else found


def _labels(part: Part, column: str) -> _Labels:
    found = part.column(column)
    if isinstance(found, TextColumn):
        codes, names, highest = found.codes, names_array(found.names), len(found.names)
    else:
        known = ~np.isnan(found.values)
        numbers, inverse = np.unique(found.values[known], return_inverse=True)
        codes = np.full(len(found.values), -1, np.int32)
        codes[known] = inverse
        names, highest = pa.array([f"{number:g}" for number in numbers], pa.large_string()), len(numbers)
    counts = _counted(codes, highest).sum(axis=0)
    used = np.flatnonzero(counts[1:])
    return _Labels(codes, highest, counts, used, names.take(pa.array(used)).to_pylist())


def _grouping(part: Part, labels: _Labels, place: dict[str, int], names: tuple[str, ...], touch: Touch) -> Grouping:
    other = place.get(OTHER, 0)
    table = np.full(labels.highest + 1, other, np.int32)
    table[labels.used] = [place.get(name, other) for name in labels.names]
    table[-1] = place.get(NONE, other)
    if touch == "event":
        return Grouping(names, len(part.time), labels.codes, None, table)
    codes = _touched(part.start, part.stop, _same_person(part), labels.codes, touch == "last")
    return Grouping(names, len(part.time), codes, part.start, table)


def _same_person(part: Part) -> NDArray[np.bool_]:
    """Whether a unit is a further session of the person before it."""
    same = np.zeros(len(part.person), np.bool_)
    same[1:] = part.person[1:] == part.person[:-1]
    return same


@njit(nogil=True, cache=True)
def _counted(codes, highest):  # type: ignore[no-untyped-def]
    """Events of each code, null first, in several rows to be added up."""
    # Equal codes in a row wait for each other at one place: while codes are few, four places take turns.
    lanes = 4 if highest < _FEW else 1
    out = np.zeros((lanes, highest + 1), np.int64)
    for i in range(codes.size):
        out[i & (lanes - 1), codes[i] + 1] += 1
    return out


@njit(nogil=True, cache=True)
def _touched(start, stop, same, codes, last):  # type: ignore[no-untyped-def]
    """Each person's first or last known code, on each of the person's units."""
    out = np.full(start.size, -1, np.int32)
    u = 0
    while u < start.size:
        v = u + 1
        while v < start.size and same[v]:
            v += 1
        found = np.int32(-1)
        for w in range(u, v):
            if found >= 0:
                break
            # Counted from the end when the last one is wanted; of several sessions likewise.
            one = u + v - 1 - w if last else w
            for i in range(start[one], stop[one]):
                code = codes[start[one] + stop[one] - 1 - i if last else i]
                if code >= 0:
                    found = code
                    break
        out[u:v] = found
        u = v
    return out


@njit(nogil=True, cache=True)
def _units_of(starts, rows):  # type: ignore[no-untyped-def]
    """The unit each row lies in; quickest when rows ascend."""
    out = np.empty(rows.size, np.int64)
    u = 0
    for r in range(rows.size):
        if starts[u] > rows[r]:
            u = np.searchsorted(starts, rows[r], side="right") - 1
        while u + 1 < starts.size and starts[u + 1] <= rows[r]:
            u += 1
        out[r] = u
    return out
