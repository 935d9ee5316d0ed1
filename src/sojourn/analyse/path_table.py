"""The path table: paths of touches, how often each led to a conversion and how often it did not.

In: touches and paths from a kernel, or a table or file with columns `path`, `total_conversions`,
`total_conversion_value`, `total_null`. Out: `PathTable`, and the same as a table again.
All attribution models stand on one path table. Never looks at persons.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from sojourn.analyse.attribution_kernel import add_nulls, distinct_paths, path_keys
from sojourn.records.errors import BadFile, BadOption

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from numpy.typing import NDArray

COLUMNS = ("path", "total_conversions", "total_conversion_value", "total_null")
OTHER = "(other)"
MOST_CHANNELS = 60
"""Channels of one question: a path's set of channels is one 64-bit number."""


@dataclass(frozen=True, slots=True)
class PathTable:
    """Paths, each once or several times; path p is `channel[low[p]:high[p]]`.

    Attributes:
        channel: int16: channels of the touches of all paths.
        low: int64, one a path: where its touches begin.
        high: int64: where they end (exclusive); equal to `low` for conversions without a touch.
        group: int32: group of the breakdown.
        middle: int32: place of the milestone touch within the path, -1 without one.
        conversions: float64: how often it ended in a conversion.
        value: float64: value of these conversions.
        nulls: float64: how often it ended without one.
    """

    channel: NDArray[np.int16]
    low: NDArray[np.int64]
    high: NDArray[np.int64]
    group: NDArray[np.int32]
    middle: NDArray[np.int32]
    conversions: NDArray[np.float64]
    value: NDArray[np.float64]
    nulls: NDArray[np.float64]

    def __len__(self) -> int:
        """How many paths there are."""
        return len(self.low)

    def distinct(self) -> PathTable:
        """The same with equal paths added up."""
        row, conversions, value, nulls = distinct_paths(
            self.channel, self.low, self.high, self.group, self.middle, self.conversions, self.value, self.nulls
        )
        group, middle = self.group[row], self.middle[row]
        return PathTable(self.channel, self.low[row], self.high[row], group, middle, conversions, value, nulls)

    def ungrouped(self, chosen: NDArray[np.bool_]) -> PathTable:
        """Some of the paths, in one group and without milestones."""
        low = self.low[chosen]
        return PathTable(
            self.channel, low, self.high[chosen], np.zeros(len(low), np.int32), np.full(len(low), -1, np.int32),
            self.conversions[chosen], self.value[chosen], self.nulls[chosen],
        )  # fmt: skip

    def totals(self, groups: int) -> NDArray[np.float64]:
        """By group: conversions, value, both of paths without a touch, nulls; shape (groups, 5)."""
        alone = self.high == self.low
        summed = (self.conversions, self.value, self.conversions * alone, self.value * alone, self.nulls)
        return np.column_stack([np.bincount(self.group, values, groups) for values in summed])

    def names(self, path: int, channels: Sequence[str]) -> list[str]:
        """The channels of one path."""
        return [channels[code] for code in self.channel[self.low[path] : self.high[path]]]


def join(tables: Sequence[PathTable]) -> PathTable:
    """Several tables over the same channels as one; equal paths of different tables still stand apart."""
    shifts = np.cumsum([0, *(len(table.channel) for table in tables)])
    return PathTable(
        channel=np.concatenate([table.channel for table in tables]),
        low=np.concatenate([table.low + shift for table, shift in zip(tables, shifts, strict=False)]),
        high=np.concatenate([table.high + shift for table, shift in zip(tables, shifts, strict=False)]),
        group=np.concatenate([table.group for table in tables]),
        middle=np.concatenate([table.middle for table in tables]),
        conversions=np.concatenate([table.conversions for table in tables]),
        value=np.concatenate([table.value for table in tables]),
        nulls=np.concatenate([table.nulls for table in tables]),
    )


def top_paths(tables: Sequence[PathTable], most: int) -> PathTable:
    """The paths with most conversions, then value, over several tables; best first, each once."""
    converting = [(table.conversions > 0) & (table.high > table.low) for table in tables]
    keys = [path_keys(t.channel, t.low[some], t.high[some]) for t, some in zip(tables, converting, strict=True)]
    wanted = _most_converting(tables, converting, keys, most)
    for some, of in zip(converting, keys, strict=True):
        some[some] = np.isin(of, wanted)
    found = join([table.ungrouped(some) for table, some in zip(tables, converting, strict=True)]).distinct()
    best = np.lexsort((-found.value, -found.conversions))[:most]
    low, high, nulls = found.low[best], found.high[best], np.zeros(len(best))
    for table in tables:
        add_nulls(table.channel, table.low, table.high, table.nulls, found.channel, low, high, nulls)
    group, middle = found.group[best], found.middle[best]
    return PathTable(found.channel, low, high, group, middle, found.conversions[best], found.value[best], nulls)


def _most_converting(
    tables: Sequence[PathTable],
    converting: Sequence[NDArray[np.bool_]],
    keys: Sequence[NDArray[np.uint64]],
    most: int,
) -> NDArray[np.uint64]:
    """Keys of the paths with most conversions, then value; equal paths lie in several places."""
    every = np.concatenate(keys)
    order = np.argsort(every)
    every = every[order]
    first = np.flatnonzero(np.concatenate(([True], every[1:] != every[:-1]))[: len(every)])
    if not len(first):
        return every
    conversions, value = (
        np.add.reduceat(
            np.concatenate([getattr(t, of)[some] for t, some in zip(tables, converting, strict=True)])[order], first
        )
        for of in ("conversions", "value")
    )
    best: NDArray[np.uint64] = every[first][np.lexsort((-value, -conversions))[:most]]
    return best


def to_arrow(table: PathTable, channels: Sequence[str]) -> pa.Table:
    """The table as others write it, most conversions first; groups and milestones are added up."""
    flat = table.ungrouped(np.ones(len(table), np.bool_)).distinct()
    order = np.lexsort((-flat.nulls, -flat.value, -flat.conversions))
    columns: list[Any] = [
        [" > ".join(flat.names(path, channels)) for path in order],
        flat.conversions[order],
        flat.value[order],
        flat.nulls[order],
    ]
    return pa.table(columns, names=list(COLUMNS))


def from_arrow(table: pa.Table, *, separator: str = ">", most: int = 30) -> tuple[PathTable, list[str]]:
    """Read a path table.

    Args:
        table: Columns `path` (channels with a separator between), `total_conversions`, and if there are any
            `total_conversion_value` and `total_null`, each 0 where missing.
        separator: What stands between two channels; blanks around it do not count.
        most: Channels kept, by touches; the rest become `(other)`.

    Returns:
        The table and the names of its channels.

    Raises:
        BadOption: A column is missing, a number is none or below zero.
    """
    missing = [name for name in COLUMNS[:2] if name not in table.column_names]
    if missing:
        message = (
            f"a path table needs the columns {', '.join(COLUMNS[:2])}; {missing[0]!r} is not among {table.column_names}"
        )
        raise BadOption(message)
    conversions, value, nulls = (_numbers(table, name) for name in COLUMNS[1:])
    steps = [[name.strip() for name in (text or "").split(separator)] for text in table["path"].to_pylist()]
    steps = [[name for name in path if name] for path in steps]
    weight = conversions + nulls
    sizes: dict[str, float] = {}
    for path, times in zip(steps, weight, strict=True):
        for name in path:
            sizes[name] = sizes.get(name, 0.0) + times
    kept = sorted(sizes, key=lambda name: (-sizes[name], name))
    names = kept if len(kept) <= most else [*kept[: most - 1], OTHER]
    place = {name: code for code, name in enumerate(names)}
    other = len(names) - 1
    lengths = np.array([len(path) for path in steps], np.int64)
    high = np.cumsum(lengths)
    made = PathTable(
        channel=np.array([place.get(name, other) for path in steps for name in path], np.int16),
        low=high - lengths,
        high=high,
        group=np.zeros(len(steps), np.int32),
        middle=np.full(len(steps), -1, np.int32),
        conversions=conversions,
        value=value,
        nulls=nulls,
    )
    return made.distinct(), names


def read_paths(file: str | os.PathLike[str]) -> pa.Table:
    """Read a path table from CSV (also gz) or Parquet.

    Raises:
        BadFile: There is no such file, or it is neither.
    """
    path = Path(file)
    if not path.is_file():
        raise BadFile(f"there is no file {path}")
    try:
        if path.suffix == ".parquet":
            return pyarrow.parquet.read_table(path)
        return pyarrow.csv.read_csv(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise BadFile(f"{path} cannot be read as a path table: {error}") from error


def _numbers(table: pa.Table, name: str) -> NDArray[np.float64]:
    if name not in table.column_names:
        return np.zeros(table.num_rows)
    try:
        found: NDArray[np.float64] = table[name].cast(pa.float64()).fill_null(0.0).to_numpy().copy()
    except pa.ArrowInvalid as error:
        raise BadOption(f"column {name!r} of a path table holds numbers: {error}") from error
    if name != "total_conversion_value" and (found < 0).any():
        raise BadOption(f"column {name!r} of a path table counts, so it is not below zero; got {found.min():g}")
    return found
