"""Sections about a goal: the funnel towards it and where most are lost.

In: journeys and the plan. Out: sections.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sojourn.analyse.show.words import count, counted, duration, percent
from sojourn.app.report.sections import Section, listed, section

if TYPE_CHECKING:
    from sojourn.analyse.attribution import Attribution
    from sojourn.analyse.funnel import Funnel
    from sojourn.analyse.journeys import Journeys
    from sojourn.analyse.results import Result
    from sojourn.app.report.plan import Plan

_TIE = 0.001


@dataclass(frozen=True, slots=True)
class Leak:
    """The step between two that loses most.

    Attributes:
        before: The step reached.
        after: The step not reached.
        reached: Units that reached the first.
        lost: Of these, units that never reached the second.
        at: Place of the second among the steps, from 0.
    """

    before: str
    after: str
    reached: int
    lost: int
    at: int


def biggest_leak(funnel: Funnel) -> Leak | None:
    """Where most units are lost; None when none is."""
    worst = max(range(1, len(funnel.steps)), key=lambda n: funnel.steps[n].dropped, default=0)
    if not worst or not funnel.steps[worst].dropped:
        return None
    before, after = funnel.steps[worst - 1], funnel.steps[worst]
    return Leak(before.step, after.step, before.count, after.dropped, worst)


def funnel_section(journeys: Journeys, plan: Plan) -> Section:
    """How many reach the goal, and where most are lost on the way."""
    title = "Funnel"
    if plan.goal is None:
        return section(
            "funnel", title, "Not answered: no event of this log looks like a goal; name one with --goal EVENT."
        )
    if len(plan.steps) < 2:  # noqa: PLR2004  (a funnel has two steps)
        return section(
            "funnel",
            title,
            f"Not answered: nothing regularly comes before {plan.goal.step}; name steps with --step A --step B.",
        )
    main = journeys.funnel(list(plan.core), unit=plan.unit, within=plan.within)
    results: dict[str, Result] = {"funnel": main}
    first, last = main.steps[0], main.steps[-1]
    who = "who" if plan.unit == "persons" else "that"
    headline = f"Of {count(first.count)} {plan.unit} {who} reach {first.step}, {count(last.count)} ({percent(last.share_of_start)}) go on to {last.step}"
    leak = biggest_leak(main)
    if leak is not None and len(main.steps) > 2:  # noqa: PLR2004  (first and goal)
        headline += f"; most are lost between {leak.before} and {leak.after}: {count(leak.lost)} of {count(leak.reached)} ({percent(leak.lost / leak.reached)})"
    elif leak is not None:
        headline += f", and {count(leak.lost)} ({percent(leak.lost / leak.reached)}) do not"
    notes = []
    if plan.core != plan.steps:
        full = journeys.funnel(list(plan.steps), unit=plan.unit, within=plan.within)
        results["funnel_with_skipped"] = full
        notes.append(_skipped(plan, full, main))
    every = journeys.funnel([main.steps[-1].step], unit=plan.unit).steps[0].count
    if every > last.count:
        notes.append(
            f"{counted(every - last.count, f'more {plan.unit[:-1]} reaches', f'more {plan.unit} reach')} {last.step} "
            f"without these steps in that order; {count(every)} reach it in all."
        )
    if last.count and plan.timed:
        notes.append(
            f"Half of those who get there take longer than {duration(last.median_since_start_s)} from {first.step} to {last.step}."
        )
    return section("funnel", title, headline + ".", results, notes)


def leavers_section(journeys: Journeys, plan: Plan, leak: Leak | None) -> Section:
    """What separates those lost at the biggest leak from those who went on."""
    title = "What separates leavers"
    if leak is None:
        return section("leavers", title, "Not answered: without a funnel there is nobody to compare.")
    steps = list(plan.core)
    found = journeys.compare(steps, at=leak.at, within=plan.within)
    where = f"from {leak.before} to {leak.after}"
    sure = [finding for finding in found.findings if finding.sure]
    if sure:
        headline = f"On the way {where}: {sure[0].sentence}"
    else:
        headline = f"Nothing separates those lost {where} from those who went on beyond what chance would show; {count(found.tried)} differences were tried."
    notes = [
        "Persons are compared, each once. A difference says what goes together with leaving, not yet what causes it; only a test tells."
    ]
    return section("leavers", title, headline, {"comparison": found}, notes)


def attribution_section(journeys: Journeys, plan: Plan) -> Section:
    """Which channels stand before the goal."""
    title = "Channels before the goal"
    if plan.touch is None:
        return section(
            "attribution", title, "Not answered: no column says where visits came from; name one with --touch COLUMN."
        )
    if plan.goal is None:
        return section(
            "attribution",
            title,
            "Not answered: without a goal there is nothing to share out; name one with --goal EVENT.",
        )
    found = journeys.attribution(goal=plan.goal.step, touch=plan.touch, touches="visits")
    credited = found.conversions - found.conversions_without_touch
    if not credited:
        return section(
            "attribution",
            title,
            f"None of the {count(found.conversions)} conversions has a known {plan.touch} before it.",
            {"attribution": found},
        )
    return section("attribution", title, _best(found), {"attribution": found})


def _skipped(plan: Plan, full: Funnel, main: Funnel) -> str:
    left_out = [step for step in plan.steps if step not in plan.core]
    names = listed(left_out) if len(left_out) == 1 else f"all of {listed(left_out)}"
    without = main.steps[-1].count - full.steps[-1].count
    return (
        f"Careful: {count(without)} of the {count(main.steps[-1].count)} {plan.unit} that get to {plan.steps[-1]} do not pass {names} "
        f"on the way in that order, so the first funnel leaves {'it' if len(left_out) == 1 else 'these'} out; the second one shows what it would hide."
    )


def _best(found: Attribution) -> str:
    """Which channel is credited most, and within which bounds the models agree."""
    shares: dict[str, list[float]] = {}
    for row in found.rows():
        shares.setdefault(row.channel, []).append(row.share)
    means = {channel: sum(each) / len(each) for channel, each in shares.items()}
    top = max(means.values())
    best = [channel for channel, mean in means.items() if mean > top - _TIE]
    low, high = min(min(shares[name]) for name in best), max(max(shares[name]) for name in best)
    credited = found.conversions - found.conversions_without_touch
    models = len(found.models)
    if percent(low, digits=0) == percent(high, digits=0):
        range_said = f"{percent(low, digits=0)} by each of {models} models"
    else:
        range_said = (
            f"{percent(low, digits=0)} to {percent(high, digits=0)}, depending on which of {models} models one believes"
        )
    each = ", each" if len(best) > 1 else ""
    return f"{listed(best)} {'get' if each else 'gets'} most credit for the {count(credited)} conversions ({found.goal}) with a known {found.touch}{each}: {range_said}."
