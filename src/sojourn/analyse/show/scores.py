"""How scores look."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import plotly.graph_objects as go
from rich.console import Group
from rich.text import Text

from sojourn.analyse.show.style import layout, noted, table
from sojourn.analyse.show.words import bar, count, moment, percent, scored_persons

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from sojourn.analyse.scores import PersonScore, ScoreReading, Scores

_TERMS = 4


def render(scores: Scores) -> RenderableType:
    """How each score is spread, then the persons with the most points and why."""
    head = f"{scored_persons(scores.persons_total, scores.persons_unscored)} until {moment(scores.at_us)} UTC; catalogue: {scores.catalogue}"
    columns = [("score", "left"), ("mean", "right"), ("median", "right"), ("p90", "right"), ("p99", "right")]
    then: list[tuple[str, Literal["right"]]] = [("mean then", "right")] if scores.since_us is not None else []
    since = f"then: {moment(scores.since_us)} UTC" if scores.since_us is not None else None
    spread = table("Points", [*columns, ("max", "right"), *then, ("says", "left")], caption=since)
    for one in scores.scores:
        figures = [one.mean, one.median, one.p90, one.p99, one.max, *[one.mean_since for _ in then]]
        spread.add_row(one.name, *(points(value) for value in figures), one.says)
    shown: list[RenderableType] = [Text(head), *noted(scores.note), spread]
    for one in scores.scores:
        if one.max == one.p90 == one.mean:
            # Everybody has the same points: nothing is spread and nobody leads.
            continue
        shown.append(_bands(one))
        if leaders := [person for person in one.top if person.terms]:
            shown.append(_top(one, leaders))
    return Group(*shown)


def figure(scores: Scores) -> go.Figure:
    """Persons by points, a line a score."""
    drawn = go.Figure()
    for one in scores.scores:
        drawn.add_scatter(
            x=[band.low for band in one.bands], y=[band.persons for band in one.bands], name=one.name,
            mode="lines+markers", line_shape="hv",
        )  # fmt: skip
    drawn.update_yaxes(type="log")
    return layout(drawn, "Persons by points", x="points", y="persons")


def _bands(one: ScoreReading) -> RenderableType:
    made = table(one.name, [("points", "right"), ("persons", "right"), ("", "left")])
    most = max((band.persons for band in one.bands), default=0) or 1
    for band in one.bands:
        made.add_row(f"{points(band.low)} to {points(band.high)}", count(band.persons), bar(band.persons / most))
    return made


def _top(one: ScoreReading, leaders: Sequence[PersonScore]) -> RenderableType:
    columns = [("person", "left"), ("points", "right")]
    with_chance = any(person.chance is not None for person in leaders)
    columns += [("chance", "right")] if with_chance else []
    made = table(
        f"Most {one.name}", [*columns, ("because", "left")], caption=f"Points: {points(one.base)} and these terms."
    )
    for person in leaders:
        chance = [percent(person.chance)] if person.chance is not None else [""] * with_chance
        made.add_row(person.person, points(person.points), *chance, reasons(person))
    return made


def reasons(person: PersonScore) -> str:
    """The terms that weigh most, as `+12 Filled a cart`."""
    told = [f"{term.points:+.1f} {term.says}" for term in person.terms[:_TERMS]]
    left = len(person.terms) - _TERMS
    return "; ".join([*told, *([f"and {left} more"] if left > 0 else [])])


def points(value: float) -> str:
    """Points with one digit."""
    return "–" if value != value else f"{value:,.1f}"  # noqa: PLR0124  (NaN is what differs from itself)
