"""A progress bar for anything over a second.

In: what is being done, how much of it is done, of how much. Out: one line on stderr, with the rate.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.progress import BarColumn, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from sojourn.records.visible import visible

if TYPE_CHECKING:
    from types import TracebackType

_PATIENCE_S = 0.5
_MILLION = 1e6
_BYTES_FROM = "reading "


class Progress:
    """Shows progress on a terminal; silent when quiet or when stderr is no terminal."""

    def __init__(self, *, quiet: bool = False) -> None:
        """Begin; nothing is shown for the first half second."""
        console = Console(stderr=True)
        self._bars = Bars(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=30),
            TaskProgressColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )
        self._silent = quiet or not console.is_terminal
        self._began = time.monotonic()
        self._tasks: dict[str, tuple[TaskID, float]] = {}

    def __enter__(self) -> Self:
        """Use as the callback within `with`."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the bars away."""
        if self._tasks:
            # Bars that never began would leave an empty line.
            self._bars.stop()

    def __call__(self, what: str, done: int, of: int) -> None:
        """Show that `done` of `of` are done; bytes when files are read, rows or buckets otherwise."""
        now = time.monotonic()
        if self._silent or now - self._began < _PATIENCE_S:
            return
        if what not in self._tasks:
            self._bars.start()
            self._tasks[what] = (self._bars.add_task(visible(what), total=of, rate=""), now)
        task, began = self._tasks[what]
        rate = done / max(now - began, 0.001)
        self._bars.update(
            task,
            completed=done,
            total=of,
            rate=f"{rate / _MILLION:.1f} M/s" if rate > _MILLION else f"{rate / 1e3:.0f} k/s",
        )
