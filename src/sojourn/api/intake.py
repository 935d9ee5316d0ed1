"""The way into the log: a bounded queue, and one thread that writes what waits as one group.

In: judged messages of requests. Out: when their events are durable and their bad ones in quarantine, or why not. Never waits for a group
to fill: what comes while one group is being written is the next.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections import defaultdict
from typing import TYPE_CHECKING, Protocol

import msgspec
import structlog

from sojourn.records.errors import LogFailed, NotWritable, SojournError, StorageFull
from sojourn.records.event import Event
from sojourn.records.rejected import Rejected

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_MOST_EVENTS = 20_000
_MOST_BYTES = 64 << 20
_GROUP_EVENTS = 4_096
_log = structlog.get_logger()


class Appended(Protocol):
    """What a log says of an append."""

    @property
    def fresh(self) -> list[bool]:
        """Whether each event was new."""


class EventLog(Protocol):
    """Where accepted events go; `store.log.Log` is one."""

    def append(self, events: Sequence[Event], /) -> Appended:
        """Keep events, each once; they are durable when it returns."""


class Busy(SojournError):
    """More is waiting to be written than the collector holds; send again in a moment."""


class Kept(msgspec.Struct, frozen=True, gc=False):
    """What became of a request's messages.

    Attributes:
        events: Events that are durable now, those that were there before included.
        duplicates: Of these, how many were there before.
        rejected: Messages in quarantine, with their reasons.
    """

    events: int
    duplicates: int
    rejected: list[Rejected]


class _Job:
    """Messages of one request, waiting."""

    __slots__ = ("events", "future", "loop", "rejected", "size")

    def __init__(self, judged: Sequence[Event | Rejected], size: int) -> None:
        self.events = [one for one in judged if type(one) is Event]
        self.rejected = [one for one in judged if type(one) is Rejected]
        self.size = size
        self.loop = asyncio.get_running_loop()
        self.future: asyncio.Future[Kept] = self.loop.create_future()


class Intake:
    """A queue and its writing thread. `put` belongs to the event loop, all else to the thread."""

    def __init__(
        self,
        log: EventLog,
        quarantine: Callable[[str, Sequence[Rejected]], None],
        *,
        probe: Callable[[], None] = lambda: None,
        most_events: int = _MOST_EVENTS,
        most_bytes: int = _MOST_BYTES,
    ) -> None:
        """Begin with nothing waiting; `start` starts the thread.

        Args:
            log: Where events go.
            quarantine: Keeps the rejected messages of a source, durably.
            probe: Raises `StorageFull` while nothing can be written; asked by `recover`.
            most_events: So many may wait.
            most_bytes: Requests of so many bytes in all may wait.
        """
        self._log, self._quarantine, self._probe = log, quarantine, probe
        self._most_events, self._most_bytes = most_events, most_bytes
        self._queue: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="sojourn-intake", daemon=True)
        self.waiting_events = self.waiting_bytes = 0
        self.trouble: str | None = None
        """Why the last group could not be written; None when it was."""

    def start(self) -> None:
        """Start writing."""
        self._thread.start()

    def stop(self) -> None:
        """Write what waits, then end."""
        self._queue.put(None)
        self._thread.join()

    async def recover(self) -> bool:
        """Whether something can be written; tried where the last group could not be."""
        if self.trouble is not None:
            with contextlib.suppress(StorageFull, LogFailed, NotWritable, Busy):
                await self.put((), 0)
        return self.trouble is None

    async def put(self, judged: Sequence[Event | Rejected], size: int) -> Kept:
        """Wait until the messages of a request are durable.

        Args:
            judged: Events and rejected messages.
            size: Bytes of the request, by which the queue is bounded.

        Raises:
            Busy: The queue is full; nothing was kept.
            StorageFull: The disk is full; some of it may be kept, and sending it again does no harm.
            LogFailed: The log cannot be written; the same holds.
        """
        job = _Job(judged, size)
        held = len(judged)
        # A request larger than the whole queue is let in when nothing waits: it would never get in else.
        if self.waiting_events and (
            self.waiting_events + held > self._most_events or self.waiting_bytes + size > self._most_bytes
        ):
            message = f"{self.waiting_events:,} events are waiting to be written; send again in a moment"
            raise Busy(message)
        self.waiting_events += held
        self.waiting_bytes += size
        self._queue.put(job)
        try:
            return await asyncio.shield(job.future)
        finally:
            # A client that went away leaves its job in the queue; it is counted until it is written.
            if job.future.done():
                self._leave(held, size)
            else:
                job.future.add_done_callback(lambda _: self._leave(held, size))

    def _leave(self, held: int, size: int) -> None:
        self.waiting_events -= held
        self.waiting_bytes -= size

    def _run(self) -> None:
        ended = False
        while not ended:
            job = self._queue.get()
            group: list[_Job] = []
            count = 0
            while True:
                if job is None:
                    ended = True
                    break
                group.append(job)
                count += len(job.events) + len(job.rejected)
                if count >= _GROUP_EVENTS:
                    break
                try:
                    job = self._queue.get_nowait()
                except queue.Empty:
                    break
            if group:
                self._write(group)

    def _write(self, group: list[_Job]) -> None:
        try:
            self._resolve(group, self._keep(group))
        except (StorageFull, LogFailed, NotWritable) as error:
            if self.trouble is None:
                _log.error("nothing can be written", reason=str(error))
            self.trouble = str(error)
            self._resolve(group, [error] * len(group))
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not end the only thread that writes
            _log.error("a group could not be written", error=type(error).__name__)
            if len(group) > 1:
                # One request's fault must not be that of those beside it.
                for job in group:
                    self._write([job])
                return
            failed = LogFailed(f"the collector could not write this request ({type(error).__name__}); send it again")
            self._resolve(group, [failed])

    def _keep(self, group: list[_Job]) -> list[Kept | Exception]:
        events = [event for job in group for event in job.events]
        fresh = self._log.append(events).fresh if events else []
        by_source: dict[str, list[Rejected]] = defaultdict(list)
        for job in group:
            for one in job.rejected:
                by_source[one.file].append(one)
        for source, rejected in by_source.items():
            self._quarantine(source, rejected)
        if self.trouble is not None:
            if not events:
                self._probe()
            _log.info("writing again")
            self.trouble = None
        kept: list[Kept | Exception] = []
        at = 0
        for job in group:
            end = at + len(job.events)
            kept.append(Kept(end - at, fresh[at:end].count(False), job.rejected))
            at = end
        return kept

    @staticmethod
    def _resolve(group: list[_Job], results: Sequence[Kept | Exception]) -> None:
        pairs = list(zip(group, results, strict=True))
        # All jobs of a process belong to one loop: one call wakes it once.
        group[0].loop.call_soon_threadsafe(_settle, pairs)


def _settle(pairs: list[tuple[_Job, Kept | Exception]]) -> None:
    for job, result in pairs:
        if job.future.done():
            continue
        if isinstance(result, Exception):
            job.future.set_exception(result)
        else:
            job.future.set_result(result)
