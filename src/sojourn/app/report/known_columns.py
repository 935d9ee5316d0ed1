"""Which columns and properties a log has, those inside JSON too.

In: journeys. Out: names that `Index.column` reads. What stands in JSON is looked for in a sample: a property that fewer than one event in
some thousands carries may be missed.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import msgspec

from sojourn.records.errors import UnknownColumn
from sojourn.store.column_source import ColumnSource
from sojourn.store.columns import TextColumn
from sojourn.store.events import EventsTable
from sojourn.store.tail import read_version

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sojourn.analyse.journeys import Journeys

_OPTIONAL = ("order_id", "revenue", "currency")
"""Columns every log has and few fill."""
_JSON = {"properties": "", "context": "context.", "traits": "traits."}
_SAMPLED = 2_000
_GROUPS = 4
_DEPTH = 2
_TRIED = 4


def known_columns(journeys: Journeys) -> list[str]:
    """Names of columns and properties that hold anything, columns first."""
    table = EventsTable(journeys.index.folder.events)
    version = read_version(journeys.index.folder)
    names = [name for name in ColumnSource(table, version).names() if name not in _OPTIONAL or _holds(journeys, name)]
    inside: dict[str, None] = {}
    for number, group in enumerate(table.scan(version, list(_JSON))):
        if number == _GROUPS:
            break
        rows = group.take(list(range(0, group.num_rows, max(1, group.num_rows // _SAMPLED))))
        for column, prefix in _JSON.items():
            for text in set(rows[column].drop_null().to_pylist()):
                inside.update(dict.fromkeys(_paths(msgspec.json.decode(text), prefix, _DEPTH)))
    return list(dict.fromkeys([*names, *inside]))


def distinct_values(journeys: Journeys, candidates: Sequence[str]) -> dict[str, int]:
    """Distinct values of the first candidates that hold any text, best name first."""
    found: dict[str, int] = {}
    for name in candidates[:_TRIED]:
        with contextlib.suppress(UnknownColumn):
            column = journeys.index.column(name)[0]
            if isinstance(column, TextColumn):
                found[name] = len(column.names)
    return found


def _holds(journeys: Journeys, column: str) -> bool:
    with contextlib.suppress(UnknownColumn):
        journeys.index.column(column)
        return True
    return False


def _paths(value: object, prefix: str, depth: int) -> Iterator[str]:
    """Names of the plain values inside an object."""
    if not isinstance(value, dict):
        return
    for key, inner in value.items():
        if isinstance(inner, dict) and depth > 1:
            yield from _paths(inner, f"{prefix}{key}.", depth - 1)
        elif not isinstance(inner, dict | list):
            yield f"{prefix}{key}"
