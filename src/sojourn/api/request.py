"""One HTTP request, as far as the collector looks at it.

In: an ASGI scope, and the stream of its body. Out: headers, query, key, body. Never reads more of a body than is accepted.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import urllib.parse
from typing import TYPE_CHECKING, Any

from sojourn.api.intake import Busy
from sojourn.collect.body import MOST_BYTES
from sojourn.records.errors import BadBody, BodyTooLarge, SojournError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, MutableMapping

    Scope = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
    Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_MOST_FIELDS = 256
_MOST_READING = 256 << 20
_WITHIN_S = 30.0
_QUERY_KEYS = ("writeKey", "write_key", "api_key", "token", "key")


class TooSlow(SojournError):
    """The body of a request did not come in time; send it again."""


class Reading:
    """How much of all bodies that are being read is in memory: many large ones at a time must not take it all."""

    def __init__(self, *, most: int = _MOST_READING, within_s: float = _WITHIN_S) -> None:
        """Begin with none.

        Args:
            most: So many bytes may be held in all.
            within_s: A body is to be whole after so many seconds.
        """
        self.most, self.within_s = most, within_s
        self.held = 0


class Gone(Exception):
    """The client went away before its request was whole."""


class Request:
    """What came, read when it is asked for."""

    __slots__ = ("_query", "_reading", "headers", "method", "path", "scope")

    def __init__(self, scope: Scope, reading: Reading | None = None) -> None:
        """Take the parts of a scope.

        Args:
            scope: What the server says of the request.
            reading: What other requests hold.
        """
        self.scope = scope
        self._reading = reading or Reading()
        self.method: str = scope["method"]
        self.path: str = scope["path"]
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self._query: dict[str, str] | None = None

    def header(self, name: bytes) -> str | None:
        """A header by its name in small letters; None when it did not come or is empty."""
        found = self.headers.get(name)
        return found.decode("latin-1").strip() or None if found is not None else None

    @property
    def query(self) -> dict[str, str]:
        """The query, the last of equal names; empty where there is none or it has too many fields."""
        if self._query is None:
            text = self.scope.get("query_string", b"").decode("latin-1")
            try:
                pairs = urllib.parse.parse_qsl(
                    text, keep_blank_values=True, max_num_fields=_MOST_FIELDS, errors="replace"
                )
            except ValueError:
                pairs = []
            self._query = dict(pairs)
        return self._query

    @property
    def address(self) -> str | None:
        """Who sent it; behind a proxy on this machine, whom that says."""
        client = self.scope.get("client")
        return client[0] if client else None

    @property
    def origin(self) -> str:
        """`scheme://host` as the client named us."""
        return f"{self.scope.get('scheme', 'http')}://{self.header(b'host') or 'localhost'}"

    @property
    def opted_out(self) -> bool:
        """Whether the browser says that its person is not to be followed."""
        return self.headers.get(b"sec-gpc") == b"1" or self.headers.get(b"dnt") == b"1"

    def keys(self) -> Iterable[str]:
        """Keys in the headers and in the query, in the order in which they count."""
        authorization = self.header(b"authorization")
        if authorization is not None:
            found = _authorized(authorization)
            if found:
                yield found
        named = self.header(b"x-write-key")
        if named is not None:
            yield named
        if self.scope.get("query_string"):
            for name in _QUERY_KEYS:
                if self.query.get(name):
                    yield self.query[name]

    async def body(self, receive: Receive, *, most: int = MOST_BYTES) -> bytes:
        """The body as it comes, still compressed.

        Raises:
            BodyTooLarge: It is larger than `most` bytes; not all of it was read.
            BadBody: Its declared length is none.
            Busy: Too much of other bodies is in memory.
            TooSlow: It did not come in time.
            Gone: The client went away.
        """
        declared = self.headers.get(b"content-length")
        if declared is not None:
            if not declared.isdigit():
                raise BadBody("Content-Length is no number")
            if int(declared[:20]) > most:
                raise BodyTooLarge(_too_large(most))
        first = await receive()
        if first["type"] == "http.disconnect":
            raise Gone
        found: bytes = first.get("body", b"")
        if not first.get("more_body"):
            return found
        try:
            async with asyncio.timeout(self._reading.within_s):
                return await self._rest(receive, found, most)
        except TimeoutError as error:
            message = f"the body did not come within {self._reading.within_s:g} s; send it again"
            raise TooSlow(message) from error

    async def _rest(self, receive: Receive, first: bytes, most: int) -> bytes:
        """A body whose first piece came."""
        parts, size = [first], len(first)
        self._reading.held += size
        try:
            while True:
                event = await receive()
                if event["type"] == "http.disconnect":
                    raise Gone
                part = event.get("body", b"")
                parts.append(part)
                size += len(part)
                self._reading.held += len(part)
                if size > most:
                    raise BodyTooLarge(_too_large(most))
                if self._reading.held > self._reading.most:
                    raise Busy("too many large requests are being read; send again in a moment")
                if not event.get("more_body"):
                    return b"".join(parts)
        finally:
            self._reading.held -= size


def _too_large(most: int) -> str:
    return f"the body is larger than {most:,} bytes; send smaller batches"


def _authorized(header: str) -> str | None:
    """The key in `Basic base64(KEY:)` or `Bearer KEY`."""
    scheme, _, value = header.partition(" ")
    value = value.strip()
    if scheme.lower() == "bearer":
        return value or None
    if scheme.lower() != "basic":
        return None
    try:
        user, _, password = base64.b64decode(value + "=" * (-len(value) % 4)).decode("utf-8", "replace").partition(":")
    except (binascii.Error, ValueError):
        return None
    return user or password or None
