"""Results on the terminal, or in a file or pipe.

In: a result. Out: its text on stdout. A pipe gets plain text without colours, 120 characters wide unless COLUMNS says otherwise,
without spaces at the ends of lines. Whatever still carries a control character is spelled out here, so that no name of a log
moves the cursor, colours the screen or turns the direction of writing.
"""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.segment import Segment

from sojourn.records.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import ConsoleOptions, RenderableType

_WIDTH = 120


class Harmless:
    """Anything rich prints, with every control character in it spelled out."""

    def __init__(self, shown: RenderableType) -> None:
        """Wrap it."""
        self._shown = shown

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[Segment]:
        """Its segments; only line feeds are left, which rich itself puts between lines."""
        for segment in console.render(self._shown, options.update(highlight=False)):
            yield segment if segment.control else Segment(visible(segment.text, keep="\n"), segment.style)


def print_result(shown: RenderableType) -> None:
    """Print on stdout."""
    # Names of a log are text, not markup: `[b]` is shown as it is.
    console = Console(markup=False, emoji=False)
    if console.is_terminal:
        console.print(Harmless(shown))
        return
    out = io.StringIO()
    Console(file=out, width=_piped_width(), color_system=None, markup=False, emoji=False).print(Harmless(shown))
    sys.stdout.writelines(f"{line.rstrip()}\n" for line in out.getvalue().rstrip().split("\n"))


def _piped_width() -> int:
    """A file or a pipe has no width of its own; rich would take 80."""
    told = os.environ.get("COLUMNS", "")
    return int(told) if told.isdecimal() and int(told) else _WIDTH
