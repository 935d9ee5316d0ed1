"""How far long work is: told by whoever does it, heard by whoever waits for it.

In: what is being done, how much of it is done, of how much. Out: the same, to the hearer of the context; nothing is handed through the
functions between the two. A hearer may raise: that is how work is cancelled, between two of its pieces. Never shows anything itself.
"""

from __future__ import annotations

import contextlib
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_HEARER: ContextVar[Callable[[str, int, int], None] | None] = ContextVar("progress", default=None)


@contextlib.contextmanager
def heard_by(hearer: Callable[[str, int, int], None]) -> Iterator[None]:
    """Have all work of the block, and of threads that got its context, told to a hearer.

    Args:
        hearer: Called with what is being done, how much of it is done, and of how much; from any thread that works.
    """
    before = _HEARER.set(hearer)
    try:
        yield
    finally:
        _HEARER.reset(before)


def tell(what: str, done: int, of: int) -> None:
    """Tell how far work is; nobody hears it where nobody waits."""
    hearer = _HEARER.get()
    if hearer is not None:
        hearer(what, done, of)
