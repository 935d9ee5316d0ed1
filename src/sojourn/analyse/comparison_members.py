"""Who is behind a number of a comparison.

In: what was asked, and a finding, a milestone, an ending, or why somebody is left out. Out: `Persons`, exactly those counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from sojourn.analyse.comparison_asides import having_ended
from sojourn.analyse.comparison_features import CONTINUED, LOOK, STRICT, holders
from sojourn.analyse.comparison_windows import find_looks, left_out
from sojourn.analyse.groups import group_events
from sojourn.records.errors import BadOption

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from sojourn.analyse.compare import Ending, Finding, Milestone
    from sojourn.analyse.comparison_features import Candidate
    from sojourn.analyse.comparison_windows import Look
    from sojourn.analyse.parts import Part
    from sojourn.analyse.results import Drill, Persons

    Choice = Callable[[Part, Look], NDArray[np.bool_]]

Side = Literal["a", "b"]


def side_persons(drill: Drill, side: str, *, group: str | None = None) -> Persons:
    """Everybody of one side, or of these the ones in a group of the breakdown."""
    return _members(drill, side, lambda _, look: np.ones(len(look.unit), np.bool_), group=group)


def finding_persons(drill: Drill, finding: Finding, side: str, *, group: str | None, asked: bool) -> Persons:
    """The persons of one side who have a finding, or whom it was asked of."""
    candidate = _candidate(finding)

    def chosen(part: Part, look: Look) -> NDArray[np.bool_]:
        every, having = holders(part, look, candidate, drill.question)
        return every if asked else having[_counted(finding, side)]

    return _members(drill, side, chosen, group=group)


def milestone_persons(drill: Drill, milestone: Milestone, side: str) -> Persons:
    """The persons of one side who passed a milestone: converters before the step, leavers at any time."""
    candidate, last = _candidate(milestone), CONTINUED if side == "a" else STRICT
    return _members(drill, side, lambda part, look: holders(part, look, candidate, drill.question)[1][last])


def ending_persons(drill: Drill, ending: Ending, side: str) -> Persons:
    """The persons of one side who have an ending."""
    event = drill.question.events.index(str(_candidate(ending).event))
    return _members(drill, side, lambda part, look: having_ended(part, look, event))


def left_out_persons(drill: Drill) -> Persons:
    """The persons who came too late to be judged, or are in both groups."""
    looks = find_looks(drill.journeys, drill.question, group_events(drill.journeys.parts(), None))
    return drill.journeys.persons_of(left_out(drill.journeys, drill.question, looks))


def _members(drill: Drill, side: str, chosen: Choice, *, group: str | None = None) -> Persons:
    if side not in ("a", "b"):
        raise BadOption(f"expected side a or b, got {side!r}")
    journeys, question = drill.journeys, drill.question
    groupings = group_events(journeys.parts(), question.breakdown)
    names = groupings[0].names
    if group is not None and (question.breakdown is None or group not in names):
        raise BadOption(f"expected a group of the breakdown, got {group!r}")
    looks = find_looks(journeys, question, groupings)
    found = []
    for part, look in zip(looks.parts, looks.looks, strict=True):
        has = (look.side == "ab".index(side)) & chosen(part, look)
        if group is not None:
            has &= look.group == names.index(group)
        found.append(part.person[look.unit[has]])
    return journeys.persons_of(found)


def _candidate(record: Finding | Milestone | Ending) -> Candidate:
    candidate = record._candidate  # noqa: SLF001  (a field of this question that stays out of JSON)
    assert candidate is not None  # every record that `compare` makes has its own
    return candidate


def _counted(finding: Finding, side: str) -> int:
    """The last part of the looks of one side that a finding counted; see `judge`."""
    if finding.later:
        return CONTINUED
    if finding.difference >= 0:
        return LOOK
    return STRICT if side == "b" else CONTINUED
