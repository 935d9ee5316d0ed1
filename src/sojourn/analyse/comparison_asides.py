"""What is a part of the outcome rather than a reason for it: milestones on the way, endings after it.

In: what was tried and judged. Out: `Asides`, places of candidates that stand beside the findings, not among them.
The rules, and examples: docs/methods/compare.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sojourn.analyse.comparison_features import CONTINUED
from sojourn.analyse.comparison_findings import SURE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sojourn.analyse.comparison_features import Candidate
    from sojourn.analyse.comparison_findings import Judged, Tried
    from sojourn.analyse.comparison_question import CompareQuestion
    from sojourn.analyse.comparison_windows import Look, Looks
    from sojourn.analyse.journeys import Journeys
    from sojourn.analyse.parts import Part

MILESTONE = 0.95
"""Share of converters that makes an event a part of the way."""
ENDING = 0.9
"""Share of leavers who sooner or later come to an event that is another name for leaving."""
COMPANION = 0.95
"""Share of converters who sooner or later come to an event that is another name for going on."""
_LIKELY_ENDING = 0.5
"""The same for an event that usually follows a thing leavers meet more often."""
_ENDED = 40
_FOLLOWS = 0.9
_MET_BOTH = 20


@dataclass(frozen=True, slots=True)
class Asides:
    """Candidates that are no reasons.

    Attributes:
        milestones: What nearly every converter passes, rarest among leavers first.
        endings: What leavers come to and nobody goes on after, and how many leavers do.
        companions: What converters come to and no leaver ever does, and how many converters do.
        left_out: All candidates that are not among the findings: those above, and what is about them.
    """

    milestones: list[int]
    endings: dict[int, int]
    companions: dict[int, int]
    left_out: frozenset[int]


def set_aside(
    journeys: Journeys, looks: Looks, tried: Tried, judged: Judged, question: CompareQuestion, order: Sequence[int]
) -> Asides:
    """Find milestones and endings among the candidates.

    Args:
        journeys: The log.
        looks: Who is compared.
        tried: Everything that was tried.
        judged: How it was judged.
        question: The question; two groups by predicates have neither.
        order: Candidates by rank.
    """
    if not question.steps:
        return Asides([], {}, {}, frozenset())
    passed = _milestones(tried, judged, order)
    ended = _endings(journeys, looks, tried, judged, question)
    with_it = _companions(journeys, looks, tried, judged, question)
    with_it = {place: many for place, many in with_it.items() if place not in passed}
    at_the_end = {tried.candidates[place].event for place in (*ended, *with_it)}
    on_the_way = {tried.candidates[place].event for place in passed if tried.candidates[place].kind == "event"}
    borne: dict[tuple[str | None, str | None], int] = {
        (candidate.property, candidate.value): int(judged.count_b[place])
        for place, candidate in enumerate(tried.candidates)
        if candidate.property is not None
        and candidate.event is not None
        and (candidate.event in on_the_way or place in passed)
    }
    left_out = {
        k
        for k in order
        if _speaks_of(tried.candidates[k], at_the_end)
        or (judged.difference[k] < 0 and _is_progress(tried.candidates[k], int(judged.count_b[k]), on_the_way, borne))
    }
    return Asides(passed, ended, with_it, frozenset(left_out | set(passed)))


def _milestones(tried: Tried, judged: Judged, order: Sequence[int]) -> list[int]:
    """Events, and values on a stated event, that nearly every converter has before the step and fewer leavers have.

    A value is none when leavers have more of another value of the same: then it is the other side of a reason.
    """
    chosen = {
        (tried.candidates[k].event, tried.candidates[k].property)
        for k in order
        if judged.difference[k] > 0 and judged.corrected[k] < SURE
    }
    found = []
    for k in order:
        candidate = tried.candidates[k]
        if judged.difference[k] >= 0 or judged.corrected[k] >= SURE or judged.count_b[k] < MILESTONE * judged.n_b[k]:
            continue
        on_event = candidate.kind == "property" and candidate.event is not None
        if candidate.kind == "event" or (on_event and (candidate.event, candidate.property) not in chosen):
            found.append(k)
    events = {tried.candidates[k].event for k in found if tried.candidates[k].kind == "event"}
    plain = [k for k in found if tried.candidates[k].kind == "event" or tried.candidates[k].event not in events]
    return sorted(plain, key=lambda k: (judged.count_a[k] / judged.n_a[k], k))


def _speaks_of(candidate: Candidate, events: set[str | None]) -> bool:
    return candidate.event in events or (candidate.kind == "order" and candidate.other in events)


def _is_progress(
    candidate: Candidate, count: int, on_the_way: set[str | None], borne: dict[tuple[str | None, str | None], int]
) -> bool:
    """Whether what converters have more of is about a milestone, or mostly carried by one."""
    if _speaks_of(candidate, on_the_way):
        return True
    if candidate.kind != "property":
        return False
    return borne.get((candidate.property, candidate.value), 0) >= count / 2


def _endings(
    journeys: Journeys, looks: Looks, tried: Tried, judged: Judged, question: CompareQuestion
) -> dict[int, int]:
    """Events that are another name for leaving, and how many leavers come to them at any time.

    No converter had it at any time before the conversion, at least `_ENDED` leavers come to it, and either `ENDING` of them
    do, or `_LIKELY_ENDING` do and it usually follows an event that leavers have more of and some converters have too.
    """
    events = [
        k
        for k, candidate in enumerate(tried.candidates)
        if candidate.kind == "event" and judged.difference[k] > 0 and judged.corrected[k] < SURE
    ]
    places = [k for k in events if not judged.count_b[k]]
    met = [k for k in events if judged.count_b[k]]
    if not places:
        return {}

    def ever(part: Part, look: Look) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        left = look.side == 0
        shown = {k: _first_row(part, look, question.events.index(str(tried.candidates[k].event))) for k in events}
        counts = np.array([[(shown[k][left] >= 0).sum(), (shown[k][~left] >= 0).sum()] for k in places])
        after = np.zeros((len(places), len(met), 2), np.int64)
        for i, k in enumerate(places):
            for j, earlier in enumerate(met):
                both = left & (shown[k] >= 0) & (shown[earlier] >= 0)
                after[i, j] = both.sum(), (both & (shown[earlier] < shown[k])).sum()
        return counts, after

    found = journeys.map(ever, looks.parts, looks.looks)
    counts, after = (np.sum([each[n] for each in found], axis=0) for n in (0, 1))
    leavers = int(tried.sizes[::2].sum())
    out = {}
    for n, place in enumerate(places):
        left, went_on = counts[n].tolist()
        follows = any(both >= _MET_BOTH and then >= _FOLLOWS * both for both, then in after[n].tolist())
        enough = _LIKELY_ENDING if follows else ENDING
        if not went_on and left >= max(_ENDED, enough * leavers):
            out[place] = left
    return out


def _companions(
    journeys: Journeys, looks: Looks, tried: Tried, judged: Judged, question: CompareQuestion
) -> dict[int, int]:
    """Events that are another name for going on, and how many converters come to them at any time.

    No leaver ever has it, and `COMPANION` of the converters have it after they came, before the step or after it.
    """
    places = [
        k
        for k, candidate in enumerate(tried.candidates)
        if candidate.kind == "event"
        and judged.difference[k] < 0
        and judged.corrected[k] < SURE
        and not tried.having[CONTINUED, k, ::2].sum()
    ]
    if not places:
        return {}

    def ever(part: Part, look: Look) -> NDArray[np.int64]:
        left = look.side == 0
        start = np.where(left, np.asarray(part.start)[look.unit], look.start)
        stop = np.asarray(part.stop)[look.unit]
        counts = []
        for k in places:
            before = np.concatenate(
                ([0], np.cumsum(part.event == question.events.index(str(tried.candidates[k].event))))
            )
            has = before[stop] > before[start]
            counts.append([(has & left).sum(), (has & ~left).sum()])
        return np.array(counts)

    counts = np.sum(journeys.map(ever, looks.parts, looks.looks), axis=0)
    converters = int(tried.sizes[1::2].sum())
    return {
        place: went_on
        for place, (left, went_on) in zip(places, counts.tolist(), strict=True)
        if not left and went_on >= COMPANION * converters
    }


def having_ended(part: Part, look: Look, event: int) -> NDArray[np.bool_]:
    """Who has an event at any time after they came to the step before: whom an ending counts on its side.

    Args:
        part: A part.
        look: Its look.
        event: Code of the event.
    """
    before = np.concatenate(([0], np.cumsum(part.event == event)))
    found: NDArray[np.bool_] = before[np.asarray(part.stop)[look.unit]] > before[look.start]
    return found


def _first_row(part: Part, look: Look, code: int) -> NDArray[np.int64]:
    """The first row of an event: of leavers at any time after they came, of converters at any time before they went on."""
    left = look.side == 0
    first = np.where(left, look.start, np.asarray(part.start)[look.unit])
    last = np.where(left, np.asarray(part.stop)[look.unit], look.middle)
    rows = np.append(np.flatnonzero(part.event == code), len(part.event))
    row: NDArray[np.int64] = rows[np.searchsorted(rows, first)]
    return np.where(row < last, row, -1)
