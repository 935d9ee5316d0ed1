"""How the rows of a part reach the slots of a program: predicates as look-ups over the codes of its columns.

In: a part and a program. Out: `Feeds` and the columns they read, for `signal_pass_kernel`. Says of an event exactly what
`signals.matches` says of it live.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from sojourn.analyse.masks import names_array, verdicts
from sojourn.analyse.signal_pass_kernel import (
    ABOVE,
    AMONG,
    AT_LEAST,
    AT_MOST,
    BELOW,
    EQUAL,
    MISSING,
    TEXT,
    UNEQUAL,
    Feeds,
)
from sojourn.records.errors import UnknownColumn
from sojourn.signals.event_view import hour_of, weekday_of
from sojourn.signals.keys import text_key
from sojourn.signals.matches import number_of
from sojourn.signals.predicates import Compare, IsNull, Like, OneOf
from sojourn.signals.truth import leaves_of, truth_table
from sojourn.store.columns import NumberColumn, TextColumn

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from sojourn.analyse.parts import Part
    from sojourn.signals.predicates import Predicate, Value
    from sojourn.signals.program import Program
    from sojourn.signals.truth import Leaf
    from sojourn.store.columns import Column

_OPS = {"=": EQUAL, "<>": UNEQUAL, "<": BELOW, "<=": AT_MOST, ">": ABOVE, ">=": AT_LEAST}
_QUARTER_US = 900_000_000
_ABSENT = -1


@dataclass(slots=True)
class _Columns:
    """Columns of a part as the kernel reads them, each once."""

    part: Part
    zone: str
    codes: list[NDArray[np.int32]] = field(default_factory=list)
    numbers: list[NDArray[np.float64]] = field(default_factory=list)
    found: dict[str, Column | None] = field(default_factory=dict)
    places: dict[tuple[str, str], int] = field(default_factory=dict)

    def column(self, name: str) -> Column | None:
        """A column; None when no event has it."""
        if name not in self.found:
            self.found[name] = _column(self.part, name, self.zone)
        return self.found[name]

    def text(self, name: str, column: TextColumn) -> int:
        """Row of a column of text."""
        return self._place("text", name, self.codes, lambda: column.codes)

    def number(self, name: str, column: Column) -> int:
        """Row of a column of numbers; text that writes numbers counts as them."""
        return self._place("number", name, self.numbers, lambda: _numbers(column))

    def _place(self, kind: str, name: str, rows: list[Any], values: Callable[[], NDArray[Any]]) -> int:
        if (kind, name) not in self.places:
            rows.append(values())
            self.places[kind, name] = len(rows) - 1
        return self.places[kind, name]


def feeds_of(part: Part, program: Program) -> tuple[Feeds, NDArray[np.int32], NDArray[np.float64]]:
    """The feeds of a part, and its columns of codes and of numbers, one a row.

    Args:
        part: Any part.
        program: The compiled catalogue.
    """
    columns = _Columns(part, program.catalogue.time_zone)
    first, slots = _by_name(part.events, program)
    conditions: dict[Predicate, int] = {}
    condition = [
        _ABSENT if slot.where is None else conditions.setdefault(slot.where, len(conditions)) for slot in program.slots
    ]
    leaves = _Leaves()
    for predicate in conditions:
        leaves.add(predicate, columns)
    keys = _Keys()
    for slot in program.slots:
        keys.add(slot.key, columns)
    value_column = [_value(slot.value, columns) for slot in program.slots]
    feeds = Feeds(
        first=first, slots=slots, condition=_ints(condition), leaf_first=_ints(leaves.first), leaf_kind=_ints(leaves.kind),
        leaf_column=_ints(leaves.column), leaf_at=_ints(leaves.at), leaf_many=_ints(leaves.many),
        lookups=np.concatenate([np.zeros(0, np.uint8), *leaves.lookups]), literals=np.array([*leaves.literals, 0.0]),
        table=_ints(leaves.table), tables=np.concatenate([np.zeros(0, np.uint8), *leaves.tables]),
        value_column=_ints(value_column), constant=np.array([slot.constant for slot in program.slots]),
        key_kind=_ints(keys.kind), key_column=_ints(keys.column), key_at=_ints(keys.at),
        keys=np.concatenate([np.zeros(0, np.int64), *keys.keys]),
    )  # fmt: skip
    rows = len(part.time)
    return feeds, _stacked(columns.codes, np.int32, rows), _stacked(columns.numbers, np.float64, rows)


def _by_name(events: Sequence[str], program: Program) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    lists = [
        [n for n, slot in enumerate(program.slots) if slot.events is None or name in slot.events] for name in events
    ]
    first = np.concatenate(([0], np.cumsum([len(of) for of in lists]))).astype(np.int64)
    return first, _ints([n for of in lists for n in of])


class _Leaves:
    """Comparisons of all conditions, one behind the other."""

    def __init__(self) -> None:
        self.first, self.table = [0], list[int]()
        self.kind, self.column, self.at, self.many = list[int](), list[int](), list[int](), list[int]()
        self.lookups, self.tables = list["NDArray[np.uint8]"](), list["NDArray[np.uint8]"]()
        self.literals: list[float] = []

    def add(self, predicate: Predicate, columns: _Columns) -> None:
        """The comparisons of one condition."""
        self.table.append(sum(map(len, self.tables)))
        self.tables.append(truth_table(predicate))
        for leaf in leaves_of(predicate):
            self._leaf(leaf, columns)
        self.first.append(len(self.kind))

    def _leaf(self, leaf: Leaf, columns: _Columns) -> None:
        column = columns.column(leaf.column)
        name = leaf.column
        if isinstance(column, NumberColumn) and isinstance(leaf, Like):
            name, column = f"{name} as text", _as_text(column)
        self.many.append(1)
        if column is None:
            self._put(MISSING if isinstance(leaf, IsNull) else TEXT, _ABSENT, 0)
        elif isinstance(column, TextColumn):
            at = sum(map(len, self.lookups))
            self.lookups.append(_lookup(column, leaf))
            self._put(TEXT, columns.text(name, column), at)
        else:
            self._number(leaf, columns.number(name, column))

    def _number(self, leaf: Leaf, row: int) -> None:
        at = len(self.literals)
        match leaf:
            case IsNull():
                self._put(MISSING, row, at)
            case Compare(_, op, value):
                self.literals.append(_literal(value))
                self._put(_OPS[op], row, at)
            case OneOf(_, values):
                self.literals += [_literal(value) for value in values]
                self.many[-1] = len(values)
                self._put(AMONG, row, at)
        if any(np.isnan(self.literals[at:])):
            # A text that is no number compares with numbers as null does: unknown.
            del self.literals[at:]
            self.kind[-1], self.column[-1] = TEXT, _ABSENT

    def _put(self, kind: int, column: int, at: int) -> None:
        self.kind.append(kind)
        self.column.append(column)
        self.at.append(at)


class _Keys:
    """Keys of all slots."""

    def __init__(self) -> None:
        self.kind, self.column, self.at = list[int](), list[int](), list[int]()
        self.keys: list[NDArray[np.int64]] = []
        self._begun: dict[str, int] = {}

    def add(self, name: str | None, columns: _Columns) -> None:
        """The key of one slot."""
        column = None if name is None else columns.column(name)
        if name is None or column is None:
            self._put(0 if name is None else 3, 0, 0)
        elif isinstance(column, NumberColumn):
            self._put(2, columns.number(name, column), 0)
        else:
            if name not in self._begun:
                self._begun[name] = sum(map(len, self.keys))
                self.keys.append(_ints([0, *map(text_key, names_array(column.names).to_pylist())]))
            self._put(1, columns.text(name, column), self._begun[name])

    def _put(self, kind: int, column: int, at: int) -> None:
        self.kind.append(kind)
        self.column.append(column)
        self.at.append(at)


def _column(part: Part, name: str, zone: str) -> Column | None:
    if name in {"time.hour", "time.weekday"}:
        clock = hour_of if name == "time.hour" else weekday_of
        quarters, place = np.unique(part.time // _QUARTER_US, return_inverse=True)
        told = np.array([clock(int(quarter) * _QUARTER_US, zone) for quarter in quarters], np.float64)
        return NumberColumn(np.where(part.time == 0, np.nan, told[place] if len(told) else np.nan))
    try:
        return part.column(name)
    except UnknownColumn:
        return None


def _lookup(column: TextColumn, leaf: Leaf) -> NDArray[np.uint8]:
    """Worth of a comparison by code; null first."""
    if isinstance(leaf, IsNull):
        return np.array([2] + [1] * len(column.names), np.uint8)
    true, false = verdicts(names_array(column.names), leaf)
    worth = np.where(true, 2, np.where(false, 1, 0)).astype(np.uint8)
    # `verdicts` has null behind the names.
    return np.concatenate((worth[-1:], worth[:-1]))


def _numbers(column: Column) -> NDArray[np.float64]:
    if isinstance(column, NumberColumn):
        return column.values
    told = np.array([number_of(name) for name in names_array(column.names).to_pylist()] + [np.nan])
    return told[column.codes]


def _as_text(column: NumberColumn) -> TextColumn:
    known = ~np.isnan(column.values)
    values, place = np.unique(column.values[known], return_inverse=True)
    codes = np.full(len(column.values), -1, np.int32)
    codes[known] = place
    return TextColumn(codes, [str(int(value)) if float(value).is_integer() else str(value) for value in values])


def _value(name: str | None, columns: _Columns) -> int:
    column = None if name is None else columns.column(name)
    return _ABSENT if name is None or column is None else columns.number(name, column)


def _literal(value: Value) -> float:
    try:
        return float(value)
    except ValueError:
        return float("nan")


def _stacked(rows: list[NDArray[Any]], kind: type, length: int) -> NDArray[Any]:
    return np.array(rows, kind).reshape(len(rows), length)


def _ints(values: Sequence[int]) -> NDArray[np.int64]:
    return np.array(values, np.int64)
