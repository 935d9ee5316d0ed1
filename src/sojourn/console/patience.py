"""Pages whose answer takes a while: instead of waiting they say so, and look again by themselves.

In: a view. Out: the same view, which is never silent for long. Never asks a question.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from sojourn.console.page import render
from sojourn.console.under_way import CANCEL, Working, cancel
from sojourn.records.errors import NotADataFolder

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.responses import Response

    from sojourn.console.asked import Asked


def patient(draw: Callable[[Asked], Awaitable[Response]]) -> Callable[[Asked], Awaitable[Response]]:
    """A view that says what to do where there are no events, and how far it is, and how to cancel, where its answer is not there yet."""

    @functools.wraps(draw)
    async def drawn(asked: Asked) -> Response:
        if asked.field(CANCEL):
            cancel(asked.request)
            return render(asked, "cancelled.html", title="Cancelled")
        try:
            return await draw(asked)
        except NotADataFolder:
            return render(asked, "nothing.html", title="No events yet")
        except Working as work:
            response = render(asked, "working.html", title=work.title, status=202, work=work)
            response.headers["refresh"] = "1"
            return response

    return drawn
