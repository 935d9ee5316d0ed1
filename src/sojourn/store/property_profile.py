"""Which properties there are, and on which events: what a question that tries everything begins with.

In: a version of the events table. Out: rows by property and event, counted in a sample of the table.
Never reads more than a million rows: a property too rare for that is too rare to compare by.
"""

from __future__ import annotations

import functools
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sojourn.store.events import DataFile, Version

_GROUPS = 4
_KEYS = """
select event, found.key as property, count(*) as rows
from sample, json_each(sample.properties) as found
where found.type not in ('OBJECT', 'ARRAY', 'NULL')
group by all
"""
"""Keys of the JSON properties by event; lists and objects are no values to compare by."""


@functools.lru_cache(maxsize=4)
def property_rows(version: Version) -> Mapping[str, Mapping[str, int]]:
    """Rows of a sample that have each property, by event.

    Args:
        version: From `EventsTable.read`. At most a million rows of it are read, spread evenly.

    Returns:
        By property as sent (`revenue` and `currency` among them), then by event name.
    """
    found: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for source, group in _sampled(version.files):
        with pq.ParquetFile(source.source, memory_map=True) as file:
            present = set(file.schema_arrow.names)
            columns = {"revenue": "revenue", "currency": "currency"}
            columns |= {p.property: p.column for p in version.promoted if p.column in present}
            wanted = ["event", "properties", *dict.fromkeys(columns.values())]
            _count_columns(file.read_row_group(group, columns=wanted), columns, found)
    return found


def _sampled(files: Sequence[DataFile]) -> list[tuple[DataFile, int]]:
    """A few row groups, spread evenly over all files."""
    every = []
    for source in files:
        with pq.ParquetFile(source.source, memory_map=True) as file:
            every += [(source, group) for group in range(file.num_row_groups)]
    if not every:
        return []
    places = np.unique(np.linspace(0, len(every) - 1, min(_GROUPS, len(every))).astype(int))
    return [every[place] for place in places]


def _count_columns(table: pa.Table, columns: Mapping[str, str], found: defaultdict[str, Counter[str]]) -> None:
    events = table["event"].combine_chunks().dictionary_encode()
    names, codes = events.dictionary.to_pylist(), events.indices.to_numpy()
    for name, column in columns.items():
        values = table[column]
        if values.null_count < len(values):
            known = values.is_valid().combine_chunks().to_numpy(zero_copy_only=False)
            rows = np.bincount(codes[known], minlength=len(names))
            found[name].update({names[code]: int(rows[code]) for code in np.flatnonzero(rows)})
    if table["properties"].null_count < table.num_rows:
        with duckdb.connect() as connection:
            connection.register("sample", table.select(["event", "properties"]))
            for event, name, rows in connection.execute(_KEYS).fetchall():
                found[name][event] += rows
