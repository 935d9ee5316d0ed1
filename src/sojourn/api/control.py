"""The control API: what scripts and the console ask, each path one call of one function.

In: requests with a token. Out: JSON, or CSV. Errors are objects with `code` and `message`. A token has a role; each path says the least
that may. docs/api.md lists all.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import msgspec
import structlog
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import Route

from sojourn.api.asking import endpoints as question_endpoints
from sojourn.api.call import Call
from sojourn.api.csv_text import csv_text
from sojourn.api.objects import endpoints as object_endpoints
from sojourn.api.openapi import openapi
from sojourn.api.refusals import Forbidden, NoToken, Refusal, refusal_of
from sojourn.api.roles import allows
from sojourn.api.scope import read_scope
from sojourn.api.sessions import WHO
from sojourn.records.errors import BadField, BodyTooLarge, SojournError
from sojourn.records.event import Source

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from typing import Protocol

    from starlette.requests import Request

    from sojourn.api.call import Backing
    from sojourn.api.endpoint import Endpoint
    from sojourn.store.sources import KnownKey

    class Keys(Protocol):
        """Who may ask; `store.sources.Keyring` is one."""

        @property
        def stale(self) -> bool:
            """Whether they may have changed."""

        def refresh(self) -> None:
            """Read them again."""

        def find(self, key: str, /) -> KnownKey | None:
            """What a key opens."""


SECURE = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'",
}
_LONGEST = 1_000
_LARGEST = 4 << 20
_log = structlog.get_logger()


def all_endpoints(profile: type[Any]) -> tuple[Endpoint, ...]:
    """Every path that needs a token.

    Args:
        profile: The record that a live profile is.
    """
    return (*question_endpoints(), *object_endpoints(profile))


def control_app(backing: Backing, keys: Keys) -> Starlette:
    """The application.

    Args:
        backing: What it answers from.
        keys: Tokens and their roles.
    """
    every = all_endpoints(backing.profile)
    told = functools.cache(lambda: msgspec.json.encode(openapi(every)))

    async def ready(_request: Request) -> Response:
        return _json({"ready": True})

    async def document(_request: Request) -> Response:
        return Response(await run_in_threadpool(told), 200, SECURE, "application/json")

    return Starlette(
        routes=[
            Route("/ready", ready),
            Route("/health", ready),
            Route("/api/openapi.json", document),
            *_routes(every, backing, keys),
        ],
        exception_handlers={404: _not_found, 405: _wrong_method, Exception: _failed},
    )


def _routes(every: Sequence[Endpoint], backing: Backing, keys: Keys) -> list[Route]:
    """A route a path; what answers depends on the method."""
    by_path: dict[str, dict[str, Endpoint]] = {}
    for one in every:
        by_path.setdefault(one.path, {})[one.method] = one
    # A variable part may hold slashes, so paths with one come after those that say all their parts.
    return [
        Route(path.replace("}", ":path}"), _answer(methods, backing, keys), methods=list(methods))
        for path, methods in sorted(by_path.items(), key=lambda item: "{" in item[0])
    ]


def _answer(methods: dict[str, Endpoint], backing: Backing, keys: Keys) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        one = methods["GET" if request.method == "HEAD" else request.method]
        try:
            source = await run_in_threadpool(_who, request, keys)
            _let_in(source, one)
            body = await _body(request)
            return await run_in_threadpool(_run, one, request, backing, source.name, body)
        except SojournError as error:
            return _refused(refusal_of(error))

    return answer


def _who(request: Request, keys: Keys) -> Source:
    if isinstance(logged_in := request.scope.get(WHO), Source):
        return logged_in
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise NoToken
    if keys.stale:
        keys.refresh()
    known = keys.find(token.strip())
    if known is None or known.source.role is None:
        raise NoToken
    return known.source


def _let_in(source: Source, one: Endpoint) -> None:
    if not allows(source.role, one.role):
        raise Forbidden(f"{one.method} {one.path} needs the role {one.role}; this token has {source.role}")


async def _body(request: Request) -> bytes:
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > _LARGEST:
            raise BodyTooLarge(f"expected at most {_LARGEST:,} bytes")
    return body


def _run(one: Endpoint, request: Request, backing: Backing, who: str, body: bytes) -> Response:
    """Read what came, call the function, tell what it gives: all of it in a thread."""
    values = {name: request.query_params.getlist(name) for name in request.query_params}
    places = request.path_params
    for name, text in places.items():
        if not 0 < len(text) <= _LONGEST:
            raise BadField(name, f"expected 1 to {_LONGEST:,} characters, got {len(text):,}")
    one.check(values)
    call = Call(backing, who, read_scope(request.query_params, time_zone=backing.history.settings.now().time_zone))
    result = one.answers(call, values, places, one.read_body(body))
    if one.method != "GET":
        backing.history.expire()
    if "csv" in values.get("format", ()):
        return Response(csv_text(result.table), one.status, _as_file(one.name), "text/csv; charset=utf-8")
    return _json(result.to_dict() if hasattr(result, "to_dict") else _plain(result), one.status)


def _plain(result: object) -> object:
    from sojourn.analyse.results import plain  # noqa: PLC0415  (heavy)

    return plain(result)


def _as_file(name: str) -> dict[str, str]:
    return {**SECURE, "content-disposition": f'attachment; filename="{name}.csv"'}


def _json(value: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, SECURE, "application/json")


def _refused(refusal: Refusal) -> Response:
    response = _json(refusal.to_dict(), refusal.status)
    if refusal.status == 401:  # noqa: PLR2004  (of HTTP)
        response.headers["www-authenticate"] = "Bearer"
    return response


async def _not_found(request: Request, _error: Exception) -> Response:
    return _refused(Refusal(404, "not_found", f"nothing is at {request.url.path[:100]}; docs/api.md lists the paths"))


async def _wrong_method(request: Request, error: Exception) -> Response:
    response = _refused(Refusal(405, "wrong_method", f"{request.method[:20]} is not answered here"))
    response.headers.update(getattr(error, "headers", None) or {})
    return response


async def _failed(request: Request, error: Exception) -> Response:
    _log.error("a request failed", path=request.url.path[:200], error=type(error).__name__)
    return _refused(Refusal(500, "failed", "this is a fault of the program; its log says more"))
