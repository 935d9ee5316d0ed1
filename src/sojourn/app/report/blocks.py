"""What a result shows in a terminal, taken apart into tables and lines for a page.

In: anything rich that `analyse/show` makes. Out: `Grid`, `Line` and `Twig`. Never changes a word or a number of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Group
from rich.errors import StyleSyntaxError
from rich.padding import Padding
from rich.style import Style
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_BAR = re.compile(r"[█▏▎▍▌▋▊▉]+")
_EIGHTHS = "▏▎▍▌▋▊▉█"
_SPARKS = frozenset("▁▂▃▄▅▆▇█")
_BLACK, _WHITE = "#16191d", "#ffffff"


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell.

    Attributes:
        text: What it says; empty for a bar, which repeats a number of its row.
        right: Whether it is a number.
        bar: Length of a bar, in [0, 1] of the longest of its column; None when it is none.
        style: Colours, as CSS; empty for none.
    """

    text: str
    right: bool = False
    bar: float | None = None
    style: str = ""


@dataclass(frozen=True, slots=True)
class Grid:
    """A table.

    Attributes:
        title: Its name.
        caption: What it counts.
        header: Names of the columns; empty when it has none.
        rows: Its rows; the first cell names the row.
    """

    title: str
    caption: str
    header: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of text.

    Attributes:
        text: What it says.
        fixed: Whether its characters must be of one width.
    """

    text: str
    fixed: bool = False


@dataclass(frozen=True, slots=True)
class Twig:
    """A branch of a tree.

    Attributes:
        text: What it says.
        twigs: What grows from it.
    """

    text: str
    twigs: tuple[Twig, ...] = ()


Block = Grid | Line | Twig


def blocks(shown: object) -> Iterator[Block]:
    """Tables and lines, in order."""
    if isinstance(shown, Group):
        for inner in shown.renderables:
            yield from blocks(inner)
    elif isinstance(shown, Padding):
        yield from blocks(shown.renderable)
    elif isinstance(shown, Table):
        yield _grid(shown)
    elif isinstance(shown, Tree):
        yield _twig(shown)
    else:
        for text in _said(shown).split("\n"):
            if text.strip():
                yield Line(text, fixed=any(sign in _SPARKS for sign in text))


def _twig(tree: Tree) -> Twig:
    return Twig(_BAR.sub("", _said(tree.label)).strip(), tuple(_twig(child) for child in tree.children))


def _grid(table: Table) -> Grid:
    columns = [list(column.cells) for column in table.columns]
    right = [column.justify == "right" for column in table.columns]
    bars = [_longest(column) for column in columns]
    rows = tuple(
        tuple(_cell(value, right=r, longest=longest) for value, r, longest in zip(row, right, bars, strict=True))
        for row in zip(*columns, strict=True)
    )
    named = table.show_header and any(_said(column.header) for column in table.columns)
    header = [Cell(_said(column.header), r) for column, r in zip(table.columns, right, strict=True)] if named else []
    return Grid(_said(table.title), _said(table.caption), tuple(header), rows)


def _cell(value: object, *, right: bool, longest: float) -> Cell:
    text = _said(value)
    if longest:
        return Cell("", bar=_length(text) / longest)
    return Cell(text, right, style=_colours(value))


def _longest(column: Sequence[object]) -> float:
    """Length of the longest bar; 0 when the column is no bars."""
    texts = [_said(value).strip() for value in column]
    if not any(texts) or not all(_BAR.fullmatch(text) for text in texts if text):
        return 0
    return max(_length(text) for text in texts)


def _length(bar: str) -> float:
    return sum((_EIGHTHS.index(sign) + 1) / 8 for sign in bar.strip())


def _said(value: object) -> str:
    """Plain text of what rich prints; its markup is off, so that a name in brackets stays what it is."""
    if value is None:
        return ""
    return value.plain if isinstance(value, Text) else str(value)


def _colours(value: object) -> str:
    """Background of a cell, with the ink that is read best on it."""
    if not isinstance(value, Text) or not value.style:
        return ""
    try:
        style = value.style if isinstance(value.style, Style) else Style.parse(value.style)
    except StyleSyntaxError:
        return ""
    if style.bgcolor is None:
        return ""
    red, green, blue = style.bgcolor.get_truecolor()
    ink = _BLACK if _luminance(red, green, blue) > 0.18 else _WHITE  # noqa: PLR2004  (where black and white read equally well)
    return f"background:rgb({red},{green},{blue});color:{ink}"


def _luminance(*colour: int) -> float:
    """Relative luminance, WCAG 2.2."""
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in (part / 255 for part in colour)]  # noqa: PLR2004  (sRGB)
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
