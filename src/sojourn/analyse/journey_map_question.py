"""What a journey map is asked: which stages, and what a touchpoint is.

In: journeys and options. Out: a `JourneyMapQuestion`, and for each part the touchpoint of its events. Never counts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from sojourn.analyse.channels import find_channels
from sojourn.analyse.signal_pass import last_moment
from sojourn.analyse.signal_question import find_catalogue, prepare
from sojourn.analyse.stage_entries import stage_entries
from sojourn.analyse.touchpoints import TOUCHPOINTS, touchpoint_of
from sojourn.records.durations import microseconds

if TYPE_CHECKING:
    import datetime as dt

    from numpy.typing import NDArray

    from sojourn.analyse.channels import Channels
    from sojourn.analyse.journeys import Journeys
    from sojourn.analyse.parts import Part
    from sojourn.analyse.stage_entries import Entries
    from sojourn.signals.catalogue import Catalogue, Stage

_MOST = 20


@dataclass(frozen=True, slots=True)
class JourneyMapQuestion:
    """What was asked.

    Attributes:
        catalogue: Its stages are the stages.
        source: Where it came from.
        entries: What brings a person to each.
        column: Column of the touchpoints; None for families of event names.
        gap_us: A longer silence is no time spent, microseconds.
        at_us: Events and timers up to here count.
    """

    catalogue: Catalogue
    source: str
    entries: Entries
    column: str | None
    gap_us: int
    at_us: int

    def stage(self, n: int) -> Stage:
        """The stage of that place on the map."""
        return self.catalogue.stages[self.entries.stages[n]]


@dataclass(frozen=True, slots=True)
class Touches:
    """The touchpoint of each event of a part.

    Attributes:
        names: Of the touchpoints; the same in all parts.
        by_event: int16: touchpoint of each event name; None when a column says it.
        channels: The column's values; None when the event's name says it.
    """

    names: tuple[str, ...]
    by_event: NDArray[np.int16] | None = None
    channels: Channels | None = None

    def of(self, part: Part) -> NDArray[np.int16]:
        """int16, one an event; -1 where the column has no value."""
        if self.channels is not None:
            return self.channels.channel_of[self.channels.codes + 1]
        assert self.by_event is not None  # one of the two
        return self.by_event[part.event]


def read_question(
    journeys: Journeys,
    *,
    catalogue: Any,  # noqa: ANN401  (see `journey_map`)
    touchpoint: str | None,
    gap: str | dt.timedelta,
) -> JourneyMapQuestion:
    """Read the options; see `journey_map`."""
    found, source = find_catalogue(journeys, catalogue)
    entries = stage_entries(found)
    prepare(journeys, [entries.program])
    return JourneyMapQuestion(found, source, entries, touchpoint, microseconds(gap), last_moment(journeys))


def touchpoints(journeys: Journeys, question: JourneyMapQuestion) -> list[Touches]:
    """The touchpoints of all parts, one record a part."""
    parts = journeys.parts()
    if question.column is not None:
        return [Touches(one.names, channels=one) for one in find_channels(journeys, parts, question.column, most=_MOST)]
    place = {name: n for n, name in enumerate(TOUCHPOINTS)}
    by_event = np.array([place[touchpoint_of(event)] for event in journeys.events], np.int16)
    return [Touches(TOUCHPOINTS, by_event) for _ in parts]
