"""Work on several parts at the same time.

In: a function and what to give it. Out: what it returns, in order. Kernels and numpy release the interpreter's lock, so that
threads really run side by side; small work is not worth a thread.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")

CORES = 2
"""Threads; a part more than these waits for one of them."""


def side_by_side(function: Callable[..., T], *columns: Sequence[Any]) -> list[T]:
    """`map` over equally long sequences, on a thread a core."""
    if len(columns[0]) <= 1:
        return list(map(function, *columns))
    with ThreadPoolExecutor(CORES) as pool:
        return list(pool.map(function, *columns))
