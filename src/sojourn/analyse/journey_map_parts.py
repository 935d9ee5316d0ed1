"""A journey map of one part: where each person stands at each event, and what adds up.

In: a part, when its persons came to which stage, the touchpoint of each event. Out: `JourneyMapPartial`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sojourn.analyse.signal_pass_kernel import NEVER
from sojourn.analyse.stage_entries import entry_times

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sojourn.analyse.journey_map_question import JourneyMapQuestion, Touches
    from sojourn.analyse.parts import Part


_PLACES = 1 << 22


@dataclass(frozen=True, slots=True)
class Standing:
    """Who stands where.

    Attributes:
        entered: int64 (stages, persons): when each came to it; `NEVER` when not.
        stood: bool, same shape: whether the person stood on it.
        left: int64, same shape: when the person came to a later stage.
        went_on: bool, same shape: stood on it and came to a later one.
        owner: int64, one an event: its person's place in the part.
        stage: int16, one an event: the stage the person stands on behind it; -1 for none.
    """

    entered: NDArray[np.int64]
    stood: NDArray[np.bool_]
    left: NDArray[np.int64]
    went_on: NDArray[np.bool_]
    owner: NDArray[np.int64]
    stage: NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class JourneyMapPartial:
    """Counts of one part.

    Attributes:
        persons: Persons.
        before: Persons who came to no stage.
        stood: int64, one a stage: persons who stood on it.
        reached: int64: persons who came to it or to a later one.
        went_on: int64: of `stood`, who came to a later one.
        events: int64: events of persons who stood on it.
        times: One int64 array a stage: time until going on, microseconds.
        touched: int64, one a touchpoint: persons with an event there on any stage.
        cell_persons: int64 (stages, touchpoints): persons.
        cell_went_on: int64: of these, who went on.
        cell_events: int64: events.
        cell: int64, ascending: `stage * touchpoints + touchpoint`, one a person and cell.
        spent: int64: time the person spent there, microseconds.
    """

    persons: int
    before: int
    stood: NDArray[np.int64]
    reached: NDArray[np.int64]
    went_on: NDArray[np.int64]
    events: NDArray[np.int64]
    times: tuple[NDArray[np.int64], ...]
    touched: NDArray[np.int64]
    cell_persons: NDArray[np.int64]
    cell_went_on: NDArray[np.int64]
    cell_events: NDArray[np.int64]
    cell: NDArray[np.int64]
    spent: NDArray[np.int64]

    def spent_at(self, at: tuple[int, int]) -> NDArray[np.int64]:
        """Times spent at a cell, one a person."""
        code = at[0] * self.cell_persons.shape[1] + at[1]
        low, high = np.searchsorted(self.cell, (code, code + 1))
        return self.spent[low:high]


def standing(part: Part, question: JourneyMapQuestion) -> Standing:
    """Where each person of a part stands, and when."""
    entered = entry_times(part, question.entries, question.at_us)
    left = np.full_like(entered, NEVER)
    for n in range(len(entered) - 2, -1, -1):
        left[n] = np.minimum(left[n + 1], entered[n + 1])
    stood = entered < left
    owner = np.repeat(np.arange(len(part.person)), part.stop - part.start)
    stage = np.full(len(owner), -1, np.int16)
    for n in range(len(entered)):
        stage[entered[n][owner] <= part.time] = n
    return Standing(entered, stood, left, stood & (left != NEVER), owner, stage)


def partial(part: Part, question: JourneyMapQuestion, touches: Touches) -> JourneyMapPartial:
    """Count one part."""
    stands = standing(part, question)
    stages, many = len(stands.entered), len(touches.names)
    touch = touches.of(part)
    pairs, events, spent = _pairs(part, stands, touch, (stages, many), _spent(part, question.gap_us))
    person, where = np.divmod(pairs, max(stages * many, 1))
    on = stands.went_on[where // max(many, 1), person] if len(pairs) else np.zeros(0, np.bool_)
    order = np.argsort(where, kind="stable")
    shape = stages, many
    seen = np.zeros((len(part.person), many), np.bool_)
    seen[person, where % max(many, 1)] = True
    first = np.minimum.reduce(stands.entered, axis=0, initial=NEVER)
    return JourneyMapPartial(
        persons=len(part.person),
        before=int((first == NEVER).sum()),
        stood=stands.stood.sum(axis=1),
        reached=(np.minimum(stands.entered, stands.left) != NEVER).sum(axis=1),
        went_on=stands.went_on.sum(axis=1),
        events=np.bincount(stands.stage[stands.stage >= 0], minlength=stages).astype(np.int64),
        times=tuple((stands.left[n] - stands.entered[n])[stands.went_on[n]] for n in range(stages)),
        touched=seen.sum(axis=0),
        cell_persons=np.bincount(where, minlength=stages * many).reshape(shape),
        cell_went_on=np.bincount(where[on], minlength=stages * many).reshape(shape),
        cell_events=np.bincount(where, events, stages * many).astype(np.int64).reshape(shape),
        cell=where[order],
        spent=spent[order],
    )


def _pairs(
    part: Part, stands: Standing, touch: NDArray[np.int16], shape: tuple[int, int], spent: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Persons and cells with an event: `person * cells + cell` ascending, how many events, and the time spent.

    Persons are taken some at a time, so that a table with a place for each person and cell stays small.
    """
    cells = shape[0] * shape[1]
    found = []
    step = max(1, _PLACES // max(cells, 1))
    for first in range(0, len(part.person), step):
        last = min(first + step, len(part.person))
        rows = slice(int(part.start[first]), int(part.stop[last - 1]))
        kept = np.flatnonzero((stands.stage[rows] >= 0) & (touch[rows] >= 0)) + rows.start
        key = (stands.owner[kept] - first) * cells + stands.stage[kept].astype(np.int64) * shape[1] + touch[kept]
        counted = np.bincount(key, minlength=1)
        place = np.flatnonzero(counted)
        # Sums of microseconds are whole numbers below 2^53, which a float holds exactly.
        found.append((place + first * cells, counted[place], np.bincount(key, spent[kept], len(counted))[place]))
    pairs, events, times = (
        np.concatenate([np.empty(0, np.int64), *(one[n] for one in found)]).astype(np.int64) for n in range(3)
    )
    return pairs, events, times


def _spent(part: Part, gap_us: int) -> NDArray[np.int64]:
    """Time from each event to the person's next one; 0 behind the last and before a silence that reaches the gap."""
    spent = np.zeros(len(part.time), np.int64)
    np.subtract(part.time[1:], part.time[:-1], out=spent[:-1])
    spent[part.stop - 1] = 0
    spent[spent >= gap_us] = 0
    return spent
