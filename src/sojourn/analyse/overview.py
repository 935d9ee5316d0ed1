"""Overview: what a log holds.

In: journeys. Out: `Overview`: counts, bounds, and events by name.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from sojourn.analyse.results import Drill, Persons, Result
from sojourn.records.errors import UnknownEvent
from sojourn.records.periods import from_us

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sojourn.analyse.journeys import Journeys


@dataclass(frozen=True, slots=True)
class EventName:
    """Events of one name.

    Attributes:
        event: The name.
        count: Events.
        persons: Persons who have at least one.
    """

    event: str
    count: int
    persons: int


@dataclass(frozen=True, slots=True)
class Overview(Result):
    """What a log holds.

    Attributes:
        events: Events.
        persons: Persons with any.
        first: Earliest time, ISO 8601 UTC; None in a log without times.
        last: Latest time.
        untimed: Events without a time, in the whole folder.
        bots: Events of self-declared crawlers in the whole folder; left out of the other numbers unless asked for.
        names: Events by name, most frequent first.
    """

    events: int
    persons: int
    first: str | None
    last: str | None
    untimed: int
    bots: int
    names: tuple[EventName, ...]
    _drill: Drill | None = field(default=None, repr=False, compare=False)

    def rows(self) -> Sequence[EventName]:
        """The names."""
        return self.names

    def persons_of(self, event: str | None = None) -> Persons:
        """The persons with any event.

        Args:
            event: Only those with an event of this name; None for everybody.

        Raises:
            UnknownEvent: No event has the name.
        """
        assert self._drill is not None  # every Overview is made by `overview`
        return members(self._drill.journeys, event)


def overview(journeys: Journeys, *, most: int = 50) -> Overview:
    """Count events by name.

    Args:
        journeys: The log.
        most: At most this many names, the most frequent.
    """
    parts = journeys.parts()
    size = len(journeys.events)
    counts = np.zeros(size, np.int64)
    persons = np.zeros(size, np.int64)
    for part in parts:
        counts += np.bincount(part.event, minlength=size)
        unit = np.repeat(np.arange(len(part.person)), part.stop - part.start)
        pairs = np.unique(unit * size + part.event)
        persons += np.bincount(pairs % size, minlength=size)
    timed = [part.time[part.time != 0] for part in parts]
    first = min((int(time.min()) for time in timed if len(time)), default=None)
    last = max((int(time.max()) for time in timed if len(time)), default=None)
    order = np.lexsort((np.array(journeys.events), -counts))[:most]
    return Overview(
        events=int(counts.sum()),
        persons=sum(len(part.person) for part in parts),
        first=None if first is None else from_us(first).isoformat(),
        last=None if last is None else from_us(last).isoformat(),
        untimed=journeys.index.manifest.untimed,
        bots=journeys.index.manifest.bots,
        names=tuple(
            EventName(journeys.events[code], int(counts[code]), int(persons[code])) for code in order if counts[code]
        ),
        _drill=Drill(journeys, None),
    )


def members(journeys: Journeys, event: str | None) -> Persons:
    """The persons with an event of a name, or with any."""
    parts = journeys.parts()
    if event is None:
        return journeys.persons_of([part.person for part in parts])
    if event not in journeys.events:
        raise UnknownEvent(f"there is no event {event!r}")
    code = list(journeys.events).index(event)
    units = [np.repeat(np.arange(len(part.person)), part.stop - part.start) for part in parts]
    having = [np.unique(unit[part.event == code]) for part, unit in zip(parts, units, strict=True)]
    return journeys.persons_of([part.person[places] for part, places in zip(parts, having, strict=True)])
