"""The answer to `sojourn sql`, for the terminal and as JSON.

In: an Arrow table. Out: its rows. Never runs anything.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sojourn.records.visible import visible

if TYPE_CHECKING:
    import pyarrow as pa
    from rich.console import RenderableType


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
        rows = [[_plain(value) for value in row.values()] for row in self.table.to_pylist()]
        return {"columns": self.table.column_names, "rows": rows, "more": self.more}

    def __rich__(self) -> RenderableType:
        """A table."""
        from sojourn.analyse.show.style import table  # noqa: PLC0415  (only for the terminal)

        numeric = [
            str(field.type).startswith(("int", "uint", "float", "double", "decimal")) for field in self.table.schema
        ]
        columns = [
            (visible(name), "right" if number else "left")
            for name, number in zip(self.table.column_names, numeric, strict=True)
        ]
        caption = f"{self.table.num_rows:,} rows" + (", cut here; raise --most for more" if self.more else "")
        made = table("", columns, caption=caption)
        for row in self.table.to_pylist():
            made.add_row(*("" if value is None else visible(str(_plain(value))) for value in row.values()))
        return made


_EXACT_INT = 2**53


def _plain(value: Any) -> Any:  # noqa: ANN401  (any SQL value)
    if isinstance(value, int) and abs(value) > _EXACT_INT:
        # JavaScript would round it: numbers of actors and persons travel as text.
        return str(value)
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    return value if isinstance(value, str | int | float | bool | None) else str(value)
