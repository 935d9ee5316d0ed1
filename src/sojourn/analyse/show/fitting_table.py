"""A table that stays readable when the terminal is narrow.

In: columns and rows as for any table of rich. Out: the same table; where it is too wide for the terminal first the gaps
shrink and the headers break between words, then bars go, then its columns are shown in several tables below each other, the
first column in each. Numbers are never wrapped and no column is squeezed. Texts are shown as they are, never read as markup.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rich import box
from rich.cells import cell_len
from rich.table import Column, Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console, ConsoleOptions, RenderResult

_DRAWN = frozenset(" ▁▂▃▄▅▆▇█▏▎▍▌▋▊▉")
_WIDE_GAP, _NARROW_GAP = 3, 2
_FIRST, _OTHER = 22, 14
"""Narrowest a text column gets before something else gives way: the one that names the row, and others."""


class FittingTable(Table):
    """A table of rich in the house style; see above."""

    def __init__(self, *, title: str, caption: str | None, header_style: str) -> None:
        """An empty table."""
        super().__init__(title=title, caption=caption, box=box.SIMPLE_HEAD, header_style=header_style, show_edge=False)

    def add_row(self, *cells: Any, **options: Any) -> None:
        """Add a row; a text is shown as it is."""
        super().add_row(*(Text(cell) if isinstance(cell, str) else cell for cell in cells), **options)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Title, rows, caption and an empty line, as wide as there is room."""
        if self.title:
            yield Text(_said(self.title), style="bold")
        for number, fitted in enumerate(_fitted(self.columns, options.max_width, headed=self.show_header)):
            if number:
                yield Text()
            yield self._of(*fitted)
        if self.caption:
            yield Text(_said(self.caption), style="dim")
        yield Text()

    def _of(self, columns: Sequence[Column], widths: Sequence[int], gap: int) -> Table:
        """A plain table of some of the columns."""
        made = Table(
            box=box.SIMPLE_HEAD, header_style=self.header_style, show_edge=False, show_header=self.show_header,
            padding=(0, gap - 2, 0, 1), pad_edge=False, collapse_padding=False,
        )  # fmt: skip
        for column, width in zip(columns, widths, strict=True):
            made.add_column(Text(_said(column.header)), justify=column.justify, width=width, overflow="fold")
        for row, cells in zip(self.rows, zip(*(column.cells for column in columns), strict=True), strict=True):
            made.add_row(*cells, style=row.style)
        return made


def _fitted(
    columns: Sequence[Column], room: int, *, headed: bool
) -> Iterator[tuple[Sequence[Column], Sequence[int], int]]:
    """The tables to show: their columns, the width of each, and the gap between them."""
    kept = [column for column in columns if any(map(_said, (column.header, *column.cells)))]
    bare = [column for column in kept if not (_is_drawn(column) and not _said(column.header))]
    stages = (
        (kept, _WIDE_GAP, False),
        (kept, _NARROW_GAP, False),
        (kept, _NARROW_GAP, True),
        (bare, _NARROW_GAP, True),
    )
    for chosen, gap, tight in stages:
        widths = _widths(chosen, room - gap * (len(chosen) - 1), headed=headed, tight=tight)
        if widths is not None:
            yield chosen, widths, gap
            return
    yield from _split(bare, room, headed=headed)


def _split(
    columns: Sequence[Column], room: int, *, headed: bool
) -> Iterator[tuple[Sequence[Column], Sequence[int], int]]:
    """Several tables: what names a row in each, and about as many of the other columns."""
    named = next((n for n, column in enumerate(columns) if not _is_text(column)), len(columns))
    named = max(1, min(named, len(columns) - 1))
    if sum(min(_longest(column), _FIRST) for column in columns[:named]) > room // 2:
        named = 1
    key, others = columns[:named], columns[named:]
    for tables in range(2, len(others) + 1):
        many = -(-len(others) // tables)
        chunks = [[*key, *others[n : n + many]] for n in range(0, len(others), many)]
        widths = [_widths(chunk, room - _NARROW_GAP * (len(chunk) - 1), headed=headed, tight=True) for chunk in chunks]
        if all(widths):
            yield from ((chunk, each or (), _NARROW_GAP) for chunk, each in zip(chunks, widths, strict=True))
            return
    for column in others:
        yield [columns[0], column], _squeezed([columns[0], column], room - _NARROW_GAP), _NARROW_GAP
    if not others:
        yield columns, [room], _NARROW_GAP


def _widths(columns: Sequence[Column], room: int, *, headed: bool, tight: bool) -> list[int] | None:
    """Width of each column: numbers and drawings whole, texts share the rest; None when that is too little."""
    headers = [_said(column.header) if headed else "" for column in columns]
    natural = [
        max(_longest(column), max(map(cell_len, header.split()), default=0) if tight else cell_len(header))
        for column, header in zip(columns, headers, strict=True)
    ]
    if sum(natural) <= room:
        return natural
    texts = [n for n, column in enumerate(columns) if _is_text(column)]
    left = room - sum(width for n, width in enumerate(natural) if n not in texts)
    least = {n: min(natural[n], _OTHER if n else _FIRST) for n in texts}
    if not texts or left < sum(least.values()):
        return None
    widths = natural[:]
    # The longest texts give way first, down to the least.
    while sum(widths[n] for n in texts) > left:
        longest = max((n for n in texts if widths[n] > least[n]), key=lambda n: widths[n])
        widths[longest] -= 1
    return widths


def _squeezed(columns: Sequence[Column], room: int) -> list[int]:
    """Two columns in too little room: the second keeps what it needs, up to two thirds."""
    second = min(_longest(columns[1]), room * 2 // 3)
    return [max(1, room - second), max(1, second)]


def _longest(column: Column) -> int:
    return max((cell_len(line) for cell in column.cells for line in _said(cell).split("\n")), default=0)


def _is_text(column: Column) -> bool:
    return column.justify != "right" and not _is_drawn(column)


def _is_drawn(column: Column) -> bool:
    """Whether a column holds bars or sparklines."""
    texts = [_said(cell) for cell in column.cells]
    return any(map(str.strip, texts)) and all(_DRAWN.issuperset(text) for text in texts)


def _said(value: object) -> str:
    if value is None:
        return ""
    return value.plain if isinstance(value, Text) else str(value)
