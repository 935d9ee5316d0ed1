"""One HTTP request, as far as the collector looks at it.

In: an ASGI scope, and the stream of its body. Out: headers, query, key, body. Never reads more of a body than is accepted.
"""

from __future__ import annotations

import base64
import binascii
import urllib.parse
from typing import TYPE_CHECKING, Any

from sojourn.collect.body import MOST_BYTES
from sojourn.records.errors import BadBody, BodyTooLarge

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, MutableMapping

    Scope = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
    Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_MOST_FIELDS = 256
_QUERY_KEYS = ("writeKey", "write_key", "api_key", "token", "key")


class Gone(Exception):
    """The client went away before its request was whole."""


class Request:
    """What came, read when it is asked for."""

    __slots__ = ("_query", "headers", "method", "path", "scope")

    def __init__(self, scope: Scope) -> None:
        """Take the parts of a scope."""
        self.scope = scope
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
        parts, size = [found], len(found)
        while True:
            event = await receive()
            if event["type"] == "http.disconnect":
                raise Gone
            part = event.get("body", b"")
            parts.append(part)
            size += len(part)
            if size > most:
                raise BodyTooLarge(_too_large(most))
            if not event.get("more_body"):
                return b"".join(parts)


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
