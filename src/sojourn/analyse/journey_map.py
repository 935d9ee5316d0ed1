"""Journey map: how far persons come, from the first look to telling others, and where they meet us on the way.

In: parts and a `JourneyMapQuestion`. Out: `JourneyMap`: stages of the signal catalogue, and stage by touchpoint. Definitions and a
worked example: docs/methods/journey-map.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from sojourn.analyse.journey_map_parts import JourneyMapPartial, partial, standing
from sojourn.analyse.journey_map_question import JourneyMapQuestion, read_question, touchpoints
from sojourn.analyse.quantiles import quantiles
from sojourn.analyse.results import Drill, Persons, Result
from sojourn.analyse.signal_pass_kernel import NEVER
from sojourn.analyse.stage_entries import told
from sojourn.records.errors import BadOption

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sojourn.analyse.journey_map_question import Touches
    from sojourn.analyse.journeys import Journeys
    from sojourn.analyse.parts import Part

Outcome = Literal["there", "went_on", "stayed", "reached"]
_SECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class MapStage:
    """One stage.

    Attributes:
        name: Its name in the catalogue.
        says: What it means.
        begins: What brings a person to it.
        persons: Persons who stood on it; who came to a later stage at the same moment did not.
        share: Of all persons, in [0, 1].
        reached: Persons who came to it or to a later one.
        went_on: Of `persons`, those who came to a later stage afterwards.
        conversion: `went_on / persons`; nan without persons.
        median_time_s: Median time from coming to it to going on, seconds, of those who went on.
        effort: Events a person has while on it, mean.
    """

    name: str
    says: str
    begins: str
    persons: int
    share: float
    reached: int
    went_on: int
    conversion: float
    median_time_s: float
    effort: float


@dataclass(frozen=True, slots=True)
class MapCell:
    """One touchpoint on one stage.

    Attributes:
        stage: The stage.
        touchpoint: The touchpoint.
        persons: Persons with an event there while on the stage.
        share: Of the stage's persons, in [0, 1].
        went_on: Of `persons`, those who came to a later stage afterwards.
        conversion: `went_on / persons`.
        median_time_s: Median time that a person spends there while on the stage, seconds: from each event to the person's next
            one, where that follows within the gap.
        events: Events.
        effort: `events / persons`.
    """

    stage: str
    touchpoint: str
    persons: int
    share: float
    went_on: int
    conversion: float
    median_time_s: float
    events: int
    effort: float


@dataclass(frozen=True, slots=True)
class JourneyMap(Result):
    """Stages and touchpoints.

    Attributes:
        catalogue: Where the catalogue came from.
        column: What a touchpoint is: `touchpoint` for families of event names, else the column that was asked for.
        persons: Persons with an event.
        stages: Earliest first.
        touchpoints: Those with an event, most persons first.
        cells: Stage by stage, touchpoint by touchpoint; those without persons are absent.
        before: Persons who came to none of the stages.
        left_out: By name of a stage of the catalogue that is not on the map, why.
    """

    catalogue: str
    column: str
    persons: int
    stages: tuple[MapStage, ...]
    touchpoints: tuple[str, ...]
    cells: tuple[MapCell, ...]
    before: int
    left_out: dict[str, str] = field(default_factory=dict)
    _drill: Drill | None = field(default=None, repr=False, compare=False)

    def rows(self) -> Sequence[MapCell]:
        """The cells."""
        return self.cells

    def persons_on(self, stage: str, *, touchpoint: str | None = None, outcome: Outcome = "there") -> Persons:
        """The persons of a stage or of a cell.

        Args:
            stage: The stage's name.
            touchpoint: Only those with an event at this touchpoint while on the stage; None for all.
            outcome: `there`: everybody; `went_on`: those who came to a later stage afterwards; `stayed`: those who did not;
                `reached`: who came to it or to a later one, without a touchpoint.

        Raises:
            BadOption: There is no such stage or touchpoint on the map.
        """
        assert self._drill is not None  # every JourneyMap is made by `journey_map`
        return members(self._drill.journeys, self._drill.question, stage, touchpoint, outcome)

    def persons_of(self, kind: Literal["all", "before"] = "all") -> Persons:
        """Everybody, or those who came to none of the stages.

        Args:
            kind: `all`: with any event; `before`: on no stage.
        """
        assert self._drill is not None  # every JourneyMap is made by `journey_map`
        journeys, question = self._drill.journeys, self._drill.question
        if kind not in ("all", "before"):
            raise BadOption(f"expected all or before, got {kind!r}")

        def chosen(part: Part) -> NDArray[np.int64]:
            if kind == "all":
                return part.person
            return part.person[np.minimum.reduce(standing(part, question).entered, axis=0, initial=NEVER) == NEVER]

        return journeys.persons_of(journeys.map(chosen, journeys.parts()))


def journey_map(
    journeys: Journeys,
    *,
    catalogue: Any = None,  # noqa: ANN401  (a Catalogue, a path or a name: `read_question` says)
    touchpoint: str | None = None,
    gap: str | dt.timedelta = "30m",
) -> JourneyMap:
    """Lay out the journey: who comes to which stage, where they meet us there, and who goes on.

    Args:
        journeys: The log.
        catalogue: As of `signals`.
        touchpoint: A column whose values are the touchpoints, such as `channel`; None for families of event names.
        gap: Silence that counts as absence and not as time spent.

    Raises:
        BadCatalogue: There is no such catalogue, or it is wrong.
        UnknownColumn: No event has the column.
        BadOption: An option outside what it accepts.
    """
    question = read_question(journeys, catalogue=catalogue, touchpoint=touchpoint, gap=gap)
    found = touchpoints(journeys, question)
    partials = journeys.map(lambda part, own: partial(part, question, own), journeys.parts(), found)
    return merge(partials, question, found[0].names, journeys=journeys)


def merge(
    partials: Sequence[JourneyMapPartial],
    question: JourneyMapQuestion,
    names: Sequence[str],
    *,
    journeys: Journeys | None = None,
) -> JourneyMap:
    """Add up the parts."""
    persons = sum(p.persons for p in partials)
    seen = np.sum([p.touched for p in partials], axis=0)
    shown = [n for n in np.argsort(-seen, kind="stable").tolist() if seen[n]]
    listed = [question.stage(n) for n in range(len(question.entries.stages))]
    stages = tuple(_stage(partials, question, n, persons) for n in range(len(listed)))
    cells = tuple(
        cell
        for n, stage in enumerate(listed)
        for t in shown
        if (cell := _cell(partials, (n, t), stage.name, names[t], stages[n].persons)) is not None
    )
    drill = Drill(journeys, question) if journeys is not None else None
    return JourneyMap(
        catalogue=question.source,
        column=question.column or "touchpoint",
        persons=persons,
        stages=stages,
        touchpoints=tuple(names[t] for t in shown),
        cells=cells,
        before=sum(p.before for p in partials),
        left_out=question.entries.left_out,
        _drill=drill,
    )


def members(
    journeys: Journeys, question: JourneyMapQuestion, stage: str, touchpoint: str | None, outcome: str
) -> Persons:
    """The persons of a stage or of a cell; see `JourneyMap.persons_on`."""
    names = [question.stage(n).name for n in range(len(question.entries.stages))]
    if stage not in names:
        raise BadOption(f"expected a stage of {', '.join(names) or 'none'}, got {stage!r}")
    if outcome not in get_args(Outcome):
        raise BadOption(f"expected an outcome of {', '.join(get_args(Outcome))}, got {outcome!r}")
    if outcome == "reached" and touchpoint is not None:
        raise BadOption(
            "a touchpoint counts who is there, went on or stayed; who reached a stage is counted without one"
        )
    found = touchpoints(journeys, question)
    if touchpoint is not None and touchpoint not in found[0].names:
        raise BadOption(f"expected a touchpoint of {', '.join(found[0].names)}, got {touchpoint!r}")
    place = None if touchpoint is None else found[0].names.index(touchpoint)

    def chosen(part: Part, own: Touches) -> NDArray[np.int64]:
        stands = standing(part, question)
        n = names.index(stage)
        mask = stands.stood[n]
        if outcome == "reached":
            mask = np.minimum(stands.entered[n], stands.left[n]) != NEVER
        elif outcome != "there":
            mask = mask & (stands.went_on[n] == (outcome == "went_on"))
        if place is not None:
            there = np.zeros(len(part.person), np.bool_)
            there[stands.owner[(stands.stage == n) & (own.of(part) == place)]] = True
            mask = mask & there
        return part.person[mask]

    return journeys.persons_of(journeys.map(chosen, journeys.parts(), found))


def _stage(partials: Sequence[JourneyMapPartial], question: JourneyMapQuestion, n: int, everybody: int) -> MapStage:
    stage = question.stage(n)
    persons, went_on, reached, events = (
        int(sum(getattr(p, name)[n] for p in partials)) for name in ("stood", "went_on", "reached", "events")
    )
    return MapStage(
        name=stage.name,
        says=stage.says,
        begins=told(question.entries.rules[n]),
        persons=persons,
        share=persons / everybody if everybody else np.nan,
        reached=reached,
        went_on=went_on,
        conversion=went_on / persons if persons else np.nan,
        median_time_s=quantiles([p.times[n] for p in partials], (0.5,))[0] / _SECOND,
        effort=events / persons if persons else np.nan,
    )


def _cell(
    partials: Sequence[JourneyMapPartial], at: tuple[int, int], stage: str, touchpoint: str, on_stage: int
) -> MapCell | None:
    persons, went_on, events = (
        int(sum(getattr(p, name)[at] for p in partials)) for name in ("cell_persons", "cell_went_on", "cell_events")
    )
    if not persons:
        return None
    return MapCell(
        stage=stage,
        touchpoint=touchpoint,
        persons=persons,
        share=persons / on_stage,
        went_on=went_on,
        conversion=went_on / persons,
        median_time_s=quantiles([p.spent_at(at) for p in partials], (0.5,))[0] / _SECOND,
        events=events,
        effort=events / persons,
    )
