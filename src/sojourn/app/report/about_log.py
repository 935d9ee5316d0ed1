"""Sections that need no goal: what the log holds, its sessions.

In: journeys and the plan. Out: sections.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sojourn.analyse.overview import overview
from sojourn.analyse.show.words import count, duration, percent
from sojourn.app.report.choose import choose_column
from sojourn.app.report.sections import Section, listed, section
from sojourn.app.report.vocabulary import FILE_REQUESTED, PRICES, QUANTITIES, goal_meaning, is_passive

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sojourn.analyse.journeys import Journeys
    from sojourn.app.report.plan import Plan
    from sojourn.records.periods import Period

_NAMES = 20
_HOURS, _DAYS, _WEEKS = 3 * 86_400, 90 * 86_400, 2 * 366 * 86_400

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
    headline = f"The log holds {count(held.events)} events of {count(held.persons)} persons{when}."
    notes = []
    if rejected:
        lost = sum(rejected.values())
        why = ", ".join(f"{_REASONS.get(reason, reason)}: {count(n)}" for reason, n in rejected.items())
        notes.append(
            f"{count(lost)} {'row was' if lost == 1 else 'rows were'} not imported ({why}); `sojourn events --rejected` shows {'it' if lost == 1 else 'them'}."
        )
    if held.bots:
        notes.append(
            f"{count(held.bots)} events of self-declared crawlers are left out of every number (--bots counts them)."
        )
    files = next((name.count for name in held.names if name.event == FILE_REQUESTED), 0)
    if files and any(name.event == "Page Viewed" for name in held.names):
        notes.append(
            f"{count(files)} requests of files that pages bring along (images, styles, scripts) are left out below: they are not what a person did."
        )
    failed = next((name for name in held.names if name.event == "Request Failed"), None)
    if failed:
        notes.append(f"{count(failed.count)} requests failed, {_missing(journeys)}because nothing is there (404).")
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
    passive = passive_events(journeys)
    active = without(journeys, passive)
    found = active.sessions(page=plan.page or "event", trend=_period(span_s(journeys)))
    headline = f"People came in {count(found.sessions)} sessions, {found.sessions_per_person:.1f} each; {percent(found.bounce_rate)} of the sessions ended after one event"
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


def orders_section(journeys: Journeys, plan: Plan) -> Section:
    """Orders, when the log names them."""
    bought = [name for name in journeys.events if (meant := goal_meaning(name)) and meant[0] == 0]
    asked = journeys.where(in_words(bought)) if bought else journeys
    quantity = next(iter(choose_column(plan.columns, QUANTITIES)), None)
    price = next(iter(choose_column(plan.columns, PRICES)), None)
    if "revenue" in plan.columns:
        found = asked.orders(value="revenue")
    elif quantity is not None and price is not None:
        found = asked.orders(quantity=quantity, price=price)
    else:
        found = asked.orders(quantity=quantity)
    headline = (
        f"{count(found.persons)} persons placed {count(found.orders)} orders, {found.orders_per_person:.1f} each; "
        f"{percent(found.repeat_share)} of them ordered more than once"
    )
    if found.repeat_persons and plan.timed:
        headline += f", half of the time within {found.median_days_between:.0f} days of the order before"
    notes = [f"Orders are counted where an event is {listed(bought)}."] if bought else []
    if "revenue" not in plan.columns and quantity is not None and price is not None:
        notes.append(f"An order's value is the sum of {quantity} times {price} over its lines.")
    if found.taken_back:
        notes.append(
            f"{count(found.taken_back)} orders are negative: cancellations, returns or refunds. "
            "They count as orders here, and their value is subtracted."
        )
    if found.negative_lines:
        notes.append(
            f'{count(found.negative_lines)} lines have a negative {quantity}; --where "{quantity} > 0" leaves them out.'
        )
    return section("orders", "Orders", headline + ".", {"orders": found}, notes)


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
