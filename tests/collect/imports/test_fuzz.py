"""Mutated files: whatever the bytes, rows are accepted or rejected, or the file is refused with a clear error."""

from __future__ import annotations

import gzip
import json
import random
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sojourn.collect.imports.mapping import Mapping, load_mapping, recipe_names
from sojourn.collect.imports.read import read_batches
from sojourn.records.errors import SojournError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sojourn.records.batch import EventBatch

SEEDS = 60
CSV = (
    b'user_id,event,timestamp,note,n\nu1,view,2024-01-01 10:00:00,"a ""b""\nc",1\nu2,buy,2024-01-01 10:00:05,,2.5\nu3,view,2024-01-02,x,3\n'
    * 3
)
LOG = (
    b'203.0.113.7 - - [17/May/2015:10:05:03 +0000] "GET /a?b=c HTTP/1.1" 200 512 "-" "Mozilla/5.0 (X11)"\n'
    b'2001:db8::1 - anna [17/May/2015:10:05:04 +0000] "GET /a.css HTTP/1.1" 304 - "https://x.example/" "Googlebot/2.1"\n'
) * 3
FLAT = b"".join(
    json.dumps({"user_id": n, "event": "e", "timestamp": 1705312800 + n, "a": {"b": [n]}, "ip": "203.0.113.7"}).encode()
    + b"\n"
    for n in range(6)
)
TOKENS = (
    b'"',
    b"\n",
    b"\r",
    b"\0",
    b",",
    b"{",
    b"}",
    b"[",
    b"]",
    b":",
    b"\\",
    b"\xff",
    b"\xed\xa0\x80",
    b"\\ud800",
    b"null",
    b"1e999",
    b"NaN",
    b"9" * 25,
    b"-",
    b" ",
)


def mutated(content: bytes, seed: int) -> bytes:
    """A few cuts, swaps, repeats and foreign bytes."""
    dice = random.Random(seed)
    data = bytearray(content)
    for _ in range(dice.randint(1, 6)):
        at = dice.randrange(len(data) + 1)
        until = min(len(data), at + dice.randint(0, 40))
        match dice.randrange(5):
            case 0:
                data[at:until] = b""
            case 1:
                data[at:at] = data[at:until]
            case 2:
                data[at:at] = dice.choice(TOKENS) * dice.randint(1, 3)
            case 3:
                data[at:until] = dice.randbytes(until - at)
            case _:
                data[at:] = b"" if dice.random() < 0.3 else data[at:]
    return bytes(data)


def parquet(tmp_path: Path) -> bytes:
    path = tmp_path / "whole.parquet"
    rows = [{"user_id": n, "event": "e", "time": 1705312800 + n, "note": "x" * n, "o": {"a": n}} for n in range(50)]
    pq.write_table(pa.Table.from_pylist(rows), path, row_group_size=10)
    return path.read_bytes()


def read_or_refuse(path: Path, mapping: Mapping) -> bool:
    """Whether the file was read; every other outcome than a clear error is a failure."""
    batches: list[EventBatch] = []
    refusal = None
    try:
        batches = list(read_batches(path, mapping))
    except SojournError as error:
        refusal = str(error)
    assert refusal != "", "an error without a word"
    for batch in batches:
        assert batch.read == batch.fixed.num_rows + len(batch.rejected)
        assert batch.row_hash.shape == (batch.fixed.num_rows, 2)
        batch.fixed.validate(full=True)
        assert all(len(values) == batch.fixed.num_rows for values in batch.properties.values())
    return refusal is None


@pytest.mark.parametrize("mapping", [Mapping(), Mapping(person="user_id", event_value="e")], ids=["guessed", "told"])
@pytest.mark.parametrize("content", [CSV, FLAT, LOG], ids=["csv", "jsonl", "log"])
def test_mutated_texts_never_surprise(tmp_path: Path, content: bytes, mapping: Mapping) -> None:
    path = tmp_path / "log"
    outcomes = []
    for seed in range(SEEDS):
        path.write_bytes(mutated(content, seed))
        outcomes.append(read_or_refuse(path, mapping))

    assert sum(outcomes) > SEEDS / 4  # most stay readable


@pytest.mark.parametrize("name", recipe_names())
def test_mutated_exports_never_surprise(tmp_path: Path, root: Path, name: str) -> None:
    (sample,) = (root / "tests/fixtures/recipes").glob(f"{name}.*")
    path = tmp_path / "log"
    for seed in range(SEEDS):
        path.write_bytes(mutated(sample.read_bytes(), seed))
        read_or_refuse(path, load_mapping(name))


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gzip"])
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_mutated_packed_files_never_surprise(tmp_path: Path, kind: str, pack: Callable[[bytes], bytes]) -> None:
    content = pack(CSV * 50 if kind == "csv" else parquet(tmp_path))
    path = tmp_path / "log"
    for seed in range(SEEDS):
        path.write_bytes(mutated(content, seed))
        read_or_refuse(path, Mapping())
