"""Derived columns over rows of the events table, docs/channels.md.

In: the rows' context and properties. Out: one text a row, null where nothing can be told. Asks `records.enrichment.derived` once for
each different set of values, so that a row costs what reading its JSON costs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pyarrow as pa

from sojourn.records.enrichment.derived import DERIVED, derive_from
from sojourn.store.json_engine import engine

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def derived_values(name: str, rows: pa.Table, promoted: Mapping[str, str]) -> pa.Array:
    """The values of a derived column.

    Args:
        name: One of `DERIVED`.
        rows: Columns `context` and `properties`, and those of `promoted`.
        promoted: Columns of properties that have one, by the property's name.
    """
    inputs = DERIVED[name]
    texts = {key: column for key, column in promoted.items() if pa.types.is_string(rows.schema.field(column).type)}
    if all(rows[column].null_count == rows.num_rows for column in ("context", "properties", *texts.values())):
        return pa.nulls(rows.num_rows, pa.string())
    keys = _keys(rows, ["/".join(("", *path)) for path in inputs.context], inputs.properties, texts).dictionary_encode()
    told = []
    for key in keys.dictionary.to_pylist():
        context, rest, columns = msgspec.json.decode(key)
        said = dict(zip(inputs.properties, rest or [], strict=False))
        said |= {name: value for name, value in zip(texts, columns, strict=True) if value is not None}
        told.append(
            derive_from(name, context or [None] * len(inputs.context), [said.get(key) for key in inputs.properties])
        )
    return pa.array(told, pa.string()).take(keys.indices)


def inputs_with_column(name: str, promoted: Mapping[str, str]) -> dict[str, str]:
    """Columns of those properties that tell a derived column, by the property's name; none for any other column."""
    inputs = DERIVED.get(name)
    return {} if inputs is None else {key: promoted[key] for key in inputs.properties if key in promoted}


def _keys(rows: pa.Table, paths: Sequence[str], names: Sequence[str], texts: Mapping[str, str]) -> pa.Array:
    """For each row a JSON list of what tells: of the context, of the properties, of those that have a column."""
    columns = {f"c{n}": rows[column] for n, column in enumerate(texts.values())}
    table = pa.table({"context": rows["context"], "properties": rows["properties"], **columns})
    pointers = [f"/{name}" for name in names]
    listed = ", ".join(columns) or ""
    # No value of an event gets into the text of the query: pointers are our own.
    query = (
        f"select json_array(json_extract(context, {paths!r}), json_extract(properties, {pointers!r}), json_array({listed}))::varchar k "  # noqa: S608  (above)
        "from rows"
    )
    with engine().cursor() as connection:
        connection.register("rows", table)
        return connection.sql(query).to_arrow_table()["k"].combine_chunks()
