"""Data: whether everything runs, how far behind it is, what takes the disk, and what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse

from sojourn.api.folder_health import health, release_sends
from sojourn.api.rejected_events import rejected_events
from sojourn.api.roles import allows
from sojourn.console.guard import SEE_OTHER
from sojourn.console.page import View, render
from sojourn.records.errors import BadOption

if TYPE_CHECKING:
    from starlette.responses import Response

    from sojourn.console.asked import Asked


async def data(asked: Asked) -> Response:
    """The state of the data folder."""
    folder = asked.backing.history.folder
    found = await run_in_threadpool(health, folder)
    rejected = await run_in_threadpool(rejected_events, folder)
    total = sum(part.bytes for part in found.parts)
    may = allows(asked.user.role, "admin")
    return render(asked, "data.html", title="Data", found=found, rejected=rejected, total=total, size=size, may=may)


async def release(asked: Asked) -> Response:
    """Let the sends of a restored folder go on."""
    what = (await asked.request.form()).get("what")
    if what not in {"send", "drop"}:
        raise BadOption("expected what to be send or drop")
    folder = asked.backing.history.folder
    await run_in_threadpool(release_sends, folder, "send" if what == "send" else "drop", who=asked.user.name)
    return RedirectResponse("/data", SEE_OTHER)


def size(n: int) -> str:
    """Bytes in words: 1.2 MB."""
    value, unit = float(n), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if value < 1_000:  # noqa: PLR2004  (a thousand is the next unit)
            break
        value, unit = value / 1_000, larger
    return f"{value:,.0f} {unit}" if unit == "B" or value >= 100 else f"{value:,.1f} {unit}"  # noqa: PLR2004  (three digits)


VIEWS = (
    View("/data", "Data", data, group="Setup", filtered=False),
    View("/data/release", "Data", release, role="admin", methods=("POST",), filtered=False),
)
