"""`sojourn.Client` and `sojourn.AsyncClient`: send events from Python, each exactly once.

In: calls of `track` and its siblings. Out: batches to a collector, in the order of the calls, tried again with the same message ids
until they are kept. Never waits in a call that makes an event, never opens a data folder.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import logging
import os
import sys
import threading
import time
import weakref
from abc import abstractmethod
from collections import deque
from typing import TYPE_CHECKING, Any, Self

import msgspec

from sojourn.client_messages import Messages, address_of, first_batch, judge, request_of
from sojourn.records.errors import BadOption, NotDelivered

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import httpx

    from sojourn.client_messages import Message, Verdict

    OnError = Callable[[NotDelivered, list[dict[str, Any]]], None]

_log = logging.getLogger("sojourn.client")
_DEFAULT_HOST = "http://127.0.0.1:8001"
_CLOSE_WITHIN_S = 10.0
_CLOSING_PAUSE_S = 1.0


class _Queue(Messages):
    """What both clients are: messages that wait, and what became of them. Guarded by whoever owns it."""

    def __init__(  # noqa: PLR0913  (the options of a client)
        self,
        key: str,
        host: str = _DEFAULT_HOST,
        *,
        most_waiting: int = 10_000,
        most_a_batch: int = 100,
        every_s: float = 0.5,
        timeout_s: float = 15.0,
        compress: bool = True,
        on_error: OnError | None = None,
    ) -> None:
        """Open nothing yet; the first event does.

        Args:
            key: A key of `sojourn keys create`; a server key, whose user ids count as proven.
            host: The collector's address.
            most_waiting: So many events may wait; further ones are dropped, and told to `on_error` and the log.
            most_a_batch: Events a request.
            every_s: An event waits at most so long for others to go with it.
            timeout_s: A request may take so long.
            compress: Whether requests are packed with gzip.
            on_error: Called with what went wrong and the messages it concerns that will not be sent again.

        Raises:
            BadOption: The key is empty, the host no address, or a number too small.
        """
        if not key:
            raise BadOption("expected a key; `sojourn keys create NAME` makes one")
        if min(most_waiting, most_a_batch) < 1 or min(every_s, timeout_s) <= 0:
            raise BadOption("expected most_waiting, most_a_batch, every_s and timeout_s to be above 0")
        self._key, self._address = key, address_of(host)
        self._most_waiting, self._most_a_batch = most_waiting, most_a_batch
        self._every_s, self._timeout_s, self._compress = every_s, timeout_s, compress
        self._on_error = on_error
        self._waiting: deque[Message] = deque()
        self._said = self._settled = self._failures = 0
        self._hurry = self._closed = False
        self.dropped = 0
        """Events that were never sent: the queue was full, or closing took too long."""
        self._begin()

    @abstractmethod
    def _begin(self) -> None:
        """Make what sending needs, without sending."""

    def __repr__(self) -> str:
        """Where it sends, and how many events wait; never the key."""
        return f"{type(self).__name__}(host={self._address.removesuffix('/v1/batch')!r}, waiting={len(self._waiting)})"

    @property
    def waiting(self) -> int:
        """Events that are not yet kept by the collector."""
        return len(self._waiting)

    def _put(self, message: Message) -> bool:
        if self._closed:
            raise BadOption("this client is closed; make another one to send more")
        if len(self._waiting) >= self._most_waiting:
            return False
        self._waiting.append(message)
        self._said += 1
        return True

    def _request(self) -> tuple[list[Message], bytes, dict[str, str]]:
        batch = first_batch(self._waiting, self._most_a_batch)
        return batch, *request_of(batch, self._key, compress=self._compress)

    def _judged(self, batch: Sequence[Message], response: httpx.Response | None) -> Verdict:
        if response is None:
            return judge(batch, 0, b"", None, failures=self._failures)
        after = response.headers.get("retry-after")
        return judge(batch, response.status_code, response.content, after, failures=self._failures)

    def _settle(self, verdict: Verdict) -> None:
        for _ in range(verdict.done):
            self._waiting.popleft()
        self._settled += verdict.done
        self._failures = self._failures + 1 if verdict.failed else 0
        self._most_a_batch = verdict.most or self._most_a_batch

    def _give_up(self) -> list[Message]:
        """Let go of what still waits."""
        left = list(self._waiting)
        self._waiting.clear()
        self._settled += len(left)
        self.dropped += len(left)
        return left

    def _tell(self, reason: str, messages: Sequence[Message]) -> None:
        """Say what will not arrive, to the log and to whoever asked."""
        _log.error("%d event(s) were not delivered to %s: %s", len(messages), self._address, reason)
        if self._on_error is None:
            return
        try:
            self._on_error(NotDelivered(reason), [msgspec.json.decode(message.body) for message in messages])
        except Exception:  # noqa: BLE001  (whatever the caller's function does, sending goes on)
            _log.exception("on_error failed")

    def _tell_failed(self, error: Exception) -> None:
        _log.warning("sending to %s failed, and is tried again: %s", self._address, type(error).__name__)

    def _worth_it(self) -> bool:
        """Whether to send what waits now, and not wait for more to go with it."""
        return self._hurry or self._closed or len(self._waiting) >= self._most_a_batch

    def _tell_refused(self, verdict: Verdict) -> None:
        for reason in dict.fromkeys(reason for _, reason in verdict.refused):
            self._tell(reason, [message for message, why in verdict.refused if why == reason])


class Client(_Queue):
    """Sends events from a thread of its own. Safe to use from several threads, and in a process forked off.

    Use it as `with sojourn.Client(key) as client:`, or let it live as long as the program: what waits at its end is sent then.
    """

    def _begin(self) -> None:
        """What may not be shared with the process that this one was forked from."""
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._http: httpx.Client | None = None
        self._end_at = float("inf")
        _CLIENTS.add(self)

    def _forked(self) -> None:
        """The parent sends what waits; this process begins with an empty queue and a connection of its own."""
        self._waiting.clear()
        self._settled = self._said
        self._failures = 0
        self._begin()

    def _take(self, message: Message) -> bool:
        with self._changed:
            kept = self._put(message)
            if not kept:
                self.dropped += 1
            elif self._thread is None:
                self._start()
            elif len(self._waiting) in (1, self._most_a_batch):
                self._changed.notify_all()
        if not kept:
            self._tell(f"{self._most_waiting:,} events wait already", [message])
        return kept

    def _start(self) -> None:
        processes = sys.modules.get("multiprocessing.util")
        if processes is not None:
            # A process of multiprocessing ends without atexit.
            processes.Finalize(self, Client.close, args=(self,), exitpriority=10)
        thread = threading.Thread(target=self._run, name="sojourn-client", daemon=True)
        # At the end of the program no thread starts any more; closing sends instead.
        with contextlib.suppress(RuntimeError):
            thread.start()
            self._thread = thread

    def flush(self, timeout_s: float | None = None) -> bool:
        """Wait until every event said so far is kept by the collector, or refused for good.

        Args:
            timeout_s: Wait no longer than this; None: as long as it takes.

        Returns:
            Whether that came to be.
        """
        with self._changed:
            until = self._said
            self._hurry = True
            self._changed.notify_all()
            return self._changed.wait_for(lambda: self._settled >= until, timeout_s)

    def close(self, timeout_s: float = _CLOSE_WITHIN_S) -> bool:
        """Send what waits and end; the end of the program does it by itself.

        Args:
            timeout_s: What is not sent within this is dropped, and told.

        Returns:
            Whether everything was sent.
        """
        with self._changed:
            self._closed = True
            self._end_at = min(self._end_at, time.monotonic() + timeout_s)
            self._changed.notify_all()
            thread = self._thread
        if thread is None:
            self._run()
        elif thread is not threading.current_thread():
            thread.join(max(0.0, self._end_at - time.monotonic()))
        with self._changed:
            left = self._give_up()
            self._changed.notify_all()
        if left:
            self._tell(f"closing took longer than {timeout_s:g} s", left)
        return not left

    def __enter__(self) -> Self:
        """The client itself."""
        return self

    def __exit__(self, *_exception: object) -> None:
        """Send what waits."""
        self.close()

    def _run(self) -> None:
        """Send until closed; on the client's thread, or at the end of a program on whichever closes."""
        try:
            while self._wait_for_some():
                self._pause(self._send_one())
        finally:
            if self._http is not None:
                self._http.close()

    def _pause(self, pause_s: float) -> None:
        """Wait until the next try; less when the client is closing, since there may be no other time."""
        with self._changed:
            if not self._closed:
                self._changed.wait_for(lambda: self._closed, pause_s)
            else:
                self._changed.wait(min(pause_s, _CLOSING_PAUSE_S, max(0.0, self._end_at - time.monotonic())))

    def _out_of_time(self) -> bool:
        return time.monotonic() >= self._end_at

    def _wait_for_some(self) -> bool:
        """Wait for a batch, or for the first event to have waited long enough; False when all is done."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._closed)
            if self._waiting and not self._failures:
                self._changed.wait_for(self._worth_it, self._every_s)
            if len(self._waiting) <= self._most_a_batch:
                self._hurry = False
            return bool(self._waiting) and not self._out_of_time()

    def _send_one(self) -> float:
        """Send a batch; after how many seconds to go on."""
        with self._changed:
            batch, body, headers = self._request()
        verdict = self._judged(batch, self._posted(body, headers))
        with self._changed:
            if not self._waiting or self._waiting[0] is not batch[0]:
                # Closing gave it up meanwhile.
                return 0.0
            self._settle(verdict)
            self._changed.notify_all()
        self._tell_refused(verdict)
        return verdict.wait_s

    def _posted(self, body: bytes, headers: dict[str, str]) -> httpx.Response | None:
        import httpx  # noqa: PLC0415  (heavy; imported on the client's own thread)

        if self._http is None:
            self._http = httpx.Client(timeout=self._timeout_s)
        try:
            return self._http.post(self._address, content=body, headers=headers)
        except httpx.HTTPError as error:
            self._tell_failed(error)
            return None


_CLIENTS: weakref.WeakSet[Client] = weakref.WeakSet()


def _renew_after_fork() -> None:
    for client in _CLIENTS:
        client._forked()  # noqa: SLF001  (of this module)


def _close_all() -> None:
    for client in list(_CLIENTS):
        client.close()


os.register_at_fork(after_in_child=_renew_after_fork)
atexit.register(_close_all)


class AsyncClient(_Queue):
    """Sends events from a task of the running loop. `track` and its siblings are called without `await`: they never wait.

    Use it as `async with sojourn.AsyncClient(key) as client:`, or `await client.close()` before the loop ends: nothing else does.
    """

    def _begin(self) -> None:
        self._task: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()

    def _take(self, message: Message) -> bool:
        kept = self._put(message)
        if not kept:
            self.dropped += 1
            self._tell(f"{self._most_waiting:,} events wait already", [message])
        elif self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._run())
        self._changed.set()
        return kept

    async def flush(self, timeout_s: float | None = None) -> bool:
        """Wait until every event said so far is kept by the collector, or refused for good.

        Args:
            timeout_s: Wait no longer than this; None: as long as it takes.

        Returns:
            Whether that came to be.
        """
        until = self._said
        self._hurry = True
        self._changed.set()
        return await self._until(lambda: self._settled >= until, timeout_s)

    async def close(self, timeout_s: float = _CLOSE_WITHIN_S) -> bool:
        """Send what waits and end.

        Args:
            timeout_s: What is not sent within this is dropped, and told.

        Returns:
            Whether everything was sent.
        """
        self._closed = True
        self._changed.set()
        if self._task is not None:
            await asyncio.wait([self._task], timeout=timeout_s)
            self._task.cancel()
            await asyncio.wait([self._task])
        left = self._give_up()
        if left:
            self._tell(f"closing took longer than {timeout_s:g} s", left)
        return not left

    async def __aenter__(self) -> Self:
        """The client itself."""
        return self

    async def __aexit__(self, *_exception: object) -> None:
        """Send what waits."""
        await self.close()

    async def _until(self, true: Callable[[], object], timeout_s: float | None) -> bool:
        """Wait for something to become true; whether it did in time."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while not true():
                    self._changed.clear()
                    await self._changed.wait()
        return bool(true())

    async def _run(self) -> None:
        import httpx  # noqa: PLC0415  (heavy)

        async with httpx.AsyncClient(timeout=self._timeout_s) as connections:
            while True:
                await self._until(lambda: self._waiting or self._closed, None)
                if not self._waiting:
                    return
                if not self._failures:
                    await self._until(self._worth_it, self._every_s)
                if len(self._waiting) <= self._most_a_batch:
                    self._hurry = False
                batch, body, headers = self._request()
                verdict = self._judged(batch, await self._posted(connections, body, headers))
                self._settle(verdict)
                self._changed.set()
                self._tell_refused(verdict)
                if self._closed:
                    await asyncio.sleep(min(verdict.wait_s, _CLOSING_PAUSE_S))
                else:
                    await self._until(lambda: self._closed, verdict.wait_s)

    async def _posted(
        self, connections: httpx.AsyncClient, body: bytes, headers: dict[str, str]
    ) -> httpx.Response | None:
        import httpx  # noqa: PLC0415  (heavy)

        try:
            return await connections.post(self._address, content=body, headers=headers)
        except httpx.HTTPError as error:
            self._tell_failed(error)
            return None
