"""Columns written and mapped back are the same arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest

from sojourn.store.columns import map_columns, map_names, write_columns, write_names

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("dtype", [np.int64, np.uint16, np.uint32, np.int32, np.float64])
@pytest.mark.parametrize("rows", [0, 1, 1000])
def test_arrays_come_back(tmp_path: Path, dtype: type, rows: int) -> None:
    values: Any = np.arange(rows).astype(dtype)
    write_columns(tmp_path / "x.arrow", {"a": values, "b": values[::-1].copy()})

    found = map_columns(tmp_path / "x.arrow")

    assert found["a"].dtype == dtype
    assert np.array_equal(found["a"], values)
    assert np.array_equal(found["b"], values[::-1])
    assert not found["a"].flags.writeable


def test_nan_stays_nan_and_not_null(tmp_path: Path) -> None:
    write_columns(tmp_path / "x.arrow", {"values": np.array([1.0, np.nan])})

    assert np.isnan(map_columns(tmp_path / "x.arrow")["values"][1])


def test_mapped_arrays_live_on_when_their_file_is_deleted(tmp_path: Path) -> None:
    """A new index takes the place of one that a reader still uses."""
    path = tmp_path / "x.arrow"
    write_columns(path, {"a": np.arange(100_000)})
    found = map_columns(path)["a"]

    path.unlink()

    assert int(found.sum()) == 4_999_950_000


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string()])
def test_names_come_back_one_by_one(tmp_path: Path, kind: pa.DataType) -> None:
    write_names(tmp_path / "n.arrow", pa.array(["a", "", "é\0"], kind))

    names = map_names(tmp_path / "n.arrow")

    assert (len(names), names[0], names[2], names[1], names[1:]) == (3, "a", "é\0", "", ["", "é\0"])
    assert list(names) == ["a", "", "é\0"]
