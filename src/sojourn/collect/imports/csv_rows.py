"""CSV in any dialect into columns of text, block by block.

In: a `Source`. Out: `CsvBlock`s in file order, and `parse_block`, which turns one into `Rows` (in any thread).
Never loses a row: what is not a row of the table is rejected with its physical line.

A block without quotes goes straight to pyarrow's parser. One with quotes, or one the parser refuses, is walked by
`csv_kernel` first, which finds the rows that do not fit and their lines; the parser then gets the others.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from sojourn.collect.imports import objects
from sojourn.collect.imports.arrow_text import one_array
from sojourn.collect.imports.column_names import holds_objects, renamed_rows
from sojourn.collect.imports.csv_layout import ROW_LIMIT, Layout, Scan, count_lines, find_layout, scan_block
from sojourn.collect.imports.mapping import exported
from sojourn.collect.imports.rows import FIELD_LIMIT, Rows, Sample, reject
from sojourn.collect.imports.text_check import check_text, without_bom
from sojourn.records.errors import BadFile
from sojourn.records.rejected import RAW_LIMIT, Reason, Rejected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy.typing as npt

    from sojourn.collect.imports.mapping import Mapping
    from sojourn.collect.imports.plan import Plan
    from sojourn.collect.imports.source import Source

BLOCK = 16 << 20
_HEAD = 1 << 20


@dataclass(frozen=True, slots=True)
class CsvBlock:
    """Whole rows of a file: `data` begins on physical line `line`; `scan` where it was needed to cut the block."""

    data: bytes
    line: int
    scan: Scan | None
    rejected: tuple[Rejected, ...] = ()


@dataclass(frozen=True, slots=True)
class CsvReader:
    """A CSV file; see `formats.Reader`."""

    size: int
    sample: Sample
    mapping: Mapping
    notes: tuple[str, ...]
    layout: Layout
    first: Rows
    following: Iterator[tuple[CsvBlock, int]]
    done: int
    opens: bool

    def tasks(self, plan: Plan) -> Iterator[tuple[Callable[[], Rows], int]]:
        """What reads the file, block by block."""
        yield partial(_shaped, partial(_same, self.first), plan, self.opens), self.done
        for block, done in self.following:
            yield partial(_shaped, partial(_renamed_block, block, self.layout, plan.mapping), plan, self.opens), done


def _same(rows: Rows) -> Rows:
    return rows


def _shaped(read: Callable[[], Rows], plan: Plan, opens: bool) -> Rows:  # noqa: FBT001  (bound by partial)
    """Rows, with the objects opened that the mapping says stand in them as JSON text."""
    rows = read()
    return objects.shape_table(rows, plan) if opens else rows


def _renamed_block(block: CsvBlock, layout: Layout, mapping: Mapping) -> Rows:
    return renamed_rows(parse_block(block, layout), mapping)


def open_csv(source: Source, chunks: Iterator[bytes], mapping: Mapping) -> CsvReader:
    """Find the dialect of a file, and read its first block.

    Raises:
        BadFile: It is no text in UTF-8, or has no row below its header.
        BadMapping: The delimiter, the quote or the escape is not one ASCII character.
    """
    head = bytearray()
    for chunk in chunks:
        head += chunk
        if len(head) >= _HEAD:
            break
    name = source.name
    check_text(bytes(head[:_HEAD]), name)
    text = without_bom(bytes(head))
    if not text.strip(b"\r\n\0 "):
        raise BadFile(f"{name} holds no row" + (f"; {source.broken}" if source.broken else ""))
    opening = find_layout(text, name, mapping)
    layout = opening.layout
    blocks = ((block, source.done) for block in _blocks(source, chunks, text[opening.begin :], opening.line, layout))
    block, done = next(blocks, (None, 0))
    if block is None:
        raise BadFile(f"{name} has a header and no rows (--no-header if its first line is a row)")
    first = parse_block(block, layout)
    while first.count == 0 and (more := next(blocks, None)) is not None:
        done, before = more[1], first.rejected
        first = parse_block(more[0], layout)
        first = replace(first, rejected=[*before, *first.rejected])
    mapping, said = exported(layout.names, mapping)
    first = renamed_rows(first, mapping)
    opens = holds_objects(first, mapping)
    sample = (
        objects.sample_table(first, mapping)
        if opens
        else Sample(columns=first.columns, textual=True, commas=layout.delimiter != ",")
    )
    return CsvReader(source.size, sample, mapping, (*opening.notes, *said), layout, first, blocks, done, opens)


def _blocks(source: Source, chunks: Iterator[bytes], held: bytes, line: int, layout: Layout) -> Iterator[CsvBlock]:
    parts, size = [held], len(held)
    for chunk in chunks:
        parts.append(chunk)
        size += len(chunk)
        if size < BLOCK:
            continue
        block, held = _cut(b"".join(parts), line, layout)
        if block is not None:
            line += block.scan.lines_passed if block.scan else count_lines(block.data)
            yield block
        elif len(held) > ROW_LIMIT:
            held, rejected = _skip_row(held, chunks, line, layout.file)
            line += 1
            yield CsvBlock(b"", line, None, (rejected,))
        parts, size = [held], len(held)
    yield from _last_block(source, b"".join(parts), line, layout)


def _cut(held: bytes, line: int, layout: Layout) -> tuple[CsvBlock | None, bytes]:
    """The whole rows of `held` (None: there is none) and the bytes after them."""
    if not layout.is_plain(held):
        scan = scan_block(held, layout, final=False)
        if scan.after == 0:
            return None, held
        return CsvBlock(held[: scan.after], line, scan), held[scan.after :]
    cut = held.rfind(b"\n") + 1 or held.rfind(b"\r", 0, len(held) - 1) + 1
    return (CsvBlock(held[:cut], line, None), held[cut:]) if cut else (None, held)


def _skip_row(held: bytes, chunks: Iterator[bytes], line: int, file: str) -> tuple[bytes, Rejected]:
    """Pass over a row too long to hold; what follows it, and its rejection."""
    raw, size = held[:RAW_LIMIT], 0
    while (cut := held.find(b"\n")) < 0:
        size += len(held)
        held = next(chunks, b"")
        if not held:
            break
    detail = f"the row is longer than {ROW_LIMIT:,} bytes ({size + max(cut, 0):,}); fields of up to {FIELD_LIMIT:,} are accepted"
    return held[cut + 1 :], reject(file, line, Reason.FIELD_TOO_LARGE, detail, raw)


def _last_block(source: Source, held: bytes, line: int, layout: Layout) -> Iterator[CsvBlock]:
    if not source.broken:
        if held:
            yield CsvBlock(held, line, None)
        return
    block, held = _cut(held, line, layout)
    if block is not None:
        line += block.scan.lines_passed if block.scan else count_lines(block.data)
        yield block
    yield CsvBlock(b"", line, None, (reject(layout.file, line, Reason.UNREADABLE, source.broken, held),))


def parse_block(block: CsvBlock, layout: Layout) -> Rows:
    """Read the fields of a block; every column is text, an empty field is null."""
    scan = block.scan
    if scan is None and not layout.is_plain(block.data):
        scan = scan_block(block.data, layout)
    table = None if scan is not None and (scan.fields != len(layout.names)).any() else _parse(block.data, layout)
    rejected = list(block.rejected)
    kept: npt.NDArray[np.int64] | None = None
    if table is None:
        scan = scan if scan is not None else scan_block(block.data, layout)
        good = scan.fields == len(layout.names)
        rejected += [_misfit(block, layout, scan, int(row)) for row in np.flatnonzero(~good)]
        kept = np.flatnonzero(good)
        table, torn = _parse_rows(block.data, scan, kept, layout)
        rejected += [_foreign(block, layout, scan, int(kept[row])) for row in np.flatnonzero(torn)]
        kept = kept[~torn]
    columns = {name: one_array(table.column(name)) for name in layout.names}
    if layout.padded:
        columns = {name: pc.utf8_ltrim(values, " ") for name, values in columns.items()}

    def place(rows: Sequence[int]) -> list[tuple[int, bytes]]:
        known = scan if scan is not None else scan_block(block.data, layout)
        numbers = [int(kept[row]) if kept is not None else row for row in rows]
        return [
            (block.line + int(known.lines[row]), block.data[known.starts[row] : known.ends[row]]) for row in numbers
        ]

    return Rows(columns=columns, count=table.num_rows, place=place, rejected=rejected)


def _misfit(block: CsvBlock, layout: Layout, scan: Scan, row: int) -> Rejected:
    raw = block.data[scan.starts[row] : scan.ends[row]]
    fields = int(scan.fields[row])
    if fields < 0:
        reason, detail = Reason.BAD_LINE, "a quote is opened on this line and not closed where a field can end"
    else:
        reason = Reason.FIELD_COUNT
        detail = f"{fields} fields, expected {len(layout.names)} as in the first row"
    return reject(layout.file, block.line + int(scan.lines[row]), reason, detail, raw)


def _foreign(block: CsvBlock, layout: Layout, scan: Scan, row: int) -> Rejected:
    raw = block.data[scan.starts[row] : scan.ends[row]]
    line = block.line + int(scan.lines[row])
    return reject(
        layout.file, line, Reason.BAD_ENCODING, "the row is not UTF-8; --encoding says which encoding a file is in", raw
    )


def _parse(data: bytes, layout: Layout, *, as_bytes: bool = False) -> pa.Table | None:
    """All rows of `data` as a table of text; None when one does not fit or is not UTF-8."""
    kind = pa.binary() if as_bytes else pa.string()
    names = list(layout.names)
    if not data:
        return pa.table({name: pa.array([], type=kind) for name in names})
    if layout.escape is not None:
        data = _without_escaped_nulls(data, layout)
    try:
        return pyarrow.csv.read_csv(
            pa.py_buffer(data),
            read_options=pyarrow.csv.ReadOptions(use_threads=False, block_size=len(data) + 1, column_names=names),
            parse_options=pyarrow.csv.ParseOptions(
                delimiter=layout.delimiter,
                quote_char=layout.quote or False,
                escape_char=layout.escape or False,
                newlines_in_values=True,
            ),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(names, kind),
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
            ),
        )
    except pa.ArrowInvalid:
        return None


def _without_escaped_nulls(data: bytes, layout: Layout) -> bytes:
    r"""Fields that are `\N` (MySQL's null) made empty; the parser would read the letter N."""
    escape, delimiter = (re.escape(mark).encode() for mark in (layout.escape or "", layout.delimiter))
    return re.sub(
        rb"(^|" + delimiter + rb")" + escape + rb"N(?=" + delimiter + rb"|\r|$)", rb"\1", data, flags=re.MULTILINE
    )


def _parse_rows(
    data: bytes, scan: Scan, rows: npt.NDArray[np.int64], layout: Layout
) -> tuple[pa.Table, npt.NDArray[np.bool_]]:
    """The given rows as a table of text, without those that are not UTF-8, which the mask tells."""
    text = data if rows.size == scan.starts.size else b"\n".join(_stretches(data, scan, rows))
    torn = np.zeros(rows.size, dtype=np.bool_)
    table = _parse(text, layout)
    if table is None:
        raw = _parse(text, layout, as_bytes=True)
        if raw is None:
            raise BadFile(f"{layout.file} cannot be read as CSV from line {int(scan.lines[0]) + 1} of a block on")
        for name in layout.names:
            torn |= _not_utf8(one_array(raw.column(name)))
        table = raw.filter(pa.array(~torn)).cast(pa.schema([(name, pa.string()) for name in layout.names]))
    return table, torn


def _stretches(data: bytes, scan: Scan, rows: npt.NDArray[np.int64]) -> list[bytes]:
    """The bytes of `rows`, neighbours together."""
    if rows.size == 0:
        return []
    breaks = np.flatnonzero(np.diff(rows) > 1)
    firsts = rows[np.concatenate(([0], breaks + 1))]
    lasts = rows[np.concatenate((breaks, [rows.size - 1]))]
    return [data[scan.starts[a] : scan.ends[b]] for a, b in zip(firsts, lasts, strict=True)]


def _not_utf8(values: pa.Array) -> npt.NDArray[np.bool_]:
    bad = np.zeros(len(values), dtype=np.bool_)
    try:
        values.cast(pa.string())
    except pa.ArrowInvalid:
        for row, value in enumerate(values.to_pylist()):
            try:
                (value or b"").decode("utf-8")
            except UnicodeDecodeError:
                bad[row] = True
    return bad


def too_large(columns: dict[str, pa.Array]) -> npt.NDArray[np.bool_] | None:
    """Rows with a field over `FIELD_LIMIT` bytes, or None when there is none."""
    bad: npt.NDArray[np.bool_] | None = None
    for values in columns.values():
        if not pa.types.is_string(values.type) or values.nbytes <= FIELD_LIMIT:
            continue
        over = pc.fill_null(pc.greater(pc.binary_length(values), FIELD_LIMIT), False).to_numpy(zero_copy_only=False)  # noqa: FBT003 - Arrow's signature
        if over.any():
            bad = over if bad is None else bad | over
    return bad
