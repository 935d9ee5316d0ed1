"""Sections that need no goal: what the log holds, its sessions.

In: journeys and the plan. Out: sections.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from sojourn.analyse.overview import overview
from sojourn.analyse.show.words import count, counted, duration, percent
from sojourn.app.report.sections import Section, listed, section
from sojourn.app.report.vocabulary import FILE_REQUESTED, is_passive
from sojourn.records.errors import UnknownColumn
from sojourn.store.columns import TextColumn

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sojourn.analyse.journeys import Journeys
    from sojourn.app.report.plan import Plan
    from sojourn.records.periods import Period

_NAMES = 20
_HOURS, _DAYS, _WEEKS = 3 * 86_400, 90 * 86_400, 2 * 366 * 86_400

_LIFECYCLE = ("lifecycle", "lifecycle:transition", "lifecycle_transition", "transition")
_STAGES = {
    "schedule": "planned",
    "assign": "given to somebody",
    "start": "begun",
    "suspend": "put aside",
    "resume": "taken up again",
    "complete": "done",
    "withdraw": "taken back",
    "ate_abort": "broken off",
    "pi_abort": "broken off with the whole case",
}
"""Stages of a step by their names in the XES standard (IEEE 1849)."""

_REASONS = {
    "field_count": "wrong number of fields",
    "bad_json": "not JSON",
    "bad_line": "not a line of this format",
    "bad_encoding": "wrong encoding",
    "bad_time": "time unreadable",
    "no_person": "person missing",
    "no_event": "event missing",
    "field_too_large": "field too large",
    "unreadable": "unreadable",
    "erased_person": "person erased before",
}


def log_section(journeys: Journeys, rejected: Mapping[str, int]) -> Section:
    """What the log holds."""
    held = overview(journeys, most=_NAMES)
    span = span_s(journeys)
    when = (
        f" over {duration(span)}, {_minute(held.first)} to {_minute(held.last)} UTC"
        if held.first
        else "; it has no times, its order counts"
    )
    headline = f"The log holds {counted(held.events, 'event')} of {counted(held.persons, 'person')}{when}."
    notes = []
    if rejected:
        lost = sum(rejected.values())
        why = ", ".join(f"{_REASONS.get(reason, reason)}: {count(n)}" for reason, n in rejected.items())
        notes.append(
            f"{count(lost)} {'row was' if lost == 1 else 'rows were'} not imported ({why}); `sojourn events --rejected` shows {'it' if lost == 1 else 'them'}."
        )
    if held.bots:
        notes.append(
            f"{counted(held.bots, 'event')} of self-declared crawlers {'is' if held.bots == 1 else 'are'} left out of every number (--bots counts them)."
        )
    files = next((name.count for name in held.names if name.event == FILE_REQUESTED), 0)
    if files and any(name.event == "Page Viewed" for name in held.names):
        notes.append(
            f"{count(files)} requests of files that pages bring along (images, styles, scripts) are left out below: they are not what a person did."
        )
    failed = next((name for name in held.names if name.event == "Request Failed"), None)
    if failed:
        notes.append(f"{count(failed.count)} requests failed, {_missing(journeys)}because nothing is there (404).")
    notes += _stages(journeys)
    if len(journeys.events) > len(held.names):
        notes.append(f"The {len(held.names)} most frequent of {count(len(journeys.events))} event names are shown.")
    return section("log", "What the log holds", headline, {"overview": held}, notes)


def _stages(journeys: Journeys) -> list[str]:
    """Logs of processes write an event a stage of a step: its planning, its beginning, its end."""
    for name in _LIFECYCLE:
        with contextlib.suppress(UnknownColumn):
            column = journeys.index.column(name)[0]
            if isinstance(column, TextColumn) and (known := [v for v in column.names if v.lower() in _STAGES]):
                said = listed([f"{value} ({_STAGES[value.lower()]})" for value in sorted(known)])
                where = f"{name} = '{next((v for v in known if v.lower() == 'complete'), known[0])}'"
                return [
                    (
                        f"Column {name} says which stage of a step an event is: {said}. Each stage is an event here, so a step "
                        f'may count several times and shows as a repeat; --where "{where}" keeps one of them.'
                    )
                ]
    return []


def sessions_section(journeys: Journeys, plan: Plan) -> Section:
    """How people's visits look."""
    if not plan.timed:
        return section(
            "sessions",
            "Sessions",
            "Not answered: without times nobody can say where one visit ends and the next begins.",
        )
    passive = passive_events(journeys)
    active = without(journeys, passive)
    found = active.sessions(page=plan.page or "event", trend=_period(span_s(journeys)))
    headline = f"People came in {counted(found.sessions, 'session')}, {found.sessions_per_person:.1f} each; {percent(found.bounce_rate)} of the sessions ended after one event"
    notes = [
        "A session ends after 30 minutes of silence. The bounce rate is divided by sessions, not by events or persons."
    ]
    if found.median_duration_s > 0:
        headline += f", and half lasted longer than {duration(found.median_duration_s)}"
    elif found.bounce_rate < 1 / 2:
        notes.append("At least half of the sessions last 0 s: all their events carry one and the same time.")
    if passive:
        notes.append(f"Not counted as visits, because others do them to a person: {listed(passive)}.")
    return section("sessions", "Sessions", headline + ".", {"sessions": found}, notes)


def passive_events(journeys: Journeys) -> list[str]:
    """Events of the log that others do to a person."""
    return [name for name in journeys.events if is_passive(name)]


def in_words(names: Sequence[str]) -> str:
    """A predicate for events of these names."""
    quoted = ", ".join("'" + name.replace("'", "''") + "'" for name in names)
    return f"event in ({quoted})"


def without(journeys: Journeys, names: Sequence[str]) -> Journeys:
    """The log without events of these names."""
    return journeys.where(f"not {in_words(names)}") if names else journeys


def span_s(journeys: Journeys) -> float:
    """Seconds from the first to the last event."""
    manifest = journeys.index.manifest
    return (manifest.last_us - manifest.first_us) / 1e6


def _period(span_s: float) -> Period:
    """Length of the periods of a trend that has neither three points nor hundreds."""
    if span_s <= _HOURS:
        return "hour"
    return "day" if span_s <= _DAYS else "week" if span_s <= _WEEKS else "month"


def _missing(journeys: Journeys) -> str:
    """How many requests were answered with 404, as the middle of a sentence."""
    return f"{count(overview(journeys.where('status = 404')).events)} of them "


def _minute(moment: str | None) -> str:
    return (moment or "").replace("T", " ")[:16]
