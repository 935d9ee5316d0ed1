"""Options that say what the columns of a file mean, for every command that imports.

In: nothing. Out: annotations for typer, one a field of `collect.imports.mapping.Mapping`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Files = Annotated[
    list[Path] | None, typer.Argument(metavar="FILE...", help="CSV, Parquet, JSONL, access logs; gz and zst too.")
]
MappingFile = Annotated[
    str | None, typer.Option("--mapping", help="A mapping file, or a built-in recipe: ga4, matomo, posthog, ...")
]
Person = Annotated[str | None, typer.Option("--person", help="Column of the known person's id (userId).")]
Actor = Annotated[str | None, typer.Option("--actor", help="Column of the browser's or device's id (anonymousId).")]
Time = Annotated[str | None, typer.Option("--time", help="Column that says when.")]
Event = Annotated[str | None, typer.Option("--event", help="Column that says what happened.")]
EventName = Annotated[str | None, typer.Option("--event-name", help="Name of every event, when no column says it.")]
Property = Annotated[
    list[str] | None, typer.Option("--property", help="Keep this column as a property; default: all others.")
]
Ignore = Annotated[list[str] | None, typer.Option("--ignore", help="Leave this column out.")]
OrderId = Annotated[str | None, typer.Option("--order", help="Column of the order's id.")]
Revenue = Annotated[str | None, typer.Option("--revenue", help="Column of the revenue.")]
Currency = Annotated[str | None, typer.Option("--currency", help="Column of its currency.")]
MessageId = Annotated[str | None, typer.Option("--message-id", help="Column of the event's own id.")]
ReceivedAt = Annotated[str | None, typer.Option("--received-at", help="Column that says when it was received.")]
UserAgent = Annotated[
    str | None, typer.Option("--user-agent", help="Column of the browser's user agent, for marking bots.")
]
TimeFormat = Annotated[
    str | None, typer.Option("--time-format", help="strptime pattern, unix_s, unix_ms, day_first, month_first, ...")
]
FileFormat = Annotated[str | None, typer.Option("--format", help="csv, jsonl, parquet or access_log.")]
Encoding = Annotated[str | None, typer.Option("--encoding", help="Encoding of a text file; default utf-8.")]
Delimiter = Annotated[str | None, typer.Option("--delimiter", help="Character between fields of a CSV file.")]
NoHeader = Annotated[bool, typer.Option("--no-header", help="The first row of a CSV file is data already.")]
