"""Columns of further identifiers put together, a list of pairs a row.

In: columns of text, by kind. Out: JSON such as `[["email","anna@shop.example"]]`, as the collector keeps it. An identifier that names
nobody (`null`, `0`) is none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pyarrow as pa

from sojourn.collect.imports.external_id import normal_external

if TYPE_CHECKING:
    from collections.abc import Sequence

_ENCODE = msgspec.json.Encoder().encode


def external_column(found: Sequence[tuple[str, pa.Array]], count: int) -> pa.Array:
    """The identifiers of each row; null where it has none."""
    columns = [(kind, _normal(kind, values)) for kind, values in found]
    if not columns:
        return pa.nulls(count, pa.string())
    kinds = [kind for kind, _ in columns]
    texts: list[str | None] = []
    for row in zip(*(values for _, values in columns), strict=True):
        pairs = [(kind, value) for kind, value in zip(kinds, row, strict=True) if value is not None]
        texts.append(_ENCODE(pairs).decode() if pairs else None)
    return pa.array(texts, type=pa.string())


def _normal(kind: str, values: pa.Array) -> list[str | None]:
    coded = values.dictionary_encode()
    told = [normal_external(kind, text) for text in coded.dictionary.to_pylist()]
    return [None if code is None else told[code] for code in coded.indices.to_pylist()]
