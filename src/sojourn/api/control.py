"""The control API: what scripts and the console ask, each path one call of one function.

In: requests with a token. Out: JSON. Errors are objects with `code` and `message`. A token has a role; every role may read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import Route

from sojourn.records.errors import SojournError, UnknownPerson

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from sojourn.store.sources import KnownKey

    Endpoint = Callable[[Request], Awaitable[Response]]

_SECURE = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'",
}
_LONGEST = 1_000


class Keys(Protocol):
    """Who may ask; `store.sources.Keyring` is one."""

    @property
    def stale(self) -> bool:
        """Whether they may have changed."""

    def refresh(self) -> None:
        """Read them again."""

    def find(self, key: str, /) -> KnownKey | None:
        """What a key opens."""


class Told(Protocol):
    """Anything that can be told as JSON."""

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionaries and lists."""


class Questions(Protocol):
    """What the API answers from."""

    def person(self, identifier: str, /) -> Told:
        """The live profile of the person an identifier belongs to."""


def control_app(questions: Questions, keys: Keys) -> Starlette:
    """The application.

    Args:
        questions: What it answers from.
        keys: Tokens and their roles.
    """

    async def person(request: Request) -> Response:
        identifier = request.path_params["id"]
        if len(identifier) > _LONGEST:
            return _refused(400, "too_long", f"expected an identifier of at most {_LONGEST} characters")
        return _json((await run_in_threadpool(questions.person, identifier)).to_dict())

    async def ready(_request: Request) -> Response:
        return _json({"ready": True})

    return Starlette(
        routes=[
            Route("/ready", ready),
            Route("/health", ready),
            Route("/api/persons/{id:path}", _for_readers(person, keys)),
        ],
        exception_handlers={404: _not_found, 405: _wrong_method},
    )


def _for_readers(endpoint: Endpoint, keys: Keys) -> Endpoint:
    """The endpoint for those whose token has a role; errors that can be mended are told."""

    async def answer(request: Request) -> Response:
        if not await run_in_threadpool(_may_read, request, keys):
            refused = _refused(
                401,
                "no_token",
                "send `Authorization: Bearer TOKEN`; `sojourn keys create NAME --role viewer` makes one",
            )
            refused.headers["www-authenticate"] = "Bearer"
            return refused
        try:
            return await endpoint(request)
        except UnknownPerson as error:
            return _refused(404, "unknown_person", str(error))
        except SojournError as error:
            return _refused(400, "refused", str(error))

    return answer


def _may_read(request: Request, keys: Keys) -> bool:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        return False
    if keys.stale:
        keys.refresh()
    known = keys.find(token.strip())
    return known is not None and known.source.role is not None


def _json(value: object, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, _SECURE, "application/json")


def _refused(status: int, code: str, message: str) -> Response:
    return _json({"code": code, "message": message}, status)


async def _not_found(request: Request, _error: Exception) -> Response:
    return _refused(404, "not_found", f"nothing is at {request.url.path[:100]}; docs/live.md lists the paths")


async def _wrong_method(request: Request, _error: Exception) -> Response:
    return _refused(405, "wrong_method", f"{request.method[:20]} is not answered here")
