"""One step of `sojourn bench imports`, run as a process of its own so that its time and memory are its own.

In: `write FOLDER EVENTS`, `ours LOG DATA` or `duckdb LOG FILE` on the command line. Out: one JSON line with `rows`,
`cpu_s` and `peak_mb`.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

from sojourn.bench.peers import THREADS

_STATUS = Path("/proc/self/status")
_READERS = {".parquet": "read_parquet", ".csv": "read_csv", ".jsonl": "read_json"}


def write(folder: Path, events: int) -> int:
    """Write the simulated log as `log.parquet`, `log.csv` and `log.jsonl`; returns its rows."""
    import duckdb  # noqa: PLC0415  (only here)

    from sojourn.bench.log import write_log  # noqa: PLC0415  (only here)

    rows = write_log(folder / "log.parquet", events)
    connection = duckdb.connect(config={"threads": THREADS})
    source = f"from read_parquet('{_quoted(folder / 'log.parquet')}')"
    # The zone is said, as in the Parquet file.
    connection.execute("set timezone = 'UTC'")
    for name, kind in (("log.csv", "csv, header"), ("log.jsonl", "json")):
        connection.execute(f"copy (select * {source}) to '{_quoted(folder / name)}' (format {kind})")
    return rows


def ours(log: Path, data: Path) -> int:
    """What `sojourn import LOG --data DATA --person person --time time --event event` does; returns rows imported."""
    from sojourn.app.importing import import_files  # noqa: PLC0415  (only here)
    from sojourn.collect.imports.mapping import Mapping  # noqa: PLC0415  (only here)

    return import_files([log], data, Mapping(person="person", time="time", event="event")).imported


def duckdb_sorted(log: Path, file: Path) -> int:
    """Read, sort by person and time, write Parquet with zstd; returns rows written."""
    import duckdb  # noqa: PLC0415  (only here)

    connection = duckdb.connect(config={"threads": THREADS})
    source = f"{_READERS[log.suffix]}('{_quoted(log)}')"
    answer = connection.execute(
        f"copy (select * from {source} order by person, time) to '{_quoted(file)}' (format parquet, compression zstd)"  # noqa: S608  (our own paths)
    ).fetchone()
    assert answer is not None
    return int(answer[0])


def peak_mb() -> float:
    """Most memory this process held, megabytes; where the system tells it, without what it shared with its parent."""
    if _STATUS.exists():
        line = next(line for line in _STATUS.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (1 << 20)


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def main(arguments: list[str]) -> None:
    """Do the step that the arguments name."""
    what, first, second = arguments
    if what == "write":
        rows = write(Path(first), int(second))
    else:
        rows = {"ours": ours, "duckdb": duckdb_sorted}[what](Path(first), Path(second))
    sys.stdout.write(
        json.dumps({"rows": rows, "cpu_s": round(time.process_time(), 2), "peak_mb": round(peak_mb(), 1)}) + "\n"
    )


if __name__ == "__main__":
    main(sys.argv[1:])
