"""A progress bar for anything over a second.

In: what is being done, how much of it is done, of how much: as its callback, or told by the work itself (`records.progress`). Out: one line on
stderr, with the rate.
"""

from __future__ import annotations

import contextlib
import time
from threading import Lock
from typing import TYPE_CHECKING, Self

from rich.console import Console
from rich.progress import BarColumn, TaskID, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from sojourn.records.progress import heard_by
from sojourn.records.visible import visible

if TYPE_CHECKING:
    from types import TracebackType

_PATIENCE_S = 0.5
_THOUSAND, _MILLION = 1e3, 1e6


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
        self._lock, self._hearing = Lock(), contextlib.ExitStack()

    def __enter__(self) -> Self:
        """Hear what work within `with` tells; it is the callback too, of work that takes one."""
        self._hearing.enter_context(heard_by(self))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Take the bars away."""
        self._hearing.close()
        if self._tasks:
            # Bars that never began would leave an empty line.
            self._bars.stop()

    def __call__(self, what: str, done: int, of: int) -> None:
        """Show that `done` of `of` are done; bytes when files are read, rows or buckets otherwise."""
        now = time.monotonic()
        if self._silent or now - self._began < _PATIENCE_S:
            return
        with self._lock:
            if what not in self._tasks:
                self._bars.start()
                self._tasks[what] = (self._bars.add_task(visible(what), total=of, rate=""), now)
            task, began = self._tasks[what]
        self._bars.update(task, completed=done, total=of, rate=_rate(done / max(now - began, 0.001)))


def _rate(rate: float) -> str:
    """So many a second; empty for pieces so large that the number would say nothing."""
    if rate > _MILLION:
        return f"{rate / _MILLION:.1f} M/s"
    return f"{rate / 1e3:.0f} k/s" if rate > _THOUSAND else ""
