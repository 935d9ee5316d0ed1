"""Imports: bring a file, see what its columns mean and its rows become, import it in the background, follow and cancel it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse

from sojourn.api import imports
from sojourn.api.import_mapping import CHOICES, COLUMNS, Preview, kept_fields, recipe_names
from sojourn.api.roles import allows
from sojourn.console.page import View, render
from sojourn.console.upload import receive_upload
from sojourn.console.views.data import size
from sojourn.records.errors import BadOption

if TYPE_CHECKING:
    from starlette.responses import Response

    from sojourn.api.imports import ImportJob, ImportState, Upload
    from sojourn.console.asked import Asked

_SEE_OTHER, _BAD = 303, 400
_SHOWN = ("time", "event", "user_id", "anonymous_id", "revenue", "currency", "order_id", "type")


async def data_imports(asked: Asked) -> Response:
    """Files that were brought, imports that run, imports done."""
    folder = asked.backing.history.folder
    return render(
        asked,
        "data_imports.html",
        title="Imports",
        jobs=await run_in_threadpool(imports.listed, folder),
        done=(await run_in_threadpool(imports.done, folder))[:50],
        files=await run_in_threadpool(imports.waiting_files, folder) if allows(asked.user.role, "admin") else [],
        incoming=f"{folder.path}/{imports.INCOMING}",
        most=size(imports.MOST_BYTES),
        most_bytes=imports.MOST_BYTES,
        may=allows(asked.user.role, "marketer"),
        admin=allows(asked.user.role, "admin"),
        size=size,
    )


async def upload(asked: Asked) -> Response:
    """Take a file; its columns come next."""
    folder = asked.backing.history.folder

    def begin(name: str) -> Upload:
        return imports.Upload(folder, name, who=asked.user.name)

    received = await receive_upload(asked, begin)
    job = await run_in_threadpool(received.finish)
    return RedirectResponse(f"/data/imports/{job.id}", _SEE_OTHER)


async def take(asked: Asked) -> Response:
    """Take a file of the server's folder."""
    name = str((await asked.request.form()).get("file", ""))
    job = await run_in_threadpool(imports.take_waiting, asked.backing.history.folder, name, who=asked.user.name)
    return RedirectResponse(f"/data/imports/{job.id}", _SEE_OTHER)


async def one(asked: Asked) -> Response:
    """A file before its import, or how far the import is."""
    job, state = await _found(asked)
    again = state.status in ("failed", "cancelled") and asked.field("again") == "yes"
    if state.status != "draft" and not again:
        return render(
            asked,
            "data_import_state.html",
            title=f"Import of {job.name}",
            job=job,
            state=state,
            may=allows(asked.user.role, "marketer"),
        )
    said = _said(asked, job)
    try:
        found = await run_in_threadpool(imports.look_at, asked.backing.history.folder, job, said)
    except BadOption as error:
        found = Preview(job.name, 0, error=str(error))
    return render(
        asked,
        "data_import.html",
        title=f"Import {job.name}",
        status=200,
        job=job,
        found=found,
        said=said,
        fields=COLUMNS,
        choices=CHOICES,
        recipes=recipe_names(),
        names=_names_of(found.rows),
        size=size,
        again=again,
        opened=any(name not in {*(one for one, _, _ in COLUMNS), "recipe", "source"} for name in said),
        may=allows(asked.user.role, "marketer"),
    )


async def change(asked: Asked) -> Response:
    """Start, cancel, or throw away."""
    folder = asked.backing.history.folder
    job, _ = await _found(asked)
    form = await asked.request.form()
    do, who = form.get("do"), asked.user.name
    if do == "cancel":
        await run_in_threadpool(imports.cancel, folder, job, who=who)
    elif do == "throw":
        await run_in_threadpool(imports.throw_away, folder, job, who=who)
        return RedirectResponse("/data/imports", _SEE_OTHER)
    elif do == "start":
        runs = asked.backing.imports
        if runs is None:
            raise BadOption("this console imports nothing; use `sojourn import FILE`")
        said = {name: [str(one) for one in form.getlist(name)] for name in form}
        await run_in_threadpool(imports.start, folder, job, said, runs=runs, who=who)
    else:
        raise BadOption("expected do to be start, cancel or throw")
    return RedirectResponse(f"/data/imports/{job.id}", _SEE_OTHER)


async def _found(asked: Asked) -> tuple[ImportJob, ImportState]:
    return await run_in_threadpool(imports.find, asked.backing.history.folder, asked.request.path_params["job"])


def _said(asked: Asked, job: ImportJob) -> dict[str, list[str]]:
    """What the form says; before it was sent what the job was started with last."""
    query = asked.request.query_params
    if "again" in query and len(query) == 1:
        return {name: list(texts) for name, texts in job.asked.items()}
    return kept_fields({name: query.getlist(name) for name in query})


def _names_of(rows: tuple[dict[str, str], ...]) -> list[str]:
    """Columns of the rows to show: the usual ones first, then properties as they come."""
    there = dict.fromkeys(name for row in rows for name in row)
    return [*(name for name in _SHOWN if name in there), *(name for name in there if name not in _SHOWN)]


VIEWS = (
    View("/data/imports", "Imports", data_imports, filtered=False),
    View("/data/imports/upload", "Imports", upload, role="marketer", methods=("POST",), filtered=False, streams=True),
    View("/data/imports/take", "Imports", take, role="admin", methods=("POST",), filtered=False),
    View("/data/imports/{job}", "Import", one, filtered=False),
    View("/data/imports/{job}", "Import", change, role="marketer", methods=("POST",), filtered=False),
)
