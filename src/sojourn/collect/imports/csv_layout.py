"""The dialect of a CSV file, found from its first rows.

In: the beginning of a file and what the user said. Out: a `Layout`, where the rows begin, and lines that say what was found.
Never reads a field's meaning.
"""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from sojourn.collect.imports import csv_kernel
from sojourn.records.errors import BadMapping

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from sojourn.collect.imports.mapping import Mapping

ROW_LIMIT = 32 << 20
"""A row longer than this is skipped; a quote open for longer than this was no quote."""
_SNIFFED_ROWS = 200
_EVEN, _TORN = 0.9, 0.5
_DELIMITERS = (",", ";", "\t", "|")
_SEPARATOR = re.compile(rb"^sep=(.)\r?\n", re.IGNORECASE)
_W3C = b"#Fields:"
_MOMENT = re.compile(r"^\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|^\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}\b")
_NUMBER = re.compile(r"^[-+]?\d+([.,]\d+)?$")


@dataclass(frozen=True, slots=True)
class Layout:
    """The dialect and the columns of a file.

    Attributes:
        file: Its name.
        names: Its columns.
        delimiter: Between fields.
        quote: Around fields; None: there are no quotes.
        escape: Before a quote or a delimiter that is meant as it is; None: quotes are doubled.
        padded: Blanks follow the delimiters and belong to no field.
    """

    file: str
    names: tuple[str, ...]
    delimiter: str
    quote: str | None = '"'
    escape: str | None = None
    padded: bool = False

    def is_plain(self, data: bytes) -> bool:
        """Whether every line break in `data` ends a row."""
        marks = [mark.encode() for mark in (self.quote, self.escape) if mark is not None]
        return not any(mark in data for mark in marks)


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
class Opening:
    """Where the rows of a file begin: position, physical line, and what to tell the user."""

    layout: Layout
    begin: int
    line: int
    notes: tuple[str, ...] = ()


def count_lines(data: bytes) -> int:
    """Line breaks: LF, CR LF or CR."""
    return int(csv_kernel.count_breaks(np.frombuffer(data, dtype=np.uint8)))


def scan_block(data: bytes, layout: Layout, *, final: bool = True, rows: int | None = None) -> Scan:
    """Walk the rows of `data`, at most `rows` of them; not `final`: the last row may go on in the next block."""
    buffer = np.frombuffer(data, dtype=np.uint8)
    room = count_lines(data) + 2 if rows is None else rows
    starts, ends, lines, fields = (np.empty(room, dtype=np.int64) for _ in range(4))
    quote, escape = (ord(mark) if mark else csv_kernel.NONE for mark in (layout.quote, layout.escape))
    expected = len(layout.names)
    found, after, passed = csv_kernel.scan_rows(
        buffer, ord(layout.delimiter), quote, escape, expected, final, ROW_LIMIT, starts, ends, lines, fields
    )
    return Scan(starts[:found], ends[:found], lines[:found], fields[:found], int(after), int(passed))


def find_layout(text: bytes, name: str, mapping: Mapping) -> Opening:
    """The dialect of a file, and where its rows begin.

    Args:
        text: Its beginning, without a byte order mark.
        name: What it is called.
        mapping: What the user said of its dialect.

    Raises:
        BadMapping: The delimiter, the quote or the escape is not one ASCII character.
    """
    for what in ("delimiter", "quote", "escape"):
        mark = getattr(mapping, what)
        if mark and mark != "none" and len(mark.encode()) != 1:
            raise BadMapping(f'the {what} "{mark}" is not one ASCII character')
    skipped, said = _preamble(text)
    body = text[skipped:]
    layout = _dialect(body, Layout(name, (), ","), mapping, mapping.delimiter or said)
    before = text[:skipped]
    w3c = _w3c_names(before)
    if w3c and "\t" not in body[: 1 << 16].decode("utf-8", "replace"):
        layout = replace(layout, delimiter=" ", padded=False)
    fields = w3c or _commented_header(before, layout, body)
    if fields is not None:
        said_above = f"columns: the {len(fields)} that the comment above the rows names"
        return Opening(replace(layout, names=_distinct(fields)), skipped, 1 + count_lines(before), (said_above,))
    opening = _with_names(body, layout, mapping)
    above = (f"skipped {_lines(count_lines(before))} above the header",) if skipped and not said else ()
    notes = (*above, *_about(layout), *opening.notes)
    return replace(opening, begin=opening.begin + skipped, line=opening.line + count_lines(before), notes=notes)


def _lines(count: int) -> str:
    return "1 line" if count == 1 else f"{count} lines"


def _about(layout: Layout) -> tuple[str, ...]:
    """Lines for a dialect that is not the common one."""
    lines = []
    if layout.quote is None:
        lines.append("quote: none, as quotes are opened and never closed (--quote changes it)")
    if layout.quote not in ('"', None):
        lines.append(f"quote: {layout.quote} (--quote changes it)")
    if layout.escape is not None:
        lines.append(f"escape: {layout.escape} (--escape none changes it)")
    return tuple(lines)


def _preamble(text: bytes) -> tuple[int, str | None]:
    """Bytes above the header, and the delimiter that Excel's `sep=` line names."""
    named = _SEPARATOR.match(text)
    if named:
        return named.end(), named[1].decode("ascii", "replace")
    at = 0
    while text.startswith(b"#", at):
        end = text.find(b"\n", at)
        if end < 0:
            return 0, None
        at = end + 1
    return at, None


def _w3c_names(before: bytes) -> list[str] | None:
    """Names of a W3C extended log (IIS, CloudFront), which stand in a comment."""
    lines = [line for line in before.splitlines() if line.startswith(_W3C)]
    return lines[-1].removeprefix(_W3C).decode("utf-8", "replace").split() if lines else None


def _commented_header(before: bytes, layout: Layout, body: bytes) -> list[str] | None:
    """Names of a header that begins with `#`: the last line of the comments, when it has as many fields as the rows."""
    lines = before.splitlines()
    if not lines or lines[-1].startswith(_W3C):
        return None
    fields = _fields(lines[-1], layout)
    widths = scan_block(body, layout, rows=_SNIFFED_ROWS).fields
    fits = len(fields) > 1 and widths.size > 0 and len(fields) == _common(widths)[0]
    return fields if fits else None


def _common(widths: npt.NDArray[np.int64]) -> tuple[int, int]:
    """The commonest number of fields, and how many rows have it."""
    if widths.size == 0:
        return 1, 0
    width, times = Counter(widths.tolist()).most_common(1)[0]
    return int(width), times


def _dialect(text: bytes, layout: Layout, mapping: Mapping, delimiter: str | None) -> Layout:
    """Delimiter, quote, escape and padding of the first rows; what the user said goes first."""
    quote = _mark(mapping.quote) if mapping.quote else _sniff_quote(text, delimiter)
    layout = replace(layout, quote=quote)
    layout = replace(layout, delimiter=delimiter or _sniff_delimiter(text, layout))
    if not mapping.quote and _evenness(text, layout) <= _TORN and not _closes(text, layout):
        bare = replace(layout, quote=None)
        bare = replace(bare, delimiter=delimiter or _sniff_delimiter(text, bare))
        if _evenness(text, bare) >= _EVEN:
            return replace(bare, padded=_is_padded(text, bare))
    escape = _mark(mapping.escape) if mapping.escape else _sniff_escape(text, layout)
    layout = replace(layout, escape=escape)
    if escape is not None and delimiter is None:
        layout = replace(layout, delimiter=_sniff_delimiter(text, layout))
    return replace(layout, padded=_is_padded(text, layout))


def _mark(said: str) -> str | None:
    return None if said == "none" else said


def _sniff_delimiter(text: bytes, layout: Layout) -> str:
    """The delimiter that cuts the first rows most evenly, the one with more fields where two do."""
    best, best_score = ",", (0.0, 0)
    for delimiter in _DELIMITERS:
        widths = scan_block(text, replace(layout, delimiter=delimiter), rows=_SNIFFED_ROWS).fields
        width, times = _common(widths)
        score = (round(times / max(widths.size, 1), 1), width)
        if width > 1 and score > best_score:
            best, best_score = delimiter, score
    return best


def _evenness(text: bytes, layout: Layout) -> float:
    """Share of the first rows that have as many fields as the very first, 0 when that has but one."""
    widths = scan_block(text, layout, rows=_SNIFFED_ROWS).fields
    return float((widths == widths[0]).mean()) if widths.size and widths[0] > 1 else 0.0


def _closes(text: bytes, layout: Layout) -> bool:
    """Whether a quote stands anywhere where a field can end."""
    marks = "".join(re.escape(mark) for mark in (*_DELIMITERS, layout.delimiter))
    return re.search(rf"{re.escape(layout.quote or '')}(?:[{marks}\r\n]|$)".encode(), text[: 1 << 16]) is not None


def _sniff_quote(text: bytes, delimiter: str | None) -> str:
    """A single quote where fields begin and end with it and none does with a double one."""
    marks = "".join(re.escape(mark) for mark in ((delimiter,) if delimiter else _DELIMITERS))
    start, end = rf"(?:^|[{marks}])", rf"(?:[{marks}\r\n]|$)"
    first = b"\n".join(text[: 1 << 16].splitlines()[:_SNIFFED_ROWS])
    if re.search(rf'{start}"'.encode(), first, re.MULTILINE):
        return '"'
    opened = len(re.findall(rf"{start}'".encode(), first, re.MULTILINE))
    closed = len(re.findall(rf"'{end}".encode(), first, re.MULTILINE))
    rows = first.count(b"\n")
    return "'" if opened == closed and opened >= max(rows, 1) else '"'


def _sniff_escape(text: bytes, layout: Layout) -> str | None:
    r"""A backslash where a quoted field goes on after `\"`: nothing else explains what follows."""
    if layout.quote is None or b"\\" + layout.quote.encode() not in text[: 1 << 20]:
        return None
    scan = scan_block(text, layout, rows=_SNIFFED_ROWS)
    rows = [text[a:b] for a, b in zip(scan.starts, scan.ends, strict=True)]
    return "\\" if any(_goes_on(row, layout) for row in rows) else None


def _goes_on(row: bytes, layout: Layout) -> bool:
    r"""Whether text follows a `\"` of a quoted field, other than a delimiter or another quote."""
    quote, delimiter = (re.escape(mark) for mark in (layout.quote or "", layout.delimiter))
    held = rf"(?:^|{delimiter}){quote}(?:[^{quote}\\]|\\.|{quote}{quote})*\\{quote}(?!{quote}|{delimiter}|\s*$)"
    return re.search(held.encode(), row) is not None


def _is_padded(text: bytes, layout: Layout) -> bool:
    """Whether a blank follows every delimiter of the header and of the rows after it."""
    head = text[: 1 << 16].splitlines()[:_SNIFFED_ROWS]
    if layout.delimiter == " " or not head:
        return False
    mark = layout.delimiter.encode()
    return head[0].count(mark) > 0 and all(line.count(mark) == line.count(mark + b" ") for line in head[:-1] or head)


def _fields(row: bytes, layout: Layout) -> list[str]:
    """The fields of one row."""
    text = row.decode("utf-8", "replace")
    if layout.quote is None:
        return text.split(layout.delimiter)
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=layout.delimiter,
        quotechar=layout.quote,
        escapechar=layout.escape,
        skipinitialspace=layout.padded,
    )
    try:
        return next(reader, [""])
    except csv.Error:
        # A field too long for that reader; no name is.
        return text.split(layout.delimiter)


def _with_names(text: bytes, layout: Layout, mapping: Mapping) -> Opening:
    """Names from the first row, or `column_N` where it is a row like the others."""
    scan = scan_block(text, layout, rows=_SNIFFED_ROWS)
    rows = [_fields(text[a:b], layout) for a, b in zip(scan.starts[:2], scan.ends[:2], strict=True)]
    if not rows:
        return Opening(replace(layout, names=("column_1",)), len(text), 1 + count_lines(text))
    guessed = mapping.header is None and _is_data(rows)
    if mapping.header is False or guessed:
        width = max(_common(scan.fields)[0], 1)
        notes = (f"header: none, the columns are column_1 to column_{width} (--header if the first line names them)",)
        names = tuple(f"column_{place}" for place in range(1, width + 1))
        return Opening(replace(layout, names=names), 0, 1, notes if guessed else ())
    whole = scan.starts.size > 1
    begin = int(scan.starts[1]) if whole else len(text)
    line = 1 + (int(scan.lines[1]) if whole else count_lines(text))
    return Opening(replace(layout, names=_distinct(rows[0])), begin, line)


def _is_data(rows: list[list[str]]) -> bool:
    """Whether the first row holds what no one calls a column: a time, or a number where the next row has one, too."""
    first = [field.strip() for field in rows[0]]
    if any(_MOMENT.match(field) for field in first):
        return True
    counted = [str(place) for place in range(len(first))], [str(place) for place in range(1, len(first) + 1)]
    if len(rows) < 2 or len(rows[1]) != len(first) or first in counted:  # noqa: PLR2004  (two rows to compare)
        return False
    numbers = [bool(_NUMBER.match(field)) for field in first]
    return any(numbers) and all(
        not (bool(_NUMBER.match(field.strip())) and not number) for field, number in zip(rows[1], numbers, strict=True)
    )


def _distinct(fields: Sequence[str]) -> tuple[str, ...]:
    """Names for columns: trimmed, `column_N` for the empty ones, numbered where they repeat."""
    names: list[str] = []
    taken: set[str] = set()
    for place, field in enumerate(fields, start=1):
        name = wanted = field.strip() or f"column_{place}"
        number = 2
        while name in taken:
            name, number = f"{wanted}_{number}", number + 1
        names.append(name)
        taken.add(name)
    return tuple(names)
