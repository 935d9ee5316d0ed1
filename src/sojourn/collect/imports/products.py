"""A product catalogue: what the ids of products in events stand for.

In: a file of any format that events are read from, one row a product. Out: a table of products. They are no events: nothing of them is
in a journey. docs/imports.md
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from sojourn.collect.imports.column_names import as_objects
from sojourn.collect.imports.convert import as_text
from sojourn.collect.imports.decimals import comma_columns, with_points
from sojourn.collect.imports.formats import open_reader
from sojourn.collect.imports.incoming import incoming
from sojourn.collect.imports.mapping import Mapping
from sojourn.collect.imports.plan import Plan, fitting, kind_of
from sojourn.records.errors import BadMapping

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sojourn.collect.imports.rows import Rows

_TEXTS = ("product_id", "name", "category", "brand", "currency", "url")
_RENAME = (
    ("product_id", "sku|item_id|item_number|article|article_number|id|artikel|artikelnummer"),
    ("name", "title|product_name|product|item_name|bezeichnung"),
    ("category", "product_type|category_name|department|kategorie|warengruppe"),
    ("brand", "vendor|manufacturer|marke|hersteller"),
    ("price", "unit_price|list_price|sale_price|preis"),
    ("currency", "currency_code|waehrung"),
    ("url", "link|product_url"),
)
SCHEMA = pa.schema([*((name, pa.string()) for name in _TEXTS), ("price", pa.float64()), ("more", pa.string())])
"""Columns of a catalogue; `more` is a JSON object of what else the file says."""


def read_products(file: Path, *, rename: tuple[tuple[str, str], ...] = ()) -> pa.Table:
    """The products of a file; a row without an id is left out, of several with one id the last counts.

    Args:
        file: CSV, JSON lines or Parquet, packed or not.
        rename: Columns that are called otherwise, as `Mapping.rename`.

    Raises:
        BadFile: It cannot be read.
        BadMapping: No column looks like the product's id.
    """
    own = dict(rename)
    mapping = Mapping(rename=tuple({**dict(_RENAME), **own}.items()))
    pieces: list[pa.Table] = []
    with incoming(file) as parts:
        for part in parts:
            pieces += _pieces(part.path, part.name, mapping)
    table = pa.concat_tables([SCHEMA.empty_table(), *pieces])
    table = table.filter(pc.field("product_id").is_valid() & (pc.field("product_id") != ""))
    last = {name: row for row, name in enumerate(table["product_id"].to_pylist())}
    return table.take(pa.array(sorted(last.values()), pa.int64()))


def _pieces(path: Path, name: str, mapping: Mapping) -> Iterator[pa.Table]:
    reader = open_reader(path, mapping, name=name)
    columns = reader.sample.columns
    if "product_id" not in columns:
        listed = ", ".join(f'"{one}"' for one in list(columns)[:40])
        message = f"{name}: no column looks like a product's id; say which one it is with --rename product_id=COLUMN: {listed}"
        raise BadMapping(message)
    commas = comma_columns(reader.sample, None)
    kinds = {one: kind_of(values, textual=False) for one, values in columns.items()}
    plan = Plan(file=name, mapping=reader.mapping, time=None, received=None, kinds=kinds, commas=commas)
    for read, _ in reader.tasks(plan):
        yield _products(read(), commas)


def _products(rows: Rows, commas: frozenset[str]) -> pa.Table:
    columns = {one: with_points(values) if one in commas else values for one, values in rows.columns.items()}
    known = {one: as_text(columns.pop(one)) for one in _TEXTS if one in columns}
    known = {one: values.cast(pa.string()) for one, values in known.items()}
    price = columns.pop("price", None)
    if price is not None and pa.types.is_string(price.type):
        price = pc.if_else(pa.array(fitting(price, "float64")), price, pa.scalar(None, pa.string()))
    return pa.table(
        {
            **{one: known.get(one, pa.nulls(rows.count, pa.string())) for one in _TEXTS},
            "price": pa.nulls(rows.count, pa.float64()) if price is None else price.cast(pa.float64()),
            "more": as_objects(columns, rows.count),
        },
        schema=SCHEMA,
    )
