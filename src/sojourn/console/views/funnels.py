"""Funnels: how many go from step to step, how long it takes, where they are lost, and what separates those from the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sojourn.analyse.steps import read_step, read_steps
from sojourn.console.answers import answered, values_of
from sojourn.console.known import known
from sojourn.console.page import View, address, render
from sojourn.records.errors import SojournError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.responses import Response

    from sojourn.console.answers import Answered
    from sojourn.console.asked import Asked

_EMPTY_FIELDS = 2


async def funnels(asked: Asked) -> Response:
    """The builder and its funnel."""
    names = await known(asked)
    chosen = asked.fields("steps")
    values = values_of(asked, "funnel", steps=names.way())
    found = await answered(asked, "funnel", values, title="Funnels")
    steps = list(values.get("steps", ()))
    return render(
        asked, "funnels.html", title="Funnels", found=found, known=names, steps=steps, example=not chosen,
        wrong=_wrong_steps(steps, names.events) if found.wrong else {}, blanks=range(_EMPTY_FIELDS),
        figure=await found.figure(_figure),
        why=[_why(found, place) for place in range(len(found.result.steps) if found.result else 0)],
    )  # fmt: skip


async def why(asked: Asked) -> Response:
    """What separates those who left before a step from those who reached it."""
    names = await known(asked)
    steps = asked.fields("steps") or names.way()
    values = values_of(asked, "compare", steps=steps, at=str(len(steps) - 1))
    found = await answered(asked, "compare", values, title="Why they leave")
    back = found.with_values("/funnels", at=None, most=None, kinds=None)
    example = not asked.fields("steps")
    return render(asked, "why.html", title="Why they leave", found=found, known=names, back=back, example=example)


def _why(found: Answered, place: int) -> str:
    """Address of the comparison at a step: the funnel's steps and window, which are the comparison's too."""
    options = {name: found.values[name] for name in ("steps", "within") if name in found.values}
    return address(found.asked, "/funnels/why", **options, at=place)


def _wrong_steps(steps: Sequence[str], events: Sequence[str]) -> dict[int, str]:
    """What is wrong with each step, by its place."""
    wrong = {}
    for place, text in enumerate(steps):
        try:
            # A step that says what must not happen is read with one before and one behind it.
            read_steps([events[0], text, events[0]], events) if text.lower().startswith(("not ", "!")) else read_step(
                text, events
            )
        except SojournError as error:
            wrong[place] = str(error)
    return wrong


def _figure(found: Answered) -> Any:  # noqa: ANN401  (a plotly figure)
    """The result's own figure, its bars leading to their persons."""
    if not found.result.steps[0].count:
        return None
    result = found.result
    figure = result.plot()
    if result.trend:
        labels = [period.group for period in result.trend]
        for number, line in enumerate(figure.data, start=1):
            line.meta = {"links": [found.behind(step=number, started=label) for label in labels]}
        return figure
    groups = [group.group for group in result.groups] or [None]
    # Beside the longest bar a narrow screen has no room for words.
    figure.update_xaxes(range=None)
    for bars, group in zip(figure.data, groups, strict=True):
        bars.textposition = "auto"
        bars.meta = {"links": [found.behind(step=place, group=group) for place in range(len(result.steps))]}
    return figure


VIEWS = (
    View("/funnels", "Funnels", funnels, group="Journeys"),
    View("/funnels/why", "Why they leave", why),
)
