"""One step of `sojourn bench index`, run as a process of its own so that its memory is its own.

In: `write LOG EVENTS`, `import LOG DATA` or `index DATA` on the command line. Out: one JSON line with `rows`, `persons`,
`seconds` (of the work alone) and `peak_mb`.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from sojourn.bench.one_import import peak_mb


def write(log: Path, events: int) -> tuple[int, int]:
    """Write the simulated log, a chunk at a time; returns its rows and 0."""
    from sojourn.bench.log import write_log  # noqa: PLC0415  (only here)

    return write_log(log, events), 0


def import_log(log: Path, data: Path) -> tuple[int, int]:
    """What `sojourn import LOG --data DATA --person person --time time --event event` does; returns rows and persons."""
    from sojourn.app.importing import import_files  # noqa: PLC0415  (only here)
    from sojourn.collect.imports.mapping import Mapping  # noqa: PLC0415  (only here)

    result = import_files([log], data, Mapping(person="person", time="time", event="event"))
    return result.imported, result.persons


def index(data: Path) -> tuple[int, int]:
    """Build the index of a data folder anew; returns its rows and persons."""
    from sojourn.store.folder import open_folder  # noqa: PLC0415  (only here)
    from sojourn.store.index_build import build_index  # noqa: PLC0415  (only here)

    folder = open_folder(data)
    with folder.writing():
        manifest = build_index(folder)
    return manifest.rows, manifest.persons


def main(arguments: list[str]) -> None:
    """Do the step that the arguments name."""
    what, first, *rest = arguments
    began = time.perf_counter()
    if what == "write":
        rows, persons = write(Path(first), int(rest[0]))
    else:
        rows, persons = import_log(Path(first), Path(rest[0])) if what == "import" else index(Path(first))
    found = {"rows": rows, "persons": persons, "seconds": time.perf_counter() - began, "peak_mb": peak_mb()}
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
