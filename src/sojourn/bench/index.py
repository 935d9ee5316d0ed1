"""`sojourn bench index`: how much memory, time and disk the index of a large log takes.

In: a number of events. Out: figures of writing, importing and indexing a simulated log, each in a process of its own.
Two figures of memory: the most a process held at any time as the kernel kept count (VmHWM), and the largest sample of what
of it was its own (RssAnon: neither mapped files nor shared libraries, which the kernel can take back without a word).
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from sojourn.analyse.results import plain
from sojourn.store.folder import TemporaryFolder

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import RenderableType

BUDGET_MB = 2048.0
"""The index of 100 M events is built within this."""
_WORKER = "sojourn.bench.one_index"
_EVERY_S = 0.02


@dataclass(frozen=True, slots=True)
class IndexBench:
    """An index of one size.

    Attributes:
        events: Events in the log.
        persons: Persons in it.
        log_bytes_an_event: Size of the Parquet file it came as, bytes an event.
        table_bytes_an_event: The events table, the same.
        index_bytes_an_event: The index without columns that a question asks for, the same.
        import_s: Importing the log, first index included, seconds.
        import_peak_mb: Most memory the import held, megabytes (VmHWM).
        import_anonymous_mb: Largest sample of what of it was its own; nan where the system does not tell.
        index_s: Building the index anew, median of the rounds, seconds.
        index_events_s: Events a second of that.
        index_peak_mb: Most memory it held in any round, megabytes (VmHWM).
        index_anonymous_mb: Largest sample of what of it was its own; nan where the system does not tell.
        budget_mb: What `index_peak_mb` may be at 100 M events.
    """

    events: int
    persons: int
    log_bytes_an_event: float
    table_bytes_an_event: float
    index_bytes_an_event: float
    import_s: float
    import_peak_mb: float
    import_anonymous_mb: float
    index_s: float
    index_events_s: float
    index_peak_mb: float
    index_anonymous_mb: float
    budget_mb: float

    def to_dict(self) -> dict[str, Any]:
        """The same as plain dictionaries and lists."""
        return {name: plain(getattr(self, name)) for name in self.__slots__}

    def __rich__(self) -> RenderableType:
        """A table of the steps."""
        from sojourn.analyse.show.style import table  # noqa: PLC0415  (only for the terminal)

        caption = f"{self.events:,} simulated events of {self.persons:,} persons; the index may take {self.budget_mb:,.0f} MB."
        columns = ("time", "memory", "of it own", "on disk, an event")
        made = table("Index", [("step", "left"), *((name, "right") for name in columns)], caption=caption)
        made.add_row(
            "import",
            f"{self.import_s:,.1f} s",
            f"{self.import_peak_mb:,.0f} MB",
            f"{self.import_anonymous_mb:,.0f} MB",
            f"{self.table_bytes_an_event:.1f} bytes",
        )
        made.add_row(
            "index",
            f"{self.index_s:,.1f} s",
            f"{self.index_peak_mb:,.0f} MB",
            f"{self.index_anonymous_mb:,.0f} MB",
            f"{self.index_bytes_an_event:.1f} bytes",
        )
        return made


@dataclass(frozen=True, slots=True)
class _Step:
    """What a process did."""

    rows: int
    persons: int
    seconds: float
    peak_mb: float
    anonymous_mb: float


def bench_index(events: int, *, rounds: int = 3, say: Callable[[str], None]) -> IndexBench:
    """Measure one size.

    Args:
        events: About how many events; 100 M take about 10 GB of disk for a while.
        rounds: How often the index is built, besides the first one of the import.
        say: Told what is being done.
    """
    place = TemporaryFolder()
    log, data = place.path / "log.parquet", place.path / "data"
    say(f"writing {events:,} simulated events")
    _step("write", log, events)
    size = log.stat().st_size
    say("importing")
    imported = _step("import", log, data)
    log.unlink()
    say("building the index")
    builds = [_step("index", data) for _ in range(rounds)]
    rows, seconds = builds[0].rows, statistics.median(build.seconds for build in builds)
    assert rows == imported.rows
    return IndexBench(
        events=rows,
        persons=imported.persons,
        log_bytes_an_event=size / rows,
        table_bytes_an_event=_bytes_in(data / "events") / rows,
        index_bytes_an_event=_bytes_in(data / "index") / rows,
        import_s=imported.seconds,
        import_peak_mb=imported.peak_mb,
        import_anonymous_mb=imported.anonymous_mb,
        index_s=seconds,
        index_events_s=rows / seconds,
        index_peak_mb=max(build.peak_mb for build in builds),
        index_anonymous_mb=max(build.anonymous_mb for build in builds),
        budget_mb=BUDGET_MB,
    )


def _step(what: str, *arguments: object) -> _Step:
    """Run one step, looking at its memory from outside."""
    command = [sys.executable, "-m", _WORKER, what, *(str(one) for one in arguments)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:  # noqa: S603  (our own module)
        most = np.float64("nan")
        status = Path(f"/proc/{process.pid}/status")
        while process.poll() is None:
            most = np.fmax(most, _anonymous_mb(status))
            time.sleep(_EVERY_S)
        assert process.stdout is not None
        out = process.stdout.read()
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    said = json.loads(out.splitlines()[-1])
    return _Step(said["rows"], said["persons"], said["seconds"], said["peak_mb"], float(most))


def _anonymous_mb(status: Path) -> float:
    """Memory of a process that no file stands behind, megabytes; nan where the system does not tell."""
    try:
        lines = status.read_text().splitlines()
    except OSError:
        return float("nan")
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("RssAnon")), float("nan"))


def _bytes_in(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
