"""Questions in people's own words: SQL over the events, read-only.

In: one SELECT. Out: its rows. What it may do and what not: `store/query.py`, docs/events-table.md.
"""

from __future__ import annotations

import datetime as dt
import html
import math
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sojourn.records.errors import BadOption
from sojourn.records.visible import visible
from sojourn.store.query import run_query

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa
    from rich.console import RenderableType

    from sojourn.analyse.journeys import Journeys


@dataclass(frozen=True, slots=True)
class SqlAnswer:
    """Rows of a query.

    Attributes:
        table: The rows.
        more: Whether there were more than the limit let through.
    """

    table: pa.Table
    more: bool

    def to_dict(self) -> dict[str, Any]:
        """`{"columns", "rows", "more"}`; times are ISO 8601 text."""
        return {"columns": self.table.column_names, "rows": [list(row) for row in self._rows()], "more": self.more}

    def _rows(self) -> Iterator[tuple[Any, ...]]:
        # By columns: two of one name are two.
        columns = [[_plain(value) for value in column.to_pylist()] for column in self.table.columns]
        return zip(*columns, strict=True)

    def __rich__(self) -> RenderableType:
        """A table."""
        from sojourn.analyse.show.style import table  # noqa: PLC0415  (only for the terminal)
        from sojourn.analyse.show.words import counted  # noqa: PLC0415  (only for the terminal)

        numeric = [
            str(field.type).startswith(("int", "uint", "float", "double", "decimal")) for field in self.table.schema
        ]
        columns = [
            (visible(name), "right" if number else "left")
            for name, number in zip(self.table.column_names, numeric, strict=True)
        ]
        caption = counted(self.table.num_rows, "row") + (", cut here; raise --most for more" if self.more else "")
        made = table("", columns, caption=caption)
        for row in self._rows():
            made.add_row(*("" if value is None else visible(str(value)) for value in row))
        return made

    def __str__(self) -> str:
        """The rows as text, as in a terminal."""
        from sojourn.analyse.show import printed  # noqa: PLC0415  (rich is heavy)

        return printed(self.__rich__())

    def _repr_html_(self) -> str:
        return f"<pre>{html.escape(str(self))}</pre>"


def sql(journeys: Journeys, query: str, *, most: int = 1000, timeout_s: float = 60, memory_mb: int = 2048) -> SqlAnswer:
    """Ask SQL (DuckDB) of the whole log: read-only, without access to files or network.

    Args:
        journeys: The log.
        query: One SELECT over `events` (one row an event) and `persons` (one row an actor), docs/events-table.md.
        most: At most this many rows.
        timeout_s: The query is ended after this many seconds.
        memory_mb: The query is ended beyond this much memory.

    Raises:
        QueryRefused: It is not one SELECT, fails, or reaches a limit.
        BadOption: The log was narrowed: a query has conditions of its own.
    """
    if journeys.predicates or journeys.from_us is not None or journeys.until_us is not None:
        message = "SQL asks the whole log; say in the query which events it is about, not with where or between"
        raise BadOption(message)
    return SqlAnswer(*run_query(journeys.index.folder, query, most=most, timeout_s=timeout_s, memory_mb=memory_mb))


_EXACT_INT = 2**53
_EXACT_DIGITS = 15


def _plain(value: Any) -> Any:  # noqa: ANN401  (any SQL value)
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, int | float | Decimal):
        return _number(value)
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    # An interval is a tuple: months, days, nanoseconds.
    return _interval(*value) if isinstance(value, tuple) else value if value is None else str(value)


def _number(value: float | int | Decimal) -> float | str | None:  # noqa: PYI041  (an int is told apart below)
    """A number that JSON can hold and JavaScript does not round; else its text. Sums of whole numbers come as decimals."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None if math.isnan(value) else str(value)
    if isinstance(value, int):
        return value if abs(value) <= _EXACT_INT else str(value)
    if len(value.as_tuple().digits) > _EXACT_DIGITS:
        return str(value)
    return int(value) if value.as_tuple().exponent == 0 else float(value)


def _interval(months: int, days: int, nanoseconds: int) -> str:
    """`1 month 2 days 03:04:05.5`."""
    seconds, parts = abs(nanoseconds) / 1e9, [(months, "month"), (days, "day")]
    clock = f"{int(seconds // 3600):02d}:{int(seconds // 60 % 60):02d}:{seconds % 60:09.6f}".rstrip("0").rstrip(".")
    words = [f"{number} {word}{'' if abs(number) == 1 else 's'}" for number, word in parts if number]
    return " ".join([*words, *([("-" if nanoseconds < 0 else "") + clock] if nanoseconds or not words else [])])
