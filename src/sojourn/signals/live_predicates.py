"""A predicate as a closure: whether one event, or one profile, matches.

In: a `Predicate`. Out: a function of a look-up of columns, True, False or None (unknown). Says the same as `analyse.masks` and as
SQL, nulls included; a property test holds them to it.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable
from math import isnan
from typing import TYPE_CHECKING, Any

from sojourn.signals.predicates import Both, Compare, Either, IsNull, Like, Not, OneOf

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sojourn.signals.event_view import Cell
    from sojourn.signals.predicates import Comparison, Predicate, Value

    Column = Callable[[str], Cell]
    Verdict = bool | None

Test = Callable[[Callable[[str], "Cell"]], bool | None]
"""From a look-up of columns by name to true, false or unknown."""

_OPERATORS: dict[Comparison, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "<>": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def compile_predicate(predicate: Predicate) -> Test:
    """The closure of a predicate."""
    match predicate:
        case Both(left, right):
            return _both(compile_predicate(left), compile_predicate(right))
        case Either(left, right):
            return _either(compile_predicate(left), compile_predicate(right))
        case Not(inner):
            return _not(compile_predicate(inner))
        case IsNull(name):
            return lambda column: column(name) is None
        case Compare(name, op, value):
            return _compare(name, op, value)
        case OneOf(name, values):
            return _one_of(name, values)
        case Like(name, pattern, ignore_case):
            return _like(name, pattern, ignore_case=ignore_case)


def _both(left: Test, right: Test) -> Test:
    def test(column: Column) -> Verdict:
        one = left(column)
        if one is False:
            return False
        other = right(column)
        return False if other is False else None if one is None or other is None else True

    return test


def _either(left: Test, right: Test) -> Test:
    def test(column: Column) -> Verdict:
        one = left(column)
        if one:
            return True
        other = right(column)
        return True if other else None if one is None or other is None else False

    return test


def _not(inner: Test) -> Test:
    def test(column: Column) -> Verdict:
        verdict = inner(column)
        return None if verdict is None else not verdict

    return test


def _compare(name: str, op: Comparison, value: Value) -> Test:
    compares = _compares(op, value)
    if isinstance(value, str) or isnan(value):
        return lambda column: None if (cell := column(name)) is None else compares(cell)
    compare, number = _OPERATORS[op], float(value)

    def test(column: Column) -> Verdict:
        cell = column(name)
        if type(cell) is float and not isnan(cell):
            # By far the most: a signal's value beside a number.
            return compare(cell, number)
        return None if cell is None else compares(cell)

    return test


def _one_of(name: str, values: Sequence[Value]) -> Test:
    choices = [_compares("=", value) for value in values]
    texts = frozenset(values) if all(isinstance(value, str) for value in values) else None

    def test(column: Column) -> Verdict:
        value = column(name)
        if value is None:
            return None
        if texts is not None and isinstance(value, str):
            return value in texts
        verdicts = [compares(value) for compares in choices]
        return True if True in verdicts else None if None in verdicts else False

    return test


def _compares(op: Comparison, value: Value) -> Callable[[Cell], Verdict]:
    """A comparison with a literal, of text or of number, whichever comes."""
    compare = _OPERATORS[op]
    text = ("true" if value else "false") if isinstance(value, bool) else value if isinstance(value, str) else None
    number = _number(value) if isinstance(value, str) else float(value)

    def test(cell: Cell) -> Verdict:
        if not isinstance(cell, str):
            assert cell is not None  # nothing is unknown before it comes here
            return None if isnan(number) or isnan(cell) else compare(cell, number)
        if text is not None:
            return compare(cell, text)
        told = _number(cell)
        return None if isnan(told) else compare(told, number)

    return test


def _like(name: str, pattern: str, *, ignore_case: bool) -> Test:
    expression = re.compile(_regex(pattern), re.DOTALL | (re.IGNORECASE if ignore_case else 0)).fullmatch

    def test(column: Column) -> Verdict:
        value = column(name)
        return None if value is None else expression(_text(value)) is not None

    return test


def _regex(pattern: str) -> str:
    """`%` any text, `_` one character, a backslash before either means itself."""
    made, escaped = [], False
    for letter in pattern:
        if not escaped and letter == "\\":
            escaped = True
            continue
        made.append(
            ".*" if letter == "%" and not escaped else "." if letter == "_" and not escaped else re.escape(letter)
        )
        escaped = False
    return "".join(made)


def _text(value: Cell) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan
