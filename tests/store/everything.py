"""Every byte of a data folder, raw and decoded, searched for a word.

Compressed columns hide text from a search of bytes, so that each format is decoded first: Parquet (data, schema, footer),
Arrow files, SQLite (every table, and the raw pages and write-ahead log), JSON.
"""

from __future__ import annotations

import re
import sqlite3
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import lmdb
import pyarrow as pa
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from collections.abc import Iterator


def mentions(folder: Path, word: str) -> list[str]:
    """Files that hold a word, standing alone, and how they were read."""
    text = re.compile(rf"(?<!\w){re.escape(word)}(?!\w)")
    raw = re.compile(text.pattern.encode())
    return [
        f"{place.relative_to(folder)} ({how})"
        for place in sorted(folder.rglob("*"))
        if place.is_file()
        for how, content in contents(place)
        if (raw.search(content) if isinstance(content, bytes) else text.search(content))
    ]


def contents(place: Path) -> Iterator[tuple[str, bytes | str]]:
    """What a file holds: its bytes, and its values as text."""
    content = place.read_bytes()
    yield "bytes", content
    if content[:4] == b"PAR1":
        with pq.ParquetFile(place) as file:
            yield "Parquet footer", f"{file.metadata} {file.schema} {file.schema_arrow.metadata}"
            yield "Parquet", str(file.read().to_pylist())
    elif content[:6] == b"ARROW1":
        with pa.ipc.open_file(place) as file:
            yield "Arrow", str(file.read_all().to_pylist())
    elif place.name == "data.mdb":
        yield "LMDB", " ".join(_records(content))
    elif content[:15] == b"SQLite format 3":
        yield from _tables(place)


def _records(content: bytes) -> Iterator[str]:
    """All entries of an LMDB environment; of a copy, for a process opens an environment once."""
    with tempfile.TemporaryDirectory() as copy:
        (Path(copy) / "data.mdb").write_bytes(content)
        env = lmdb.open(copy, max_dbs=16, readonly=True, lock=False)
        with env.begin() as txn:
            for name in [bytes(key) for key, _ in txn.cursor()]:
                for key, value in txn.cursor(db=env.open_db(name, txn=txn, create=False)):
                    yield f"{bytes(key).decode(errors='replace')} {bytes(value).decode(errors='replace')}"
        env.close()


def _tables(place: Path) -> Iterator[tuple[str, bytes | str]]:
    connection = sqlite3.connect(f"file:{place}?mode=ro", uri=True)
    try:
        names = [name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")]
        for name in names:
            for row in connection.execute(f'select * from "{name}"'):  # noqa: S608  (a name SQLite gave)
                yield (
                    f"SQLite {name}",
                    " ".join(
                        value.decode(errors="replace") if isinstance(value, bytes) else str(value) for value in row
                    ),
                )
    finally:
        connection.close()
