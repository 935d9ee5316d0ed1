"""How the rows of a part reach the slots of a program: predicates as look-ups over the codes of its columns.

In: a part and a program. Out: `Feeds` and the columns they read, for `signal_pass_kernel`. Says of an event exactly what
`signals.matches` says of it live.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np

from sojourn.analyse.masks import names_array, verdicts
from sojourn.analyse.signal_pass_kernel import (
    ABOVE,
    ABSENT_KEY,
    AMONG,
    AT_LEAST,
    AT_MOST,
    BELOW,
    EQUAL,
    MISSING,
    NO_KEY,
    NUMBER_KEY,
    SLOT_FIELDS,
    SLOT_RECORDS,
    TEST_FIELDS,
    TEXT,
    TEXT_KEY,
    UNEQUAL,
    look_up,
    span,
)
from sojourn.records.errors import UnknownColumn
from sojourn.signals.event_view import hour_of, weekday_of
from sojourn.signals.keys import text_key
from sojourn.signals.matches import number_of, of_traits
from sojourn.signals.predicates import Compare, IsNull, Like, Not, OneOf, columns_of
from sojourn.signals.truth import leaves_of, truth_table
from sojourn.store.columns import MappedNames, NumberColumn, TextColumn

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from sojourn.analyse.parts import Part
    from sojourn.signals.predicates import Predicate, Value
    from sojourn.signals.program import Program, Slot
    from sojourn.signals.truth import Leaf
    from sojourn.store.columns import Column

_OPS = {"=": EQUAL, "<>": UNEQUAL, "<": BELOW, "<=": AT_MOST, ">": ABOVE, ">=": AT_LEAST}
_QUARTER_US = 900_000_000
_WEEK = 7 * 96
_QUARTERS = 1 << 16
"""Quarters of an hour, nearly two years, up to which all of a log's span are looked up."""
_ABSENT = -1
_HEAD = 10


@dataclass(slots=True)
class _Columns:
    """Columns of a part as the kernel reads them, each once."""

    part: Part
    zone: str
    codes: list[NDArray[np.int32]] = field(default_factory=list)
    numbers: list[NDArray[np.float64]] = field(default_factory=list)
    found: dict[str, Column | None] = field(default_factory=dict)
    carriers: dict[str, frozenset[str]] = field(default_factory=dict)
    places: dict[tuple[str, str], int] = field(default_factory=dict)

    def column(self, name: str) -> Column | None:
        """A column; None when no event has it."""
        if name not in self.found:
            self.found[name] = _column(self.part, name, self.zone)
        return self.found[name]

    def carried_by(self, name: str) -> frozenset[str]:
        """Names of the events that have a value in a column."""
        if name not in self.carriers:
            column, codes = self.column(name), np.empty(0, np.int64)
            if column is not None:
                known = column.codes >= 0 if isinstance(column, TextColumn) else ~np.isnan(column.values)
                codes = np.unique(self.part.event[known])
            self.carriers[name] = frozenset(self.part.events[code] for code in codes.tolist())
        return self.carriers[name]

    def text(self, name: str, column: TextColumn) -> int:
        """Row of a column of text."""
        return self._place("text", name, self.codes, lambda: np.ascontiguousarray(column.codes, np.int32))

    def number(self, name: str, column: Column) -> int:
        """Row of a column of numbers; text that writes numbers counts as them."""
        return self._place("number", name, self.numbers, lambda: np.ascontiguousarray(_numbers(column), np.float64))

    def _place(self, kind: str, name: str, rows: list[Any], values: Callable[[], NDArray[Any]]) -> int:
        if (kind, name) not in self.places:
            rows.append(values())
            self.places[kind, name] = len(rows) - 1
        return self.places[kind, name]


@dataclass(frozen=True, slots=True)
class Feeds:
    """How the rows of a part reach the slots of a program; see `signal_pass_kernel`.

    Attributes:
        words: int64: slots by event name, slots, conditions, comparisons, truth tables.
        lookups: uint8: worths of comparisons by code.
        literals: float64: numbers that are compared with.
        keys: int64: keys by code.
        codes: int64: addresses of the columns of text.
        numbers: int64: addresses of the columns of numbers.
        columns: These columns: they stay where they are as long as the feeds do.
    """

    words: NDArray[np.int64]
    lookups: NDArray[np.uint8]
    literals: NDArray[np.float64]
    keys: NDArray[np.int64]
    codes: NDArray[np.int64]
    numbers: NDArray[np.int64]
    columns: tuple[NDArray[Any], ...]


def feeds_of(part: Part, program: Program) -> Feeds:
    """The feeds of a part.

    Args:
        part: Any part.
        program: The compiled catalogue.
    """
    columns = _Columns(part, program.catalogue.time_zone)
    leaves, keys = _Leaves(), _Keys()
    conditions: dict[Predicate, int] = {}
    tests: dict[tuple[frozenset[str] | None, int], int] = {}
    slots: list[tuple[int, ...]] = []
    for slot in program.slots:
        # What is wanted false shares the test of what is wanted true.
        wanted_false = isinstance(slot.where, Not)
        asked = slot.where.inner if isinstance(slot.where, Not) else slot.where
        condition = _ABSENT if asked is None else conditions.setdefault(asked, len(conditions))
        if asked is not None and condition == len(leaves.table):
            leaves.add(asked, columns)
        test = tests.setdefault((_names(slot, columns), condition), len(tests))
        slots.append((2 * test + wanted_false, slot.role, _value(slot.value, columns), 0, *keys.add(slot.key, columns)))
    return Feeds(
        _words(list(tests), part, program, slots, leaves),
        np.concatenate([np.zeros(0, np.uint8), *leaves.lookups]),
        np.array([*leaves.literals, 0.0]),
        np.concatenate([np.zeros(0, np.int64), *keys.keys]),
        _ints([column.ctypes.data for column in columns.codes]),
        _ints([column.ctypes.data for column in columns.numbers]),
        (*columns.codes, *columns.numbers),
    )


def _names(slot: Slot, columns: _Columns) -> frozenset[str] | None:
    """Names of the events that can reach a slot; None for all. Traits come with few events, and only those are asked."""
    if slot.events is not None or slot.where is None or not of_traits(slot):
        return None if slot.events is None else frozenset(slot.events)
    return frozenset[str]().union(*map(columns.carried_by, columns_of(slot.where)))


def _words(
    tests: list[tuple[frozenset[str] | None, int]],
    part: Part,
    program: Program,
    slots: list[tuple[int, ...]],
    leaves: _Leaves,
) -> NDArray[np.int64]:
    """Everything the kernel looks up, one behind the other."""
    classes: dict[frozenset[int], int] = {}
    by_name = [
        classes.setdefault(frozenset(n for n, (of, _) in enumerate(tests) if of is None or name in of), len(classes))
        for name in part.events
    ]
    lists = [[place for asked, place in classes.items() if n in asked] for n in range(len(tests))]
    signals = np.searchsorted([slot.signal for slot in program.slots], np.arange(len(program.names) + 1))
    parts = [
        _ints(by_name), np.zeros(TEST_FIELDS * len(tests), np.int64), _ints(signals), _ints(slots).reshape(-1),
        _ints([(*between, at) for between, at in zip(pairwise(leaves.first), leaves.table, strict=True)]).reshape(-1),
        _ints(list(zip(leaves.kind, leaves.column, leaves.at, leaves.many, strict=True))).reshape(-1),
        np.concatenate([np.zeros(0, np.int64), *leaves.tables]), _ints([place for of in lists for place in of]),
    ]  # fmt: skip
    begins = _HEAD + np.concatenate(([0], np.cumsum([len(one) for one in parts])))
    ends = begins[-2] + np.concatenate(([0], np.cumsum([len(of) for of in lists])))
    parts[1][:] = _ints([(of[1], *between) for of, between in zip(tests, pairwise(ends), strict=True)]).reshape(-1)
    words = np.concatenate([_ints([*begins[:7], len(classes), len(tests), np.diff(signals).max()]), *parts])
    floats = words.view(np.float64)
    for n, slot in enumerate(program.slots):
        floats[begins[SLOT_RECORDS] + SLOT_FIELDS * n + 3] = slot.constant
    return words


class _Leaves:
    """Comparisons of all conditions, one behind the other."""

    def __init__(self) -> None:
        self.first, self.table = [0], list[int]()
        self.kind, self.column, self.at, self.many = list[int](), list[int](), list[int](), list[int]()
        self.lookups, self.tables = list["NDArray[np.uint8]"](), list["NDArray[np.uint8]"]()
        self.literals: list[float] = []

    def add(self, predicate: Predicate, columns: _Columns) -> None:
        """The comparisons of one condition."""
        self.table.append(sum(len(one) for one in self.tables))
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
            at = sum(len(one) for one in self.lookups)
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
    """Keys of all slots by code, one column behind the other."""

    def __init__(self) -> None:
        self.keys: list[NDArray[np.int64]] = []
        self._begun: dict[str, int] = {}

    def add(self, name: str | None, columns: _Columns) -> tuple[int, int, int]:
        """The key of one slot: its kind, the row of its column, where its keys begin."""
        column = None if name is None else columns.column(name)
        if name is None or column is None:
            return (NO_KEY if name is None else ABSENT_KEY), 0, 0
        if isinstance(column, NumberColumn):
            return NUMBER_KEY, columns.number(name, column), 0
        if name not in self._begun:
            self._begun[name] = sum(len(one) for one in self.keys)
            self.keys.append(_keys_of(column.names))
        return TEXT_KEY, columns.text(name, column), self._begun[name]


_KNOWN_KEYS: WeakKeyDictionary[Sequence[str], NDArray[np.int64]] = WeakKeyDictionary()
"""Keys of the distinct values of mapped columns: many parts have the same values."""


def _keys_of(names: Sequence[str]) -> NDArray[np.int64]:
    """Keys of distinct values; that of null first."""
    if not isinstance(names, MappedNames):
        return _ints([0, *map(text_key, names)])
    if names not in _KNOWN_KEYS:
        _KNOWN_KEYS[names] = _ints([0, *map(text_key, names.array.to_pylist())])
    return _KNOWN_KEYS[names]


def _column(part: Part, name: str, zone: str) -> Column | None:
    if name in {"time.hour", "time.weekday"}:
        return NumberColumn(_clock_of(part.time, _clock(name, zone)))
    try:
        return part.column(name)
    except UnknownColumn:
        return None


@lru_cache(maxsize=8)
def _clock(name: str, zone: str) -> Callable[[int], float]:
    """What a clock shows in a quarter of an hour; the same one each time, so that what it told is known again."""
    shown = hour_of if name == "time.hour" else weekday_of
    return lambda quarter: float(shown(quarter * _QUARTER_US, zone) or 0)


@lru_cache(maxsize=8)
def _told(clock: Callable[[int], float], first: int, behind: int) -> NDArray[np.float64]:
    """What a clock shows in each of some quarters of an hour."""
    return np.array([clock(quarter) for quarter in range(first, behind)])


def _clock_of(time: NDArray[np.int64], clock: Callable[[int], float]) -> NDArray[np.float64]:
    """What a clock showed at each time; NaN without a time. It is asked once for each quarter of an hour."""
    earliest, latest = span(time)
    first, last = min(earliest, latest) // _QUARTER_US, latest // _QUARTER_US
    if last - first < _QUARTERS:
        # Every quarter there may be, looked up: far fewer than events. Whole weeks, which many parts have in common.
        first -= first % _WEEK
        told = _told(clock, first, last - last % _WEEK + _WEEK)
        shown: NDArray[np.float64] = look_up(time, _QUARTER_US, first, told)
        return shown
    # One event long ago is reason enough: only the quarters that there are.
    quarters, place = np.unique(time // _QUARTER_US, return_inverse=True)
    shown = np.array([clock(quarter) for quarter in quarters.tolist()])[place]
    shown[time == 0] = np.nan
    return shown


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


def _ints(values: Sequence[Any] | NDArray[Any]) -> NDArray[np.int64]:
    return np.array(values, np.int64)
