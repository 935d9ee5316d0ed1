"""How changes of behaviour look."""

from __future__ import annotations

from typing import TYPE_CHECKING

import plotly.graph_objects as go
from rich.console import Group
from rich.text import Text

from sojourn.analyse.changes_words import MILLIONTH, number, odds, periods
from sojourn.analyse.show.style import PALETTE, layout, table
from sojourn.analyse.show.words import count, counted, percent

if TYPE_CHECKING:
    from rich.console import RenderableType

    from sojourn.analyse.changes import Changes

_SHOWN = 20


def render(changes: Changes) -> RenderableType:
    """What was looked at, how many changed in what, the surest changes, and the groups."""
    shown: list[RenderableType] = [Text(_opening(changes))]
    if changes.note:
        shown.append(Text(changes.note))
    if changes.tested:
        shown.append(_metrics(changes))
    if changes.changes:
        shown.append(_persons(changes))
    if changes.groups_tested:
        shown.append(_groups(changes))
    if changes.money_note:
        shown.append(Text(changes.money_note))
    return Group(*shown)


def figure(changes: Changes) -> go.Figure:
    """When what changed: persons by the beginning of their change, falls below and rises above."""
    drawn = go.Figure()
    for place, (direction, sign) in enumerate((("rose", 1), ("fell", -1))):
        begun: dict[str, set[str]] = {}
        for change in changes.changes:
            if change.direction == direction:
                begun.setdefault(change.since, set()).add(change.person)
        days = sorted(begun)
        drawn.add_bar(
            x=days,
            y=[sign * len(begun[day]) for day in days],
            customdata=[len(begun[day]) for day in days],
            hovertemplate="%{customdata} persons since %{x}<extra></extra>",
            name=direction,
            marker_color=PALETTE[2 if place == 0 else 5],
        )
    drawn.update_layout(barmode="relative")
    drawn.update_yaxes(tickformat=",d")
    return layout(
        drawn,
        "Persons whose behaviour changed, by since when",
        x=f"{changes.every} it began",
        y="persons (falls below 0)",
    )


def _opening(changes: Changes) -> str:
    known = periods(changes.baseline, changes.every)
    said = (
        f"Changes against each person's own baseline: {counted(changes.changed, 'person')} of {count(changes.tested)} known for more than "
        f"{known} ({count(changes.persons)} in all); {count(changes.fell)} fell, {count(changes.rose)} rose in something."
    )
    if changes.tested:
        said += (
            f" By chance at most {changes.expected_false:,.1f} are expected ({percent(changes.chance_a_year)} of steady persons a year); "
            f"with shuffled {_plural(changes.every)}, {count(changes.changed_when_shuffled)} of the {count(changes.tested - changes.changed)} others would be found."
        )
    return said


def _plural(period: str) -> str:
    return f"periods of {period}" if " " in period else f"{period}s"


def _metrics(changes: Changes) -> RenderableType:
    columns = [("metric", "left"), ("fell", "right"), ("rose", "right"), ("spread", "right")]
    caption = (
        f"Persons of {count(changes.tested)}; told from {percent(changes.least, digits=0)} on. Spread: how much people vary from {changes.every} to "
        f"{changes.every} beyond chance (0 is Poisson)."
    )
    made = table("What changed", columns, caption=caption)
    for metric in changes.metrics:
        made.add_row(f"{metric.metric} ({metric.unit})", count(metric.fell), count(metric.rose), number(metric.spread))
    return made


def _persons(changes: Changes) -> RenderableType:
    columns = [
        ("person", "left"), ("what", "left"), ("before", "right"), ("", "left"), ("after", "right"), ("unit", "left"), ("since", "left"),
        (_plural(changes.every), "right"), ("by chance", "left"),
    ]  # fmt: skip
    every = sum(metric.fell + metric.rose for metric in changes.metrics)
    rows = changes.changes[:_SHOWN]
    made = table(
        "The surest changes", columns, caption=f"Shown: {len(rows)} of {count(every)}; a person stands once a metric."
    )
    for one in rows:
        arrow = "↓" if one.direction == "fell" else "↑"
        made.add_row(
            one.person, one.metric, number(one.before), arrow, number(one.after), one.unit, one.since,
            f"{one.before_periods} | {one.after_periods}", odds(one.chance).removeprefix("under ").replace("once in", "1 in" if one.chance > MILLIONTH else "< 1 in"),
        )  # fmt: skip
    return made


def _groups(changes: Changes) -> RenderableType:
    if not changes.groups:
        return Text(f"Groups: none of {count(changes.groups_tested)} changed.")
    shown = [Text(f"Groups: {counted(len(changes.groups), 'change')} in {count(changes.groups_tested)} looked at.")]
    shown += [Text(f"  {one.sentence}") for one in changes.groups[:_SHOWN]]
    return Group(*shown)
