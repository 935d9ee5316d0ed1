"""`sojourn bench`."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from sojourn.app.asking import Json, compile_once, lines, show
from sojourn.records.errors import BadOption

_UNITS = {"k": 1_000, "M": 1_000_000}
_EVENTS = {"pages": "193k"}


def bench(
    what: Annotated[
        Literal["journeys", "imports", "index", "changes", "signals", "live", "intake", "up", "pages"],
        typer.Argument(help="What to measure."),
    ],
    events: Annotated[
        str | None,
        typer.Option(
            help="How many simulated events: 200k, 10M. If not given 1M, and of pages 193k, as many as the demo has."
        ),
    ] = None,
    rounds: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Rounds that are timed; the engines take turns. If not given 5 of the journeys, 20 of pages, 3 of the others; seeds of changes.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Measure beside other engines, in one run.

    `journeys`: each question beside the best SQL for it in ClickHouse (chDB) and DuckDB; answers are compared.
    `imports`: importing Parquet, CSV and JSON lines beside DuckDB reading, sorting and writing them; time and memory.
    `index`: the memory, time and disk that the index of a large log takes, beside its budget alone.
    `intake`: events a second that the collector makes durable, beside the same server storing nothing.
    `live`: how fast the worker takes the log, and how soon an accepted event is in its person's profile.
    `up`: how soon `sojourn up` does its work, and the memory of all its processes at rest.
    `pages`: how soon the console answers each of its pages, asked again and asked anew, each beside its budget alone.
    `changes`: how many changes of behaviour are found in simulated persons, how soon, and how many that are none.
    `signals`: the pass of twenty signals, every pattern among them, over history, on one core beside its budget.
    """
    from sojourn.bench.changes import bench_changes  # noqa: PLC0415  (heavy)
    from sojourn.bench.imports import bench_imports  # noqa: PLC0415  (heavy)
    from sojourn.bench.index import bench_index  # noqa: PLC0415  (heavy)
    from sojourn.bench.intake import bench_intake  # noqa: PLC0415  (heavy)
    from sojourn.bench.journeys import bench_journeys  # noqa: PLC0415  (heavy)
    from sojourn.bench.live import bench_live  # noqa: PLC0415  (heavy)
    from sojourn.bench.pages import bench_pages  # noqa: PLC0415  (heavy)
    from sojourn.bench.signals import bench_signals  # noqa: PLC0415  (heavy)
    from sojourn.bench.up import bench_up  # noqa: PLC0415  (heavy)

    compile_once()
    measure = {
        "journeys": bench_journeys, "imports": bench_imports, "index": bench_index, "changes": bench_changes,
        "signals": bench_signals, "live": bench_live, "intake": bench_intake, "up": bench_up, "pages": bench_pages,
    }[what]  # fmt: skip
    chosen = {} if rounds is None else {"rounds": rounds}
    show(measure(_count(events or _EVENTS.get(what, "1M")), say=lambda text: lines([text]), **chosen), as_json=json)


def _count(text: str) -> int:
    number, unit = (text[:-1], _UNITS[text[-1]]) if text[-1:] in _UNITS else (text, 1)
    try:
        count = int(float(number) * unit)
    except ValueError as error:
        message = f"expected a number of events such as 200k or 10M, got {text!r}"
        raise BadOption(message) from error
    if count < 1:
        message = f"expected a number of events above zero, got {text!r}"
        raise BadOption(message)
    return count
