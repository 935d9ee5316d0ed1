"""Sections that need no goal: what the log holds, its sessions.

In: journeys and the plan. Out: sections.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sojourn.analyse.overview import overview
from sojourn.analyse.show.words import count, duration, percent
from sojourn.app.report.sections import Section, section

if TYPE_CHECKING:
    from sojourn.analyse.journeys import Journeys
    from sojourn.app.report.plan import Plan
    from sojourn.records.periods import Period

_NAMES = 15
_HOURS, _DAYS, _WEEKS = 3 * 86_400, 90 * 86_400, 2 * 366 * 86_400


def log_section(journeys: Journeys, *, rejected: int) -> Section:
    """What the log holds."""
    held = overview(journeys, most=_NAMES)
    span = _span_s(journeys)
    when = (
        f" over {duration(span)}, {_minute(held.first)} to {_minute(held.last)} UTC"
        if held.first
        else "; it has no times, its order counts"
    )
    headline = f"The log holds {count(held.events)} events of {count(held.persons)} persons{when}."
    notes = []
    if rejected:
        notes.append(
            f"{count(rejected)} {_plural(rejected, 'row')} could not be read and {_plural(rejected, 'is', 'are')} in quarantine (`sojourn events --rejected` shows {_plural(rejected, 'it', 'them')})."
        )
    if held.bots:
        notes.append(
            f"{count(held.bots)} events of self-declared crawlers are left out of every number (--bots counts them)."
        )
    if len(journeys.events) > len(held.names):
        notes.append(f"The {len(held.names)} most frequent of {count(len(journeys.events))} event names are shown.")
    return section("log", "What the log holds", headline, {"overview": held}, notes)


def sessions_section(journeys: Journeys, plan: Plan) -> Section:
    """How people's visits look."""
    if not plan.timed:
        return section(
            "sessions",
            "Sessions",
            "Not answered: without times nobody can say where one visit ends and the next begins.",
        )
    found = journeys.sessions(page=plan.page or "event", trend=_period(_span_s(journeys)))
    headline = (
        f"People came in {count(found.sessions)} sessions, {found.sessions_per_person:.1f} each; "
        f"{percent(found.bounce_rate)} of the sessions ended after one event, and half lasted longer than {duration(found.median_duration_s)}."
    )
    notes = [
        "A session ends after 30 minutes of silence. The bounce rate is divided by sessions, not by events or persons."
    ]
    return section("sessions", "Sessions", headline, {"sessions": found}, notes)


def _span_s(journeys: Journeys) -> float:
    """Seconds from the first to the last event."""
    manifest = journeys.index.manifest
    return (manifest.last_us - manifest.first_us) / 1e6


def _period(span_s: float) -> Period:
    """Length of the periods of a trend that has neither three points nor hundreds."""
    if span_s <= _HOURS:
        return "hour"
    return "day" if span_s <= _DAYS else "week" if span_s <= _WEEKS else "month"


def _minute(moment: str | None) -> str:
    return (moment or "").replace("T", " ")[:16]


def _plural(number: int, one: str, many: str | None = None) -> str:
    return one if number == 1 else many or f"{one}s"
