"""Sections about a goal: the funnel towards it and where most are lost.

In: journeys and the plan. Out: sections.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sojourn.analyse.show.words import count, duration, percent
from sojourn.app.report.sections import Section, section

if TYPE_CHECKING:
    from sojourn.analyse.funnel import Funnel
    from sojourn.analyse.journeys import Journeys
    from sojourn.analyse.results import Result
    from sojourn.app.report.plan import Plan


@dataclass(frozen=True, slots=True)
class Leak:
    """The step between two that loses most.

    Attributes:
        before: The step reached.
        after: The step not reached.
        reached: Units that reached the first.
        lost: Of these, units that never reached the second.
    """

    before: str
    after: str
    reached: int
    lost: int


def biggest_leak(funnel: Funnel) -> Leak | None:
    """Where most units are lost; None when none is."""
    worst = max(range(1, len(funnel.steps)), key=lambda n: funnel.steps[n].dropped, default=0)
    if not worst or not funnel.steps[worst].dropped:
        return None
    before, after = funnel.steps[worst - 1], funnel.steps[worst]
    return Leak(before.step, after.step, before.count, after.dropped)


def funnel_section(journeys: Journeys, plan: Plan) -> tuple[Section, Leak | None]:
    """How many reach the goal, and where most are lost on the way."""
    title = "Funnel"
    if plan.goal is None:
        return section(
            "funnel", title, "Not answered: no event of this log looks like a goal; name one with --goal EVENT."
        ), None
    if len(plan.steps) < 2:  # noqa: PLR2004  (a funnel has two steps)
        return section(
            "funnel",
            title,
            f"Not answered: nothing regularly comes before {plan.goal.step}; name steps with --step A --step B.",
        ), None
    full = journeys.funnel(list(plan.steps), unit=plan.unit, within=plan.within)
    results: dict[str, Result] = {"funnel": full}
    main, notes = full, []
    if plan.core != plan.steps and len(plan.core) > 1:
        main = journeys.funnel(list(plan.core), unit=plan.unit, within=plan.within)
        results["funnel_without_skipped"] = main
        notes.append(_skipped(plan, full, main))
    first, last = main.steps[0], main.steps[-1]
    leak = biggest_leak(main)
    headline = f"{count(last.count)} of {count(first.count)} {plan.unit} ({percent(last.share_of_start)}) that reach {first.step} go on to {last.step}"
    if leak is not None:
        where = "on that way" if len(main.steps) == 2 else f"between {leak.before} and {leak.after}"  # noqa: PLR2004  (first and last)
        headline += f"; most are lost {where}: {count(leak.lost)} of {count(leak.reached)} ({percent(leak.lost / leak.reached)})"
    if last.count:
        notes.append(
            f"Half of those who get there take longer than {duration(last.median_since_start_s)} from {first.step} to {last.step}."
        )
    return section("funnel", title, headline + ".", results, notes), leak


def _skipped(plan: Plan, full: Funnel, main: Funnel) -> str:
    names = " and ".join(step for step in plan.steps if step not in plan.core)
    without = main.steps[-1].count - full.steps[-1].count
    return (
        f"Careful: {count(without)} of the {count(main.steps[-1].count)} {plan.unit} that reach {plan.steps[-1]} have no {names} on the way. "
        f"A funnel through {names} hides them; the second table leaves it out, and the sentence above speaks of that one."
    )
