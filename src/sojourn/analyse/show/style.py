"""One look for all terminal output and figures.

In: figures. Out: the same, styled. Colours are Okabe and Ito's (2008), told apart by colour-blind readers.
"""

from __future__ import annotations

import contextlib
from contextvars import ContextVar
from typing import TYPE_CHECKING

from rich.text import Text

from sojourn.analyse.show.fitting_table import FittingTable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import plotly.graph_objects as go

PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#7F7F7F", "#B8A600")
ACCENT = "cyan"


def table(title: str, columns: Sequence[tuple[str, str]], *, caption: str | None = None) -> FittingTable:
    """An empty table in the house style, readable at any width.

    Args:
        title: Above it.
        columns: Header and justification (`left`, `right`) of each column; numbers are right.
        caption: A quiet line below: what is counted, divided by what.
    """
    made = FittingTable(title=title, caption=caption, header_style=f"bold {ACCENT}")
    for header, justify in columns:
        made.add_column(header, justify=justify)  # type: ignore[arg-type]  # rich's own literal
    return made


def noted(note: str) -> list[Text]:
    """What the reader should know before the numbers, as a paragraph; nothing when there is none."""
    return [Text(note, style="yellow")] if note else []


_FOR_A_PAGE: ContextVar[bool] = ContextVar("for_a_page", default=False)


@contextlib.contextmanager
def for_a_page() -> Iterator[None]:
    """Figures made in the block have no template: a page gives them its own colours, and a template is most of a figure's work."""
    before = _FOR_A_PAGE.set(True)
    try:
        yield
    finally:
        _FOR_A_PAGE.reset(before)


def layout(figure: go.Figure, title: str, *, x: str = "", y: str = "") -> go.Figure:
    """Give a figure the house style."""
    if not _FOR_A_PAGE.get():
        figure.update_layout(template="plotly_white")
    figure.update_layout(
        title={"text": title, "x": 0, "xanchor": "left"},
        colorway=list(PALETTE),
        font={"family": "system-ui, sans-serif", "size": 13},
        margin={"l": 60, "r": 30, "t": 60, "b": 50},
        xaxis_title=x or None,
        yaxis_title=y or None,
        legend={"orientation": "h", "y": -0.2},
    )
    # Names of events and pages are long; their axis makes room for them.
    figure.update_yaxes(automargin=True)
    return figure
