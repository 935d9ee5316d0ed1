"""The engine that reads JSON of whole columns at once.

In: nothing. Out: one connection of DuckDB, in memory, for `cursor()`. Opens no file and keeps no table.
"""

from __future__ import annotations

import functools

import duckdb


@functools.cache
def engine() -> duckdb.DuckDBPyConnection:
    """One engine for all columns: starting one takes longer than reading a column of a small log."""
    return duckdb.connect()
