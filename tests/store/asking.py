"""A second process that asks a data folder again and again, while a test writes to it.

Run as `python -m tests.store.asking FOLDER`: it prints one JSON line a round until its input ends.
"""

from __future__ import annotations

import json
import select
import sys
import time
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from sojourn.store.columns import NumberColumn
from sojourn.store.events import EventsTable
from sojourn.store.folder import open_folder
from sojourn.store.index import Index, open_index
from sojourn.store.quarantine import count_rejected, rejected_rows
from sojourn.store.query import QueryRequest
from sojourn.store.query_process import answer


def numbers(index: Index) -> list[int]:
    """The property `n` of all events, sorted; an event that was erased meanwhile has none any more."""
    parts = [column.values for column in index.column("n") if isinstance(column, NumberColumn)]
    found = np.sort(np.concatenate(parts))
    return [int(n) for n in found[~np.isnan(found)]]


def say(**line: Any) -> None:
    """One JSON line on stdout."""
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


def shown(found: list[int]) -> list[int]:
    """How many numbers, and the first and last: with each number once that says which."""
    assert found == list(range(found[0], found[0] + len(found))), "a number is missing, or there twice"
    return [len(found), found[0], found[-1]]


def main() -> None:
    """Open the index anew each round; and ask one that was opened at the beginning for columns it has not read yet."""
    folder = open_folder(Path(sys.argv[1]))
    first = open_index(folder)
    say(ready=first.manifest.rows)
    rounds = 0
    while not select.select([sys.stdin], [], [], 0)[0]:
        version = EventsTable(folder.events).read()
        began = time.monotonic()
        rejected = sum(count_rejected(folder).values())
        rows = len(rejected_rows(folder, most=20))
        waited = time.monotonic() - began
        index = shown(numbers(open_index(folder)))
        say(index=index, sql=_by_sql(folder.events, version.number), rejected=rejected, rows=rows, waited=waited)
        rounds += 1
    say(held=shown(numbers(first)), rounds=rounds)


def _by_sql(events: Path, number: int) -> int:
    """Events that a query counts; asked again as `run_query` does when its files have gone."""
    for _ in range(3):
        try:
            request = QueryRequest(str(events.parent), number, -1, "select count(*) c from events", 1, 256, 1)
            return int(answer(request)["c"][0].as_py())
        except (OSError, duckdb.Error) as error:
            if not isinstance(error, FileNotFoundError) and "No such file" not in str(error):
                raise
            number = EventsTable(events).read().number
    message = "the files were gone three times"
    raise AssertionError(message)


if __name__ == "__main__":
    main()
