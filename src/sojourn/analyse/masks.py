"""Which events of a part a predicate matches.

In: a predicate and a part. Out: one boolean an event. A comparison on a column of text becomes a lookup table
over its distinct values; nulls follow SQL (`signals.predicates`).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sojourn.records.errors import BadPredicate
from sojourn.records.moments import moment_us
from sojourn.signals.predicates import Both, Compare, Either, IsNull, Like, Not, OneOf
from sojourn.store.columns import MappedNames, TextColumn

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from sojourn.analyse.parts import Part
    from sojourn.signals.predicates import Comparison, Predicate, Value
    from sojourn.store.columns import Column

_NUMPY: dict[Comparison, Callable[[Any, Any], Any]] = {
    "=": np.equal,
    "<>": np.not_equal,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}
_ARROW = {
    "=": pc.equal,
    "<>": pc.not_equal,
    "<": pc.less,
    "<=": pc.less_equal,
    ">": pc.greater,
    ">=": pc.greater_equal,
}


_NEITHER = pa.scalar(False)  # noqa: FBT003  (an unknown comparison counts as not so)


def matches(part: Part, predicate: Predicate, *, time_zone: str = "UTC") -> NDArray[np.bool_]:
    """Events that a predicate matches.

    Args:
        part: Any part.
        predicate: From `parse_predicate`. `time` compares with moments such as '2024-03-01'.
        time_zone: Zone of moments without one.

    Returns:
        bool, one an event: true where the predicate is true (not where it is unknown).

    Raises:
        UnknownColumn: A column no event has.
        BadPredicate: A comparison that its column cannot make.
    """
    if isinstance(predicate, Compare | Like | OneOf) and predicate.column != "time":
        codes, names = _codes(part, predicate.column)
        if names is not None:
            return verdicts(names, predicate)[0].take(codes)
    return truth(part, predicate, time_zone)[0]


def _codes(part: Part, name: str) -> tuple[NDArray[Any], pa.Array | None]:
    """Codes and names of a column of text; no names for one of numbers."""
    if name == "event":
        return part.event, pa.array(part.events, pa.large_string())
    column = part.column(name)
    if isinstance(column, TextColumn):
        return column.codes, names_array(column.names)
    return column.values, None


def truth(part: Part, predicate: Predicate, zone: str) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Where the predicate is true, and where it is false; elsewhere it is unknown.

    Args:
        part: Anything that has `column(name)` and `time`.
        predicate: Any.
        zone: Zone of moments without one.
    """
    match predicate:
        case Both(left, right):
            (lt, lf), (rt, rf) = truth(part, left, zone), truth(part, right, zone)
            return lt & rt, lf | rf
        case Either(left, right):
            (lt, lf), (rt, rf) = truth(part, left, zone), truth(part, right, zone)
            return lt | rt, lf & rf
        case Not(inner):
            true, false = truth(part, inner, zone)
            return false, true
        case _:
            if predicate.column == "time":
                return _of_time(part, predicate, zone)
            column = part.column(predicate.column)
            return _of_text(column, predicate) if isinstance(column, TextColumn) else _of_number(column, predicate)


def _of_text(column: TextColumn, leaf: Any) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:  # noqa: ANN401  (a leaf of Predicate)
    names = names_array(column.names)
    if isinstance(leaf, IsNull):
        null = column.codes < 0
        return null, ~null
    true, false = verdicts(names, leaf)
    return true.take(column.codes), false.take(column.codes)


def verdicts(names: pa.Array, leaf: Compare | Like | OneOf) -> NDArray[np.bool_]:
    """Whether a comparison is true of each name, and whether it is false; of null, code -1, behind them, neither."""
    verdict = _text_verdict(names, leaf)
    table = np.zeros((2, len(names) + 1), np.bool_)
    table[0, :-1] = verdict.fill_null(_NEITHER).to_numpy(zero_copy_only=False)
    table[1, :-1] = pc.invert(verdict).fill_null(_NEITHER).to_numpy(zero_copy_only=False)
    return table


def _text_verdict(names: pa.Array, leaf: Compare | Like | OneOf) -> pa.Array:
    match leaf:
        case Compare(_, op, value):
            return _compare_text(names, op, value)
        case OneOf(_, values):
            found = [_compare_text(names, "=", value) for value in values]
            verdict = found[0]
            for other in found[1:]:
                verdict = pc.or_kleene(verdict, other)
            return verdict
        case Like(_, pattern, ignore_case):
            return pc.match_like(names, pattern, ignore_case=ignore_case)


def _compare_text(names: pa.Array, op: Comparison, value: Value) -> pa.Array:
    if isinstance(value, bool):
        return _ARROW[op](names, "true" if value else "false")
    if isinstance(value, str):
        return _ARROW[op](names, value)
    numbers = np.array([_number(name) for name in names.to_pylist()])
    verdict = _NUMPY[op](numbers, float(value))
    return pa.array(verdict, mask=np.isnan(numbers))


def _of_number(column: Column, leaf: Any) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:  # noqa: ANN401  (a leaf of Predicate)
    values = column.values  # type: ignore[union-attr]  # the caller has told text apart
    null = np.isnan(values)
    match leaf:
        case IsNull():
            return null, ~null
        case Compare(name, op, value):
            true = _NUMPY[op](values, _as_number(name, value))
        case OneOf(name, choices):
            true = np.isin(values, [_as_number(name, value) for value in choices])
        case Like(name, pattern):
            message = f"{name!r} holds numbers; `like {pattern!r}` needs text"
            raise BadPredicate(message)
    return true & ~null, ~true & ~null


def _of_time(part: Part, leaf: Any, zone: str) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:  # noqa: ANN401  (a leaf of Predicate)
    null = part.time == 0
    match leaf:
        case IsNull():
            return null, ~null
        case Compare(_, op, str(value)):
            true = _NUMPY[op](part.time, moment_us(value, time_zone=zone))
            return true & ~null, ~true & ~null
    message = "`time` compares with a moment in single quotes, such as time >= '2024-03-01'"
    raise BadPredicate(message)


def names_array(names: Sequence[str]) -> pa.Array:
    """Distinct values of a text column as an Arrow array."""
    return names.array if isinstance(names, MappedNames) else pa.array(names, pa.large_string())


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _as_number(name: str, value: Value) -> float:
    number = _number(value) if isinstance(value, str) else float(value)
    if math.isnan(number):
        message = f"{name!r} holds numbers, cannot compare it with {value!r}"
        raise BadPredicate(message)
    return number
