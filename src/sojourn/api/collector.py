"""The collector: an ASGI application that takes events and answers when they are durable.

In: requests of the clients shops already use. Out: 200 after the sync and never before; 429 when too much waits, 503 when the disk is full,
and an object with `code` and `message` with everything that is no success. Never answers 5xx for bad data, nor 4xx for its own trouble.
"""

from __future__ import annotations

import asyncio
import time
import traceback
from typing import TYPE_CHECKING

import structlog

from sojourn.api.answers import Answer, refusal, send_answer
from sojourn.api.intake import Busy
from sojourn.api.links import carries_token
from sojourn.api.metrics import Metrics
from sojourn.api.protocols import HANDLERS
from sojourn.api.request import Gone, Reading, Request, TooSlow
from sojourn.api.routes import find_route
from sojourn.collect.arrival import Arrival
from sojourn.collect.clock import overruled
from sojourn.records.errors import BadBody, BadMapping, BodyTooLarge, LogFailed, NotWritable, StorageFull
from sojourn.records.event import Event

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sojourn.api.intake import Intake, Kept
    from sojourn.api.links import Links
    from sojourn.api.request import Receive, Scope, Send
    from sojourn.api.webhooks import Webhooks
    from sojourn.records.rejected import Rejected
    from sojourn.store.sources import Keyring, KnownKey

_REFRESH_S = 0.5
_RETRY_S = 1
_FULL_RETRY_S = 5
_log = structlog.get_logger()


def now_us() -> int:
    """Microseconds since 1970 UTC."""
    return time.time_ns() // 1_000


class Collector:
    """The application, and what its handlers ask of it."""

    def __init__(  # noqa: PLR0913  (what it is wired with, by name)
        self,
        intake: Intake,
        keyring: Keyring,
        *,
        salt: Callable[[int], bytes],
        country: Callable[[str], str | None] = lambda _: None,
        webhooks: Webhooks | None = None,
        links: Links | None = None,
        now: Callable[[], int] = now_us,
    ) -> None:
        """Wire it.

        Args:
            intake: The way into the log.
            keyring: Keys and their sources.
            salt: Today's random bytes, by a moment in microseconds.
            country: ISO code of an address.
            webhooks: Mapping files of incoming webhooks; None when there are none.
            links: Follows signed links of messages; None when there are none.
            now: Microseconds since 1970 UTC.
        """
        self._intake, self._keyring = intake, keyring
        self._salt, self._country, self.now = salt, country, now
        self.webhooks, self.links = webhooks, links
        self.metrics = Metrics(intake)
        self._reading = Reading()
        self._refreshing: asyncio.Task[None] | None = None

    async def ready(self) -> bool:
        """Whether events can be accepted."""
        return await self._intake.recover()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, or start and stop with the server."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "http":
            request = Request(scope, self._reading)
            try:
                answer = await self._answer(request, receive)
            except Gone:
                return
            await send_answer(answer, request, send)
        else:
            # A websocket, which there is none of: refused before it opens.
            await send({"type": "websocket.close", "code": 1000})

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        self._intake.start()
        self._refreshing = asyncio.create_task(self._keep_fresh())
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self._refreshing.cancel()
        await asyncio.to_thread(self._intake.stop)
        await send({"type": "lifespan.shutdown.complete"})

    async def _keep_fresh(self) -> None:
        """Read the keys again and again, so that requests need not."""
        while True:
            await asyncio.sleep(_REFRESH_S)
            await self._refresh()

    async def _refresh(self) -> None:
        try:
            await asyncio.to_thread(self._keyring.refresh)
        except Exception as error:  # noqa: BLE001 - keys that are known go on opening while the disk has trouble
            _log.warning("keys could not be read again", error=type(error).__name__)

    async def _answer(self, request: Request, receive: Receive) -> Answer:
        route = find_route(request.path)
        if request.method == "OPTIONS":
            return Answer(200, b"")
        if route is None:
            return refusal(404, "not_found", f"nothing is at {request.path[:100]}; events go to /v1/batch")
        if request.method not in route.methods:
            return refusal(405, "wrong_method", f"expected {' or '.join(route.methods)}, got {request.method[:20]}")
        try:
            answer = await HANDLERS[route.protocol](self, request, receive, route)
        except Gone:
            raise
        except Exception as error:  # noqa: BLE001 - whatever it is, the client gets an answer it understands
            answer = self._refused(error, route.protocol)
        self.metrics.answered(route.protocol, answer.status)
        return answer

    def _refused(self, error: Exception, protocol: str) -> Answer:
        if isinstance(error, BodyTooLarge):
            return refusal(413, "too_large", str(error))
        if isinstance(error, TooSlow):
            return refusal(408, "too_slow", str(error), retry_after_s=_RETRY_S)
        if isinstance(error, BadBody):
            return refusal(400, "bad_body", str(error))
        if isinstance(error, Busy):
            # posthog-js forgets what is answered 429, and sends again what is answered 503.
            return refusal(503 if protocol == "posthog" else 429, "busy", str(error), retry_after_s=_RETRY_S)
        if isinstance(error, StorageFull | LogFailed | NotWritable):
            return refusal(
                503, "storage", "nothing can be stored at the moment; send it again", retry_after_s=_FULL_RETRY_S
            )
        if isinstance(error, BadMapping):
            # The file is ours to mend: who sends keeps what it has until it is.
            _log.error("a mapping file cannot be used", reason=str(error))
            return refusal(503, "bad_mapping", str(error), retry_after_s=_FULL_RETRY_S)
        # Where it happened, without its words, which may be a customer's.
        places = [f"{frame.name}:{frame.lineno}" for frame in traceback.extract_tb(error.__traceback__)]
        _log.error("a request failed", protocol=protocol, error=type(error).__name__, at=places[-4:])
        return refusal(500, "internal", "the collector failed; send it again", retry_after_s=_FULL_RETRY_S)

    async def known_key(self, keys: Iterable[str]) -> KnownKey | None:
        """What the first of the keys that opens anything opens."""
        listed = list(keys)
        if self._keyring.stale:
            await self._refresh()
        found = self._find(listed)
        if found is None and listed:
            # It may have been made this moment; guesses wait, and read the keys no more than ten times a second in all.
            await asyncio.sleep(self._keyring.wait_s)
            await self._refresh()
            found = self._find(listed)
        return found

    def _find(self, keys: list[str]) -> KnownKey | None:
        return next((found for key in keys if (found := self._keyring.find(key)) is not None), None)

    def named_source(self, name: str) -> KnownKey | None:
        """The newest browser key of a source, for clients that can only say a name."""
        return self._keyring.named(name)

    def arrival(self, request: Request, known: KnownKey, *, sent_at: int | None = None) -> Arrival:
        """What the events of a request need to know of it."""
        source, now = known.source, self.now()
        browser = source.kind == "browser"
        address = request.address if browser else None
        return Arrival(
            source=source,
            received_at=now,
            address=address,
            user_agent=request.header(b"user-agent") if browser else None,
            country=self._country(address) if address is not None else None,
            opted_out=browser and request.opted_out,
            salt=self._salt(now),
            user_secret=known.user_secret,
            user_hash=request.header(b"x-sojourn-user-hash"),
            sent_at=sent_at,
            oldest=self._keyring.limit,
        )

    async def keep(self, judged: Sequence[Event | Rejected], size: int) -> Kept:
        """Wait until judged messages are durable, and count them."""
        if self.links is not None and any(map(carries_token, judged)):
            judged = await self.links.joined(judged)
        with self.metrics.durable_s.time():
            kept = await self._intake.put(judged, size)
        self.metrics.kept(kept)
        corrected = sum(
            type(one) is Event and overruled(one.original_time, one.sent_at, one.received_at) for one in judged
        )
        if corrected:
            self.metrics.corrected.inc(corrected)
        return kept
