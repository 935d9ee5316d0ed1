"""Who is behind a number of sessions.

In: what was asked, and a kind of session, a group, a period, or a page. Out: `Persons`, exactly those counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sojourn.analyse.groups import group_events
from sojourn.analyse.parts import cut_sessions
from sojourn.analyse.period_places import places_of
from sojourn.records.errors import BadOption
from sojourn.store.columns import TextColumn

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sojourn.analyse.journeys import Journeys
    from sojourn.analyse.parts import Part
    from sojourn.analyse.results import Persons
    from sojourn.analyse.sessions import SessionsQuestion


def members(
    journeys: Journeys, question: SessionsQuestion, kind: str, *, group: str | None, started: str | None
) -> Persons:
    """The persons of sessions; see `Sessions.persons_of`."""
    if kind not in ("all", "bounced", "returning"):
        raise BadOption(f"expected all, bounced or returning, got {kind!r}")
    parts = journeys.parts()
    groupings = group_events(parts, question.breakdown if group is not None else None)
    if group is not None and (question.breakdown is None or group not in groupings[0].names):
        raise BadOption(f"expected a group of the breakdown, got {group!r}")
    if started is not None and (question.trend is None or started not in question.trend.labels):
        raise BadOption(f"expected a period of the trend, got {started!r}")
    chosen = []
    for part, grouping in zip(parts, groupings, strict=True):
        cut = cut_sessions(part, question.gap_us, question.gap_rule)
        mask = np.ones(len(cut.start), np.bool_)
        if group is not None:
            mask &= grouping.at(cut.start) == groupings[0].names.index(group)
        if started is not None and question.trend is not None:
            places = places_of(part.time[cut.start], question.trend.starts_us)
            mask &= places == question.trend.labels.index(started)
        if kind == "bounced":
            mask &= cut.stop - cut.start == 1
        person = cut.person[mask]
        # The sessions of a person stand together.
        chosen.append(person[1:][person[1:] == person[:-1]] if kind == "returning" else person)
    return journeys.persons_of(chosen)


def by_page(journeys: Journeys, question: SessionsQuestion, page: str, end: str) -> Persons:
    """The persons with a session that began or ended on a page; see `Sessions.persons_by_page`."""
    if end not in ("entry", "exit"):
        raise BadOption(f"expected entry or exit, got {end!r}")
    chosen = []
    for part in journeys.parts():
        cut = cut_sessions(part, question.gap_us, question.gap_rule)
        chosen.append(cut.person[_on_page(part, cut, question.page, page, last=end == "exit")])
    return journeys.persons_of(chosen)


def known_places(known: NDArray[np.bool_], cut: Part, places: NDArray[np.int64], *, last: bool) -> NDArray[np.int64]:
    """Of each session the first or last event with a page; the given place where it has none."""
    rows = np.flatnonzero(known)
    if not len(rows):
        return places
    at = np.searchsorted(rows, places, side="right") - 1 if last else np.searchsorted(rows, places)
    found = rows[np.clip(at, 0, len(rows) - 1)]
    chosen: NDArray[np.int64] = np.where((found >= cut.start) & (found < cut.stop), found, places)
    return chosen


def _on_page(part: Part, cut: Part, column: str, page: str, *, last: bool) -> NDArray[np.bool_]:
    """Which sessions begin or end on a page, by its name in the result."""
    places = np.asarray(cut.stop - 1 if last else cut.start)
    if column == "event":
        return np.array([name == page for name in part.events], np.bool_)[part.event[places]]
    found = part.column(column)
    if isinstance(found, TextColumn):
        places = known_places(found.codes >= 0, cut, places, last=last)
        names = np.array([name == page for name in (*found.names, "(none)")], np.bool_)
        return names[found.codes[places]]
    places = known_places(~np.isnan(found.values), cut, places, last=last)
    values, place = np.unique(found.values[places], return_inverse=True)
    told = np.array([("(none)" if np.isnan(value) else f"{value:g}") == page for value in values], np.bool_)
    return told[place]
