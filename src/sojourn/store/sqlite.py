"""The SQLite files of a data folder, by the named queries of `sql/`.

In: a path. Out: an open database and its queries. Deleted bytes are overwritten (`secure_delete`).
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiosql

if TYPE_CHECKING:
    from collections.abc import Iterator

DatabaseTrouble = sqlite3.Error
"""What any call of an open database may raise: a full or failing disk, a damaged file."""

_SETTINGS = """
pragma journal_mode=truncate;
pragma synchronous=full;
pragma secure_delete=on;
pragma cache_spill=off;
"""
"""docs/decisions/0007: no write-ahead log, and readers wait for a commit only, not for the work before it."""


@cache
def queries(name: str) -> Any:  # noqa: ANN401  (aiosql makes the methods from the file)
    """The named queries of `sql/<name>.sql`."""
    return aiosql.from_path(Path(__file__).parent / "sql" / f"{name}.sql", "sqlite3", mandatory_parameters=False)


@contextlib.contextmanager
def database(path: Path, name: str) -> Iterator[sqlite3.Connection]:
    """Open a database, with its tables, in one transaction that is committed at the end and rolled back on an error.

    In a folder that may not be written it is read as it stands.

    Args:
        path: The SQLite file; made when it does not exist.
        name: Whose queries: `control`, `quarantine` or `state`.
    """
    if not os.access(path.parent, os.W_OK):
        with contextlib.closing(_as_it_stands(path, name)) as connection:
            yield connection
        return
    connection = open_database(path, name)
    try:
        with connection:
            yield connection
    finally:
        connection.close()


def open_database(path: Path, name: str) -> sqlite3.Connection:
    """Open a database for longer, with its tables; the caller commits and closes it."""
    # Made before SQLite would, with its own idea of who may read it.
    if not path.exists():
        os.close(os.open(path, os.O_RDONLY | os.O_CREAT, 0o600))
    connection = sqlite3.connect(path, timeout=30)
    try:
        connection.executescript(_SETTINGS)
        queries(name).create_tables(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def overwrite_residue(path: Path) -> None:
    """Write a database anew after an erasure: `secure_delete` leaves the copies of rows that moved from page to page."""
    with contextlib.closing(sqlite3.connect(path, timeout=30)) as connection:
        connection.executescript(_SETTINGS)
        connection.execute("vacuum")


def _as_it_stands(path: Path, name: str) -> sqlite3.Connection:
    """A database that nobody can be writing to, without the files that SQLite makes beside one; empty when there is none."""
    if path.exists():
        return sqlite3.connect(f"{path.absolute().as_uri()}?immutable=1", uri=True)
    connection = sqlite3.connect(":memory:")
    queries(name).create_tables(connection)
    return connection
