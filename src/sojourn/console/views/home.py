"""Home: how many came, what they did, what it brought."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sojourn.console.page import View, render

if TYPE_CHECKING:
    from starlette.responses import Response

    from sojourn.console.asked import Asked


async def home(asked: Asked) -> Response:
    """The first page."""
    result = await asked.ask(lambda journeys: journeys.sessions(trend="day"))
    return render(asked, "home.html", title="Home", result=result)


VIEWS = (View("/", "Home", home, group="Overview"),)
