"""`sojourn bench imports`: importing a log beside DuckDB reading, sorting and writing the same rows, in one run.

In: a number of events. Out: for Parquet, CSV and JSON lines the seconds and the peak memory of both, each in a process of
its own from its start to its end, taking turns. Ours ends durable, deduplicated and indexed; DuckDB's is a sorted Parquet file.
"""

from __future__ import annotations

import json
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from sojourn.analyse.results import plain
from sojourn.store.folder import TemporaryFolder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rich.console import RenderableType

LogFormat = Literal["parquet", "csv", "jsonl"]
BUDGETS: dict[LogFormat, float | None] = {"parquet": 3.0, "csv": 4.0, "jsonl": None}
"""At most so many times DuckDB's seconds, by format; none was set for JSON lines."""
_WORKER = "sojourn.bench.one_import"


@dataclass(frozen=True, slots=True)
class MeasuredImport:
    """One format.

    Attributes:
        format: `parquet`, `csv` or `jsonl`.
        file_mb: Size of the log, megabytes.
        ours_s: Our import, index included, median of the rounds, seconds.
        duckdb_s: DuckDB reading the file, sorting it by person and time and writing it as Parquet (zstd), the same.
        ratio: `ours_s / duckdb_s`.
        budget: The most `ratio` may be at 10 M events; None where none was set.
        ours_cpu_s: Seconds that cores worked for ours, all threads together.
        duckdb_cpu_s: The same of DuckDB's.
        ours_rows_s: Rows a second of ours.
        ours_peak_mb: Most memory our process held, megabytes.
        duckdb_peak_mb: Most memory DuckDB's process held.
    """

    format: LogFormat
    file_mb: float
    ours_s: float
    duckdb_s: float
    ratio: float
    budget: float | None
    ours_cpu_s: float
    duckdb_cpu_s: float
    ours_rows_s: float
    ours_peak_mb: float
    duckdb_peak_mb: float


@dataclass(frozen=True, slots=True)
class ImportsBench:
    """All formats of one run.

    Attributes:
        events: Rows of the log.
        rounds: Rounds timed.
        formats: One a format.
    """

    events: int
    rounds: int
    formats: tuple[MeasuredImport, ...]

    def to_dict(self) -> dict[str, Any]:
        """The same as plain dictionaries and lists."""
        return {name: plain(getattr(self, name)) for name in ("events", "rounds", "formats")}

    def __rich__(self) -> RenderableType:
        """A table of ratios."""
        from sojourn.analyse.show.style import table  # noqa: PLC0415  (only for the terminal)

        caption = f"{self.events:,} simulated events; whole processes, median of {self.rounds}, the two taking turns."
        columns = (
            "file",
            "ours",
            "DuckDB",
            "ours / DuckDB",
            "budget",
            "cores' time",
            "rows/s",
            "our memory",
            "DuckDB's",
        )
        made = table("Imports", [("format", "left"), *((name, "right") for name in columns)], caption=caption)
        for one in self.formats:
            made.add_row(
                one.format,
                f"{one.file_mb:,.0f} MB",
                f"{one.ours_s:.1f} s",
                f"{one.duckdb_s:.1f} s",
                f"{one.ratio:.2f}",
                "" if one.budget is None else f"{one.budget:g}",
                f"{one.ours_cpu_s:.1f} : {one.duckdb_cpu_s:.1f} s",
                f"{one.ours_rows_s:,.0f}",
                f"{one.ours_peak_mb:,.0f} MB",
                f"{one.duckdb_peak_mb:,.0f} MB",
            )
        return made


@dataclass(frozen=True, slots=True)
class _Run:
    seconds: float
    cpu_s: float
    rows: int
    peak_mb: float


def bench_imports(events: int, *, rounds: int = 3, say: Callable[[str], None]) -> ImportsBench:
    """Measure the import of one log in three formats.

    Args:
        events: About how many events.
        rounds: Rounds to time; ours and DuckDB's take turns in each.
        say: Told what is being done.
    """
    place = TemporaryFolder()
    say(f"writing {events:,} simulated events as Parquet, CSV and JSON lines")
    logs: dict[LogFormat, Path] = {name: place.path / f"log.{name}" for name in BUDGETS}
    written = _run("write", place.path, str(events)).rows
    measured = []
    for name, log in logs.items():
        say(f"importing {name}")
        measured.append(_measure(name, log, place.path, written, rounds))
    return ImportsBench(written, rounds, tuple(measured))


def _measure(name: LogFormat, log: Path, place: Path, rows: int, rounds: int) -> MeasuredImport:
    taken: dict[str, list[_Run]] = {"ours": [], "duckdb": []}
    for _ in range(rounds):
        for who, runs in taken.items():
            target = place / who
            runs.append(_run(who, log, str(target)))
            if runs[-1].rows != rows:
                message = f"{who} took {runs[-1].rows:,} rows of {log.name}, which has {rows:,}"
                raise AssertionError(message)
            _remove(target)
    ours, duckdb = (statistics.median(run.seconds for run in runs) for runs in taken.values())
    ours_peak, duckdb_peak = (max(run.peak_mb for run in runs) for runs in taken.values())
    ours_cpu, duckdb_cpu = (statistics.median(run.cpu_s for run in runs) for runs in taken.values())
    return MeasuredImport(
        format=name,
        file_mb=log.stat().st_size / 1e6,
        ours_s=ours,
        duckdb_s=duckdb,
        ratio=ours / duckdb,
        budget=BUDGETS[name],
        ours_cpu_s=ours_cpu,
        duckdb_cpu_s=duckdb_cpu,
        ours_rows_s=rows / ours,
        ours_peak_mb=ours_peak,
        duckdb_peak_mb=duckdb_peak,
    )


def _run(what: str, *arguments: object) -> _Run:
    """One step in a process of its own, timed from before it starts to after its end."""
    command = [sys.executable, "-m", _WORKER, what, *(str(one) for one in arguments)]
    began = time.perf_counter()
    answer = subprocess.run(command, check=True, stdout=subprocess.PIPE)  # noqa: S603  (our own module)
    seconds = time.perf_counter() - began
    said = json.loads(answer.stdout.splitlines()[-1])
    return _Run(seconds, said["cpu_s"], said["rows"], said["peak_mb"])


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
