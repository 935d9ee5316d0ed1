"""CSV in any dialect into columns of text, block by block.

In: a `Source`. Out: `CsvBlock`s in file order, and `parse_block`, which turns one into `Rows` (in any thread).
Never loses a row: what is not a row of the table is rejected with its physical line.

A block without quotes goes straight to pyarrow's parser. One with quotes, or one the parser refuses, is walked by
`csv_kernel` first, which finds the rows that do not fit and their lines; the parser then gets the others.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from sojourn.collect.imports import csv_kernel, objects
from sojourn.collect.imports.arrow_text import one_array
from sojourn.collect.imports.rows import FIELD_LIMIT, Rows, Sample, reject
from sojourn.collect.imports.text_check import check_text, without_bom
from sojourn.records.errors import BadFile, BadMapping
from sojourn.records.rejected import RAW_LIMIT, Reason, Rejected

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy.typing as npt

    from sojourn.collect.imports.mapping import Mapping
    from sojourn.collect.imports.plan import Plan
    from sojourn.collect.imports.source import Source

BLOCK = 16 << 20
ROW_LIMIT = 32 << 20
"""A row longer than this is skipped; a quote open for longer than this was no quote."""
_HEAD = 1 << 20
_QUOTE = 34
_SNIFFED_ROWS = 200
_DELIMITERS = (",", ";", "\t", "|")


@dataclass(frozen=True, slots=True)
class Layout:
    """The dialect and the columns of a file."""

    file: str
    names: tuple[str, ...]
    delimiter: str


@dataclass(frozen=True, slots=True)
class Scan:
    """Start, end, line (from 0) and fields (-1: torn) of each row of a block."""

    starts: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]
    lines: npt.NDArray[np.int64]
    fields: npt.NDArray[np.int64]
    after: int
    lines_passed: int


@dataclass(frozen=True, slots=True)
class CsvBlock:
    """Whole rows of a file: `data` begins on physical line `line`; `scan` where it was needed to cut the block."""

    data: bytes
    line: int
    scan: Scan | None
    rejected: tuple[Rejected, ...] = ()


def count_lines(data: bytes) -> int:
    """Line breaks: LF, CR LF or CR."""
    return int(csv_kernel.count_breaks(np.frombuffer(data, dtype=np.uint8)))


def scan_block(data: bytes, layout: Layout, *, begin: int = 0, final: bool = True) -> Scan:
    """Walk the rows of `data` from `begin` on; not `final`: the last row may go on in the next block."""
    buffer = np.frombuffer(data, dtype=np.uint8)
    room = count_lines(data) + 2
    starts, ends, lines, fields = (np.empty(room, dtype=np.int64) for _ in range(4))
    delimiter = ord(layout.delimiter)
    expected = len(layout.names)
    found, after, passed = csv_kernel.scan_rows(
        buffer, begin, delimiter, _QUOTE, expected, final, ROW_LIMIT, starts, ends, lines, fields
    )
    return Scan(starts[:found], ends[:found], lines[:found], fields[:found], int(after), int(passed))


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

    def tasks(self, plan: Plan) -> Iterator[tuple[Callable[[], Rows], int]]:
        """What reads the file, block by block."""
        yield partial(_opened, partial(_same, self.first), plan), self.done
        for block, done in self.following:
            yield partial(_opened, partial(parse_block, block, self.layout), plan), done


def _same(rows: Rows) -> Rows:
    return rows


def _opened(read: Callable[[], Rows], plan: Plan) -> Rows:
    """Rows, with the objects opened that the mapping says stand in them as JSON text."""
    rows = read()
    if not plan.mapping.opens_objects:
        return rows
    return objects.shape_table(rows, plan)


def open_csv(source: Source, chunks: Iterator[bytes], mapping: Mapping) -> CsvReader:
    """Find the dialect of a file, and read its first block.

    Raises:
        BadFile: It is no text in UTF-8, or has no row below its header.
        BadMapping: The delimiter is not one ASCII character.
    """
    head = bytearray()
    for chunk in chunks:
        head += chunk
        if len(head) >= _HEAD:
            break
    name = str(source.path)
    check_text(bytes(head[:_HEAD]), name)
    text = without_bom(bytes(head))
    if not text.strip(b"\r\n\0 "):
        raise BadFile(f"{name} holds no row" + (f"; {source.broken}" if source.broken else ""))
    layout, begin, line = _find_layout(text, name, mapping)
    blocks = ((block, source.done) for block in _blocks(source, chunks, text[begin:], line, layout))
    block, done = next(blocks, (None, 0))
    if block is None:
        raise BadFile(f"{name} has a header and no rows (--no-header if its first line is a row)")
    first = parse_block(block, layout)
    sample = (
        objects.sample_table(first, mapping) if mapping.opens_objects else Sample(columns=first.columns, textual=True)
    )
    return CsvReader(source.size, sample, mapping, (), layout, first, blocks, done)


def _find_layout(text: bytes, name: str, mapping: Mapping) -> tuple[Layout, int, int]:
    """Layout, and the position and physical line where the rows begin."""
    delimiter = mapping.delimiter or _sniff_delimiter(text)
    if len(delimiter.encode()) != 1:
        raise BadMapping(f'the delimiter "{delimiter}" is not one ASCII character')
    first = scan_block(text, Layout(name, (), delimiter))
    row = text[first.starts[0] : first.ends[0]].decode("utf-8", "replace")
    fields = next(csv.reader(io.StringIO(row, newline=""), delimiter=delimiter), [""])
    if not mapping.header:
        width = int(Counter(first.fields[:_SNIFFED_ROWS].tolist()).most_common(1)[0][0])
        return Layout(name, tuple(f"column_{place}" for place in range(1, width + 1)), delimiter), 0, 1
    begin = int(first.starts[1]) if first.starts.size > 1 else len(text)
    line = 1 + (int(first.lines[1]) if first.starts.size > 1 else count_lines(text))
    return Layout(name, _distinct(fields), delimiter), begin, line


def _distinct(fields: Sequence[str]) -> tuple[str, ...]:
    """Names for columns: trimmed, `column_N` for the empty ones, numbered where they repeat."""
    names: list[str] = []
    for place, field in enumerate(fields, start=1):
        name = wanted = field.strip() or f"column_{place}"
        number = 2
        while name in names:
            name, number = f"{wanted}_{number}", number + 1
        names.append(name)
    return tuple(names)


def _sniff_delimiter(text: bytes) -> str:
    """The delimiter that cuts the first rows most evenly, the one with more fields where two do."""
    best, best_score = ",", (0.0, 0)
    for delimiter in _DELIMITERS:
        counts = scan_block(text, Layout("", (), delimiter)).fields[:_SNIFFED_ROWS]
        width, times = Counter(counts.tolist()).most_common(1)[0]
        score = (round(times / counts.size, 1), int(width))
        if width > 1 and score > best_score:
            best, best_score = delimiter, score
    return best


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
    if _QUOTE in held:
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
    if scan is None and _QUOTE in block.data:
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
    try:
        return pyarrow.csv.read_csv(
            pa.py_buffer(data),
            read_options=pyarrow.csv.ReadOptions(use_threads=False, block_size=len(data) + 1, column_names=names),
            parse_options=pyarrow.csv.ParseOptions(delimiter=layout.delimiter, newlines_in_values=True),
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(names, kind),
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=True,
            ),
        )
    except pa.ArrowInvalid:
        return None


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
