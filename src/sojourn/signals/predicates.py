"""Predicates over one event: a small SQL-like language, the same live, in SQL and over history.

In: text such as `event = 'Page Viewed' and path like '/pricing%'`. Out: a `Predicate`, a tree of frozen records.
Nulls follow SQL: a comparison with a missing value is unknown, and only what is true matches.
Never runs anything: what is not on the allow-list below is refused with its place in the text.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import sqlglot
from sqlglot import exp

from sojourn.records.errors import BadPredicate

Comparison = Literal["=", "<>", "<", "<=", ">", ">="]
Value = str | float | int | bool

_COMPARISONS: dict[type[exp.Expr], Comparison] = {
    exp.EQ: "=",
    exp.NEQ: "<>",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.GT: ">",
    exp.GTE: ">=",
}
_MIRRORED: dict[Comparison, Comparison] = {"=": "=", "<>": "<>", "<": ">", "<=": ">=", ">": "<", ">=": "<="}
_LIMIT = 10_000


@dataclass(frozen=True, slots=True)
class Compare:
    """`column op value`."""

    column: str
    op: Comparison
    value: Value


@dataclass(frozen=True, slots=True)
class Like:
    """`column like pattern`: `%` stands for any text, `_` for one character; `ilike` ignores case."""

    column: str
    pattern: str
    ignore_case: bool = False


@dataclass(frozen=True, slots=True)
class OneOf:
    """`column in (values)`."""

    column: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class IsNull:
    """`column is null`."""

    column: str


@dataclass(frozen=True, slots=True)
class Both:
    """`left and right`."""

    left: Predicate
    right: Predicate


@dataclass(frozen=True, slots=True)
class Either:
    """`left or right`."""

    left: Predicate
    right: Predicate


@dataclass(frozen=True, slots=True)
class Not:
    """`not inner`."""

    inner: Predicate


Predicate = Compare | Like | OneOf | IsNull | Both | Either | Not


def parse_predicate(text: str) -> Predicate:
    """Parse a predicate.

    Args:
        text: Comparisons of one column with literals (`=`, `<>`, `<`, `<=`, `>`, `>=`, `in`, `between`, `like`,
            `ilike`, `is null`), joined by `and`, `or`, `not`. A column is a name, a path such as
            `context.page.path`, or any name in double quotes.

    Raises:
        BadPredicate: It is not of that form; the message says where.
    """
    return _parsed(text)


@lru_cache(maxsize=1024)
def _parsed(text: str) -> Predicate:
    """Kept, because a catalogue's are asked for again and again."""
    if len(text) > _LIMIT:
        message = f"a predicate has at most {_LIMIT} characters, this one has {len(text)}"
        raise BadPredicate(message)
    try:
        tree = sqlglot.parse_one(text, dialect="duckdb")
    except (sqlglot.errors.SqlglotError, RecursionError) as error:
        message = f"cannot read the predicate {text!r}{_place(error)}; expected a comparison such as event = 'Order Completed'"
        raise BadPredicate(message) from error
    return _build(tree, text)


def _place(error: Exception) -> str:
    """Where the parser stumbled, without its words for us who do not know its classes."""
    told = getattr(error, "errors", None)
    where = told[0] if isinstance(told, list) and told and isinstance(told[0], dict) else {}
    return (
        f", at character {where['col']} near {where['highlight']!r}"
        if where.get("highlight") and where.get("col")
        else ""
    )


def columns_of(predicate: Predicate) -> set[str]:
    """The columns a predicate reads."""
    match predicate:
        case Both(left, right) | Either(left, right):
            return columns_of(left) | columns_of(right)
        case Not(inner):
            return columns_of(inner)
        case _:
            return {predicate.column}


def to_sql(predicate: Predicate) -> str:
    """The predicate as SQL any of our engines takes, columns in double quotes."""
    match predicate:
        case Compare(column, op, value):
            return f"{_quoted(column)} {op} {_literal(value)}"
        case Like(column, pattern, ignore_case):
            return f"{_quoted(column)} {'ilike' if ignore_case else 'like'} {_literal(pattern)}"
        case OneOf(column, values):
            return f"{_quoted(column)} in ({', '.join(map(_literal, values))})"
        case IsNull(column):
            return f"{_quoted(column)} is null"
        case Both(left, right):
            return f"({to_sql(left)} and {to_sql(right)})"
        case Either(left, right):
            return f"({to_sql(left)} or {to_sql(right)})"
        case Not(inner):
            return f"(not {to_sql(inner)})"


_UNDERSTOOD = {"this", "expression", "expressions", "low", "high", "negate", "table", "db", "catalog", "query"}
"""What a node of the parser may say that is read here; `query` is refused where it stands."""


def _build(node: exp.Expr, text: str) -> Predicate:
    said = {name for name, value in node.args.items() if value}
    if not said <= _UNDERSTOOD:
        # What is passed over would be another question than the one asked.
        raise _refused(node, text)
    made = _built(node, text)
    # Some versions of the parser put a NOT around `like`, others say it within.
    return Not(made) if "negate" in said else made


def _built(node: exp.Expr, text: str) -> Predicate:  # noqa: C901, PLR0911  (one line a kind of node)
    match node:
        case exp.Paren():
            return _build(node.this, text)
        case exp.And():
            return Both(_build(node.left, text), _build(node.right, text))
        case exp.Or():
            return Either(_build(node.left, text), _build(node.right, text))
        case exp.Not():
            return Not(_build(node.this, text))
        case exp.Between():
            column = _column(node.this, text)
            low, high = _value(node.args["low"], text), _value(node.args["high"], text)
            return Both(Compare(column, ">=", low), Compare(column, "<=", high))
        case exp.In():
            return _one_of(node, text)
        case exp.Like() | exp.ILike():
            return Like(_column(node.this, text), _text(node.expression, text), isinstance(node, exp.ILike))
        case exp.Is():
            return _is(node, text)
        case exp.Column():
            return Compare(_column(node, text), "=", value=True)
        case _ if type(node) in _COMPARISONS:
            return _compare(node, text)
        case _:
            raise _refused(node, text)


def _compare(node: exp.Expr, text: str) -> Compare:
    op = _COMPARISONS[type(node)]
    left, right = node.this, node.expression
    if isinstance(left, exp.Column | exp.Dot):
        return Compare(_column(left, text), op, _value(right, text))
    return Compare(_column(right, text), _MIRRORED[op], _value(left, text))


def _one_of(node: exp.In, text: str) -> OneOf:
    if node.args.get("query") or not node.expressions:
        raise _refused(node, text)
    return OneOf(_column(node.this, text), tuple(_value(item, text) for item in node.expressions))


def _is(node: exp.Is, text: str) -> Predicate:
    column = _column(node.this, text)
    if isinstance(node.expression, exp.Null):
        return IsNull(column)
    if isinstance(node.expression, exp.Boolean):
        value = bool(node.expression.this)
        return Both(Not(IsNull(column)), Compare(column, "=", value))
    raise _refused(node, text)


def _column(node: exp.Expr, text: str) -> str:
    if isinstance(node, exp.Column):
        return ".".join(part.name for part in node.parts)
    if isinstance(node, exp.Dot):
        return ".".join(part.name for part in node.parts)
    raise _refused(node, text, expected="a column name")


def _value(node: exp.Expr, text: str) -> Value:
    match node:
        case exp.Literal():
            if node.is_string:
                return str(node.this)
            number = float(node.this)
            return int(node.this) if str(node.this).isdigit() else number
        case exp.Neg(this=exp.Literal() as inner) if not inner.is_string:
            positive = _value(inner, text)
            return -float(positive) if isinstance(positive, float) else -int(positive)
        case exp.Boolean():
            return bool(node.this)
        case exp.Column():
            hint = f"write '{node.name}' in single quotes when it is a text"
            raise _refused(node, text, expected=f"a literal ({hint})")
        case _:
            raise _refused(node, text, expected="a literal")


def _text(node: exp.Expr, text: str) -> str:
    value = _value(node, text)
    if isinstance(value, str):
        return value
    raise _refused(node, text, expected="a pattern in single quotes")


def _refused(node: exp.Expr, text: str, *, expected: str = "a comparison of a column with a literal") -> BadPredicate:
    found = node.sql(dialect="duckdb")
    return BadPredicate(f"expected {expected}, got {found!r} in the predicate {text!r}")


def _quoted(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def _literal(value: Value) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return repr(value)
