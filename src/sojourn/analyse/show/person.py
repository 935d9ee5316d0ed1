"""How one person looks.

In: a `PersonHistory`. Out: their timeline and measures for a terminal, a figure.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import plotly.graph_objects as go
from rich.console import Group
from rich.text import Text

from sojourn.analyse.show.style import ACCENT, layout, table
from sojourn.analyse.show.words import count, counted, duration, money, sparkline

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.console import RenderableType

    from sojourn.analyse.person import PersonHistory, TimelineEvent, TimelineSession

_SESSIONS = 10
_EVENTS = 12
_POINTS = 40
_LONG = 60


def render(person: PersonHistory) -> RenderableType:
    """Who it is, each measure over time, the latest sessions event by event."""
    shown: list[RenderableType] = [_opening(person)]
    if person.periods:
        shown.append(_measures(person))
    earlier = person.visits - min(_SESSIONS, len(person.sessions))
    if earlier > 0:
        shown.append(Text(f"{count(earlier)} earlier sessions are not shown.", style="dim"))
    shown += [_session(session) for session in person.sessions[-_SESSIONS:]]
    return Group(*shown)


def figure(person: PersonHistory) -> go.Figure:
    """Events of each period by page, with the time on the site above."""
    drawn = go.Figure()
    labels = [period.period for period in person.periods]
    for name in person.periods[0].assets if person.periods else ():
        drawn.add_bar(x=labels, y=[period.assets[name] for period in person.periods], name=name)
    minutes = [period.session_s / 60 for period in person.periods]
    drawn.add_scatter(x=labels, y=minutes, name="minutes in sessions", yaxis="y2", mode="lines+markers")
    right = {
        "overlaying": "y",
        "side": "right",
        "title": "minutes",
        "rangemode": "tozero",
        "showgrid": False,
        "tickmode": "auto",
    }
    drawn.update_layout(barmode="stack", yaxis2=right)
    return layout(drawn, f"{person.person}: events by {person.asset}", y="events")


def _opening(person: PersonHistory) -> Text:
    made = Text(f"{person.person}\n", style="bold")
    span = f" from {_day(person.first)} to {_day(person.last)}" if person.first else ""
    worth = f" worth {money(person.revenue, person.currency)}" if person.revenue else ""
    bought = f", {counted(person.purchases, 'purchase')}{worth}" if person.purchases else ""
    made.append(
        f"{counted(person.events, 'event')} in {counted(person.visits, 'session')}{span}{bought}.\n", style="not bold"
    )
    for identity in person.identities:
        seen = f", {_day(identity.first)} to {_day(identity.last)}" if identity.first else ""
        shown = f" ({'proven' if identity.proven else 'claimed'}: {identity.evidence})"
        if identity.evidence is None:
            shown = " (joined by no link that counts)"
        shown = shown if identity.id != person.person else ""
        made.append(
            f"{identity.kind} id {identity.id}{shown}: {counted(identity.events, 'event')}{seen}\n",
            style="dim not bold",
        )
    if person.money_note:
        made.append(person.money_note, style="dim not bold")
    made.rstrip()
    return made


def _measures(person: PersonHistory) -> RenderableType:
    periods = person.periods
    title = f"Over time, by {person.period}: {periods[0].period} to {periods[-1].period}"
    made = table(title, [("measure", "left"), ("in all", "right"), ("", "left")])
    rows: list[tuple[str, str, Sequence[float]]] = [
        ("visits", count(person.visits), [p.visits for p in periods]),
        ("events", count(person.events), [p.events for p in periods]),
        ("active days", count(person.active_days), [p.active_days for p in periods]),
        ("time in sessions", duration(person.session_s), [p.session_s for p in periods]),
        ("time on pages", duration(person.page_s), [p.page_s for p in periods]),
        ("purchases", count(person.purchases), [p.purchases for p in periods]),
        ("revenue", money(person.revenue, person.currency), [p.revenue for p in periods]),
    ]
    for name, whole, values in rows:
        if any(values):
            made.add_row(name, whole, _line(values))
    made.add_row("first session", duration(person.first_session_s), "")
    for name in periods[0].assets:
        values = [p.assets[name] for p in periods]
        made.add_row(f"  {name}", count(sum(values)), _line(values))
    return made


def _line(values: Sequence[float]) -> str:
    """A sparkline of at most `_POINTS` characters; several periods become one, their sum."""
    step = -(-len(values) // _POINTS)
    return sparkline([sum(values[n : n + step]) for n in range(0, len(values), step)])


def _session(session: TimelineSession) -> RenderableType:
    started = f", {_minute(session.started)}" if session.started else ""
    lasted = f", {duration(session.duration_s)}" if session.started else ""
    title = Text(
        f"\nSession {session.number}{started}{lasted}, {counted(session.events, 'event')}", style=f"bold {ACCENT}"
    )
    throughout = _throughout(session)
    lines = [_event(event, throughout) for event in session.timeline[:_EVENTS]]
    if throughout:
        lines.insert(0, Text(f"  {_told(throughout)}", style="dim", no_wrap=True, overflow="ellipsis"))
    if len(session.timeline) > _EVENTS:
        lines.append(Text(f"  … {len(session.timeline) - _EVENTS} more", style="dim"))
    return Group(title, *lines)


def _throughout(session: TimelineSession) -> dict[str, Any]:
    """Properties that all events of a session share: said once."""
    first, *others = session.timeline
    shared = first.properties if others else {}
    return {
        name: value for name, value in shared.items() if all(other.properties.get(name) == value for other in others)
    }


def _event(event: TimelineEvent, throughout: dict[str, Any]) -> Text:
    time = f"{dt.datetime.fromisoformat(event.time):%H:%M:%S}  " if event.time else ""
    made = Text(f"  {time}{event.event}", no_wrap=True, overflow="ellipsis")
    if event.page is not None:
        made.append(f"  {event.page}", style=ACCENT)
    if event.revenue is not None:
        made.append(f"  {event.revenue:,.2f}", style="bold")
    own = {name: value for name, value in event.properties.items() if name not in throughout and value != event.page}
    made.append(f"  {_told(own)}", style="dim")
    made.rstrip()
    return made


def _told(properties: dict[str, Any]) -> str:
    return ", ".join(f"{name} {_value(value)}" for name, value in properties.items())


def _value(value: Any) -> str:  # noqa: ANN401  (whatever a property holds)
    text = f"{value:g}" if isinstance(value, float) else str(value)
    return text if len(text) <= _LONG else text[: _LONG - 1] + "…"


def _formatted(pattern: str) -> Callable[[str | None], str]:
    return lambda moment: "–" if moment is None else f"{dt.datetime.fromisoformat(moment):{pattern}}"


_day = _formatted("%Y-%m-%d")
_minute = _formatted("%Y-%m-%d %H:%M")
