"""Columns under the names a mapping gives them, and columns that are put together to one of JSON objects.

In: `Rows` of a file without objects. Out: the same with other columns. The same as `objects` does to single rows.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from sojourn.collect.addresses import hide_address, holds_addresses
from sojourn.collect.imports.guess import split_names
from sojourn.collect.imports.rename import sources

if TYPE_CHECKING:
    from sojourn.collect.imports.mapping import Mapping
    from sojourn.collect.imports.rows import Rows

_ENCODE = msgspec.json.Encoder(order="deterministic", enc_hook=str).encode


def renamed_rows(rows: Rows, mapping: Mapping) -> Rows:
    """Rows with their columns called as the mapping says; those that its other keys name stay."""
    if not mapping.rename:
        return rows
    fresh = {name for name, _ in mapping.rename}
    keep = {name for _, selector in mapping.selectors for name in split_names(selector)} - fresh
    columns = dict(rows.columns)
    for new, found in sources(columns, mapping.rename, keep).items():
        taken = pa.nulls(rows.count, pa.bool_())
        parts: list[pa.Array] = []
        for name in found:
            values = columns.pop(name)
            filled = pc.is_valid(_filled(values))
            here = pc.and_(filled, pc.invert(pc.fill_null(taken, False)))  # noqa: FBT003 - Arrow's signature
            parts.append(pc.if_else(here, values, pa.scalar(None, values.type)))
            left = pc.if_else(here, pa.scalar(None, values.type), values)
            if left.null_count < rows.count and name != new:
                columns[name] = left
            taken = pc.if_else(here, True, taken)  # noqa: FBT003 - Arrow's signature
        if len({part.type for part in parts}) > 1:
            parts = [part.cast(pa.string()) for part in parts]
        columns[new] = pc.coalesce(*parts)
    return replace(rows, columns=columns)


def _filled(values: pa.Array) -> pa.Array:
    """The values, an empty text as null."""
    if not pa.types.is_string(values.type):
        return values
    return pc.if_else(pc.equal(values, ""), pa.scalar(None, pa.string()), values)


def holds_objects(rows: Rows, mapping: Mapping) -> bool:
    """Whether rows have to be opened one by one: the mapping asks for members, or a column it puts aside holds JSON text."""
    if mapping.spread or mapping.prefixed or mapping.key_values or mapping.explode:
        return True
    aside = [rows.columns[name] for name in (*mapping.traits, *mapping.context) if name in rows.columns]
    texts = [values for values in aside if pa.types.is_string(values.type)]
    return any(pc.any(pc.match_substring_regex(values, r"^[\[{]")).as_py() for values in texts)


def as_objects(columns: dict[str, pa.Array], count: int) -> pa.Array:
    """One JSON object a row of the columns' values, without nulls and empty texts; null where none is left."""
    names = list(columns)
    if not names or not count:
        return pa.nulls(count, pa.string())
    texts: list[str | None] = []
    for row in zip(*(values.to_pylist() for values in columns.values()), strict=True):
        kept = {
            name: hide_address(value) if type(value) is str and holds_addresses(name) else value
            for name, value in zip(names, row, strict=True)
            if value is not None and value != ""
        }
        texts.append(_ENCODE(kept).decode() if kept else None)
    return pa.array(texts, type=pa.string())
