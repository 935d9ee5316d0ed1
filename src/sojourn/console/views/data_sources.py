"""Sources and their keys: what sends events, new keys with the lines to copy, and keys that end."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse

from sojourn.api.roles import ROLES, allows
from sojourn.api.sdk_lines import lines_for
from sojourn.api.source_keys import collector_address, end_key, make_key, sources
from sojourn.console.page import View, render
from sojourn.records.errors import BadOption

if TYPE_CHECKING:
    from starlette.responses import Response

    from sojourn.console.asked import Asked
    from sojourn.records.event import SourceKind

_SEE_OTHER = 303


async def data_sources(asked: Asked) -> Response:
    """Every source with its keys."""
    folder = asked.backing.history.folder
    found = await run_in_threadpool(sources, folder)
    address, runs = collector_address(folder)
    return render(
        asked,
        "data_sources.html",
        title="Sources and keys",
        found=found,
        roles=ROLES,
        collector=address,
        runs=runs,
        may=allows(asked.user.role, "admin"),
        when=when,
        wanted=asked.field("name"),
    )


async def make(asked: Asked) -> Response:
    """Make a key and show it, this once."""
    form = await asked.request.form()
    said = {name: str(form.get(name, "")).strip() for name in ("name", "kind", "consent", "role")}
    folder = asked.backing.history.folder
    key = await run_in_threadpool(
        make_key,
        folder,
        said["name"],
        kind=said["kind"],
        consent=said["consent"] or None,
        role=said["role"] or None,
        who=asked.user.name,
    )
    address, runs = collector_address(folder)
    kind: SourceKind = "browser" if said["kind"] == "browser" else "server"
    return render(
        asked,
        "data_key.html",
        title=f"Key of {said['name']}",
        key=key,
        name=said["name"],
        kind=kind,
        lines=lines_for(key, kind, address),
        collector=address,
        runs=runs,
    )


async def end(asked: Asked) -> Response:
    """End a key."""
    number = str((await asked.request.form()).get("number", ""))
    if not number.isdecimal():
        raise BadOption("expected the number of a key")
    await run_in_threadpool(end_key, asked.backing.history.folder, int(number), who=asked.user.name)
    return RedirectResponse("/data/sources", _SEE_OTHER)


def when(micros: int | None) -> str:
    """A time in microseconds as it is shown, UTC to the second."""
    if micros is None:
        return "–"
    return dt.datetime.fromtimestamp(micros / 1e6, dt.UTC).strftime("%Y-%m-%d %H:%M:%S")


VIEWS = (
    View("/data/sources", "Sources and keys", data_sources, filtered=False),
    View("/data/sources/make", "Sources and keys", make, role="admin", methods=("POST",), filtered=False),
    View("/data/sources/end", "Sources and keys", end, role="admin", methods=("POST",), filtered=False),
)
