"""One process of `sojourn bench intake`: a server that stores or does not, or a client that sends as fast as it is answered.

In: `serve DATA STORE PORT` (STORE is `log` or `nothing`) or `send PORT KEY CONNECTIONS EVENTS REQUESTS RUN` on the command line. Out:
of a server, a line with its port once it listens; of a client, one JSON line with `events`, `requests`, `other` (answers that were not 200),
`seconds`, `p50_ms` and `p99_ms`.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, cast

import uvloop

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sojourn.records.event import Event

_WARM_S = 1.0


class Nothing:
    """A log that keeps nothing: the ceiling."""

    def __init__(self, fresh: list[bool] | None = None) -> None:
        """Begin; `fresh` is what an append says of its events."""
        self.fresh: list[bool] = fresh or []

    def append(self, events: Sequence[Event], /) -> Nothing:
        """Say that all are new."""
        return Nothing([True] * len(events))


def serve(data: Path, store: str, port: int) -> None:
    """Run a collector, whole but for its log where it stores nothing."""
    from sojourn.app import collecting  # noqa: PLC0415  (only here)
    from sojourn.app.logs import configure_logs  # noqa: PLC0415  (only here)
    from sojourn.store.folder import open_folder  # noqa: PLC0415  (only here)

    configure_logs("collector")
    app = collecting.collector_app(open_folder(data), log=Nothing() if store == "nothing" else None)
    listening = collecting.listen("127.0.0.1", port, usual=collecting.PORT, shared=True)
    sys.stdout.write(f"{listening.getsockname()[1]}\n")
    sys.stdout.flush()
    collecting.serve(app, listening)


class Connection(asyncio.Protocol):
    """One connection: a request, its answer, the next."""

    def __init__(self, load: Load, number: int) -> None:
        """Belong to a load."""
        self._load, self._number, self._sent, self._held = load, number, 0, b""
        self._began = 0.0
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.Transport", transport)
        self._send()

    def _send(self) -> None:
        assert self._transport is not None
        self._began = time.perf_counter()
        self._transport.write(self._load.request(self._number, self._sent))
        self._sent += 1

    def data_received(self, data: bytes) -> None:
        """Take an answer, which is small and has a length."""
        self._held += data
        head, found, body = self._held.partition(b"\r\n\r\n")
        if not found:
            return
        length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        if len(body) < length:
            return
        self._held = b""
        self._load.answered(ok=head.startswith(b"HTTP/1.1 200"), seconds=time.perf_counter() - self._began)
        if self._load.going:
            self._send()


class Load:
    """Requests with fresh message ids, and what was answered."""

    def __init__(self, key: str, events: int, run: str) -> None:
        """Make the request once; only ids change."""
        message = {
            "type": "track", "event": "Product Viewed", "messageId": "@", "anonymousId": "3f1c9e52-0000-4000-8000-000000000000",
            "userId": "user-12345", "timestamp": "2026-01-01T12:00:00.123Z",
            "properties": {"product_id": "sku-9", "name": "Shoe, red", "price": 59.9, "currency": "EUR", "category": "shoes", "position": 3},
            "context": {
                "library": {"name": "bench", "version": "1"}, "ip": "203.0.113.77", "locale": "de-DE", "timezone": "Europe/Berlin",
                "userAgent": "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0",
                "page": {"path": "/shoes/red", "referrer": "https://search.example/", "title": "Red shoe", "url": "https://shop.example/shoes/red"},
            },
        }  # fmt: skip
        text = json.dumps(message, separators=(",", ":")).encode()
        self.bytes_an_event = len(text)
        self._head, _, self._tail = text.partition(b"@")
        self._key, self._events, self._run = key, events, run
        self.going, self.counting = True, False
        self.ok = self.other = self.wanted = 0
        self.enough = asyncio.Event()
        self.seconds: list[float] = []

    def request(self, connection: int, number: int) -> bytes:
        """Bytes of a request, of the same length always."""
        prefix = f"{self._run}-{connection:04d}-{number:08d}-".encode()
        messages = b",".join(self._head + prefix + b"%04d" % one + self._tail for one in range(self._events))
        body = (
            b'{"batch":['
            + messages
            + b'],"sentAt":"2026-01-01T12:00:01.000Z","writeKey":"'
            + self._key.encode()
            + b'"}'
        )
        return (
            b"POST /v1/batch HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
            % len(body)
            + body
        )

    def answered(self, *, ok: bool, seconds: float) -> None:
        """Count an answer, once it is counted."""
        self.other += not ok
        if self.counting and ok:
            self.ok += 1
            self.seconds.append(seconds)
            if self.ok == self.wanted:
                self.enough.set()


async def send(port: int, load: Load, connections: int, requests: int) -> float:
    """Send so many requests after a moment of warming; returns how many seconds they took."""
    loop = asyncio.get_running_loop()
    for number in range(connections):
        await loop.create_connection(lambda number=number: Connection(load, number), "127.0.0.1", port)  # type: ignore[misc] # a default binds the loop's value
    await asyncio.sleep(_WARM_S)
    load.wanted, load.counting, began = requests, True, time.perf_counter()
    await load.enough.wait()
    load.counting, load.going = False, False
    took = time.perf_counter() - began
    await asyncio.sleep(0.5)
    return took


def main(arguments: list[str]) -> None:
    """Do what the arguments name."""
    if arguments[0] == "serve":
        serve(Path(arguments[1]), arguments[2], int(arguments[3]))
        return
    _, port, key, connections, events, requests, run = arguments
    load = Load(key, int(events), run)
    took = uvloop.run(send(int(port), load, int(connections), int(requests)))
    ordered = sorted(load.seconds) or [float("nan")]
    found = {
        "events": load.ok * int(events),
        "requests": load.ok,
        "other": load.other,
        "seconds": took,
        "bytes_an_event": load.bytes_an_event,
        "p50_ms": 1000 * ordered[len(ordered) // 2],
        "p99_ms": 1000 * ordered[int(0.99 * (len(ordered) - 1))],
    }
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
