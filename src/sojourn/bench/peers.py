"""The engines we measure beside: ClickHouse in this process (chDB) and DuckDB.

In: a log file and the queries of `sql/`. Out: rows, and how long they took. Needs the extra `bench`.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from sojourn.bench.log import CHANNELS, EVENTS, START_US
from sojourn.records.errors import BadOption

if TYPE_CHECKING:
    from collections.abc import Mapping

_DAY = 86_400_000_000
NUMBERS: Mapping[str, object] = {
    "event_names": list(EVENTS),
    "event_count": len(EVENTS),
    "channel_names": list(CHANNELS),
    "channel_codes": ", ".join(rf"\'{name}\' = {code}" for code, name in enumerate(CHANNELS)),
    "start": START_US,
    "monday": START_US,
    "gap": 30 * 60_000_000,
    "day": _DAY,
    "week": 7 * _DAY,
    "month": 30 * _DAY,
}
"""What the queries have in braces; 2024-01-01, where the log begins, is a Monday."""
THREADS = 2
Rows = list[list[Any]]


class Peer(Protocol):
    """An engine that holds the log and answers queries."""

    name: str

    def ask(self, query: str) -> Rows:
        """Rows of one of its named queries."""
        ...


class DuckDb:
    """DuckDB over one sorted table in a file."""

    name = "duckdb"

    def __init__(self, log: Path, folder: Path) -> None:
        """Load the log."""
        import duckdb  # noqa: PLC0415  (only when it is measured)

        self._queries = read_queries("duckdb", log)
        self._connection = duckdb.connect(str(folder / "duckdb.db"), config={"threads": THREADS})
        self._connection.execute(self._queries["load"])

    def ask(self, query: str) -> Rows:
        """Rows of one of its named queries."""
        return [list(row) for row in self._connection.execute(self._queries[query]).fetchall()]


class ClickHouse:
    """ClickHouse in this process over one MergeTree table."""

    name = "chdb"

    def __init__(self, log: Path, folder: Path) -> None:
        """Load the log.

        Raises:
            BadOption: chDB is not installed.
        """
        try:
            from chdb.session import Session  # noqa: PLC0415  (an extra)
        except ImportError as error:
            message = "chDB is not installed; `pip install sojourn[bench]` brings it"
            raise BadOption(message) from error
        self._queries = read_queries("clickhouse", log)
        session: Any = Session
        self._session = session(str(folder / "chdb"))
        for setting in (
            "create database if not exists bench engine = Atomic",
            "use bench",
            f"set max_threads = {THREADS}",
        ):
            self._session.query(setting)
        self._session.query(self._queries["load"])
        self._session.query("optimize table ev final")

    def ask(self, query: str) -> Rows:
        """Rows of one of its named queries."""
        answer = self._session.query(self._queries[query], "JSONCompactEachRow")
        return [json.loads(line) for line in str(answer).splitlines()]


def read_queries(name: str, log: Path) -> dict[str, str]:
    """The named queries of `sql/<name>.sql` with their numbers filled in."""
    text = (Path(__file__).parent / "sql" / f"{name}.sql").read_text()
    pieces = re.split(r"^-- name: (\w+)\n", text, flags=re.MULTILINE)[1:]
    values = {**NUMBERS, "log": str(log).replace("'", "''")}
    filled = {}
    for title, body in zip(pieces[::2], pieces[1::2], strict=True):
        sql = "\n".join(line for line in body.splitlines() if not line.startswith("--"))
        filled[title] = re.sub(r"\{(\w+)\}", lambda found: str(values[found[1]]), sql).strip()
    return filled
