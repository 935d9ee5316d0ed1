"""How results look: in a terminal (rich) and as figures (plotly).

In: a result. Out: something to print or to plot. For a result of `analyse/<question>.py`, `show/<question>.py` has
`render(result)` and `figure(result)`. Never computes a number that is not in the result. This is the one door: what a log
wrote (names of events, pages, properties, persons) goes through it and comes out harmless, `records.visible`.
"""

from __future__ import annotations

import importlib
import io
from typing import TYPE_CHECKING, Any

from sojourn.records.visible import visible_in

if TYPE_CHECKING:
    import plotly.graph_objects as go
    from rich.console import RenderableType

    from sojourn.analyse.results import Result

_WIDTH = 100
_NOTEBOOK = 110


def render(result: Result) -> RenderableType:
    """The result for a terminal."""
    renderable: RenderableType = _module(result).render(visible_in(result))
    return renderable


def figure(result: Result) -> go.Figure:
    """The result as a plotly figure."""
    drawn: go.Figure = _module(result).figure(visible_in(result))
    return drawn


def text(result: Result, *, width: int = _WIDTH) -> str:
    """The result as plain text."""
    return printed(render(result), width=width)


def printed(shown: RenderableType, *, width: int = _WIDTH) -> str:
    """What is shown in a terminal, as plain text."""
    from rich.console import Console  # noqa: PLC0415  (only when something is shown)

    out = io.StringIO()
    Console(file=out, width=width, color_system=None, legacy_windows=False, markup=False, emoji=False).print(shown)
    return out.getvalue().rstrip() + "\n"


def html(result: Result) -> str:
    """The result for a notebook: its tables, and its figure drawn without asking any server; see `notebook`."""
    from sojourn.analyse.show import notebook  # noqa: PLC0415  (plotly is heavy)

    return notebook.output(text(result, width=_NOTEBOOK), figure(result))


def _module(result: Result) -> Any:  # noqa: ANN401  (a module of this folder)
    name = type(result).__module__.rsplit(".", 1)[1]
    return importlib.import_module(f"sojourn.analyse.show.{name}")
