"""Columns as kernels read them: memory-mapped Arrow files, one a bucket.

In: numpy arrays. Out: files, and the same arrays mapped back without copying.
Never interprets a value; `store.index` decides which columns there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, overload

import pyarrow as pa

from sojourn.store.durable import sync_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class TextColumn:
    """A column of text, dictionary-coded.

    Attributes:
        codes: int32, one an event: place in `names`, -1 for null.
        names: The distinct values.
    """

    codes: NDArray[np.int32]
    names: Sequence[str]


@dataclass(frozen=True, slots=True)
class NumberColumn:
    """A column of numbers.

    Attributes:
        values: float64, one an event; NaN for null.
    """

    values: NDArray[np.float64]


Column = TextColumn | NumberColumn


def write_columns(path: Path, columns: Mapping[str, NDArray[Any]]) -> None:
    """Write arrays of equal length as one uncompressed Arrow file, and sync it."""
    _write(path, pa.record_batch({name: pa.array(values) for name, values in columns.items()}))


def map_columns(path: Path) -> dict[str, NDArray[Any]]:
    """Map the arrays of a file written by `write_columns`; nothing is read until it is touched."""
    with pa.memory_map(str(path)) as source:
        batch = pa.ipc.open_file(source).get_batch(0)
    return {name: batch.column(name).to_numpy() for name in batch.schema.names}


def write_names(path: Path, names: pa.Array) -> None:
    """Write the distinct values of a text column, and sync it."""
    _write(path, pa.record_batch({"names": names.cast(pa.large_string())}))


def _write(path: Path, batch: pa.RecordBatch) -> None:
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, batch.schema) as writer:
        writer.write_batch(batch)
    # A reader trusts what it finds: after a power cut a file must be whole, or not be there.
    sync_file(path)


class MappedNames(Sequence[str]):
    """Distinct values of a text column, decoded one by one as they are asked for."""

    def __init__(self, names: pa.Array) -> None:
        """Wrap an Arrow string array."""
        self.array = names

    def __len__(self) -> int:
        """How many distinct values there are."""
        return len(self.array)

    @overload
    def __getitem__(self, code: int) -> str: ...

    @overload
    def __getitem__(self, code: slice) -> list[str]: ...

    def __getitem__(self, code: int | slice) -> str | list[str]:
        """The value of a code."""
        if isinstance(code, slice):
            return self.array[code].to_pylist()
        return str(self.array[int(code)].as_py())


def map_names(path: Path) -> MappedNames:
    """Map what `write_names` wrote."""
    with pa.memory_map(str(path)) as source:
        return MappedNames(pa.ipc.open_file(source).get_batch(0).column(0))
