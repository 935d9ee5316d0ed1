"""What a log shows about its events: which come early, which come late, which come before which.

In: journeys. Out: `Evidence`, what `choose` decides on. Counted over at most 100,000 persons: it guides choices and is never shown as a result.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sojourn.app.report.vocabulary import goal_meaning, shop_step

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sojourn.analyse.journeys import Journeys
    from sojourn.analyse.parts import Part

_PERSONS = 100_000
_EVENTS = 60


@dataclass(frozen=True, slots=True)
class Seen:
    """One event name.

    Attributes:
        name: The name.
        persons: Persons of the sample who have it.
        place: Median of where its first occurrence lies among the person's different events: 0 first, 1 last; 0.5 alone.
        ends: Share of its persons to whom at most one other different event happens for the first time afterwards.
    """

    name: str
    persons: int
    place: float
    ends: float


@dataclass(frozen=True, slots=True)
class Taken:
    """One event on the way to a goal.

    Attributes:
        event: The event.
        converters: Persons who reach the goal and took it before their first one.
        place: Mean of where it lies among what they took before: 0 first, 1 last.
    """

    event: Seen
    converters: int
    place: float


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known about a log before a goal is chosen.

    Attributes:
        persons: Persons of the sample.
        events: Its event names, at most 60: the usual names of goals and steps, then those of most persons.
        first: A row a person, a column an event: place of the first one among all the person's; infinite without one.
    """

    persons: int
    events: tuple[Seen, ...]
    first: NDArray[np.float32]

    def seen(self, name: str) -> Seen | None:
        """An event by name."""
        return next((event for event in self.events if event.name == name), None)

    def preceded(self, earlier: str, later: str) -> int:
        """Persons whose first `earlier` comes before their first `later`."""
        a, b = self._of(earlier), self._of(later)
        return int(((a < b) & np.isfinite(b)).sum())

    def towards(self, goal: str) -> list[Taken]:
        """What those who reach a goal did before their first one, the earliest first."""
        reached = self.first[np.isfinite(self._of(goal))]
        end = reached[:, [self._place(goal)]]
        taken = reached < end
        together = np.maximum(taken.sum(axis=1) - 1, 1)
        found = []
        for n, event in enumerate(self.events):
            mine = taken[:, n]
            if mine.any():
                sooner = (taken[mine] & (reached[mine] < reached[mine, n][:, None])).sum(axis=1)
                found.append(Taken(event, int(mine.sum()), float((sooner / together[mine]).mean())))
        return sorted(found, key=lambda one: one.place)

    def _place(self, name: str) -> int:
        return [event.name for event in self.events].index(name)

    def _of(self, name: str) -> NDArray[np.float32]:
        column: NDArray[np.float32] = self.first[:, self._place(name)]
        return column


def gather(journeys: Journeys) -> Evidence:
    """Look at a log's first occurrences."""
    parts = journeys.parts()
    names = list(journeys.events)
    counts = np.sum([np.bincount(part.event, minlength=len(names)) for part in parts], axis=0)
    plain = [goal_meaning(name) is None and shop_step(name) is None for name in names]
    codes = np.lexsort((-counts, plain))[:_EVENTS]
    column = np.full(len(names), -1)
    column[codes] = np.arange(len(codes))
    each = -(-_PERSONS // len(parts))
    # Persons are numbered by a hash: the first ones of a part are a fair sample of it.
    found = [_first_rows(part, min(each, len(part.person)), column, len(codes)) for part in parts]
    return evidence(np.concatenate(found), [names[code] for code in codes])


def evidence(first: NDArray[np.float32], names: Sequence[str]) -> Evidence:
    """Evidence of first occurrences.

    Args:
        first: One row a person, one column an event name: place of the person's first such event among all the person's; infinite without one.
        names: The event names, one a column; those nobody has are left out.
    """
    has = np.isfinite(first)
    order = [int(code) for code in np.argsort(-has.sum(axis=0), kind="stable") if has[:, code].any()]
    first, has = first[:, order], has[:, order]
    distinct = has.sum(axis=1)
    seen = []
    for j, code in enumerate(order):
        mine = has[:, j]
        sooner = first[mine] < first[mine, j][:, None]
        others = distinct[mine] - 1
        place = np.where(others == 0, 0.5, sooner.sum(axis=1) / np.maximum(others, 1))
        ends = (others - sooner.sum(axis=1) <= 1).mean()
        seen.append(Seen(names[code], int(mine.sum()), float(np.median(place)), float(ends)))
    return Evidence(len(first), tuple(seen), first)


def _first_rows(part: Part, units: int, column: NDArray[np.int64], columns: int) -> NDArray[np.float32]:
    """Place of each chosen event's first occurrence among its person's rows, for the first `units` persons."""
    first = np.full((units, columns), np.inf, np.float32)
    lengths = part.stop[:units] - part.start[:units]
    unit = np.repeat(np.arange(units), lengths)
    place = np.arange(len(unit)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    which = column[part.event[np.repeat(part.start[:units], lengths) + place]]
    chosen = which >= 0
    found, at = np.unique(unit[chosen] * columns + which[chosen], return_index=True)
    first.flat[found] = place[chosen][at]
    return first
