"""Rejected events: why, as they came, and sending them again."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse

from sojourn.api.rejected_events import discard, rejected_event, rejected_events, replay, replay_all
from sojourn.api.roles import allows
from sojourn.console.page import View, render
from sojourn.records.errors import BadOption

if TYPE_CHECKING:
    from starlette.responses import Response

    from sojourn.console.asked import Asked

_SEE_OTHER, _BAD = 303, 400


async def data_rejected(asked: Asked) -> Response:
    """A page of the quarantine, by reason and source."""
    page = asked.field("page", "1")
    found = await run_in_threadpool(
        rejected_events,
        asked.backing.history.folder,
        reason=asked.field("reason") or None,
        source=asked.field("source") or None,
        page=int(page) if page.isdecimal() else 1,
    )
    return render(
        asked,
        "data_rejected.html",
        title="Rejected events",
        found=found,
        reason=asked.field("reason"),
        source=asked.field("source"),
        told=asked.field("told"),
        may=allows(asked.user.role, "marketer"),
    )


async def one(asked: Asked) -> Response:
    """One row as it came, with what to do."""
    row = await run_in_threadpool(rejected_event, asked.backing.history.folder, asked.request.path_params["row"])
    may = allows(asked.user.role, "marketer")
    return render(asked, "data_rejected_one.html", title="Rejected event", row=row, text=row.raw, still=None, may=may)


async def change_one(asked: Asked) -> Response:
    """Send it again, changed or not, or throw it away."""
    folder, key = asked.backing.history.folder, asked.request.path_params["row"]
    form = await asked.request.form()
    if form.get("do") == "throw":
        await run_in_threadpool(discard, folder, row=key, who=asked.user.name)
        return _back("The row was thrown away.")
    row = await run_in_threadpool(rejected_event, folder, key)
    text = str(form.get("text", ""))
    still = await run_in_threadpool(replay, folder, key, text, who=asked.user.name)
    if still is None:
        return _back("It was accepted; questions and profiles have it within a second.")
    return render(
        asked, "data_rejected_one.html", title="Rejected event", status=_BAD, row=row, text=text, still=still, may=True
    )


async def change_all(asked: Asked) -> Response:
    """Send all of a reason again, or throw them away."""
    folder = asked.backing.history.folder
    form = await asked.request.form()
    reason, source = str(form.get("reason", "")), str(form.get("source", "")) or None
    if not reason:
        raise BadOption("choose a reason first: only rows of one reason are changed at a time")
    if form.get("do") == "throw":
        n = await run_in_threadpool(discard, folder, reason=reason, source=source, who=asked.user.name)
        return _back(f"{n:,} {'row was' if n == 1 else 'rows were'} thrown away.")
    kept, still = await run_in_threadpool(replay_all, folder, reason=reason, source=source, who=asked.user.name)
    return _back(f"{kept:,} were accepted, {still:,} are still rejected.")


def _back(told: str) -> Response:
    return RedirectResponse(f"/data/rejected?{urlencode({'told': told})}", _SEE_OTHER)


VIEWS = (
    View("/data/rejected", "Rejected events", data_rejected, filtered=False),
    View("/data/rejected/all", "Rejected events", change_all, role="marketer", methods=("POST",), filtered=False),
    View("/data/rejected/{row}", "Rejected event", one, filtered=False),
    View("/data/rejected/{row}", "Rejected event", change_one, role="marketer", methods=("POST",), filtered=False),
)
