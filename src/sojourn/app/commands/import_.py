"""`sojourn import`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sojourn.app.asking import DEFAULT_DATA, Data, Json, compile_once, lines, progress_bar, say, show
from sojourn.records.errors import BadOption

SOME_REJECTED = 3
"""Exit code when the import is done and some rows are in quarantine."""


def import_(  # noqa: PLR0913  (one argument an option)
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="CSV, Parquet, JSONL, access logs; gz and zst too.")
    ],
    data: Data = DEFAULT_DATA,
    mapping: Annotated[
        str | None, typer.Option(help="A mapping file, or a built-in recipe: ga4, matomo, posthog, ...")
    ] = None,
    person: Annotated[str | None, typer.Option(help="Column of the known person's id (userId).")] = None,
    actor: Annotated[str | None, typer.Option(help="Column of the browser's or device's id (anonymousId).")] = None,
    time: Annotated[str | None, typer.Option(help="Column that says when.")] = None,
    event: Annotated[str | None, typer.Option(help="Column that says what happened.")] = None,
    event_name: Annotated[str | None, typer.Option(help="Name of every event, when no column says it.")] = None,
    prop: Annotated[
        list[str] | None, typer.Option("--property", help="Keep this column as a property; default: all others.")
    ] = None,
    ignore: Annotated[list[str] | None, typer.Option(help="Leave this column out.")] = None,
    order: Annotated[str | None, typer.Option(help="Column of the order's id.")] = None,
    revenue: Annotated[str | None, typer.Option(help="Column of the revenue.")] = None,
    currency: Annotated[str | None, typer.Option(help="Column of its currency.")] = None,
    message_id: Annotated[str | None, typer.Option(help="Column of the event's own id.")] = None,
    received_at: Annotated[str | None, typer.Option(help="Column that says when it was received.")] = None,
    user_agent: Annotated[
        str | None, typer.Option(help="Column of the browser's user agent, for marking bots.")
    ] = None,
    time_format: Annotated[
        str | None, typer.Option(help="strptime pattern, unix_s, unix_ms, day_first, month_first, ...")
    ] = None,
    time_zone: Annotated[str | None, typer.Option(help="Zone of times that name none; default UTC.")] = None,
    file_format: Annotated[str | None, typer.Option("--format", help="csv, jsonl, parquet or access_log.")] = None,
    encoding: Annotated[str | None, typer.Option(help="Encoding of a text file; default utf-8.")] = None,
    delimiter: Annotated[str | None, typer.Option(help="Character between fields of a CSV file.")] = None,
    no_header: Annotated[
        bool, typer.Option("--no-header", help="The first row of a CSV file is data already.")
    ] = False,
    source: Annotated[
        str, typer.Option(help="Name the events are kept under; message ids are unique within it.")
    ] = "import",
    drop_duplicates: Annotated[
        bool, typer.Option("--drop-duplicates", help="Skip rows equal to an earlier row of the file.")
    ] = False,
    json: Json = False,
) -> None:
    """Import event logs into a data folder, exactly once: importing a file again adds only its new rows.

    The last line says what became of every row. Exit code 3 means done, with rows in quarantine.
    """
    from sojourn.app.importing import check_readable, import_files  # noqa: PLC0415  (heavy)
    from sojourn.app.reading import merged_mapping  # noqa: PLC0415  (heavy)
    from sojourn.records.periods import zone  # noqa: PLC0415  (only here)

    for file in files:
        check_readable(file)
    if time_zone is not None:
        zone(time_zone)
    if file_format not in (None, "csv", "jsonl", "parquet", "access_log"):
        message = f"expected --format to be csv, jsonl, parquet or access_log, got {file_format!r}"
        raise BadOption(message)
    given = {
        "person": person, "actor": actor, "time": time, "event": event, "event_value": event_name, "properties": prop,
        "ignore": ignore, "order": order, "revenue": revenue, "currency": currency, "message_id": message_id,
        "received_at": received_at, "user_agent": user_agent, "time_format": time_format, "time_zone": time_zone,
        "format": file_format, "encoding": encoding, "delimiter": delimiter, "header": False if no_header else None,
    }  # fmt: skip
    compile_once()
    with progress_bar(quiet=json) as progress:
        result = import_files(
            files,
            data,
            merged_mapping(mapping, given),
            source=source,
            drop_duplicates=drop_duplicates,
            on_guess=lambda guesses: lines(list(guesses)),
            on_progress=progress,
        )
    if result.rejected:
        rows = "1 row is" if result.rejected == 1 else f"{result.rejected:,} rows are"
        lines([f"{rows} in quarantine; see `sojourn events --rejected --data {data}`"])
    if json:
        show(result, as_json=True)
    else:
        say(result.sentence())
    if result.rejected:
        raise typer.Exit(SOME_REJECTED)
