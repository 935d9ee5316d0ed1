"""The console: every view at its path, behind the same door.

In: what the pages are made from, and who may come in. Out: a Starlette application. Never listens; `app` does.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from sojourn.api.scope import read_scope
from sojourn.console.asked import Asked, User
from sojourn.console.page import render
from sojourn.console.views import VIEWS
from sojourn.records.errors import SojournError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from sojourn.console.asked import Backing
    from sojourn.console.page import View


def console_app(backing: Backing) -> Starlette:
    """The application.

    Args:
        backing: What the pages are made from.
    """
    routes = [Route(view.path, _page(view, backing), methods=list(view.methods)) for view in VIEWS]
    static = StaticFiles(directory=Path(__file__).parent / "static")
    return Starlette(routes=[*routes, Route("/static/plotly.js", _plotly), Mount("/static", static)])


def _page(view: View, backing: Backing) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        asked = Asked(request, User("somebody", "admin"), read_scope(request.query_params), backing)
        try:
            return await view.draw(asked)
        except SojournError as error:
            return render(asked, "refused.html", title=view.title, status=400, error=error)

    return answer


async def _plotly(_request: Request) -> Response:
    from plotly.offline import get_plotlyjs  # noqa: PLC0415  (5 MB of text)

    return PlainTextResponse(
        get_plotlyjs(), media_type="text/javascript", headers={"cache-control": "public, max-age=31536000, immutable"}
    )
