"""What a step is called: the value of a column on each event, as it is or grouped.

In: parts and a column. Out: one code an event, and the names of the codes, alike in all parts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sojourn.analyse.groups import NONE, OTHER
from sojourn.analyse.masks import names_array
from sojourn.analyse.parts import frozen
from sojourn.records.errors import BadOption
from sojourn.store.columns import NumberColumn, TextColumn

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from sojourn.analyse.journeys import Journeys
    from sojourn.analyse.parts import Part

_ORIGIN = r"^[A-Za-z][A-Za-z0-9+.-]*://[^/?#]*"
_BEHIND_PATH = r"[?#].*$"


class StepNames(Protocol):
    """Names of steps, by code."""

    def __len__(self) -> int:
        """How many there are."""
        ...

    def __getitem__(self, code: int, /) -> str:
        """The name of a code."""
        ...


@dataclass(frozen=True, slots=True)
class Values:
    """Which values are steps.

    Attributes:
        column: Column or property; `event` is the event's name.
        depth: Keep this many leading segments of a path such as `/shop/shoes/12?size=9`; None for all of it.
        groups: Name and `like` pattern of groups of values; the first that matches counts.
        most: With `depth` or `groups`: values kept, by their events; the rest become `(other)`.
    """

    column: str = "event"
    depth: int | None = None
    groups: tuple[tuple[str, str], ...] = ()
    most: int = 100


@dataclass(frozen=True, slots=True)
class Coding:
    """Codes of steps.

    Attributes:
        values: What was asked.
        names: Name of each code; the last is `(none)` where an event may lack the column.
        table: int32: code by the column's own code, null last; None when they are the same.
        numbers: float64 ascending: values of a column of numbers; None for text.
    """

    values: Values
    names: StepNames
    table: NDArray[np.int32] | None
    numbers: NDArray[np.float64] | None

    @property
    def bits(self) -> int:
        """Bits that hold every code."""
        return max(len(self.names) - 1, 1).bit_length()

    def codes(self, part: Part) -> NDArray[np.int32]:
        """The code of each event."""
        if self.values.column == "event":
            own: NDArray[np.int32] = part.event.astype(np.int32)
            return frozen(own if self.table is None else self.table[own])
        column = part.column(self.values.column)
        if isinstance(column, NumberColumn):
            assert self.numbers is not None  # the column is one of numbers in every part
            own = np.searchsorted(self.numbers, column.values).astype(np.int32)
            own[np.isnan(column.values)] = len(self.numbers)
        else:
            own = np.where(column.codes < 0, np.int32(len(column.names)), column.codes)
        return frozen(own if self.table is None else self.table[own])

    def code(self, name: str) -> int:
        """The code of a step's name.

        Raises:
            BadOption: No step has that name.
        """
        names = _array(self.names)
        found = pc.index(names, pa.scalar(name, names.type)).as_py()
        if found < 0 and name == NONE:
            found = len(self.names) - 1
        if found < 0 or self.names[found] != name:
            message = (
                f"no step is called {name!r}; steps are values of {self.values.column!r} such as {self.names[0]!r}"
            )
            raise BadOption(message)
        return int(found)


class _Names:
    """Names of a text column and `(none)` behind them, decoded as they are asked for."""

    def __init__(self, array: pa.Array) -> None:
        self.array = array

    def __len__(self) -> int:
        return len(self.array) + 1

    def __getitem__(self, code: int) -> str:
        return NONE if code == len(self.array) else str(self.array[int(code)].as_py())


def read_values(column: str, depth: int | None, groups: Mapping[str, str] | None, most: int) -> Values:
    """Check what was asked.

    Raises:
        BadOption: A depth or number of values below one.
    """
    for name, number in (("group_depth", depth), ("group_values", most)):
        if number is not None and number < 1:
            message = f"expected {name} to be at least 1, got {number}"
            raise BadOption(message)
    return Values(column, depth, tuple((groups or {}).items()), most)


def code_steps(journeys: Journeys, parts: Sequence[Part], values: Values) -> Coding:
    """Number the steps of all parts alike.

    Raises:
        UnknownColumn: No event has the column.
    """
    raw = _raw(journeys, parts, values)
    if values.depth is None and not values.groups:
        return raw
    labels = _array(raw.names)
    if isinstance(raw.names, _Names):
        labels = pa.concat_arrays([labels, pa.array([NONE], pa.large_string())])
    encoded = pc.dictionary_encode(_grouped(labels, values))
    table: NDArray[np.int32] = encoded.indices.to_numpy().astype(np.int32)
    names: list[str] = encoded.dictionary.to_pylist()
    if len(names) > values.most:
        counts = np.sum(
            journeys.map(lambda part: np.bincount(table[raw.codes(part)], minlength=len(names)), parts), axis=0
        )
        kept = np.sort(np.argsort(-counts, kind="stable")[: values.most])
        fresh = np.full(len(names), len(kept), np.int32)
        fresh[kept] = np.arange(len(kept))
        table, names = fresh[table], [*(names[n] for n in kept), OTHER]
    return Coding(values, names, table, raw.numbers)


def _raw(journeys: Journeys, parts: Sequence[Part], values: Values) -> Coding:
    if values.column == "event":
        return Coding(values, journeys.events, None, None)
    # Built here, before threads ask for it: progress then comes from one place.
    columns = [part.column(values.column) for part in parts]
    if isinstance(columns[0], TextColumn):
        return Coding(values, _Names(names_array(columns[0].names)), None, None)
    numbers = _distinct(
        np.concatenate([_distinct(column.values) for column in columns if isinstance(column, NumberColumn)])
    )
    return Coding(values, [*map(_number, numbers.tolist()), NONE], None, numbers)


def _distinct(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Different numbers, ascending, without NaN; sorting beats `np.unique` many times over."""
    ordered = np.sort(values[~np.isnan(values)])
    new = np.ones(len(ordered), np.bool_)
    new[1:] = ordered[1:] != ordered[:-1]
    distinct: NDArray[np.float64] = ordered[new]
    return distinct


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)


def _array(names: StepNames) -> pa.Array:
    """Names of a log; of a column of text without the `(none)` behind them."""
    if isinstance(names, _Names):
        return names.array.cast(pa.large_string())
    return pa.array([names[code] for code in range(len(names))], pa.large_string())


def _grouped(names: pa.Array, values: Values) -> pa.Array:
    labels = names
    if values.depth is not None:
        bare = pc.replace_substring_regex(pc.replace_substring_regex(names, _ORIGIN, ""), _BEHIND_PATH, "")
        short = pc.extract_regex(bare, f"^(?P<head>/?(?:[^/]+/){{0,{values.depth - 1}}}[^/]*)").field("head")
        labels = pc.if_else(pc.equal(short, ""), "/", short)
    for name, pattern in reversed(values.groups):
        labels = pc.if_else(pc.match_like(names, pattern), name, labels)
    return labels
