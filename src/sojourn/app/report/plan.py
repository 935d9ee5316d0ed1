"""What a report is about: chosen from the log, or said by the reader.

In: journeys and wishes. Out: `Plan`: goal, steps, unit, columns, each with its reason and the option that changes it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from sojourn.analyse.results import plain
from sojourn.analyse.steps import read_step, read_steps
from sojourn.app.report.choose import (
    Goal,
    Path,
    choose_goal,
    choose_path,
    choose_touch,
    choose_unit,
    page_candidates,
    referrer_candidates,
    touch_candidates,
    without_idle,
    without_skipped,
)
from sojourn.app.report.evidence import gather
from sojourn.app.report.known_columns import distinct_values, known_columns
from sojourn.records.enrichment.derived import DERIVED
from sojourn.records.visible import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sojourn.analyse.journeys import Journeys
    from sojourn.app.report.evidence import Evidence

Unit = Literal["persons", "sessions"]
_DERIVED_TOUCH = "channel"


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the reader said; None or empty: choose it.

    Attributes:
        goal: Event or predicate that counts as success.
        steps: Steps of the funnel.
        touch: Column with the channel.
        page: Column with the page.
        unit: What the funnel counts.
        within: Longest time from the first step to the last.
    """

    goal: str | None = None
    steps: tuple[str, ...] = ()
    touch: str | None = None
    page: str | None = None
    unit: Unit | None = None
    within: str | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """What the report is about.

    Attributes:
        goal: Success; None when the log shows none.
        path: Steps towards it; None without a goal.
        unit: What the funnel counts.
        unit_why: Why.
        touch: Column with the channel; None when there is none.
        page: Column with the page; None when there is none.
        timed: Whether events have times.
        columns: Columns of the log.
        within: Longest time from the first step to the last.
    """

    goal: Goal | None
    path: Path | None
    unit: Unit
    unit_why: str
    touch: str | None
    page: str | None
    timed: bool
    columns: tuple[str, ...]
    within: str | None = None

    @property
    def steps(self) -> tuple[str, ...]:
        """The funnel's steps; fewer than two when there is no funnel."""
        return self.path.steps if self.path else ()

    @property
    def core(self) -> tuple[str, ...]:
        """The steps without those most converters skip."""
        return self.path.core if self.path else ()

    def lines(self) -> list[str]:
        """What was chosen, why, and how to choose otherwise; a line a choice."""
        if self.goal is None:
            said = [
                "Goal: none found; no event has a usual goal's name or comes late enough to be one (--goal EVENT names it)"
            ]
        else:
            said = [f"Goal: {self.goal.step}, because {self.goal.why} (--goal EVENT)"]
        if len(self.steps) > 1:
            said.append(
                f"Steps: {' > '.join(self.steps)}, because {self.path.why if self.path else ''} (--step A --step B)"
            )
            said.append(f"Counted: {self.unit}, because {self.unit_why} (--unit persons|sessions)")
        derived = self.touch in DERIVED and self.touch not in self.columns
        told = ", told by addresses and referrers" if derived else ""
        said.append(
            f"Channel: {f'column {self.touch}{told}' if self.touch else 'no column looks like one'} (--touch COLUMN)"
        )
        said.append(
            f"Page: {f'column {self.page}' if self.page else 'no column looks like one; event names stand for pages'} (--page COLUMN)"
        )
        return [visible(line) for line in said]

    def to_dict(self) -> dict[str, Any]:
        """The choices and their reasons."""
        return {
            "goal": plain(self.goal) if self.goal else None,
            "steps": list(self.steps),
            "steps_why": self.path.why if self.path else None,
            "skipped": list(self.path.skipped) if self.path else [],
            "unit": self.unit,
            "unit_why": self.unit_why,
            "touch": self.touch,
            "page": self.page,
            "within": self.within,
        }


def make_plan(journeys: Journeys, wishes: Wishes) -> Plan:
    """Choose what was not said.

    Raises:
        UnknownEvent: A step or goal no event has the name of.
        UnknownColumn: A column nobody has.
    """
    manifest = journeys.index.manifest
    columns = known_columns(journeys)
    for column in filter(None, (wishes.touch, wishes.page)):
        journeys.index.column(column)
    goal, path = _goal_and_path(journeys, wishes, gather(journeys))
    timed = manifest.untimed < manifest.rows
    unit, why = _unit(journeys, wishes, path, timed=timed)
    if path is not None and not wishes.steps:

        def counts(steps: Sequence[str]) -> list[int]:
            return [step.count for step in journeys.funnel(steps, unit=unit, within=wishes.within).steps]

        path = without_skipped(path, lambda steps: counts(steps)[-1])
        path = without_idle(path, counts(path.core))
    return Plan(
        goal=goal,
        path=path,
        unit=unit,
        unit_why=why,
        touch=wishes.touch or _touch(journeys, columns),
        page=wishes.page or next(iter(distinct_values(journeys, page_candidates(columns))), None),
        timed=timed,
        columns=tuple(columns),
        within=wishes.within,
    )


def _touch(journeys: Journeys, columns: Sequence[str]) -> str | None:
    """A column that names channels, else what addresses and referrers tell, else the referrers themselves."""
    for names in (touch_candidates(columns), [_DERIVED_TOUCH], referrer_candidates(columns)):
        found = choose_touch(distinct_values(journeys, names))
        if found is not None:
            return found
    return None


def _goal_and_path(journeys: Journeys, wishes: Wishes, evidence: Evidence) -> tuple[Goal | None, Path | None]:
    if wishes.steps:
        asked = "you asked for them"
        read_steps(wishes.steps, journeys.events)
        last = next(step for step in reversed(wishes.steps))
        return Goal(
            wishes.goal or last, "you asked for it" if wishes.goal else "it is the last step you asked for"
        ), Path(wishes.steps, asked)
    if wishes.goal is None:
        goal = choose_goal(evidence)
        return goal, choose_path(evidence, goal.step) if goal else None
    goal = Goal(wishes.goal, "you asked for it")
    if len(read_step(wishes.goal, journeys.events).names) == 1:
        return goal, choose_path(evidence, wishes.goal)
    first = next((event.name for event in evidence.events), wishes.goal)
    return goal, Path((first, wishes.goal), "most persons begin with the first")


def _unit(journeys: Journeys, wishes: Wishes, path: Path | None, *, timed: bool) -> tuple[Unit, str]:
    if wishes.unit is not None:
        return wishes.unit, "you asked for it"
    if not timed:
        return "persons", "without times there are no sessions"
    if path is None or len(path.steps) < 2:  # noqa: PLR2004  (a funnel has two steps)
        return "persons", "there is no funnel"

    def reach(steps: Sequence[str], unit: Unit) -> int:
        return journeys.funnel(steps, unit=unit, within=wishes.within).steps[-1].count

    core = path.core if wishes.steps else without_skipped(path, lambda steps: reach(steps, "sessions")).core
    fits = len(core) > 2 or len(path.steps) == 2  # noqa: PLR2004  (first and goal)
    unit, why = choose_unit(
        journeys.sessions().sessions_per_person, reach(core, "persons"), reach(core, "sessions") if fits else 0
    )
    return ("sessions" if unit == "sessions" else "persons"), why
