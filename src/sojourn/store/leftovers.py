"""Property values that have no column, or do not fit theirs, kept as JSON.

In: arrays of properties. Out: arrays that fit their column, and JSON objects of the rest. Nothing is lost:
a value that its column cannot hold exactly is null there and stands, as it came, in the JSON.
"""

from __future__ import annotations

import math
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    from collections.abc import Mapping

_EXACT_INT = 2**53
_INT64 = 2**63


def fit(values: pa.Array, kind: pa.DataType) -> tuple[pa.Array, pa.Array | None]:
    """Cast a property to its column's type.

    Args:
        values: string, int64, float64 or bool array.
        kind: The column's type, one of the same four.

    Returns:
        The values of the column, null where a value does not fit exactly; and the values that do not fit,
        null elsewhere, or None when all fit.
    """
    values = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    if pa.types.is_dictionary(values.type) or pa.types.is_large_string(values.type):
        values = values.cast(pa.string())
    if values.type == kind:
        return values, None
    if pa.types.is_null(values.type):
        return pa.nulls(len(values), kind), None
    if kind == pa.string():
        return pa.nulls(len(values), kind), values
    if pa.types.is_string(values.type):
        return _parse(values, kind)
    try:
        cast = values.cast(kind)
    except pa.ArrowInvalid:
        fitting = pa.array([_exact(value.as_py(), kind) for value in values], kind)
        return fitting, pc.if_else(fitting.is_valid(), pa.nulls(len(values), values.type), values)
    if pa.types.is_boolean(kind) or pa.types.is_boolean(values.type):
        return pa.nulls(len(values), kind), values
    return cast, None


def add_to_rest(rest: pa.Array, leftovers: Mapping[str, pa.Array]) -> pa.Array:
    """JSON objects of a batch with more properties put in.

    Args:
        rest: String array of JSON objects or nulls.
        leftovers: Arrays by property name; nulls are not written.

    Returns:
        String array of JSON objects; null where there is nothing.
    """
    given = {name: values for name, values in leftovers.items() if values.null_count < len(values)}
    if not given:
        return rest
    inner = pc.utf8_slice_codeunits(pc.utf8_trim_whitespace(rest), 1, -1)
    members = [inner, *(_fragments(name, values) for name, values in given.items())]
    # Not by skipping nulls: Arrow then leaves out the row when all of its members are null.
    led = [_after_comma(member.fill_null("")) for member in members]
    joined = pc.utf8_slice_codeunits(pc.binary_join_element_wise(*led, ""), 1)
    wrapped = pc.binary_join_element_wise("{", joined, "}", "")
    return pc.if_else(pc.equal(pc.binary_length(joined), 0), None, wrapped)


def _after_comma(members: pa.Array) -> pa.Array:
    return pc.if_else(pc.equal(pc.binary_length(members), 0), "", pc.binary_join_element_wise("", members, ","))


def _fragments(name: str, values: pa.Array) -> pa.Array:
    """`"name":value` for each value, made once a distinct value."""
    encoded = pc.dictionary_encode(values)
    key = msgspec.json.encode(name)
    texts = [(key + b":" + msgspec.json.encode(_sayable(value))).decode() for value in encoded.dictionary.to_pylist()]
    return pa.array(texts, pa.string()).take(encoded.indices)


def _sayable(value: object) -> object:
    """JSON has no word for NaN and the infinities: they stand as text."""
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _parse(values: pa.Array, kind: pa.DataType) -> tuple[pa.Array, pa.Array | None]:
    """Text into numbers or booleans, where it means exactly that."""
    distinct = values.dictionary_encode()
    parsed = pa.array([_parsed(text, kind) for text in distinct.dictionary.to_pylist()], kind)
    fitting = parsed.take(distinct.indices)
    if fitting.null_count == values.null_count:
        return fitting, None
    return fitting, pc.if_else(fitting.is_valid(), None, values)


def _parsed(text: str, kind: pa.DataType) -> object:
    """The value that a text is the usual spelling of; None for `007`, ` 5`, `0x1F` and whatever a number would change."""
    if pa.types.is_boolean(kind):
        return {"true": True, "false": False}.get(text)
    try:
        if pa.types.is_integer(kind):
            return int(text) if str(int(text)) == text and abs(int(text)) < _INT64 else None
        unusual = text.startswith(("+", ".")) or (text.lstrip("-")[:2].isdigit() and text.lstrip("-").startswith("0"))
        value = float(text)
        exact = not unusual and math.isfinite(value) and Decimal(text) == Decimal(repr(value))
    except (ValueError, InvalidOperation):
        return None
    return value if exact and text == text.strip() and "_" not in text else None


def _exact(value: object, kind: pa.DataType) -> object:
    """The number as the other numeric type, or None when that would change it."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if pa.types.is_integer(kind):
        return int(value) if float(value).is_integer() and abs(value) < _EXACT_INT else None
    return float(value) if abs(value) <= _EXACT_INT else None
