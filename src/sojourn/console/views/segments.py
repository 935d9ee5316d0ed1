"""Segments: who is in each, a predicate tried before it is kept, and how segments overlap."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse

from sojourn.api.roles import allows
from sojourn.api.signals_file import change_segment, drop_segment, segments_in_force
from sojourn.console.answers import answered, values_of
from sojourn.console.page import View, address, render
from sojourn.records.errors import BadCatalogue

if TYPE_CHECKING:
    from starlette.responses import Response

    from sojourn.console.asked import Asked

_DONE = {
    "saved": "Saved. Whoever fits is in the segment now; a running worker follows within a second.",
    "dropped": "The segment is taken out of the catalogue; the version before is kept under Signals and scores.",
}
_PAIRS = 30


async def segments(asked: Asked) -> Response:
    """Every segment with its persons, the editor with its live count, overlaps."""
    return await _page(asked, written={}, wrong="")


async def change_segments(asked: Asked) -> Response:
    """Keep a segment, or take one out."""
    form = await asked.request.form()
    written = {name: str(form.get(name, "")).strip() for name in ("name", "says", "predicate", "edit")}
    history, who = asked.backing.history, asked.user.name
    try:
        if form.get("action") == "drop":
            await run_in_threadpool(drop_segment, history, written["edit"], who=who)
            done = "dropped"
        else:
            given = {"name": written["name"], "says": written["says"], "where": written["predicate"]}
            await run_in_threadpool(change_segment, history, given, who=who, instead_of=written["edit"] or None)
            done = "saved"
    except (BadCatalogue, msgspec.ValidationError) as error:
        return await _page(asked, written=written, wrong=str(error))
    history.expire()
    return RedirectResponse(address(asked, "/segments", done=done), 303)


async def _page(asked: Asked, *, written: dict[str, str], wrong: str) -> Response:
    """The page; `written` is what a form held that could not be kept."""
    known = await run_in_threadpool(segments_in_force, asked.backing.history)
    edit = written.get("edit", asked.field("edit"))
    chosen = next((one for one in known if one.name == edit), None)
    where = written.get("predicate") or asked.field("predicate") or (chosen.where if chosen is not None else "")
    given: dict[str, Any] = {"predicate": [where]} if where else {}
    counted = await answered(asked, "segments", values_of(asked, "segments"), title="Segments")
    tried = await answered(asked, "segment_overlap", given, title="Segments")
    if where and tried.result is None and not wrong:
        wrong = "; ".join(tried.wrong.values())
        tried = await answered(asked, "segment_overlap", {}, title="Segments")
    if counted.result is None:
        return render(asked, "segments_none.html", title="Segments", why="; ".join(counted.wrong.values()))
    return render(
        asked,
        "segments.html",
        title="Segments",
        status=400 if wrong and asked.request.method == "POST" else 200,
        counted=counted,
        tried=tried,
        pairs=_PAIRS,
        known=known,
        edit=chosen.name if chosen is not None else "",
        form={
            "name": written.get("name") or asked.field("name") or (chosen.name if chosen is not None else ""),
            "says": written.get("says") or asked.field("says") or (chosen.says if chosen is not None else ""),
            "where": where,
        },
        wrong=wrong,
        done=_DONE.get(asked.field("done")),
        may_change=allows(asked.user.role, "marketer"),
    )


VIEWS = (
    View("/segments", "Segments", segments, group="People"),
    View("/segments", "Segments", change_segments, role="marketer", methods=("POST",)),
)
