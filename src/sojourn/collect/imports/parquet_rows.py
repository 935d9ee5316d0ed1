"""Parquet into rows, a row group at a time.

In: a `Source`. Out: `Rows`. Never reads a column that is left out, never stops at a row group that is damaged.

Files without nested columns are read column by column; the rows of the others go through `objects`, as JSON does.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from sojourn.collect.imports import objects
from sojourn.collect.imports.column_names import holds_objects, renamed_rows
from sojourn.collect.imports.mapping import exported
from sojourn.collect.imports.rows import Rows, Sample, reject
from sojourn.records.errors import BadFile
from sojourn.records.rejected import Reason, Rejected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sojourn.collect.imports.mapping import Mapping
    from sojourn.collect.imports.plan import Plan
    from sojourn.collect.imports.source import Source

BATCH_ROWS = 1 << 18
NESTED_BATCH_ROWS = 1 << 14
_EXACT_DIGITS = 15

Piece = tuple["pa.RecordBatch | Rejected", int, int]
"""Rows (or why they cannot be read), the number of the first, and the bytes taken."""


@dataclass(frozen=True, slots=True)
class ParquetReader:
    """A Parquet file; see `formats.Reader`."""

    size: int
    sample: Sample
    mapping: Mapping
    notes: tuple[str, ...]
    name: str
    nested: bool
    pieces: Callable[[], Iterator[Piece]]

    def tasks(self, plan: Plan) -> Iterator[tuple[Callable[[], Rows], int]]:
        """What reads the file, batch by batch."""
        for batch, row, done in self.pieces():
            if isinstance(batch, Rejected):
                yield partial(_no_rows, self.sample, batch), done
            elif self.nested:
                yield partial(nested_rows, batch, row, plan), done
            else:
                yield partial(flat_rows, batch, row, plan.mapping), done


def open_parquet(source: Source, mapping: Mapping) -> ParquetReader:
    """Read the schema and the first rows of a Parquet file.

    Raises:
        BadFile: It is no Parquet file, was cut, or has no row.
    """
    name = source.name
    try:
        file = pq.ParquetFile(source.path)
    except (pa.ArrowInvalid, OSError) as error:
        raise BadFile(f"{name} is no Parquet file, or was cut: {error}") from error
    if file.metadata.num_rows == 0:
        raise BadFile(f"{name} has no row")
    schema = file.schema_arrow
    mapping, said = exported(schema.names, mapping)
    names = [column for column in schema.names if column not in mapping.ignore]
    nested = any(pa.types.is_nested(schema.field(column).type) for column in names)

    rough = _pieces(source, file, names, NESTED_BATCH_ROWS if nested or mapping.opens_objects else BATCH_ROWS)
    first = next((batch for batch, _, _ in rough if isinstance(batch, pa.RecordBatch)), None)
    if first is None:
        raise BadFile(f"{name}: no row group of it can be read")
    nested = nested or holds_objects(flat_rows(first, 1, mapping), mapping)

    def pieces() -> Iterator[Piece]:
        return _pieces(source, file, names, NESTED_BATCH_ROWS if nested else BATCH_ROWS)

    sample = _sample(first, mapping) if nested else Sample(columns=flat_rows(first, 1, mapping).columns)
    # Columns that are left out are not read; the guess still has to know that they exist.
    left_out = {column: pa.nulls(first.num_rows, pa.string()) for column in schema.names if column in mapping.ignore}
    sample = replace(sample, reachable=sample.reachable | left_out)
    return ParquetReader(source.size, sample, mapping, said, name, nested, pieces)


def _sample(first: pa.RecordBatch, mapping: Mapping) -> Sample:
    items = _items(first)
    return objects.sample_rows(objects.explode(items, mapping.explode)[0] if mapping.explode else items, mapping)


def _pieces(source: Source, file: pq.ParquetFile, names: list[str], batch_rows: int) -> Iterator[Piece]:
    row, done = 1, 0
    for group in range(file.num_row_groups):
        about = file.metadata.row_group(group)
        packed = sum(about.column(place).total_compressed_size for place in range(about.num_columns))
        first = row
        try:
            for batch in file.iter_batches(batch_rows, row_groups=[group], columns=names):
                yield (
                    batch,
                    row,
                    min(done + packed * (row - first + batch.num_rows) // max(about.num_rows, 1), source.size),
                )
                row += batch.num_rows
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, OSError) as error:
            # Damaged bytes, or an encoding that Arrow does not know: these rows are rejected, those behind them are read.
            until = first + about.num_rows - 1
            detail = f"rows {row} to {until} cannot be read (row group {group + 1} is damaged): {error}"
            yield reject(source.name, row, Reason.UNREADABLE, detail, b""), row, source.size
        row = first + about.num_rows
        done += packed


def _no_rows(sample: Sample, rejected: Rejected) -> Rows:
    empty = {name: values.slice(0, 0) for name, values in sample.columns.items()}
    return Rows(columns=empty, count=0, place=lambda _: [], rejected=[rejected])


def flat_rows(batch: pa.RecordBatch, first_row: int, mapping: Mapping) -> Rows:
    """Rows of a batch without nested columns."""
    columns = {name: plain(batch.column(place)) for place, name in enumerate(batch.schema.names)}

    def place(rows: Sequence[int]) -> list[tuple[int, bytes]]:
        items = batch.take(pa.array(rows, type=pa.int64())).to_pylist()
        return [
            (first_row + row, msgspec.json.encode(item, enc_hook=str)) for row, item in zip(rows, items, strict=True)
        ]

    return renamed_rows(Rows(columns=columns, count=batch.num_rows, place=place), mapping)


def nested_rows(batch: pa.RecordBatch, first_row: int, plan: Plan) -> Rows:
    """Rows of a batch with nested columns, as the plan says."""
    items = _items(batch)
    rows, origins = (
        objects.explode(items, plan.mapping.explode) if plan.mapping.explode else (items, list(range(len(items))))
    )

    def place(wanted: Sequence[int]) -> list[tuple[int, bytes]]:
        return [(first_row + origins[row], msgspec.json.encode(items[origins[row]], enc_hook=str)) for row in wanted]

    return objects.shape_rows(rows, plan, place=place, rejected=[])


def _items(batch: pa.RecordBatch) -> list[objects.Object]:
    flat = [_written(values if pa.types.is_nested(values.type) else plain(values)) for values in batch.columns]
    return pa.RecordBatch.from_arrays(flat, names=batch.schema.names).to_pylist(maps_as_pydicts="lossy")


def _written(values: pa.Array) -> pa.Array:
    """Times and dates, also those inside, as text, which JSON can hold."""
    wanted = _json_type(values.type)
    return values if wanted == values.type else values.cast(wanted)


def _json_type(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_temporal(kind):
        return pa.string()
    if pa.types.is_struct(kind):
        return pa.struct([(field.name, _json_type(field.type)) for field in kind])
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        return pa.list_(_json_type(kind.value_type))
    return pa.map_(kind.key_type, _json_type(kind.item_type)) if pa.types.is_map(kind) else kind


def plain(values: pa.Array) -> pa.Array:
    """The column as string, int64, float64, bool, timestamp or date."""
    kind = values.type
    if pa.types.is_dictionary(kind):
        return plain(values.dictionary_decode())
    if pa.types.is_string(kind) or pa.types.is_boolean(kind) or pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return values
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return values.cast(_number_type(values))
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return _binary_text(values)
    try:
        return values.cast(pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        # Arrow writes no text of this type (an interval, an extension); Python does.
        return pa.array([None if value is None else str(value) for value in values.to_pylist()], type=pa.string())


def _number_type(values: pa.Array) -> pa.DataType:
    kind = values.type
    if pa.types.is_decimal(kind):
        return pa.float64() if kind.precision <= _EXACT_DIGITS else pa.string()
    if pa.types.is_floating(kind):
        return pa.float64()
    return pa.string() if pa.types.is_uint64(kind) and _beyond_int64(values) else pa.int64()


def _beyond_int64(values: pa.Array) -> bool:
    try:
        values.cast(pa.int64())
    except pa.ArrowInvalid:
        return True
    return False


def _binary_text(values: pa.Array) -> pa.Array:
    """Bytes as text where all of them are UTF-8, else in hexadecimal."""
    try:
        return values.cast(pa.binary()).cast(pa.string())
    except pa.ArrowInvalid:
        return pa.array([None if value is None else value.hex() for value in values.to_pylist()], type=pa.string())
