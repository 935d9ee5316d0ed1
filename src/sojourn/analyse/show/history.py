"""How a history of measures looks.

In: a `History`. Out: tables for a terminal, a figure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import plotly.graph_objects as go
from rich.console import Group
from rich.text import Text

from sojourn.analyse.show.style import layout, table
from sojourn.analyse.show.words import count, duration, percent, sparkline

if TYPE_CHECKING:
    from rich.console import RenderableType

    from sojourn.analyse.history import History, HistoryCohort

_PERIODS = 13
_COHORTS = 24


def render(history: History) -> RenderableType:
    """Everybody period by period, then each cohort in a line."""
    if history.note:
        return Text(f"History: {history.note}")
    shown: list[RenderableType] = [_everybody(history), _assets(history)]
    if history.cohorts:
        shown.append(_cohorts(history))
    if history.money_note:
        shown.append(Text(history.money_note, style="dim"))
    return Group(*shown)


def figure(history: History) -> go.Figure:
    """Visits a person by period since the first event, one line a cohort."""
    drawn = go.Figure()
    for cohort in history.cohorts[:_COHORTS] or (history.all,):
        drawn.add_scatter(
            x=[period.period for period in cohort.periods],
            y=[period.visits for period in cohort.periods],
            name=cohort.cohort,
            mode="lines+markers",
        )
    drawn.update_yaxes(rangemode="tozero")
    return layout(drawn, "Visits a person", x=f"{history.period}s since the first event", y="visits a person")


def _everybody(history: History) -> RenderableType:
    whole = history.all
    periods = whole.periods[:_PERIODS]
    title = f"What {count(whole.persons)} persons do, by {history.period} since their first event"
    caption = "Means a person, over the persons whose life has that period within the log; 0 is the period of the first event."
    caption += f" First session: {duration(whole.first_session_s)}, mean."
    columns: list[tuple[str, list[str]]] = [
        (history.period, [str(p.period) for p in periods]),
        ("persons", [count(p.persons) for p in periods]),
        ("active", [percent(p.active_persons / p.persons) for p in periods]),
        ("visits", [f"{p.visits:.2f}" for p in periods]),
        ("events", [f"{p.events:.1f}" for p in periods]),
        ("days", [f"{p.active_days:.2f}" for p in periods]),
        ("in sessions", [duration(p.session_s) for p in periods]),
    ]
    if any(p.page_s != p.session_s for p in periods):
        columns.append(("on pages", [duration(p.page_s) for p in periods]))
    if any(p.purchases for p in periods):
        columns.append(("bought", [f"{p.purchases:.3f}" for p in periods]))
    if any(p.revenue for p in periods):
        columns.append((f"revenue {history.currency or ''}".strip(), [f"{p.revenue:,.2f}" for p in periods]))
    made = table(title, [(name, "right") for name, _ in columns], caption=caption)
    for row in zip(*(values for _, values in columns), strict=True):
        made.add_row(*row)
    return made


def _assets(history: History) -> RenderableType:
    columns = [(history.asset, "left"), (f"{history.period} 0", "right"), ("then", "left")]
    made = table(f"{'Events' if history.asset == 'event' else 'Views'} a person, by {history.asset}", columns)
    periods = history.all.periods
    for name in periods[0].assets if periods else ():
        values = [period.assets[name] for period in periods]
        made.add_row(name, f"{values[0]:.2f}", sparkline(values[:_PERIODS]))
    return made


def _cohorts(history: History) -> RenderableType:
    columns = [("cohort", "left"), ("persons", "right"), ("first session", "right")]
    columns += [("visits", "left"), ("sessions' time", "left"), ("purchases", "left"), ("revenue a person", "right")]
    caption = (
        f"One character a {history.period} of life, each line scaled to its own highest; revenue over all of them."
    )
    made = table(f"By {history.by}", columns, caption=caption)
    for cohort in history.cohorts[:_COHORTS]:
        made.add_row(
            cohort.cohort,
            count(cohort.persons),
            duration(cohort.first_session_s),
            _line(cohort, "visits"),
            _line(cohort, "session_s"),
            _line(cohort, "purchases"),
            f"{sum(period.revenue for period in cohort.periods):,.2f}",
        )
    return made


def _line(cohort: HistoryCohort, measure: str) -> str:
    return sparkline([getattr(period, measure) for period in cohort.periods[:_PERIODS]])
