"""One file into batches of events: the door of this package.

In: a path and what is known about its columns. Out: `EventBatch`es in file order. Never stores anything, never stops at a bad row.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

from sojourn.collect.imports.convert import convert
from sojourn.collect.imports.formats import open_reader
from sojourn.collect.imports.plan import make_plan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from sojourn.collect.imports.mapping import Mapping
    from sojourn.collect.imports.plan import Plan
    from sojourn.collect.imports.rows import Rows
    from sojourn.records.batch import EventBatch

Task = tuple["Callable[[], Rows]", int]
"""Reads one stretch of a file (in any thread); bytes of the packed file taken when it was cut off."""

_WORKERS = 2
_AHEAD = 3


def read_batches(
    path: Path,
    mapping: Mapping,
    *,
    on_guess: Callable[[Sequence[str]], None] | None = None,
    on_progress: Callable[[int, int], None] | None = None,
    secret: bytes = b"",
    name: str | None = None,
) -> Iterator[EventBatch]:
    """Read a file as events.

    Args:
        path: CSV, JSON lines, Parquet or access log; gzip and zstd are unpacked on the way.
        mapping: What is known about its columns; the rest is guessed from its first rows.
        on_guess: Gets one line a guess, before the first batch.
        on_progress: Gets (packed bytes done, packed bytes in all) after each batch.
        secret: Key of the hash that stands for a visitor of an access log (address and agent), at most 64 bytes.
        name: What to call the file in what is said of it; its path when None.

    Yields:
        Batches in file order; over all of them `read` is the accepted rows and the rejected ones.

    Raises:
        BadFile: The file cannot be read as an event log at all.
        BadMapping: A named column does not exist, or no column looks like a person.
    """
    reader = open_reader(path, mapping, secret=secret, name=name)
    plan, lines = make_plan(reader.sample, reader.mapping, file=name or str(path))
    if on_guess is not None:
        on_guess([*reader.notes, *lines])
    for batch, done in _in_order(reader.tasks(plan), plan):
        yield batch
        if on_progress is not None:
            on_progress(done, reader.size)


def _in_order(tasks: Iterator[Task], plan: Plan) -> Iterator[tuple[EventBatch, int]]:
    """Batches in file order, made a few ahead on other threads."""
    waiting: deque[tuple[Future[EventBatch], int]] = deque()
    with ThreadPoolExecutor(_WORKERS, thread_name_prefix="import") as pool:
        try:
            for read, done in tasks:
                waiting.append((pool.submit(_read_and_convert, read, plan), done))
                if len(waiting) > _AHEAD:
                    batch, batch_done = waiting.popleft()
                    yield batch.result(), batch_done
            while waiting:
                batch, batch_done = waiting.popleft()
                yield batch.result(), batch_done
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _read_and_convert(read: Callable[[], Rows], plan: Plan) -> EventBatch:
    return convert(read(), plan)
