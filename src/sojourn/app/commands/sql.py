"""`sojourn sql`."""

from __future__ import annotations

from typing import Annotated

import typer

from sojourn.app.asking import DEFAULT_DATA, Data, Json, show


def sql(
    query: Annotated[
        str,
        typer.Argument(
            help='One SELECT over `events` and `persons`, e.g. "select event, count(*) from events group by 1".'
        ),
    ],
    data: Data = DEFAULT_DATA,
    most: Annotated[int, typer.Option(min=1, help="At most this many rows.")] = 1000,
    timeout_s: Annotated[float, typer.Option(min=0.1, help="End the query after this many seconds.")] = 60,
    memory_mb: Annotated[int, typer.Option(min=64, help="End the query beyond this much memory.")] = 2048,
    json: Json = False,
) -> None:
    """Ask your own SQL (DuckDB): read-only, without access to files or network, bounded in time and memory."""
    from sojourn.analyse.sql import SqlAnswer  # noqa: PLC0415  (heavy)
    from sojourn.store.folder import open_folder  # noqa: PLC0415  (heavy)
    from sojourn.store.query import run_query  # noqa: PLC0415  (heavy)

    table, more = run_query(open_folder(data), query, most=most, timeout_s=timeout_s, memory_mb=memory_mb)
    show(SqlAnswer(table, more), as_json=json)
