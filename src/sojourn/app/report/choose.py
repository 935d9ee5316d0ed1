"""Choosing a goal and the steps towards it, for a log nobody described.

In: `Evidence` and the names of its columns. Out: `Choice`, with the reason of each choice in words. Pure: asks nothing of the log.
A usual name decides first, because it says what people want; without one, what happens late and ends journeys is guessed.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING

from sojourn.app.report.vocabulary import (
    MOST_NEEDED,
    NOT_A_GOAL,
    NOT_A_STEP,
    PAGES,
    REFERRERS,
    SHOP_STEPS,
    TOUCHES,
    family,
    goal_meaning,
    is_passive,
    shop_step,
    words,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from sojourn.app.report.evidence import Evidence, Seen

MOST_STEPS = 6
"""Steps of a chosen funnel, the goal among them."""
_FEWEST = 5
"""Persons below which a goal found without a usual name is chance."""
_KNOWN_SHARE = 0.15
"""A step with a usual name stays when at least this share of converters took it before the goal."""
_FOUND_SHARE = 0.6
"""A step found by data alone must have been taken by at least this share of converters before the goal."""
_IDLE = 0.005
_WAY = 3
_VAGUE = re.compile(r"^(form|button|element|link|event|click|clicked)\b")
_LIKED = 0.2
_FIRST = 4
"""A way that begins with what many do tells more, though not as much as a further step."""
_ONLY_A_SHOP = {"product", "add to cart", "cart", "checkout"}
_EVERYBODY = 0.97
_MIN_LOSS = 0.015
_LATE, _ENDS, _COMMON, _RARE = 0.6, 0.5, 0.5, 0.003
_ONE_VISIT, _MANY_VISITS = 0.7, 3.0
_MOST_CHANNELS = 400


@dataclass(frozen=True, slots=True)
class Goal:
    """What people come for, as chosen.

    Attributes:
        step: Event name or predicate.
        why: Why it was chosen, as the end of a sentence.
        guessed: Whether no usual name said it.
    """

    step: str
    why: str
    guessed: bool = False


@dataclass(frozen=True, slots=True)
class Path:
    """The steps of a funnel, the goal last.

    Attributes:
        steps: In order.
        why: Why these, as the end of a sentence.
        skipped: Steps most who reach the goal do without, or do not take in that order.
    """

    steps: tuple[str, ...]
    why: str
    skipped: tuple[str, ...] = ()

    @property
    def core(self) -> tuple[str, ...]:
        """The steps without the skipped ones."""
        return tuple(step for step in self.steps if step not in self.skipped)


def choose_goal(evidence: Evidence) -> Goal | None:
    """The event people come for; None when nothing in the log looks like one."""
    if len(evidence.events) < 2:  # noqa: PLR2004  (an event cannot be the goal of itself)
        return None
    named = [(meant, event) for event in evidence.events if (meant := goal_meaning(event.name)) is not None]
    named = [
        (meant, event) for meant, event in named if event.persons < evidence.persons * _EVERYBODY or event.place > _LATE
    ]
    if named:
        best = min(meant[0] for meant, _ in named)
        alike = [(meant[1], event) for meant, event in named if meant[0] == best]
        # Of two purchases, the one with a way to it tells more (a web shop's order rather than a till's receipt).
        meaning, event = max(alike, key=lambda pair: (len(choose_path(evidence, pair[1].name).steps), pair[1].persons))
        return Goal(event.name, f"its name says {meaning}")
    late = [event for event in evidence.events if _looks_final(event, evidence)]
    # A guess needs a way to it: what just happens to some people late is no goal.
    late = [event for event in late if len(choose_path(evidence, event.name).steps) >= _WAY]
    if not late:
        return None
    event = max(late, key=lambda event: (event.place * event.ends, event.persons))
    return Goal(
        event.name,
        "it happens late, to few, and little follows it; no event has a usual goal's name",
        guessed=True,
    )


def choose_path(evidence: Evidence, goal: str) -> Path:
    """The steps that lead to a goal.

    Args:
        evidence: What the log shows.
        goal: An event name of the log.

    Returns:
        Steps with the goal last; the goal alone when nothing comes before it.
    """
    reached = evidence.seen(goal)
    if reached is None or not reached.persons:
        return Path((goal,), "nothing is known of what comes before it")
    steps, why = _shop_path(evidence, reached), "these names are usual steps of a shop"
    if len(steps) < 2:  # noqa: PLR2004  (a funnel has two steps)
        steps, why = (
            _found_path(evidence, reached),
            "most who reach the goal take these before it, in this order, and at each fewer are left",
        )
    if len(steps) < 2:  # noqa: PLR2004  (a funnel has two steps)
        why = "no event regularly comes before it"
    return Path(steps, why)


def without_skipped(path: Path, reach: Callable[[Sequence[str]], int]) -> Path:
    """The path with its skipped steps marked: through the others go at least half of those who get from first to last.

    As many steps stay as can; of as many, those a shop needs most, then those most go through.

    Args:
        path: First step to goal.
        reach: How many reach the last of some steps, taken in order.
    """
    first, *middle, last = path.steps if len(path.steps) > 1 else (*path.steps, "")
    if not middle or not last:
        return path
    enough = reach([first, last]) / 2
    for many in range(len(middle), 0, -1):
        passing = {kept: n for kept in combinations(middle, many) if (n := reach([first, *kept, last])) >= enough}
        if passing:
            best = max(passing, key=lambda kept: (-sum(_needed(step) for step in kept), passing[kept]))
            return replace(path, skipped=tuple(step for step in middle if step not in best))
    return replace(path, skipped=tuple(middle))


def without_idle(path: Path, counts: Sequence[int]) -> Path:
    """The path without middle steps at which nearly nobody is lost: they say nothing.

    Args:
        path: First step to goal.
        counts: How many reach each of its core steps.
    """
    core = path.core
    idle = {core[n] for n in range(1, len(core) - 1) if counts[n] > counts[n - 1] * (1 - _IDLE)}
    if len(core) > 2 and counts[-1] > counts[-2] * (1 - _IDLE):  # noqa: PLR2004  (first and goal stay)
        # Whoever gets to the step before the goal has reached it.
        idle.add(core[-2])
    return replace(path, steps=tuple(step for step in path.steps if step not in idle))


def choose_unit(sessions_per_person: float, converted_persons: int, converting_sessions: int) -> tuple[str, str]:
    """Whether to count persons or sessions, and why.

    Args:
        sessions_per_person: Mean.
        converted_persons: Persons who go all steps, however long it takes.
        converting_sessions: Sessions that do, within one; 0 when no step between the first and the goal fits in one.
    """
    often = sessions_per_person >= _MANY_VISITS
    at_once = converting_sessions >= _ONE_VISIT * converted_persons > 0
    if often and at_once:
        return (
            "sessions",
            f"people come {sessions_per_person:.1f} times each, and the way to the goal usually fits in one visit",
        )
    if often:
        return "persons", "the way to the goal takes several visits"
    return "persons", f"people come {sessions_per_person:.1f} times each on average"


def choose_column(names: Sequence[str], usual: Sequence[str]) -> list[str]:
    """Columns whose names are usual for what is looked for, best first, in the spelling of the log."""
    spelled = {name.lower().replace(" ", "_").replace("-", "_"): name for name in names}
    return [spelled[name] for name in usual if name in spelled]


def choose_touch(distinct: Mapping[str, int]) -> str | None:
    """Where visits came from: the best of the usual columns with more than one and not too many values.

    Args:
        distinct: Distinct values of candidate columns, best name first.
    """
    return next((name for name, values in distinct.items() if 1 < values <= _MOST_CHANNELS), None)


def touch_candidates(names: Sequence[str]) -> list[str]:
    """Columns that may say where a visit came from, best first."""
    return choose_column(names, TOUCHES)


def referrer_candidates(names: Sequence[str]) -> list[str]:
    """Columns of addresses that visits came from, best first."""
    return choose_column(names, REFERRERS)


def page_candidates(names: Sequence[str]) -> list[str]:
    """Columns that may say which page, best first."""
    return choose_column(names, PAGES)


def _needed(step: str) -> int:
    """Place among a shop's steps, the most needed first."""
    meaning = shop_step(step)
    return len(MOST_NEEDED) if meaning is None else MOST_NEEDED.index(meaning)


def _looks_final(event: Seen, evidence: Evidence) -> bool:
    enough = event.persons >= max(_FEWEST, evidence.persons * _RARE)
    wanted = not NOT_A_GOAL.search(words(event.name))
    return (
        enough
        and wanted
        and event.persons <= evidence.persons * _COMMON
        and event.place >= _LATE
        and event.ends >= _ENDS
    )


def _shop_path(evidence: Evidence, goal: Seen) -> tuple[str, ...]:
    """Events with the names of a shop's steps, one a step, that converters take before the goal."""
    found: dict[str, Seen] = {}
    for event in evidence.events:
        meaning = shop_step(event.name)
        if (
            event.name == goal.name
            or meaning is None
            or evidence.preceded(event.name, goal.name) < _KNOWN_SHARE * goal.persons
        ):
            continue
        if meaning not in found or event.persons > found[meaning].persons:
            found[meaning] = event
    if not found.keys() & _ONLY_A_SHOP:
        # Pages, searches and payments come before sign-ups too: the data must say which steps matter.
        return ()
    kept = sorted(found, key=MOST_NEEDED.index)[: MOST_STEPS - 1]
    return (*(found[meaning].name for meaning, _ in SHOP_STEPS if meaning in kept), goal.name)


def _found_path(evidence: Evidence, goal: Seen) -> tuple[str, ...]:
    """Events most converters have before the goal, each later and rarer than the one before.

    Of all such ways the one whose steps tell most: at each of them a good share of those still there is lost.
    """
    way = [
        taken
        for taken in evidence.towards(goal.name)
        if taken.converters >= _FOUND_SHARE * goal.persons
        and taken.event.persons > goal.persons * (1 + _MIN_LOSS)
        and not NOT_A_STEP.search(words(taken.event.name))
        and not is_passive(taken.event.name)
    ]
    # best[n] maps how many steps a way has to the best such way that ends at event n: (what it tells, its events).
    best: list[dict[int, tuple[float, tuple[Seen, ...]]]] = []
    for n, taken in enumerate(way):
        event, share = taken.event, taken.converters / goal.persons
        mine: dict[int, tuple[float, tuple[Seen, ...]]] = {
            1: (_liked(event, goal) + share * math.log1p(event.persons) / _FIRST, (event,))
        }
        for m in range(n):
            if event.persons > way[m].event.persons * (1 - _MIN_LOSS):
                continue
            for many, (told, steps) in best[m].items():
                more = told + share * _told(way[m].event, event) + _liked(event, goal)
                if many < MOST_STEPS - 1 and more > mine.get(many + 1, (-1.0, ()))[0]:
                    mine[many + 1] = (more, (*steps, event))
        best.append(mine)
    ways = [(told + _told(steps[-1], goal), steps) for ends in best for told, steps in ends.values()]
    if not ways:
        return (goal.name,)
    return (*(event.name for event in max(ways, key=lambda pair: pair[0])[1]), goal.name)


def _told(earlier: Seen, later: Seen) -> float:
    """How much a step tells: two losses of a half tell more than one of three quarters."""
    return math.sqrt(math.log(earlier.persons / later.persons))


def _liked(event: Seen, goal: Seen) -> float:
    """Of events that tell as much, one of the goal's family (A_... towards A_APPROVED) or of a usual name is clearer, a form less so."""
    if _VAGUE.search(words(event.name)):
        return -_LIKED / 2
    same = family(event.name) == family(goal.name) != ""
    return _LIKED if same else _LIKED / 2 if goal_meaning(event.name) else 0.0
