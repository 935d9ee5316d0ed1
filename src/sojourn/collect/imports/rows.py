"""What a reader hands on: columns of one stretch of a file, before anyone knows what they mean.

In: nothing. Out: `Rows`. Never converts.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sojourn.records.rejected import RAW_LIMIT, Reason, Rejected

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    import numpy.typing as npt
    import pyarrow as pa

FIELD_LIMIT = 10 * 1024 * 1024
"""Bytes of the largest field that is accepted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """One stretch of a file, by column.

    Attributes:
        columns: Arrays of equal length by name: string, int64, float64, bool, timestamp or date.
        count: Their length.
        fields: Columns by the field of the mapping they stand for, where the reader picked them itself.
        place: Line and raw bytes of rows, by their positions in `columns`; asked for rejected rows only.
        rejected: Rows that could not be read at all.
        rest: Members of each row that are no column (nested, rare, of another type), or None when there are none at all.
        traits: JSON objects about the person, where the format has them.
        context: JSON objects about device and place, where the format has them.
        external_ids: JSON lists of pairs of kind and value, where the format has them.
        hashes: uint64 (count, 2), where the reader hashed the rows itself.
    """

    columns: dict[str, pa.Array]
    count: int
    place: Callable[[Sequence[int]], list[tuple[int, bytes]]]
    rejected: list[Rejected] = field(default_factory=list)
    fields: dict[str, pa.Array] | None = None
    rest: list[dict[str, object] | None] | None = None
    traits: pa.Array | None = None
    context: pa.Array | None = None
    external_ids: pa.Array | None = None
    hashes: npt.NDArray[np.uint64] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """The first rows of a file, for the guess.

    Attributes:
        columns: The columns that may become properties.
        reachable: Further columns that the mapping names (members of nested objects).
        textual: True when every column came as text and may hold numbers (CSV).
        commas: True where a comma inside a field may be a decimal one: the delimiter is another.
    """

    columns: dict[str, pa.Array]
    reachable: dict[str, pa.Array] = field(default_factory=dict)
    textual: bool = False
    commas: bool = False


def reject(file: str, line: int, reason: Reason, detail: str, raw: bytes) -> Rejected:
    """A rejected row, its raw bytes cut to `RAW_LIMIT`."""
    return Rejected(file=file, line=line, reason=reason, detail=detail, raw=bytes(raw[:RAW_LIMIT]))
