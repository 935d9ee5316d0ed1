"""Guided start: a key and the lines to paste, the first event as it arrives, an import, a catalogue of signals."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse

from sojourn.api import imports
from sojourn.api.roles import allows
from sojourn.api.source_keys import collector_address
from sojourn.api.start import beginning, choose_catalogue, newest_of
from sojourn.console.page import View, render
from sojourn.console.views.data import size

if TYPE_CHECKING:
    from starlette.responses import Response

    from sojourn.console.asked import Asked

_SEE_OTHER = 303


async def start(asked: Asked) -> Response:
    """Three ways to begin; Home shows it while the folder is empty."""
    folder = asked.backing.history.folder
    found = await run_in_threadpool(beginning, folder)
    address, runs = collector_address(folder)
    return render(
        asked,
        "start.html",
        title="Start",
        found=found,
        collector=address,
        runs=runs,
        most=size(imports.MOST_BYTES),
        most_bytes=imports.MOST_BYTES,
        admin=allows(asked.user.role, "admin"),
        marketer=allows(asked.user.role, "marketer"),
    )


async def waiting(asked: Asked) -> Response:
    """Whether the first event of a source has arrived, and which."""
    folder, source = asked.backing.history.folder, asked.field("source")
    found = await run_in_threadpool(newest_of, folder, source)
    return render(asked, "start_waiting.html", title="The first event", source=source, event=found)


async def choose(asked: Asked) -> Response:
    """Put a catalogue of signals into the folder."""
    branch = str((await asked.request.form()).get("catalogue", ""))
    await run_in_threadpool(choose_catalogue, asked.backing.history.folder, branch, who=asked.user.name)
    return RedirectResponse("/start#catalogue", _SEE_OTHER)


VIEWS = (
    View("/start", "Start", start, filtered=False),
    View("/start/waiting", "The first event", waiting, filtered=False),
    View("/start/catalogue", "Start", choose, role="marketer", methods=("POST",), filtered=False),
)
