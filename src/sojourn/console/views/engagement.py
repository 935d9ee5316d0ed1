"""Engagement: how often people come, how long they stay on pages, how far they scroll, what they watch and say."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from sojourn.console.answers import answered, values_of
from sojourn.console.known import known
from sojourn.console.page import View, render

if TYPE_CHECKING:
    from starlette.responses import Response

    from sojourn.analyse.engagement import ActiveDay
    from sojourn.console.answers import Answered
    from sojourn.console.asked import Asked

_WEEK, _MONTH = 7, 30


async def engagement(asked: Asked) -> Response:
    """All sections the log can answer."""
    names = await known(asked)
    found = await answered(asked, "engagement", values_of(asked, "engagement"), title="Engagement")
    return render(
        asked, "engagement.html", title="Engagement", found=found, known=names,
        figure=await found.figure(_figure),
        on=lambda day, days: _days(found, day, days), days=(1, _WEEK, _MONTH),
    )  # fmt: skip


def _days(found: Answered, day: ActiveDay, days: int) -> str:
    """Address of the persons with an event on a day or the days before it."""
    last = dt.date.fromisoformat(day.day)
    return found.behind(
        "persons_active",
        start=(last - dt.timedelta(days=days - 1)).isoformat(),
        end=(last + dt.timedelta(days=1)).isoformat(),
    )


def _figure(found: Answered) -> Any:  # noqa: ANN401  (a plotly figure)
    """The result's own figure; its points lead to the persons of their day, week or month."""
    if found.result.activity is None:
        return None
    figure = found.result.plot()
    for line, days in zip(figure.data, (_MONTH, _WEEK, 1), strict=True):
        line.meta = {"links": [_days(found, day, days) for day in found.result.activity.trend]}
        line.mode = "lines+markers"
        line.marker = {"size": 4}
    return figure


VIEWS = (View("/engagement", "Engagement", engagement, group="Journeys"),)
