"""`sojourn report`."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import Annotated, Literal

import typer

from sojourn.app import mapping_options as of
from sojourn.app.asking import Bots, From, Json, Scope, Until, Where, lines, progress_bar, show
from sojourn.records.errors import BadOption


def report(  # noqa: PLR0913  (one argument an option)
    files: of.Files = None,
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
    mapping: of.MappingFile = None,
    person: of.Person = None,
    actor: of.Actor = None,
    time: of.Time = None,
    event: of.Event = None,
    event_name: of.EventName = None,
    prop: of.Property = None,
    ignore: of.Ignore = None,
    order: of.OrderId = None,
    revenue: of.Revenue = None,
    currency: of.Currency = None,
    message_id: of.MessageId = None,
    received_at: of.ReceivedAt = None,
    user_agent: of.UserAgent = None,
    time_format: of.TimeFormat = None,
    file_format: of.FileFormat = None,
    encoding: of.Encoding = None,
    delimiter: of.Delimiter = None,
    no_header: of.NoHeader = False,
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
    given = {
        "person": person, "actor": actor, "time": time, "event": event, "event_value": event_name, "properties": prop,
        "ignore": ignore, "order": order, "revenue": revenue, "currency": currency, "message_id": message_id,
        "received_at": received_at, "user_agent": user_agent, "time_format": time_format, "time_zone": time_zone,
        "format": file_format, "encoding": encoding, "delimiter": delimiter, "header": False if no_header else None,
    }  # fmt: skip
    from sojourn.app.importing import import_files  # noqa: PLC0415  (heavy)
    from sojourn.app.reading import merged_mapping  # noqa: PLC0415  (heavy)
    from sojourn.app.report.report import report as tell  # noqa: PLC0415  (heavy)

    with contextlib.ExitStack() as stack:
        place = data or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sojourn-")))
        progress = stack.enter_context(progress_bar(quiet=json))
        imported = None
        if files:
            imported = import_files(
                files, place, merged_mapping(mapping, given),
                on_guess=lambda guesses: lines(list(guesses)), on_progress=progress,
            )  # fmt: skip
        scope = Scope(place, tuple(where or ()), start, until, time_zone or "UTC", bots)
        told = tell(
            scope.journeys(progress=progress),
            source=", ".join(file.name for file in files or ()) or place.name,
            imported=imported, goal=goal, steps=tuple(step or ()), within=within, unit=unit, touch=touch, page=page,
        )  # fmt: skip
        page_text = told.html() if html else ""
    show(told, as_json=json)
    if html:
        html.write_text(page_text, encoding="utf-8")
        lines([f"written to {html}"])
