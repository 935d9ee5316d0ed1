"""Retention: of those who began in one period, how many came back in the periods after."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from sojourn.console.answers import answered, values_of
from sojourn.console.known import known
from sojourn.console.page import View, render

if TYPE_CHECKING:
    from starlette.responses import Response

    from sojourn.console.answers import Answered
    from sojourn.console.asked import Asked

_SHADES = 9
_COHORTS, _PERIODS, _GROUPS, _TICKS = 40, 24, 6, 12


async def retention(asked: Asked) -> Response:
    """Cohorts and the curve."""
    names = await known(asked)
    values = values_of(asked, "retention")
    found = await answered(asked, "retention", values, title="Retention")
    result = found.result
    shares = [share for cohort in result.cohorts for share in cohort.share] if result else []
    top = max((share for share in shares if not math.isnan(share)), default=0.0)
    return render(
        asked, "retention.html", title="Retention", found=found, known=names,
        cohorts=result.cohorts[-_COHORTS:] if result else (), width=_PERIODS, shade=lambda share: _shade(share, top),
        figure=await found.figure(_figure),
    )  # fmt: skip


def _shade(share: float, top: float) -> int:
    """How dark a share is shown, from 0 to 9, the largest darkest; by its root, so that one large share does not blanch the others."""
    return min(_SHADES, int(math.sqrt(share / top) * (_SHADES + 1))) if top and not math.isnan(share) else 0


def _figure(found: Answered) -> Any:  # noqa: ANN401  (a plotly figure)
    """The curve of all cohorts, its points leading to those who came back."""
    import plotly.graph_objects as go  # noqa: PLC0415  (heavy)

    from sojourn.analyse.show.style import layout  # noqa: PLC0415  (plotly is heavy)

    if not found.result.overall:
        return None
    result = found.result
    figure = go.Figure()
    named = [(one.group, one.overall) for one in result.groups[:_GROUPS]] or [(None, result.overall)]
    for group, points in named:
        figure.add_scatter(
            x=[point.after for point in points],
            y=[point.share for point in points],
            name=group or "all cohorts",
            mode="lines+markers",
            meta={"links": [found.behind("persons_of", after=p.after, over=p.after, group=group) for p in points]},
            customdata=[f"{point.returned:,} of {point.persons:,} persons" for point in points],
            hovertemplate="+%{x}: %{y:.1%}, %{customdata}<extra></extra>",
        )
    figure.update_yaxes(tickformat=".0%", rangemode="tozero")
    longest = max(len(points) for _, points in named)
    figure.update_xaxes(range=[0, longest + 0.5], dtick=max(1, longest // _TICKS))
    figure.update_layout(showlegend=bool(result.groups))
    unit = "windows" if result.mode == "rolling" else f"{result.period}s"
    return layout(figure, "Retention", x=f"{unit} after the first", y="came back")


VIEWS = (View("/retention", "Retention", retention, group="Journeys"),)
