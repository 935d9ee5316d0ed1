"""The collector under the shop's own address, so that the tracker is first-party: nothing leaves the shop's origin.

In: requests to `/metrics/`. Out: the collector's answers. Never passes on a cookie: who visits the shop is not the collector's business.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
from starlette.responses import Response

if TYPE_CHECKING:
    from starlette.requests import Request

_MOST_BYTES = 600_000
_PATHS = {"t.js": "GET", "v1/batch": "POST"}
_THERE = ("content-type", "user-agent", "accept-encoding", "if-none-match", "accept-language", "sec-gpc", "dnt")
_BACK = ("content-type", "content-encoding", "cache-control", "etag", "vary", "retry-after", "x-content-type-options")


async def pass_on(request: Request, collector: str, client: httpx.AsyncClient) -> Response:
    """Ask the collector and answer what it answers."""
    path = request.path_params["path"]
    if _PATHS.get(path) != request.method:
        return Response(status_code=404)
    size = request.headers.get("content-length", "0")
    if not size.isdecimal() or int(size) > _MOST_BYTES:
        return Response(status_code=413)
    headers = {name: request.headers[name] for name in _THERE if name in request.headers}
    # Without it every visitor would have the shop's address.
    headers["x-forwarded-for"] = request.client.host if request.client else "127.0.0.1"
    try:
        asking = client.build_request(
            request.method, f"{collector}/{path}", content=await request.body(), headers=headers
        )
        answered = await client.send(asking, stream=True)
        try:
            body = b"".join([piece async for piece in answered.aiter_raw()])
        finally:
            await answered.aclose()
    except httpx.HTTPError:
        # The tracker keeps what it has and comes again.
        return Response(status_code=503, headers={"retry-after": "2"})
    kept = {name: answered.headers[name] for name in _BACK if name in answered.headers}
    return Response(body, answered.status_code, headers=kept)
