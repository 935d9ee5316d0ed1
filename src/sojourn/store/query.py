"""People's own SQL over the events table, locked down.

In: one SELECT. Out: its rows. It runs in a process of its own that is ended at its limits: read-only, without files,
network or settings (DuckDB's `enable_external_access=false`, `lock_configuration=true`).
"""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import msgspec
import pyarrow as pa

from sojourn.records.errors import QueryRefused
from sojourn.store.tail import read_version

if TYPE_CHECKING:
    from sojourn.store.events import Version
    from sojourn.store.folder import Folder


FILES_GONE = "the events were rewritten while the query was reading them; ask again"
"""What the query's process says when a compaction took its files away; it is then run again on the new ones."""
_TRIES = 3


class QueryRequest(msgspec.Struct, frozen=True):
    """What the query's process is told.

    Attributes:
        folder: The data folder.
        version: Version of its events table.
        through: Last place in the log to read after it.
        sql: The query.
        most: Rows at most, one more is fetched to know whether there were more.
        memory_mb: Memory DuckDB may use.
        threads: Threads it may use.
    """

    folder: str
    version: int
    through: int
    sql: str
    most: int
    memory_mb: int
    threads: int


def run_query(folder: Folder, sql: str, *, most: int, timeout_s: float, memory_mb: int) -> tuple[pa.Table, bool]:
    """Run one SELECT.

    Args:
        folder: The data folder.
        sql: Over `events` (one row an event) and `persons` (one row an actor), docs/events-table.md.
        most: Rows at most.
        timeout_s: Seconds until the query is ended.
        memory_mb: Megabytes until the query is ended.

    Returns:
        The rows, and whether there were more.

    Raises:
        QueryRefused: It is not one SELECT, fails, or reaches a limit.
    """
    reason = FILES_GONE
    for _ in range(_TRIES):
        version = read_version(folder)
        try:
            linked = linked_actors(folder, version)
        except FileNotFoundError:
            continue
        request = QueryRequest(str(folder.path), version.number, version.seq, sql, most, memory_mb, 2)
        done = _run(request, linked, timeout_s)
        if done.returncode == 0:
            with pa.ipc.open_stream(done.stdout) as reader:
                table = reader.read_all()
            return table.slice(0, most), table.num_rows > most
        reason = (done.stderr.decode(errors="replace").strip().splitlines() or [""])[-1]
        reason = reason or f"the query ended with code {done.returncode}; raise --memory-mb, or narrow it"
        if reason != FILES_GONE:
            break
    raise QueryRefused(reason)


def linked_actors(folder: Folder, version: Version) -> pa.Table:
    """The person of each actor that belongs to another, by all events of a version."""
    from sojourn.store.index_build import current_identities  # noqa: PLC0415  (the query's process has no use for it)

    persons = current_identities(folder, version).person_map()
    return pa.table({"actor": persons.actor, "person": persons.person})


def _run(request: QueryRequest, linked: pa.Table, timeout_s: float) -> subprocess.CompletedProcess[bytes]:
    told = msgspec.json.encode(request)
    rows = pa.BufferOutputStream()
    with pa.ipc.new_stream(rows, linked.schema) as writer:
        writer.write_table(linked)
    try:
        return subprocess.run(  # noqa: S603  (our own module, with our own interpreter)
            [sys.executable, "-I", "-c", _RUN, *sys.path],
            input=len(told).to_bytes(8, "little") + told + rows.getvalue().to_pybytes(),
            capture_output=True,
            timeout=timeout_s,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        message = f"the query took over {timeout_s:g} s and was ended; narrow it, or raise --timeout-s"
        raise QueryRefused(message) from error


_RUN = "import sys; sys.path[:] = sys.argv[1:]; from sojourn.store.query_process import main; main()"
