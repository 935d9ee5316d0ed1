"""The process that one query runs in; see `store.query`.

In: on stdin the length of a `QueryRequest`, the request, and the persons of linked actors as an Arrow stream. Out: Arrow rows on stdout, or one line on stderr and exit code 1.
"""

from __future__ import annotations

import resource
import sys

import duckdb
import msgspec
import pyarrow as pa

from sojourn.records.errors import QueryRefused
from sojourn.store.event_columns import FIXED
from sojourn.store.events import EMPTY, EventsTable, Version
from sojourn.store.folder import open_folder
from sojourn.store.log import open_log
from sojourn.store.products import read_catalogue
from sojourn.store.query import FILES_GONE, QueryRequest
from sojourn.store.tail import with_tail

_OVERHEAD_MB = 2048
NONE_LINKED = pa.table({"actor": pa.array([], pa.int64()), "person": pa.array([], pa.int64())})
"""Everybody is a person of their own."""
_INTERNAL = {"actor", "linked_actor", "id_high", "id_low"}


def main() -> None:
    """Answer the request on stdin."""
    size = int.from_bytes(sys.stdin.buffer.read(8), "little")
    request = msgspec.json.decode(sys.stdin.buffer.read(size), type=QueryRequest)
    with pa.ipc.open_stream(sys.stdin.buffer) as reader:
        linked = reader.read_all()
    _limit_memory(request)
    try:
        table = answer(request, linked)
    except (duckdb.Error, QueryRefused, pa.ArrowException, OSError, MemoryError) as error:
        # Arrow hands on what the engine said while it was reading as an error of reading.
        if isinstance(error, FileNotFoundError) or "No such file" in str(error):
            sys.exit(FILES_GONE)
        sys.exit(" ".join(str(error).split()) or "the query ran out of memory; raise --memory-mb, or narrow it")
    with pa.ipc.new_stream(sys.stdout.buffer, table.schema) as writer:
        writer.write_table(table)


def _limit_memory(request: QueryRequest) -> None:
    """DuckDB counts its own buffers only; values on their way out are bounded by the kernel."""
    pa.set_cpu_count(request.threads)
    limit = (request.memory_mb + _OVERHEAD_MB) << 20
    if sys.platform == "linux":
        # Elsewhere the limit is not kept, or counts what is only reserved.
        resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def answer(request: QueryRequest, linked: pa.Table = NONE_LINKED) -> pa.Table:
    """Rows of a query, at most one more than asked for; `linked` has the person of each actor that belongs to another.

    Raises:
        QueryRefused: It is not one SELECT.
    """
    folder = open_folder(request.folder)
    table = EventsTable(folder.events)
    version = table.read_version(request.version) if request.version >= 0 else EMPTY
    log = open_log(folder)
    version = version if log is None else with_tail(folder, log, version, request.through)
    with duckdb.connect(config={"threads": request.threads, "memory_limit": f"{request.memory_mb}MB"}) as connection:
        _register(connection, table, version, linked)
        connection.register("products", read_catalogue(folder))
        # From here on the query cannot read files, load extensions, or undo this.
        connection.execute("set temp_directory=''")
        # Its bar would be written into the answer of a query of a few seconds.
        connection.execute("set enable_progress_bar=false")
        connection.execute("set enable_external_access=false")
        connection.execute("set lock_configuration=true")
        statements = connection.extract_statements(request.sql)
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            found = ", ".join(str(s.type).split(".")[-1] for s in statements) or "nothing"
            message = f"expected one SELECT over `events` and `persons`, got {found}"
            raise QueryRefused(message)
        reader: pa.RecordBatchReader = connection.sql(request.sql).to_arrow_reader(1024)
        batches, rows = [], 0
        for batch in reader:
            batches.append(batch)
            rows += batch.num_rows
            if rows > request.most:
                break
        return pa.Table.from_batches(batches, reader.schema).slice(0, request.most + 1)


def _register(connection: duckdb.DuckDBPyConnection, table: EventsTable, version: Version, linked: pa.Table) -> None:
    """The views `events` and `persons`."""
    connection.register("stored_events", table.dataset(version))
    connection.register("linked", linked)
    promoted = [f'"{p.column}" as "{_name(p.property)}"' for p in version.promoted]
    fixed = [f"e.{name}" for name in FIXED.names if name not in _INTERNAL]
    person = "coalesce(l.person, e.actor) as person, e.actor"
    connection.execute(
        f"create view events as select {', '.join([*fixed, person, *promoted])} "  # noqa: S608  (names are quoted)
        "from stored_events e left join linked l on e.actor = l.actor"
    )
    connection.execute(
        "create view persons as select person, actor, any_value(user_id) as user_id, any_value(anonymous_id) as anonymous_id, "
        "min(time) as first_time, max(time) as last_time, count(*) as events from events group by person, actor"
    )


def _name(prop: str) -> str:
    """A property's own name as a column, unless an event's own column has it."""
    taken = prop.lower() in {*FIXED.names, "person"}
    return (f"properties.{prop}" if taken else prop).replace('"', '""')
