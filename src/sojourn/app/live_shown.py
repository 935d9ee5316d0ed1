"""How a live profile looks on a terminal.

In: a `LiveProfile`. Out: scores with their terms, signals, segments and consent. Never computes a number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Group
from rich.text import Text

from sojourn.analyse.show.style import table

if TYPE_CHECKING:
    from rich.console import RenderableType

    from sojourn.app.live_profile import LiveProfile

_TERMS = 5
_LEAST_POINTS, _LEAST_VALUE = 0.05, 0.005
"""What rounds to nothing is not shown."""


def render_live(live: LiveProfile) -> RenderableType:
    """Where the person stands now, and why."""
    shown: list[RenderableType] = [_standing(live)]
    if live.scores:
        shown.append(_scores(live))
    if live.signals:
        shown.append(_signals(live))
    return Group(*shown)


def _standing(live: LiveProfile) -> Text:
    made = Text("Now\n", style="bold")
    if not live.scored:
        made.append("Not scored: consent to personalisation is missing or was taken back.\n")
    if live.stage:
        made.append(f"Stage {live.stage}")
        made.append(f", in {', '.join(live.segments)}.\n" if live.segments else ", in no segment.\n")
    said = [f"{purpose} {'granted' if granted else 'denied'}" for purpose, granted in sorted(live.consent.items())]
    made.append(f"Consent: {', '.join(said) if said else 'nothing said'}.\n")
    if live.behind:
        made.append(f"The worker is {live.behind:,} events behind.\n", style="dim")
    return made


def _scores(live: LiveProfile) -> RenderableType:
    made = table(
        "Scores",
        [("score", "left"), ("points", "right"), ("chance", "right"), ("because", "left")],
        caption="Points are a base and the sum of signal x weight; the chance is of the score's own goal and window.",
    )
    for score in live.scores:
        felt = [term for term in score.terms if abs(term.points) >= _LEAST_POINTS]
        largest = sorted(felt, key=lambda term: -abs(term.points))[:_TERMS]
        because = "; ".join(f"{term.says} {term.points:+.1f}" for term in largest)
        chance = "" if score.chance is None else f"{score.chance:.1%}"
        made.add_row(score.name, f"{score.points:.1f}", chance, because or "nothing")
    return made


def _signals(live: LiveProfile) -> RenderableType:
    made = table(
        "Signals",
        [("signal", "left"), ("kind", "left"), ("value", "right"), ("meaning", "left")],
        caption="Values of this moment, decayed by each one's half-life; those below 0.005 are left out.",
    )
    for signal in sorted(live.signals, key=lambda one: -abs(one.value)):
        if abs(signal.value) < _LEAST_VALUE:
            continue
        made.add_row(signal.name, signal.kind, f"{signal.value:.2f}", signal.says)
    return made
