"""A table as CSV that a spreadsheet may open.

In: an Arrow table. Out: text. What holds lists or records is JSON inside its cell; text that a spreadsheet would run as a formula is
shown as text.
"""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    import pyarrow as pa

_FORMULA = re.compile(r"[=+\-@\t\r]")
_NUMBER = re.compile(r"[+-]?[\d\s.,()/-]+")


def csv_text(table: pa.Table) -> str:
    """The table with a line of names first.

    Args:
        table: Any columns; missing values are empty.
    """
    out = io.StringIO()
    lines = csv.writer(out, lineterminator="\n")
    lines.writerow([_cell(name) for name in table.column_names])
    columns = [column.to_pylist() for column in table.columns]
    lines.writerows([_cell(value) for value in row] for row in zip(*columns, strict=True))
    return out.getvalue()


def _cell(value: Any) -> Any:  # noqa: ANN401  (whatever a table holds)
    if isinstance(value, list | dict):
        return msgspec.json.encode(value).decode()
    if isinstance(value, str) and _FORMULA.match(value) and not _NUMBER.fullmatch(value):
        # A telephone number or an amount is no formula.
        return f"'{value}"
    return value
