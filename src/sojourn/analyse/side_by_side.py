"""Work on several parts at the same time.

In: a function and what to give it. Out: what it returns, in order. Kernels and numpy release the interpreter's lock, so that
threads really run side by side; small work is not worth a thread. How far it is, is told (`records.progress`).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, TypeVar

from sojourn.records.progress import tell

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

T = TypeVar("T")

CORES = 2
"""Threads; a part more than these waits for one of them."""


def side_by_side(function: Callable[..., T], *columns: Sequence[Any]) -> list[T]:
    """`map` over equally long sequences, on a thread a core; tells how many are done."""
    many, found = len(columns[0]), list[T]()
    if many <= 1:
        return list(map(function, *columns))
    with ThreadPoolExecutor(CORES) as pool:
        # What the threads tell is heard by whoever waits for this one.
        begun = [pool.submit(copy_context().run, function, *of) for of in zip(*columns, strict=True)]
        try:
            for one in begun:
                found.append(one.result())
                tell("counting", len(found), many)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return found
