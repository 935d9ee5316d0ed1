"""Segments and stages over history: how many persons are in each, and who.

In: parts and a `SignalQuestion`. Out: `Segments`. Membership is what the live profile would say at that time;
docs/methods/segments.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from sojourn.analyse.profiles import HistoryRules
from sojourn.analyse.results import Drill, Persons, Result
from sojourn.analyse.signal_pass import signal_blocks
from sojourn.analyse.signal_question import SignalQuestion, read_question
from sojourn.analyse.signals import place_of
from sojourn.records.errors import BadOption

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from sojourn.analyse.journeys import Journeys
    from sojourn.analyse.parts import Part
    from sojourn.analyse.profiles import Profiles


@dataclass(frozen=True, slots=True)
class SegmentCount:
    """One segment.

    Attributes:
        name: Its name.
        says: What it means.
        persons: Persons in it.
        share: Of all persons.
    """

    name: str
    says: str
    persons: int
    share: float


@dataclass(frozen=True, slots=True)
class StageCount:
    """One stage of the lifecycle.

    Attributes:
        name: Its name; empty for persons in none.
        says: What it means.
        persons: Persons in it.
        share: Of all persons.
    """

    name: str
    says: str
    persons: int
    share: float


@dataclass(frozen=True, slots=True)
class Segments(Result):
    """All segments and stages at a time.

    Attributes:
        catalogue: Where the catalogue came from.
        at_us: When the profiles are read, microseconds since 1970 UTC.
        persons_total: Persons with an event until then, who may be scored.
        persons_unscored: Persons whose consent forbids it; they are counted nowhere else.
        segments: One record a segment, in the order of the catalogue. A person may be in several, or in none.
        stages: One record a stage, earliest first. A person is in one at most; those in none stand last, when there are any.
        note: What the reader should know; empty when nothing.
    """

    catalogue: str
    at_us: int
    persons_total: int
    persons_unscored: int
    segments: tuple[SegmentCount, ...]
    stages: tuple[StageCount, ...]
    note: str = ""
    _drill: Drill | None = field(default=None, repr=False, compare=False)

    def rows(self) -> Sequence[SegmentCount]:
        """One row a segment."""
        return self.segments

    def persons_of(self, kind: Literal["scored", "unscored", "no_stage"] = "scored") -> Persons:
        """The persons who may be scored, those whose consent forbids it, or those who are in no stage.

        Args:
            kind: Which of these.
        """
        assert self._drill is not None  # every Segments is made by `segments`
        journeys, question = self._drill.journeys, self._drill.question
        return on_no_stage(journeys, question) if kind == "no_stage" else question.counted(journeys, kind)

    def persons(self, segment: str | None = None, *, stage: str | None = None) -> Persons:
        """Persons of a segment, or of a stage.

        Args:
            segment: Its name in the catalogue; None with a stage.
            stage: Its name in the catalogue; None with a segment.
        """
        assert self._drill is not None  # every Segments is made by `segments`
        return members(self._drill.journeys, self._drill.question, segment, stage)


def segments(
    journeys: Journeys,
    *,
    catalogue: Any = None,  # noqa: ANN401  (a Catalogue, a path or a name: `read_question` says)
    at: str | dt.date | None = None,
) -> Segments:
    """Count the members of every segment, and the persons on every stage.

    Args:
        journeys: The log.
        catalogue: As of `signals`.
        at: As of `signals`.

    Raises:
        BadCatalogue: There is no such catalogue, or it is wrong.
    """
    question = read_question(journeys, catalogue, at)
    partials = journeys.map(lambda part: partial(part, question), journeys.parts())
    return merge(partials, question, journeys=journeys)


def partial(part: Part, question: SignalQuestion) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """Members of each segment, persons on each stage (those on none last), persons in all."""
    rules = HistoryRules(question.program)
    catalogue = question.program.catalogue
    inside = np.zeros(len(catalogue.segments), np.int64)
    staged = np.zeros(len(catalogue.stages) + 1, np.int64)
    persons = 0
    for block in signal_blocks(part, question.program, [question.at_us], only=question.wanted(part)):
        here = block.begun(0)
        profiles = rules.profiles(block)
        inside += (profiles.members & here).sum(axis=1)
        staged += np.bincount(profiles.stage[here] % len(staged), minlength=len(staged))
        persons += int(here.sum())
    return inside, staged, persons


def merge(
    partials: Sequence[tuple[NDArray[np.int64], NDArray[np.int64], int]],
    question: SignalQuestion,
    *,
    journeys: Journeys | None = None,
) -> Segments:
    """Add up the parts."""
    catalogue = question.program.catalogue
    inside = sum((p[0] for p in partials), np.zeros(len(catalogue.segments), np.int64))
    staged = sum((p[1] for p in partials), np.zeros(len(catalogue.stages) + 1, np.int64))
    total = sum(p[2] for p in partials)

    def share(persons: int) -> float:
        return persons / total if total else np.nan

    counts = [
        SegmentCount(one.name, one.says, int(n), share(int(n)))
        for one, n in zip(catalogue.segments, inside, strict=True)
    ]
    stages = [
        StageCount(one.name, one.says, int(n), share(int(n)))
        for one, n in zip(catalogue.stages, staged[:-1], strict=True)
    ]
    if staged[-1]:
        stages.append(StageCount("", "In no stage", int(staged[-1]), share(int(staged[-1]))))
    drill = Drill(journeys, question) if journeys is not None else None
    return Segments(
        question.source,
        question.at_us,
        total,
        question.left_out(journeys),
        tuple(counts),
        tuple(stages),
        note=question.note,
        _drill=drill,
    )


def members(journeys: Journeys, question: SignalQuestion, segment: str | None, stage: str | None) -> Persons:
    """Persons of a segment, or of a stage."""
    if (segment is None) == (stage is None):
        raise BadOption("expected a segment or a stage, one of both")
    catalogue = question.program.catalogue
    one = place_of(segment, [s.name for s in catalogue.segments], "segment") if segment is not None else -1
    other = place_of(stage, [s.name for s in catalogue.stages], "stage") if stage is not None else -1
    return _fitting(
        journeys, question, lambda found: found.members[one] if segment is not None else found.stage == other
    )


def on_no_stage(journeys: Journeys, question: SignalQuestion) -> Persons:
    """Persons who are in no stage."""
    return _fitting(journeys, question, lambda found: found.stage < 0)


def _fitting(journeys: Journeys, question: SignalQuestion, fit: Callable[[Profiles], NDArray[np.bool_]]) -> Persons:
    rules = HistoryRules(question.program)

    def chosen(part: Part) -> NDArray[np.int64]:
        blocks = signal_blocks(part, question.program, [question.at_us], only=question.wanted(part))
        found = [block.person[fit(rules.profiles(block)) & block.begun(0)] for block in blocks]
        return np.concatenate([np.empty(0, np.int64), *found])

    return journeys.persons_of(journeys.map(chosen, journeys.parts()))
