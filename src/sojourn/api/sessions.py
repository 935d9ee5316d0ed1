"""The control API for a browser that is logged in to the console: its session stands for a token of the user's role.

In: requests with the session's cookie and no token. Out: the same requests, with who asks. What changes something must carry the token
that the console's forms carry, so that no other site can have it done.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection

from sojourn.records.event import Source

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from sojourn.api.accounts import Accounts

WHO = "sojourn.who"
"""Under which the `Source` of a session is in an ASGI scope; `api.control` reads it."""
_HEADER = "x-csrf-token"


class WithSessions:
    """An application that is told who is logged in."""

    def __init__(self, app: ASGIApp, accounts: Accounts) -> None:
        """Read nothing yet.

        Args:
            app: The control API.
            accounts: Users and sessions.
        """
        self._app, self._accounts = app, accounts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Find out who asks, and hand on."""
        if scope["type"] == "http":
            asked = HTTPConnection(scope)
            cookie = asked.cookies.get(self._accounts.cookie, "")
            if cookie and "authorization" not in asked.headers and self._may(scope, asked, cookie):
                session = await run_in_threadpool(self._accounts.session, cookie)
                if session is not None:
                    scope = {**scope, WHO: Source(session.name, "server", "assumed", session.role)}
        await self._app(scope, receive, send)

    def _may(self, scope: Scope, asked: HTTPConnection, cookie: str) -> bool:
        given = asked.headers.get(_HEADER, "")
        return scope["method"] in {"GET", "HEAD"} or hmac.compare_digest(
            given.encode(), self._accounts.form_token(cookie).encode()
        )
