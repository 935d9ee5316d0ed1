"""`sojourn report`."""

from __future__ import annotations

import contextlib
import json as json_of
import tempfile
from pathlib import Path
from typing import Annotated, Literal

import typer

from sojourn.app import mapping_options as of
from sojourn.app.asking import Bots, From, Json, Scope, Until, Where, lines, progress_bar, show
from sojourn.records.errors import BadOption


@of.with_column_options
def report(  # noqa: PLR0913  (one argument an option)
    files: of.SomeFiles = None,
    data: Annotated[
        Path | None, typer.Option("--data", "-d", help="The data folder; default: a temporary one.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option(help="Also write the report as one HTML file that needs nothing else.")
    ] = None,
    goal: Annotated[str | None, typer.Option(help="Event or predicate that counts as success; default: found.")] = None,
    step: Annotated[
        list[str] | None, typer.Option("--step", "-s", help="A step of the funnel; default: found.")
    ] = None,
    within: Annotated[str | None, typer.Option(help="Longest time from first to last step, e.g. 7d.")] = None,
    unit: Annotated[
        Literal["persons", "sessions"] | None, typer.Option(help="What the funnel counts; default: found.")
    ] = None,
    touch: Annotated[str | None, typer.Option(help="Column that says where a visit came from; default: found.")] = None,
    page: Annotated[str | None, typer.Option(help="Column that says which page; default: found.")] = None,
    *,
    columns: of.Columns,
    where: Where = None,
    start: From = None,
    until: Until = None,
    time_zone: Annotated[
        str | None, typer.Option(help="Zone of times that name none, and where days begin; default UTC.")
    ] = None,
    bots: Bots = False,
    json: Json = False,
) -> None:
    """Import any log and tell its whole story: sessions, funnel and biggest leak, what separates leavers, paths, retention, channels.

    Goal, steps and columns are chosen from the log; the report says which and why. Importing a file again adds nothing.
    Without FILE it reports on what --data holds. Rows that cannot be read are counted, and do not make it fail.
    """
    if not files and data is None:
        message = "name a file to report on, or --data with a folder that was imported into"
        raise BadOption(message)
    from sojourn.app.importing import import_files  # noqa: PLC0415  (heavy)
    from sojourn.app.report.report import report as tell  # noqa: PLC0415  (heavy)

    with contextlib.ExitStack() as stack:
        place = data or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sojourn-")))
        progress = stack.enter_context(progress_bar(quiet=json))
        imported = None
        if files:
            imported = import_files(
                files, place, columns.mapping(time_zone=time_zone),
                on_guess=lambda guesses: lines(list(guesses)), on_progress=progress,
            )  # fmt: skip
        scope = Scope(place, tuple(where or ()), start, until, time_zone or "UTC", bots)
        told = tell(
            scope.journeys(progress=progress),
            source=", ".join(_called(file) for file in files or ()) or place.name,
            imported=imported, goal=goal, steps=tuple(step or ()), within=within, unit=unit, touch=touch, page=page,
        )  # fmt: skip
        page_text = told.html() if html else ""
    show(told, as_json=json)
    if html:
        html.write_text(page_text, encoding="utf-8")
        lines([f"written to {html}"])


def _called(file: Path) -> str:
    """What to call a log: its file's name; one that `sojourn simulate` wrote is called simulated."""
    truth = file.parent / "truth.json"
    if file.name == "events.jsonl.gz" and truth.is_file():
        with contextlib.suppress(OSError, ValueError, AttributeError):
            told = json_of.loads(truth.read_bytes())
            if told.get("simulated"):
                return f"a simulated {told.get('world', 'world')} ({file.name})"
    return file.name
