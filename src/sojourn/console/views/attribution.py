"""Attribution: which channels stand before the conversions, by all models side by side, and what they cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse

from sojourn.api.call import Call
from sojourn.api.objects.tables import TableText, listing, put
from sojourn.console.answers import answered, values_of
from sojourn.console.known import known
from sojourn.console.page import View, render
from sojourn.records.errors import BadField

if TYPE_CHECKING:
    from starlette.responses import Response

    from sojourn.api.call import Backing
    from sojourn.console.answers import Answered
    from sojourn.console.asked import Asked

_CHANNELS = 30
_COSTED = ("last", "linear", "position_u", "markov", "shapley")


async def attribution(asked: Asked) -> Response:
    """Models side by side, spend, paths, and what attribution does not show."""
    names = await known(asked)
    goal, touch = asked.field("goal") or names.goal(), asked.field("touch") or names.channel()
    values = values_of(asked, "attribution", goal=goal, touch=touch)
    found = await answered(asked, "attribution", values, title="Attribution")
    tables = await run_in_threadpool(listing, _call(asked))
    return render(
        asked, "attribution.html", title="Attribution", found=found, known=names, ready=bool(goal and touch),
        tables=[(table.name, table.name) for table in tables.tables], costs=_costs(found), most=_CHANNELS,
        example=not asked.field("goal"), figure=await found.figure(_figure),
    )  # fmt: skip


async def keep_spend(asked: Asked) -> Response:
    """Keep a table of what advertising cost, and ask with it."""
    form = await asked.request.form()
    name, text = (str(form.get(field) or "").strip() for field in ("name", "text"))
    try:
        kept = await run_in_threadpool(lambda: put(_call(asked), name=name or "spend.csv", body=TableText(text)))
    except BadField as error:
        return render(
            asked, "refused.html", title="Attribution", status=400, headline="The table was not kept.", error=error.says
        )
    return RedirectResponse(f"/attribution?spend={kept.name}", 303)


@dataclass(frozen=True, slots=True)
class _Folder:
    """What functions of tables ask a call's backing for."""

    folder: Any


def _call(asked: Asked) -> Call:
    return Call(cast("Backing", _Folder(asked.backing.history.folder)), asked.user.name)


def _costs(found: Answered) -> list[tuple[str, float, list[Any]]]:
    """Channel, its cost, and one record a model that is told beside it."""
    by_channel: dict[str, dict[str, Any]] = {}
    for cost in found.result.costs if found.result is not None else ():
        by_channel.setdefault(cost.channel, {})[cost.model] = cost
    shown = sorted(by_channel.items(), key=lambda item: -next(iter(item[1].values())).cost)
    return [
        (channel, next(iter(models.values())).cost, [models[model] for model in _COSTED if model in models])
        for channel, models in shown
    ]


def _figure(found: Answered) -> Any:  # noqa: ANN401  (a plotly figure)
    """The result's own figure; its marks lead to the persons with credit."""
    if not found.result.channels:
        return None
    figure = found.result.plot()
    for marks, (model, credits_) in zip(figure.data, found.result.models.items(), strict=True):
        marks.meta = {
            "links": [found.behind("persons", channel=c, model=model) for c in list(credits_)[: len(marks.x)]]
        }
    return figure


VIEWS = (
    View("/attribution", "Attribution", attribution, group="Journeys"),
    View("/attribution/spend", "Attribution", keep_spend, role="analyst", methods=("POST",), filtered=False),
)
