"""The demo shop: a small shop for outdoor things on loopback, with our tracker on every page.

In: how it is followed (`Door`). Out: a Starlette application. Never asks another machine, never sells anything.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
from starlette.applications import Starlette
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from sojourn.demo import account, browse, ordering
from sojourn.demo.counter import Asked, Counter, route
from sojourn.demo.metrics import pass_on
from sojourn.demo.orders_sent import OrdersSent
from sojourn.demo.visits import Visit

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from starlette.requests import Request
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from sojourn.demo.counter import Door

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = (
    (b"content-security-policy", _POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"strict-origin-when-cross-origin"),
)
_NO_STORE = (b"cache-control", b"no-store")
_PATIENCE_S = 5.0
_GETS: tuple[tuple[str, Callable[[Asked], Awaitable[Response]]], ...] = (
    ("/", browse.home),
    ("/c/{slug}", browse.category),
    ("/p/{slug}", browse.product),
    ("/search", browse.found),
    ("/prices-and-delivery", browse.prices),
    ("/guide/{slug}.pdf", browse.guide_file),
    ("/guide/{slug}", browse.guide),
    ("/blog/how-to-choose-{slug}", browse.article),
    ("/cart", ordering.cart),
    ("/checkout", ordering.checkout),
    ("/thank-you", ordering.thanks),
    ("/account", account.account),
    ("/newsletter", account.newsletter_form),
    ("/support", account.support),
)
_POSTS: tuple[tuple[str, Callable[[Asked], Awaitable[Response]]], ...] = (
    ("/cart/add", ordering.put),
    ("/cart/change", ordering.change),
    ("/cart/coupon", ordering.coupon),
    ("/checkout/missing", ordering.missing),
    ("/checkout/{step}", ordering.answer),
    ("/account/sign-in", account.sign_in),
    ("/account/sign-out", account.sign_out),
    ("/newsletter", account.newsletter),
    ("/support", account.say),
    ("/reviews", browse.review),
    ("/wishes", browse.wish),
)


def shop_app(door: Door, *, transport: httpx.AsyncBaseTransport | None = None) -> Starlette:
    """The application.

    Args:
        door: How it is followed.
        transport: How it asks the collector; None: over the network.
    """
    client = httpx.AsyncClient(transport=transport, timeout=_PATIENCE_S, trust_env=False)
    counter = Counter(door, OrdersSent(door, client))

    async def metrics(request: Request) -> Response:
        return await pass_on(request, door.collector, client)

    async def lost(request: Request, _error: Exception) -> Response:
        return await _nowhere(Asked(request, Visit(), counter, {}))

    @contextlib.asynccontextmanager
    async def life(_app: Starlette) -> AsyncIterator[None]:
        yield
        await client.aclose()

    app = Starlette(
        routes=[
            *(route(path, draw, counter) for path, draw in _GETS),
            *(route(path, act, counter, methods=("POST",)) for path, act in _POSTS),
            Route("/metrics/{path:path}", metrics, methods=["GET", "POST"]),
            Mount("/static", StaticFiles(directory=Path(__file__).parent / "static")),
        ],
        lifespan=life,
        exception_handlers={404: lost},
    )
    app.add_middleware(_Guarded)
    return app


async def _nowhere(asked: Asked) -> Response:
    return asked.nowhere()


class _Guarded:
    """Gives every answer the headers that keep other origins out."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [*message["headers"], *_HEADERS]
                if not any(name == b"cache-control" for name, _ in headers):
                    headers.append(_NO_STORE)
                message["headers"] = headers
            await send(message)

        await self._app(scope, receive, guarded)
