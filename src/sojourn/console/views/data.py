"""Data: whether everything runs, how far behind it is, what takes the disk, and what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool

from sojourn.api.folder_health import health
from sojourn.api.rejected_events import rejected_events
from sojourn.console.page import View, render

if TYPE_CHECKING:
    from starlette.responses import Response

    from sojourn.console.asked import Asked


async def data(asked: Asked) -> Response:
    """The state of the data folder."""
    folder = asked.backing.history.folder
    found = await run_in_threadpool(health, folder)
    rejected = await run_in_threadpool(rejected_events, folder)
    total = sum(part.bytes for part in found.parts)
    return render(asked, "data.html", title="Data", found=found, rejected=rejected, total=total, size=size)


def size(n: int) -> str:
    """Bytes in words: 1.2 MB."""
    value, unit = float(n), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if value < 1_000:  # noqa: PLR2004  (a thousand is the next unit)
            break
        value, unit = value / 1_000, larger
    return f"{value:,.0f} {unit}" if unit == "B" or value >= 100 else f"{value:,.1f} {unit}"  # noqa: PLR2004  (three digits)


VIEWS = (View("/data", "Data", data, group="Setup", filtered=False),)
