"""Servers of a test, on loopback: pages of a shop, and a collector that writes down what it is sent and answers what it is told."""

from __future__ import annotations

import json
import re
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from sojourn.api.tracker import tracker

if TYPE_CHECKING:
    from collections.abc import Callable

Message = dict[str, Any]
CUT = 0
"""An answer that never comes: the connection ends."""


@dataclass(frozen=True)
class Sent:
    """One request to the collector."""

    path: str
    body: bytes
    headers: dict[str, str]
    at: float
    status: int

    @property
    def envelope(self) -> Message:
        found: Message = json.loads(self.body)
        return found

    @property
    def messages(self) -> list[Message]:
        found: list[Message] = self.envelope["batch"]
        return found


@dataclass
class Capture:
    """What came, and what to answer: `answers` first, one a request, then 200."""

    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    requests: list[Sent] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)
    url: str = ""

    def answer(self, *statuses: int, retry_after: str | None = None) -> None:
        """Answer so next, once each."""
        headers = {} if retry_after is None else {"Retry-After": retry_after}
        with self.lock:
            self.answers += [(status, headers) for status in statuses]

    def take(self, path: str, body: bytes, headers: dict[str, str]) -> tuple[int, dict[str, str]]:
        with self.lock:
            status, extra = self.answers.pop(0) if self.answers else (200, {})
            self.requests.append(Sent(path, body, headers, time.monotonic(), status))
        return status, extra

    @property
    def arrivals(self) -> list[Message]:
        """Every message of every request, the repeated ones too."""
        with self.lock:
            return [message for sent in self.requests for message in sent.messages]

    @property
    def kept(self) -> list[Message]:
        """What a collector that deduplicates keeps: the first of each messageId that was answered 200."""
        with self.lock:
            found: dict[str, Message] = {}
            for sent in self.requests:
                if sent.status == 200:
                    for message in sent.messages:
                        found.setdefault(message["messageId"], message)
            return sorted(found.values(), key=lambda message: str(message["timestamp"]))

    def named(self, event: str) -> list[Message]:
        """Properties of the kept events of a name, oldest first; `page` for page views."""
        return [
            message.get("properties", {})
            for message in self.kept
            if message.get("event") == event or message["type"] == event
        ]

    def wait(self, done: Callable[[], object], *, seconds: float = 10) -> None:
        """Until something is true."""
        until = time.monotonic() + seconds
        while not done():
            assert time.monotonic() < until, [message.get("event") or message["type"] for message in self.kept]
            time.sleep(0.02)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that goes away in the middle is no error of a test."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    capture: Capture
    pages: dict[str, str]
    extra: dict[str, str]

    def reply(self, status: int, body: bytes, kind: str, extra: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **extra}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path.endswith("/t.js"):
            self.reply(200, tracker(), "text/javascript", {})
        elif path not in self.pages:
            self.reply(404, b"", "text/plain", {})
        elif path.endswith(".wav"):
            self.play(self.pages[path].encode("latin-1"))
        else:
            self.reply(200, self.pages[path].encode(), "text/html; charset=utf-8", self.extra)

    def play(self, whole: bytes) -> None:
        """A player that skips asks for parts."""
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", "bytes=0-"))
        assert asked
        start, end = int(asked[1]), int(asked[2] or len(whole) - 1)
        place = {"Content-Range": f"bytes {start}-{end}/{len(whole)}", "Accept-Ranges": "bytes"}
        self.reply(206, whole[start : end + 1], "audio/wav", place)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if not self.path.endswith("/v1/batch"):
            self.reply(200, b"<p>thank you</p>", "text/html", self.extra)
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        status, extra = self.capture.take(self.path, body, headers)
        if status == CUT:
            self.close_connection = True
            return
        allowed = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Retry-After"}
        self.reply(status, b'{"success":true}', "application/json", {**extra, **allowed})

    def do_OPTIONS(self) -> None:
        self.capture.others.append(f"OPTIONS {self.path}")
        self.reply(204, b"", "text/plain", {})

    def log_message(self, *_: object) -> None:
        """Nothing: the terminal is the test runner's."""


class Serving:
    """A server in a thread; `with` ends it."""

    def __init__(self, capture: Capture, pages: dict[str, str], headers: dict[str, str]) -> None:
        handler = type("Handler", (_Handler,), {"capture": capture, "pages": pages, "extra": headers})
        self._server = _Server(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> str:
        self._thread.start()
        return self.url

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
