"""Everybody of a log as a list: who they are, when they were seen, where they stand.

In: journeys, an order, numbers of persons. Out: `Roster`, and the rows of any stretch of it. Points are those of `analyse.scores`; they
are read for whom they are shown or sorted by.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from sojourn.analyse.person_names import names_of
from sojourn.analyse.profiles import HistoryRules
from sojourn.analyse.scores import partial
from sojourn.analyse.signal_pass import signal_blocks
from sojourn.analyse.signal_question import read_question
from sojourn.analyse.signals import place_of
from sojourn.records.periods import from_us, zone

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sojourn.analyse.journeys import Journeys
    from sojourn.analyse.parts import Part
    from sojourn.analyse.signal_question import SignalQuestion

Order = Literal["seen", "events", "points"]


@dataclass(frozen=True, slots=True)
class RosterRow:
    """One person.

    Attributes:
        person: Their user id, else anonymous id.
        last_seen: Time of their last event, ISO 8601 in the time zone; None in a log without times.
        events: Events.
        stage: Stage of the lifecycle; None for none.
        points: By score; a person whose consent forbids it has none.
    """

    person: str
    last_seen: str | None
    events: int
    stage: str | None
    points: dict[str, float]


@dataclass(frozen=True, slots=True)
class Roster:
    """Persons of journeys.

    Attributes:
        person: int64: numbers, by bucket.
        last_us: int64: time of each one's last event, microseconds.
        events: int64: how many events each has.
    """

    person: NDArray[np.int64]
    last_us: NDArray[np.int64]
    events: NDArray[np.int64]

    def __len__(self) -> int:
        """How many persons."""
        return len(self.person)


def roster(journeys: Journeys) -> Roster:
    """Everybody with an event.

    Args:
        journeys: The log.
    """
    parts = journeys.parts()
    empty = [np.empty(0, np.int64)]
    return Roster(
        np.concatenate([*empty, *(part.person for part in parts)]),
        np.concatenate([*empty, *(part.time[part.stop - 1] for part in parts)]),
        np.concatenate([*empty, *(part.stop - part.start for part in parts)]),
    )


def points_of(journeys: Journeys, score: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Everybody's points of a score: numbers of persons, ascending, and their points. Whose consent forbids it is missing.

    Raises:
        BadOption: There is no such score.
    """
    question = read_question(journeys, None, None)
    place = place_of(score, [one.name for one in question.program.catalogue.scores], "score")
    found = journeys.map(lambda part: partial(part, question), journeys.parts())
    person = np.concatenate([np.empty(0, np.int64), *(one.person for one in found)])
    points = np.concatenate([np.empty(0), *(one.points[place] for one in found)])
    order = np.argsort(person)
    return person[order], points[order]


def ordered(
    listed: Roster,
    order: Order = "seen",
    *,
    only: NDArray[np.int64] | None = None,
    points: tuple[NDArray[np.int64], NDArray[np.float64]] | None = None,
) -> NDArray[np.int64]:
    """Places of a roster in an order, the most first; of equals the lower number first.

    Args:
        listed: Persons.
        order: Latest seen, most events or most points first.
        only: Numbers of the persons that are wanted, ascending; None for all.
        points: As `points_of` gives them, for `points`; who has none stands last.
    """
    keys = {"seen": listed.last_us, "events": listed.events}
    if order == "points":
        assert points is not None  # whoever asks for this order has them
        known, values = points
        at = np.minimum(np.searchsorted(known, listed.person), max(len(known) - 1, 0))
        has = known[at] == listed.person if len(known) else np.zeros(len(listed), np.bool_)
        key = np.where(has, values[at] if len(known) else 0.0, -np.inf)
    else:
        key = keys[order]
    places = np.arange(len(listed)) if only is None else np.flatnonzero(np.isin(listed.person, only))
    return places[np.lexsort((listed.person[places], -key[places]))]


def rows_of(journeys: Journeys, listed: Roster, places: NDArray[np.int64]) -> tuple[RosterRow, ...]:
    """Rows of a roster, with stages and points.

    Args:
        journeys: Those the roster is of.
        listed: The roster.
        places: Which rows, in their order.
    """
    persons = listed.person[places]
    names = names_of(journeys.index, persons)
    question = read_question(journeys, None, None)
    told = _standings(journeys, question, persons)
    where = zone(journeys.time_zone)
    made = []
    for name, number, last, events in zip(
        names, persons.tolist(), listed.last_us[places].tolist(), listed.events[places].tolist(), strict=True
    ):
        stage, points = told.get(number, (None, {}))
        seen = from_us(last).astimezone(where).isoformat() if last else None
        made.append(RosterRow(name, seen, events, stage, points))
    return tuple(made)


def score_names(journeys: Journeys) -> tuple[str, ...]:
    """Scores of the catalogue in force."""
    return tuple(one.name for one in read_question(journeys, None, None).program.catalogue.scores)


def _standings(
    journeys: Journeys, question: SignalQuestion, persons: NDArray[np.int64]
) -> dict[int, tuple[str | None, dict[str, float]]]:
    """Stage and points of some persons by number; of those who may not be scored nothing."""
    catalogue = question.program.catalogue
    rules = HistoryRules(question.program)
    stages: Sequence[str | None] = [*(one.name for one in catalogue.stages), None]
    wanted = np.setdiff1d(persons, question.unscored)

    def told(part: Part) -> dict[int, tuple[str | None, dict[str, float]]]:
        found = {}
        for block in signal_blocks(part, question.program, [question.at_us], only=np.isin(part.person, wanted)):
            profiles = rules.profiles(block)
            for n, number in enumerate(block.person.tolist()):
                points = {one.name: float(profiles.points[m, n]) for m, one in enumerate(catalogue.scores)}
                found[number] = (stages[profiles.stage[n]], points)
        return found

    return {number: one for found in journeys.map(told, journeys.parts()) for number, one in found.items()}
