"""Breakdowns: the group of every event.

In: what to break down by. Out: one group number an event, and the groups' names.
`channel` is the value on the event that counts; `first channel` and `last channel` are the person's first and
last known value. Groups beyond the largest are put together as `(other)`, missing values are `(none)`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numba import njit

from sojourn.store.columns import TextColumn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sojourn.analyse.parts import Part

NONE = "(none)"
OTHER = "(other)"
Touch = Literal["event", "first", "last"]


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
    """Groups of one part's events, numbered alike in all parts.

    Attributes:
        group: int32, one an event.
        names: The groups' names; the same in all parts of one question.
    """

    group: NDArray[np.int32]
    names: tuple[str, ...]


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
        return [Grouping(np.zeros(len(part.time), np.int32), ("",)) for part in parts]
    labelled = [_labels(part, breakdown.column) for part in parts]
    sizes: Counter[str] = Counter()
    for codes, names in labelled:
        counted = np.bincount(codes + 1, minlength=len(names) + 1)
        sizes.update({name: int(n) for name, n in zip([NONE, *names], counted, strict=True) if n})
    kept = [name for name, _ in sizes.most_common(most)]
    every = (*kept, OTHER) if len(sizes) > most else tuple(kept)
    place = {name: number for number, name in enumerate(every)}
    return [
        Grouping(_spread(part, codes, names, place, breakdown.touch), every)
        for part, (codes, names) in zip(parts, labelled, strict=True)
    ]


def _labels(part: Part, column: str) -> tuple[NDArray[np.int32], list[str]]:
    """Codes of the values in use (-1 for null) and their names."""
    found = part.column(column)
    if isinstance(found, TextColumn):
        used, codes = np.unique(found.codes, return_inverse=True)
        names = [found.names[int(code)] for code in used if code >= 0]
        return (codes - (1 if len(used) and used[0] < 0 else 0)).astype(np.int32), names
    known = ~np.isnan(found.values)
    numbers, inverse = np.unique(found.values[known], return_inverse=True)
    codes = np.full(len(found.values), -1, np.int32)
    codes[known] = inverse
    return codes, [f"{number:g}" for number in numbers]


def _spread(
    part: Part, codes: NDArray[np.int32], names: Sequence[str], place: dict[str, int], touch: Touch
) -> NDArray[np.int32]:
    if touch != "event":
        codes = _touched(part.start, part.stop, _same_person(part), codes, touch == "last")
    other = place.get(OTHER, 0)
    table = np.array([*(place.get(name, other) for name in names), place.get(NONE, other)], np.int32)
    grouped: NDArray[np.int32] = table[codes]
    return grouped


def _same_person(part: Part) -> NDArray[np.bool_]:
    """Whether a unit is a further session of the person before it."""
    same = np.zeros(len(part.person), np.bool_)
    same[1:] = part.person[1:] == part.person[:-1]
    return same


@njit(nogil=True, cache=True)
def _touched(start, stop, same, codes, last):  # type: ignore[no-untyped-def]
    """Each person's first or last known code, on all of the person's events."""
    out = np.full(codes.size, -1, np.int32)
    u = 0
    while u < start.size:
        v = u + 1
        while v < start.size and same[v]:
            v += 1
        found = np.int32(-1)
        for w in range(u, v):
            for i in range(start[w], stop[w]):
                if codes[i] >= 0 and (last or found < 0):
                    found = codes[i]
        for w in range(u, v):
            out[start[w] : stop[w]] = found
        u = v
    return out
