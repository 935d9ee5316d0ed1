"""A predicate tried as a segment, and how segments overlap: who is in both.

In: parts and a `SignalQuestion`. Out: `SegmentOverlap`. Membership is that of `analyse.segments`; docs/methods/segments.md.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, Any, Literal

import msgspec
import numpy as np

from sojourn.analyse.person_names import names_of
from sojourn.analyse.profiles import HistoryRules
from sojourn.analyse.results import Drill, Persons, Result
from sojourn.analyse.signal_pass import signal_blocks
from sojourn.analyse.signal_question import find_catalogue, read_question
from sojourn.analyse.signals import place_of
from sojourn.records.errors import BadPredicate
from sojourn.signals.catalogue import Catalogue, Segment
from sojourn.signals.catalogue_checks import check

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sojourn.analyse.journeys import Journeys
    from sojourn.analyse.parts import Part
    from sojourn.analyse.signal_question import SignalQuestion

_EXAMPLES = 10


@dataclass(frozen=True, slots=True)
class SegmentShared:
    """One segment of the catalogue beside the predicate that is tried.

    Attributes:
        name: Its name.
        says: What it means.
        persons: Persons in it.
        both: Of these, persons who fit the predicate, too; 0 when none is tried.
        of_tried: `both` of the persons who fit the predicate; `nan` without any.
        of_segment: `both` of the persons in the segment; `nan` without any.
    """

    name: str
    says: str
    persons: int
    both: int
    of_tried: float
    of_segment: float


@dataclass(frozen=True, slots=True)
class SegmentPair:
    """Two segments of the catalogue.

    Attributes:
        one: The first.
        other: The second.
        both: Persons in both.
        of_either: `both` of the persons in either; `nan` without any.
    """

    one: str
    other: str
    both: int
    of_either: float


@dataclass(frozen=True, slots=True)
class SegmentOverlap(Result):
    """How a predicate and the segments of a catalogue overlap.

    Attributes:
        catalogue: Where the catalogue came from.
        at_us: When the profiles are read, microseconds since 1970 UTC.
        persons_total: Persons with an event until then, who may be scored.
        persons_unscored: Persons whose consent forbids it; they are counted nowhere else.
        predicate: What is tried; None for nothing.
        tried: Persons who fit it.
        share: Of all persons; `nan` without any.
        examples: Some of them, at most ten.
        segments: One record a segment, in the order of the catalogue.
        pairs: Each two segments that share anybody, the largest part of either first.
    """

    catalogue: str
    at_us: int
    persons_total: int
    persons_unscored: int
    predicate: str | None
    tried: int
    share: float
    examples: tuple[str, ...]
    segments: tuple[SegmentShared, ...]
    pairs: tuple[SegmentPair, ...]
    _drill: Drill | None = field(default=None, repr=False, compare=False)

    def rows(self) -> Sequence[SegmentShared]:
        """One row a segment."""
        return self.segments

    def persons(self, segment: str | None = None, *, and_in: str | None = None) -> Persons:
        """Persons who fit the predicate, those of them in a segment, or those in two segments.

        Args:
            segment: Its name; None for all who fit the predicate.
            and_in: A second segment; None for those of the first who fit the predicate.
        """
        assert self._drill is not None  # every SegmentOverlap is made by `segment_overlap`
        return members(self._drill.journeys, self._drill.question, [segment, and_in])

    def persons_of(self, kind: Literal["scored", "unscored"] = "scored") -> Persons:
        """The persons who may be scored, or those whose consent forbids it.

        Args:
            kind: Which of these.
        """
        assert self._drill is not None  # every SegmentOverlap is made by `segment_overlap`
        question: SignalQuestion = self._drill.question
        return question.counted(self._drill.journeys, kind)


@dataclass(frozen=True, slots=True)
class OverlapPartial:
    """What one part adds.

    Attributes:
        shared: int64, shape (segments, segments), the predicate last: persons in both; in the diagonal those in each.
        persons: Persons with an event until then.
        tried: int64: numbers of those who fit the predicate.
    """

    shared: NDArray[np.int64]
    persons: int
    tried: NDArray[np.int64]


def segment_overlap(
    journeys: Journeys,
    *,
    predicate: str | None = None,
    catalogue: Any = None,  # noqa: ANN401  (a Catalogue, a path or a name: `read_question` says)
    at: str | dt.date | None = None,
) -> SegmentOverlap:
    """Try a predicate as a segment, and count who is in two segments at a time.

    Args:
        journeys: The log.
        predicate: Of a segment, as in a catalogue: `score.purchase_intent >= 40 and traits.country = 'DE'`; None for none.
        catalogue: As of `signals`.
        at: As of `signals`.

    Raises:
        BadCatalogue: There is no such catalogue, or it is wrong.
        BadPredicate: The predicate cannot be read, or names what the catalogue has not.
    """
    found, source = find_catalogue(journeys, catalogue)
    made = _with(found, predicate or _NOBODY)
    question = dataclasses.replace(read_question(journeys, made, at), source=source)
    partials = journeys.map(lambda part: partial(part, question), journeys.parts())
    return merge(partials, question, predicate, journeys)


_NOBODY = "time.hour < 0"
"""Fits nobody: stands for the predicate when none is tried."""


def _with(catalogue: Catalogue, where: str) -> Catalogue:
    """The catalogue with the predicate as one more segment, the last."""
    names = {one.name for one in catalogue.segments}
    name = next(name for name in ("tried", *(f"tried_{n}" for n in range(len(names) + 1))) if name not in names)
    try:
        tried = msgspec.convert({"name": name, "says": "tried", "where": where}, Segment)
    except msgspec.ValidationError as error:
        raise BadPredicate(f"a segment's predicate has 1 to 2,000 characters: {error}") from error
    made = msgspec.structs.replace(catalogue, segments=(*catalogue.segments, tried))
    path = f"$.segments[{len(catalogue.segments)}]"
    wrong = [says for place, says in check(made) if place.startswith(path)]
    if wrong:
        raise BadPredicate("; ".join(wrong))
    return made


def partial(part: Part, question: SignalQuestion) -> OverlapPartial:
    """Who of one part is in which segments."""
    rules = HistoryRules(question.program)
    many = len(question.program.catalogue.segments)
    shared = np.zeros((many, many), np.int64)
    tried = [np.empty(0, np.int64)]
    persons = 0
    for block in signal_blocks(part, question.program, [question.at_us], only=question.wanted(part)):
        here = block.begun(0)
        inside = rules.profiles(block).members & here
        counted = inside.astype(np.float64)
        shared += np.rint(counted @ counted.T).astype(np.int64)
        persons += int(here.sum())
        tried.append(block.person[inside[-1]])
    return OverlapPartial(shared, persons, np.concatenate(tried))


def merge(
    partials: Sequence[OverlapPartial], question: SignalQuestion, predicate: str | None, journeys: Journeys
) -> SegmentOverlap:
    """Add up the parts."""
    segments = question.program.catalogue.segments[:-1]
    many = len(segments) + 1
    shared = sum((one.shared for one in partials), np.zeros((many, many), np.int64))
    total = sum(one.persons for one in partials)
    sizes, both = shared.diagonal()[:-1], shared[-1, :-1]
    tried = int(shared[-1, -1])
    some = np.sort(np.concatenate([np.empty(0, np.int64), *(one.tried[:_EXAMPLES] for one in partials)])[:_EXAMPLES])
    rows = [
        SegmentShared(one.name, one.says, int(size), int(in_both), _part(in_both, tried), _part(in_both, size))
        for one, size, in_both in zip(segments, sizes, both, strict=True)
    ]
    pairs = [
        SegmentPair(segments[a].name, segments[b].name, int(shared[a, b]), _part(shared[a, b], sizes[a] + sizes[b] - shared[a, b]))
        for a, b in combinations(range(len(segments)), 2)
        if shared[a, b]
    ]  # fmt: skip
    return SegmentOverlap(
        question.source, question.at_us, total, question.left_out(journeys), predicate, tried, _part(tried, total),
        tuple(names_of(journeys.index, some)), tuple(rows), tuple(sorted(pairs, key=lambda one: -one.of_either)),
        _drill=Drill(journeys, question),
    )  # fmt: skip


def members(journeys: Journeys, question: SignalQuestion, segments: Sequence[str | None]) -> Persons:
    """Persons in all of some segments; None is the predicate that is tried."""
    names = [one.name for one in question.program.catalogue.segments]
    places = sorted({place_of(one, names[:-1], "segment") if one is not None else len(names) - 1 for one in segments})
    rules = HistoryRules(question.program)

    def chosen(part: Part) -> NDArray[np.int64]:
        found = [np.empty(0, np.int64)]
        for block in signal_blocks(part, question.program, [question.at_us], only=question.wanted(part)):
            inside = rules.profiles(block).members[places].all(axis=0)
            found.append(block.person[inside & block.begun(0)])
        return np.concatenate(found)

    return journeys.persons_of(journeys.map(chosen, journeys.parts()))


def _part(some: int, of: int) -> float:
    return float(some / of) if of else np.nan
