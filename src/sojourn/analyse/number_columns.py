"""Columns of numbers, those that were sent as text too.

In: a part and a column. Out: one number an event. A property inside JSON comes as text; `12.50` is a number all the same.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from sojourn.analyse.masks import names_array
from sojourn.analyse.parts import frozen
from sojourn.records.errors import BadOption
from sojourn.store.columns import NumberColumn

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sojourn.analyse.parts import Part


def numbers(part: Part, name: str, *, guessed: bool = False) -> NDArray[np.float64]:
    """A column as numbers, NaN for null.

    Args:
        part: Any part.
        name: A column.
        guessed: Nobody named the column: text in it that is no number counts as null.

    Raises:
        UnknownColumn: There is no such column.
        BadOption: It holds text that is no number.
    """
    column = part.column(name)
    if isinstance(column, NumberColumn):
        return column.values
    names = names_array(column.names)
    try:
        values = names.cast(pa.float64()).to_numpy(zero_copy_only=False)
    except pa.ArrowInvalid as error:
        if not guessed:
            raise BadOption(f"{name!r} holds text; a column of numbers is needed here") from error
        values = np.array([_number(text) for text in names.to_pylist()])
    return frozen(np.append(values, np.nan)[column.codes])


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return np.nan
