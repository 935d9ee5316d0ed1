"""Importing a text written in the test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from sojourn.collect.imports.mapping import Mapping
from sojourn.collect.imports.read import read_batches

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sojourn.records.batch import EventBatch
    from sojourn.records.rejected import Rejected


@dataclass(frozen=True)
class Imported:
    """What an import gave, all batches together."""

    batches: list[EventBatch]
    lines: list[str]

    @property
    def read(self) -> int:
        return sum(batch.read for batch in self.batches)

    @property
    def accepted(self) -> int:
        return sum(batch.fixed.num_rows for batch in self.batches)

    @property
    def rejected(self) -> list[Rejected]:
        return [row for batch in self.batches for row in batch.rejected]

    @property
    def reasons(self) -> list[tuple[int, str]]:
        """Line and reason of each rejected row."""
        return [(row.line, row.reason.value) for row in self.rejected]

    @property
    def hashes(self) -> list[tuple[int, int]]:
        return [(int(a), int(b)) for batch in self.batches for a, b in batch.row_hash]

    def column(self, name: str) -> list[Any]:
        """Values of a fixed column; times as texts in UTC."""
        values: list[Any] = []
        for batch in self.batches:
            column = batch.fixed.column(name)
            values += (column.cast(pa.string()) if pa.types.is_timestamp(column.type) else column).to_pylist()
        return values

    def property(self, name: str) -> list[Any]:
        return [value for batch in self.batches for value in batch.properties[name].to_pylist()]

    def type_of(self, name: str) -> str:
        (kind,) = {str(batch.properties[name].type) for batch in self.batches}
        return kind


@pytest.fixture
def imported() -> Callable[..., Imported]:
    """`imported(path, **mapping)` reads a file; every row read is accepted or rejected."""

    def run(path: Path, mapping: Mapping | None = None, **options: Any) -> Imported:
        lines: list[str] = []
        batches = list(read_batches(path, mapping or Mapping(**options), on_guess=lines.extend))
        result = Imported(batches, lines)
        assert result.read == result.accepted + len(result.rejected)
        return result

    return run


@pytest.fixture
def written(tmp_path: Path, imported: Callable[..., Imported]) -> Callable[..., Imported]:
    """`written(text, **mapping)` reads a file with this content."""

    def run(content: str | bytes, *, name: str = "log.csv", **options: Any) -> Imported:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
        return imported(path, **options)

    return run
