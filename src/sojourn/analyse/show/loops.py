"""How loops look."""

from __future__ import annotations

from typing import TYPE_CHECKING

import plotly.graph_objects as go
from rich.console import Group
from rich.text import Text

from sojourn.analyse.show.paths import titled
from sojourn.analyse.show.style import PALETTE, layout, table
from sojourn.analyse.show.words import bar, count, percent

if TYPE_CHECKING:
    from rich.console import RenderableType

    from sojourn.analyse.loops import Loop, Loops

_SHOWN = 10
_BARS = 14


def render(loops: Loops) -> RenderableType:
    """How many units loop, where, and groups."""
    if not loops.units:
        return Text(f"{titled('Loops', loops.about, loops.group)}: no {loops.unit} have such a path.")
    main = table(
        titled("Loops", loops.about, loops.group),
        [("", "left"), (loops.unit, "right"), ("share", "right"), ("", "left")],
    )
    for words, number in (
        ("repeat a step (A A)", loops.repeating_units),
        ("come back to a step (A ... A)", loops.returning_units),
        ("go there and back (A B A)", loops.back_and_forth_units),
    ):
        share = number / loops.units
        main.add_row(words, count(number), percent(share), bar(share, _BARS))
    main.caption = f"Of {count(loops.units)} {loops.unit} of {count(loops.persons)} persons."
    tables = [_table("Repeats", loops, loops.repeats), _table("Returns", loops, loops.returns)]
    return Group(main, *tables, _table("There and back", loops, loops.back_and_forth), *map(render, loops.groups))


def figure(loops: Loops) -> go.Figure:
    """Bars of the steps there and back, else of the returns."""
    found = loops.back_and_forth or loops.returns or loops.repeats
    shown = sorted(found, key=lambda loop: loop.units)[-2 * _SHOWN :]
    drawn = go.Figure()
    drawn.add_bar(
        x=[loop.units for loop in shown],
        y=[_words(loop) for loop in shown],
        text=[percent(loop.share) for loop in shown],
        orientation="h",
        marker_color=PALETTE[0],
    )
    drawn.update_yaxes(automargin=True)
    title = "There and back" if loops.back_and_forth else "Returns" if loops.returns else "Repeats"
    return layout(drawn, titled(title, loops.about, loops.group), x=loops.unit)


def _table(title: str, loops: Loops, found: tuple[Loop, ...]) -> RenderableType:
    made = table(title, [("step", "left"), ("times", "right"), (loops.unit, "right"), ("share", "right"), ("", "left")])
    for loop in found[:_SHOWN]:
        made.add_row(_words(loop), count(loop.count), count(loop.units), percent(loop.share), bar(loop.share, _BARS))
    return made


def _words(loop: Loop) -> str:
    return f"{loop.value} > {loop.via} > {loop.value}" if loop.via else loop.value
