"""Tell the format of a file from its content, and open it.

In: a path and a mapping. Out: a `Reader`. Never trusts the name of a file.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Protocol

from sojourn.collect.imports import access_log, csv_rows, json_rows, parquet_rows
from sojourn.collect.imports.source import Source, open_source
from sojourn.collect.imports.text_check import without_bom

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sojourn.collect.imports.mapping import FileFormat, Mapping
    from sojourn.collect.imports.plan import Plan
    from sojourn.collect.imports.rows import Rows, Sample

_FEW_LINES = 5


class Reader(Protocol):
    """A file, opened and looked at."""

    @property
    def size(self) -> int:
        """Bytes of the file."""

    @property
    def sample(self) -> Sample:
        """Its first rows."""

    @property
    def mapping(self) -> Mapping:
        """The user's mapping, and what the format itself says."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Lines that tell the user what the format was found to be."""

    def tasks(self, plan: Plan) -> Iterator[tuple[Callable[[], Rows], int]]:
        """What reads each stretch of the file (in any thread), and the packed bytes taken when it was cut off."""


def open_reader(path: Path, mapping: Mapping, *, secret: bytes = b"", name: str | None = None) -> Reader:
    """Open a file in its format.

    Raises:
        BadFile: It is no event log.
        BadMapping: The mapping names something impossible for the format.
    """
    source = open_source(path, mapping.encoding, name=name)
    if mapping.format == "parquet" or (mapping.format is None and _is_parquet(source)):
        return parquet_rows.open_parquet(source, mapping)
    stream = source.chunks()
    head = next(stream, b"")
    chunks = itertools.chain((head,), stream)
    found = mapping.format or find_format(head)
    if found == "jsonl":
        return json_rows.open_json(source, chunks, mapping)
    if found == "access_log":
        return access_log.open_log(source, chunks, mapping, secret)
    return csv_rows.open_csv(source, chunks, mapping)


def _is_parquet(source: Source) -> bool:
    with source.path.open("rb") as file:
        return file.read(4) == b"PAR1"


def find_format(head: bytes) -> FileFormat:
    """`jsonl`, `access_log` or `csv`, by the first lines of the text."""
    text = without_bom(head).lstrip(b" \t\r\n")
    if text.startswith(b"{") or (text.startswith(b"[") and text[1:].lstrip(b" \t\r\n")[:1] in (b"{", b"]", b"")):
        return "jsonl"
    lines = [line for line in text[: 1 << 16].splitlines() if line.strip()][:_FEW_LINES]
    return "access_log" if any(access_log.is_log_line(line) for line in lines) else "csv"
