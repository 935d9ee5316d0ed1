"""The section about ways: whole paths, what follows the biggest leak, runs against chance, loops.

In: journeys and the plan. Out: a section.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from sojourn.analyse.show.words import count, percent
from sojourn.analyse.walks import EXIT
from sojourn.app.report.about_log import passive_events, without
from sojourn.app.report.sections import Section, listed, section

if TYPE_CHECKING:
    from sojourn.analyse.journeys import Journeys
    from sojourn.analyse.loops import Loops
    from sojourn.analyse.ngrams import NGrams
    from sojourn.analyse.paths import Paths
    from sojourn.analyse.results import Result
    from sojourn.app.report.about_goal import Leak
    from sojourn.app.report.plan import Plan

_DEPTH = 3
_MOST, _PAGES_DRAWN, _LISTED = 200, 60, 20
_PAGES_MATTER = 3
"""Up to so many event names say less than the pages do."""
_NEXT, _TWO = 3, 2
_STEPS_SAID = 6
_ROUND = 10
_SAME, _ALL = 0.9, 0.99
_SURE, _FEWEST = 0.05, 5


def paths_section(journeys: Journeys, plan: Plan, leak: Leak | None) -> Section:
    """Which ways people go."""
    title = "Ways people go"
    asked = without(journeys, passive_events(journeys))
    column = plan.page if plan.page is not None and len(asked.events) <= _PAGES_MATTER else "event"
    if column == "event" and len({name for part in asked.parts() for name in np.unique(part.event)}) < _TWO:
        return section(
            "paths",
            title,
            "Not answered: every event has the same name, and no column says a page; name one with --page COLUMN.",
        )
    unit: Literal["persons", "sessions"] = "sessions" if plan.timed else "persons"
    found = asked.paths(
        depth=_DEPTH, most=_MOST if column == "event" else _PAGES_DRAWN, column=column, unit=unit, collapse=True
    )
    if not found.whole:
        return section("paths", title, "Not answered: nobody has a path.")
    results: dict[str, Result] = {"paths": found}
    notes = [
        f"A step is {'an event' if column == 'event' else f'a value of {column}'}; equal steps in a row count as one here."
    ]
    if leak is not None and leak.before in asked.events:
        after = asked.paths(depth=1, most=_LISTED, start=leak.before, unit=unit, collapse=True)
        if not _told_above(found, leak, after):
            results["after_leak"] = after
        notes.append(_after(after, leak))
    runs = asked.ngrams(length=3, most=_LISTED, column=column, unit=unit, collapse=True)
    if runs.ngrams and runs.ngrams[0].count >= _FEWEST:
        results["runs"] = runs
        notes.append(_runs(runs))
    loops = asked.loops(most=_LISTED, column=column, unit=unit)
    results["loops"] = loops
    notes.append(_loops(loops))
    return section("paths", title, _headline(found), results, [note for note in notes if note])


def _headline(found: Paths) -> str:
    first = found.whole[0]
    headline = f"The commonest of {count(found.distinct)} different paths is {_told(first.path)}: {percent(first.share)} of {count(found.units)} {found.unit}"
    longer = next((path for path in found.whole if len(path.path) > 1), None)
    if len(first.path) > 1 or longer is None:
        return headline + "."
    return f"{headline}; of those with more than one step it is {_told(longer.path)} ({percent(longer.share)})."


def _told_above(found: Paths, leak: Leak, after: Paths) -> bool:
    """Whether the tree of all paths begins with the step before the leak, so that a tree of its own says the same again."""
    begun = sum(branch.count for branch in found.branches if branch.path == (leak.before,))
    return begun >= _SAME * after.units


def _after(after: Paths, leak: Leak) -> str:
    """Where those go who reach the step before the biggest leak."""
    following = sorted((b for b in after.branches if b.position == 1), key=lambda b: -b.count)
    ended = next((branch.share for branch in following if branch.path[-1] == EXIT), 0.0)
    others = [f"{branch.path[-1]} ({percent(branch.share)})" for branch in following if branch.path[-1] != EXIT][:_NEXT]
    if following and following[0].share > _ALL and following[0].path[-1] != EXIT:
        # What always follows tells nothing about those who are lost.
        return ""
    if not others:
        return f"After {leak.before}, where most are lost, nothing follows in the same {after.unit[:-1]}."
    return f"After {leak.before}, where most are lost, {percent(ended)} of {after.unit} end; else most often follows {listed(others)}."


def _runs(runs: NGrams) -> str:
    sure = [one for one in runs.ngrams if one.p_corrected < _SURE and one.lift > 1 and one.count >= _FEWEST]
    best = max(sure, key=lambda one: one.lift, default=None)
    if best is None:
        return "No frequent run of three steps comes more often than chance would have it."
    times = f"{best.lift:,.0f}" if best.lift >= _ROUND else f"{best.lift:.1f}"
    return f"Of the frequent runs of three steps {_told(best.steps)} stands out: {times} times as often as by chance ({count(best.count)} times)."


def _loops(loops: Loops) -> str:
    if not loops.back_and_forth or not loops.units:
        return ""
    most = loops.back_and_forth[0]
    share = percent(loops.back_and_forth_units / loops.units)
    return f"{share} of {loops.unit} go there and back, most often {most.value} > {most.via} > {most.value} ({count(most.units)})."


def _told(path: tuple[str, ...]) -> str:
    if len(path) == 1:
        return f"{path[0]} alone"
    return " > ".join(path[:_STEPS_SAID]) + (f" > ({len(path) - _STEPS_SAID} more)" if len(path) > _STEPS_SAID else "")
