"""The console's application: its views as routes, each inside the frame, guarded in one place.

In: what answers (journeys, live profiles). Out: an ASGI application. Never asks a store; `app.console` wires it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog
from starlette.applications import Starlette
from starlette.routing import Route

from sojourn.api.accounts import Accounts
from sojourn.console.asked import Asked
from sojourn.console.guard import let_in
from sojourn.console.page import render, render_bare
from sojourn.console.patience import patient
from sojourn.console.static_files import static_file
from sojourn.console.views import VIEWS
from sojourn.records.errors import SojournError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from sojourn.console.asked import Backing
    from sojourn.console.page import View

_log = structlog.get_logger()
SECURE = {
    # What plotly needs: style elements that are empty and filled by script (their hash is that of the empty text), and images of data
    # and blobs to save a figure as. No `unsafe-eval`, no inline script or style, no font, no frame, no other origin.
    "content-security-policy": "default-src 'none'; script-src 'self'; "
    "style-src 'self' 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='; img-src 'self' data: blob:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cache-control": "no-store",
}
"""Headers of every page."""


def console_app(backing: Backing, *, accounts: Accounts | None = None) -> Starlette:
    """The application.

    Args:
        backing: What the pages are made from.
        accounts: Who may see them; None: those of the data folder.
    """
    known = accounts or Accounts(backing.history.folder)
    routes = [Route(view.path, _page(view, backing, known), methods=list(view.methods)) for view in VIEWS]
    return Starlette(
        routes=[*routes, Route("/static/{name}", static_file)],
        exception_handlers={404: _not_found, 405: _not_found, Exception: _failed},
    )


def _page(view: View, backing: Backing, accounts: Accounts) -> Callable[[Request], Awaitable[Response]]:
    draw = patient(view.draw)

    async def answer(request: Request) -> Response:
        asked = await let_in(request, view, backing, accounts)
        if not isinstance(asked, Asked):
            return _secured(asked)
        try:
            response = await draw(asked)
        except SojournError as error:
            response = render(asked, "refused.html", title=view.title, status=400, error=error)
        return _secured(response)

    return answer


def _secured(response: Response) -> Response:
    for name, value in SECURE.items():
        response.headers.setdefault(name, value)
    return response


async def _not_found(request: Request, _error: Exception) -> Response:
    return _secured(render_bare("Nothing is here", f"No page is at {request.url.path[:100]}.", status=404))


async def _failed(request: Request, error: Exception) -> Response:
    _log.error("a page failed", path=request.url.path[:200], error=type(error).__name__)
    words = (
        "This is a fault of the program, and nothing you did. Its log says more; the page may work again in a moment."
    )
    return _secured(render_bare("This page failed", words, status=500))
