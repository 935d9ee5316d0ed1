"""Channels: the values of one column as small numbers, alike in all parts.

In: parts and a column. Out: the channels' names, and for each part which channel each of its codes is.
Never more than asked for: the rest of the values are put together as `(other)`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sojourn.analyse.masks import names_array
from sojourn.analyse.parts import frozen
from sojourn.analyse.path_table import OTHER
from sojourn.records.errors import UnknownColumn
from sojourn.store.columns import TextColumn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sojourn.analyse.journeys import Journeys
    from sojourn.analyse.parts import Part


@dataclass(frozen=True, slots=True)
class Channels:
    """The values of a column in one part.

    Attributes:
        codes: int32, one an event: -1 for null.
        channel_of: int16: channel of code + 1; -1 for null and for what is no channel.
        names: The channels' names; the same in all parts of one question.
    """

    codes: NDArray[np.int32]
    channel_of: NDArray[np.int16]
    names: tuple[str, ...]


def find_channels(
    journeys: Journeys,
    parts: Sequence[Part],
    column: str,
    *,
    most: int,
    only: Sequence[NDArray[np.bool_]] | None = None,
) -> list[Channels]:
    """Number the values of a column, those with most events first when there are too many.

    Args:
        journeys: Where the parts come from.
        parts: All parts of the question.
        column: Column or property.
        most: Channels kept, with `(other)` among them when it is needed.
        only: Which events of each part are counted to tell the most frequent; None for all.
    """
    found = [coded(part, column) for part in parts]
    if only is None and all(names is found[0][1] for _, names in found) and len(found[0][1]) <= most:
        every = tuple(found[0][1])
    else:
        sizes: dict[str, int] = {}
        masks: Sequence[NDArray[np.bool_] | None] = only if only is not None else [None] * len(found)
        for counts, (_, names) in zip(journeys.map(_counted, found, masks), found, strict=True):
            for code in np.flatnonzero(counts).tolist():
                sizes[names[code]] = sizes.get(names[code], 0) + int(counts[code])
        kept = sorted(sizes, key=lambda name: (-sizes[name], name))
        every = tuple(kept) if len(kept) <= most else (*kept[: most - 1], OTHER)
    place = {name: number for number, name in enumerate(every)}
    return [Channels(codes, _table(names, place, every), every) for codes, names in found]


def has_column(journeys: Journeys, column: str) -> bool:
    """Whether any event has the column; builds it for the scan when it is there."""
    try:
        journeys.index.column(column)
    except UnknownColumn:
        return False
    return True


def coded(part: Part, column: str) -> tuple[NDArray[np.int32], Sequence[str]]:
    """Codes of a column's values (-1 for null), one an event, and their names."""
    found = part.column(column)
    if isinstance(found, TextColumn):
        return found.codes, found.names
    known = ~np.isnan(found.values)
    numbers, inverse = np.unique(found.values[known], return_inverse=True)
    codes = np.full(len(found.values), -1, np.int32)
    codes[known] = inverse
    return frozen(codes), [f"{number:g}" for number in numbers]


def _counted(found: tuple[NDArray[np.int32], Sequence[str]], mask: NDArray[np.bool_] | None) -> NDArray[Any]:
    codes, names = found
    return np.bincount((codes if mask is None else codes[mask]) + 1, minlength=len(names) + 1)[1:]


def _table(names: Sequence[str], place: dict[str, int], every: tuple[str, ...]) -> NDArray[np.int16]:
    other = place.get(OTHER, -1)
    table = np.full(len(names) + 1, other if len(every) < len(names) else -1, np.int16)
    table[0] = -1
    known = pc.index_in(names_array(names), value_set=pa.array(every, pa.large_string())).fill_null(other)
    table[1:] = known.to_numpy()
    return table
