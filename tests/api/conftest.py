"""A collector in this process, spoken to in ASGI."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from sojourn.api.collector import Collector
from sojourn.api.intake import Intake
from sojourn.api.links import Links
from sojourn.api.webhooks import Webhooks
from sojourn.records.event import Event, event_key
from sojourn.store.clicks import Clicks
from sojourn.store.folder import create_folder
from sojourn.store.quarantine import keep_rejected
from sojourn.store.sources import Keyring, create_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, MutableMapping, Sequence
    from pathlib import Path

    from sojourn.records.event import Consent, SourceKind
    from sojourn.store.folder import Folder


@dataclass
class MemoryLog:
    """A log that forgets with its process; `failing` is raised instead of keeping, `before` called first."""

    events: list[Event] = field(default_factory=list)
    known: set[bytes] = field(default_factory=set)
    fresh: list[bool] = field(default_factory=list)
    appends: int = 0
    failing: Exception | None = None
    before: Callable[[], object] = lambda: None

    poison: str = ""
    """Name of an event that makes an append fail in a way nobody foresaw."""

    def append(self, events: Sequence[Event]) -> MemoryLog:
        self.before()
        if any(event.event == self.poison for event in events):
            raise RuntimeError
        self.appends += 1
        if self.failing is not None:
            raise self.failing
        self.fresh = []
        for event in events:
            key = event_key(event.source, event.message_id)
            self.fresh.append(key not in self.known)
            if key not in self.known:
                self.known.add(key)
                self.events.append(event)
        return MemoryLog(fresh=self.fresh)


@dataclass
class Response:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Server:
    """A collector that lives in an event loop of its own between calls."""

    def __init__(self, folder: Folder, *, most_events: int = 20_000) -> None:
        self.folder, self.log = folder, MemoryLog()
        self.probe_fails: Exception | None = None
        quarantine = lambda source, rejected: keep_rejected(folder, source, rejected)  # noqa: E731 - it is passed on once
        intake = Intake(self.log, quarantine, probe=self._probe, most_events=most_events)
        self.app = Collector(
            intake,
            Keyring(folder),
            salt=lambda _: b"s" * 32,
            webhooks=Webhooks(folder.path / "webhooks"),
            links=Links(folder.secret, Clicks(folder)),
        )
        self.loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._life = self.loop.create_task(self.app({"type": "lifespan"}, self._lifespan(), self._sent))
        self.loop.run_until_complete(asyncio.sleep(0))

    def _probe(self) -> None:
        if self.probe_fails is not None:
            raise self.probe_fails

    def _lifespan(self) -> Callable[[], Any]:
        told = iter(("lifespan.startup", "lifespan.shutdown"))

        async def receive() -> MutableMapping[str, Any]:
            kind = next(told)
            if kind == "lifespan.shutdown":
                await self._stop.wait()
            return {"type": kind}

        return receive

    async def _sent(self, _message: MutableMapping[str, Any]) -> None:
        pass

    def close(self) -> None:
        self._stop.set()
        self.loop.run_until_complete(self._life)
        self.loop.close()

    def key(self, kind: SourceKind = "server", name: str = "web", consent: Consent = "assumed") -> str:
        return create_key(self.folder, name, kind=kind, consent=consent)[0]

    async def ask(
        self, method: str, url: str, body: bytes = b"", headers: dict[str, str] | None = None, chunk: int = 0
    ) -> Response:
        """One request; its body in pieces of `chunk` bytes, or at once."""
        parts = urlsplit(url)
        scope = {
            "type": "http",
            "method": method,
            "path": parts.path,
            "query_string": parts.query.encode(),
            "scheme": "http",
            "client": ("203.0.113.9", 5000),
            "headers": [
                (name.lower().encode(), value.encode())
                for name, value in {"Host": "sojourn.test:8001", **(headers or {})}.items()
            ],
        }
        pieces = [body[at : at + chunk] for at in range(0, len(body), chunk)] if chunk and body else [body]
        waiting = [
            {"type": "http.request", "body": piece, "more_body": n + 1 < len(pieces)} for n, piece in enumerate(pieces)
        ]
        sent: list[MutableMapping[str, Any]] = []

        async def receive() -> MutableMapping[str, Any]:
            return waiting.pop(0) if waiting else {"type": "http.disconnect"}

        async def send(message: MutableMapping[str, Any]) -> None:
            sent.append(message)

        await self.app(scope, receive, send)
        start, *rest = sent
        named = {name.decode(): value.decode() for name, value in start["headers"]}
        return Response(start["status"], named, b"".join(one["body"] for one in rest))

    def call(
        self, method: str, url: str, body: Any = b"", headers: dict[str, str] | None = None, chunk: int = 0
    ) -> Response:
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.loop.run_until_complete(self.ask(method, url, raw, headers, chunk))


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    # Here nothing cuts the power.
    monkeypatch.setattr("os.fsync", lambda _descriptor: None)
    made = Server(create_folder(tmp_path / "data"))
    yield made
    made.close()
