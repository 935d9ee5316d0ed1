"""The console's application: its views as routes, each inside the frame, guarded in one place.

In: what answers (journeys, live profiles). Out: an ASGI application. Never asks a store; `app.console` wires it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.routing import Route

from sojourn.api.scope import read_scope
from sojourn.console.asked import Asked, User
from sojourn.console.page import render
from sojourn.console.static_files import static_file
from sojourn.console.views import VIEWS
from sojourn.records.errors import SojournError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from sojourn.console.asked import Backing
    from sojourn.console.page import View

SECURE = {
    # What plotly needs: style elements that are empty and filled by script (their hash is that of the empty text), and images of data
    # and blobs to save a figure as. No `unsafe-eval`, no inline script or style, no font, no frame, no other origin.
    "content-security-policy": "default-src 'none'; script-src 'self'; "
    "style-src 'self' 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='; img-src 'self' data: blob:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}
"""Headers of every page."""


def console_app(backing: Backing) -> Starlette:
    """The application.

    Args:
        backing: What the pages are made from.
    """
    routes = [Route(view.path, _page(view, backing), methods=list(view.methods)) for view in VIEWS]
    return Starlette(routes=[*routes, Route("/static/{name}", static_file)])


def _page(view: View, backing: Backing) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        asked = Asked(request, User("somebody", "admin"), read_scope(request.query_params), backing)
        try:
            response = await view.draw(asked)
        except SojournError as error:
            response = render(asked, "refused.html", title=view.title, status=400, error=error)
        for name, value in SECURE.items():
            response.headers.setdefault(name, value)
        return response

    return answer
