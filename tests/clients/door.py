"""A door in front of a server that answers wrongly, cuts connections or swallows answers, and remembers every request byte for byte."""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

Fault = Literal["500", "429", "cut", "lost answer"]
"""What happens to a request: an error in its place, a connection that closes before it is passed on, or after."""

_ANSWERS = {
    "500": b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",
    "429": b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 1\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",
}


class Door:
    """Listens on a port of its own and passes requests on to the server's."""

    def __init__(self, port: int) -> None:
        self.server_port = port
        self.faults: list[Fault] = []
        self.requests: list[bytes] = []
        """Those that may carry events, as they came."""
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def close(self) -> None:
        self._listening.close()

    def begin(self, faults: list[Fault]) -> None:
        """Forget what was, and let these happen to the next requests that carry events."""
        self.faults, self.requests = list(faults), []

    def replay(self) -> int:
        """Send every remembered request again, byte for byte; how many there were."""
        for request in self.requests:
            assert self._passed_on(request).startswith(b"HTTP/1.1 200"), request[:100]
        return len(self.requests)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, contextlib.suppress(OSError):
            for request in _messages(client):
                carries = request.startswith((b"POST", b"GET /i?")) and b"/flags" not in request[:80]
                if carries:
                    self.requests.append(request)
                fault = self.faults.pop(0) if carries and self.faults else None
                if fault == "cut":
                    return
                if fault in _ANSWERS:
                    client.sendall(_ANSWERS[fault])
                    return
                answer = self._passed_on(request)
                if fault == "lost answer":
                    return
                client.sendall(answer)

    def _passed_on(self, request: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", self.server_port)) as server:
            server.sendall(request)
            return next(_messages(server))


def _messages(connection: socket.socket) -> Iterator[bytes]:
    """Whole HTTP messages, one after the other; their bodies have a length or come in chunks."""
    held = b""
    while True:
        while b"\r\n\r\n" not in held:
            more = connection.recv(1 << 16)
            if not more:
                return
            held += more
        head, _, rest = held.partition(b"\r\n\r\n")
        headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (line.partition(b":") for line in head.split(b"\r\n")[1:])
        }
        if headers.get(b"expect", b"").lower() == b"100-continue":
            connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        chunked = headers.get(b"transfer-encoding", b"").lower() == b"chunked"
        length = int(headers.get(b"content-length", 0))
        while (b"0\r\n\r\n" not in rest) if chunked else (len(rest) < length):
            more = connection.recv(1 << 16)
            if not more:
                return
            rest += more
        end = rest.index(b"0\r\n\r\n") + 5 if chunked else length
        yield head + b"\r\n\r\n" + rest[:end]
        held = rest[end:]
