"""A 128-bit name for a row that carries no id of its own.

In: columns by name, as they came. Out: uint64 (rows, 2). Never looks at guessed types.

Each value is hashed together with its column's name (two independent 64-bit lanes) and the hashes of a row are added up, so the
order of columns does not matter and nulls add nothing. Its tests hold the same definition in plain Python.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numba import njit

from sojourn.collect.imports.arrow_text import frozen_buffers, text_buffers, validity

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

_M1 = np.uint64(0xFF51AFD7ED558CCD)  # the two multipliers of MurmurHash3's 64-bit finaliser (Appleby, public domain)
_M2 = np.uint64(0xC4CEB9FE1A85EC53)
_P1 = np.uint64(0x9E3779B97F4A7C15)
_P2 = np.uint64(0xBF58476D1CE4E5B9)
_SHIFT = np.uint64(33)
_ROTATE = np.uint64(29)
_BACK = np.uint64(35)
_WORD = 8


@njit(nogil=True, cache=True)
def _mix(value: np.uint64) -> np.uint64:
    value ^= value >> _SHIFT
    value *= _M1
    value ^= value >> _SHIFT
    value *= _M2
    return value ^ (value >> _SHIFT)


@njit(nogil=True, cache=True)
def _add_texts(
    sums: npt.NDArray[np.uint64],
    offsets: npt.NDArray[np.int32],
    data: npt.NDArray[np.uint8],
    valid: npt.NDArray[np.bool_],
    seed0: np.uint64,
    seed1: np.uint64,
) -> None:
    for row in range(valid.size):
        if not valid[row]:
            continue
        at = offsets[row]
        end = offsets[row + 1]
        length = np.uint64(end - at)
        lane0 = seed0 ^ (length * _P1)
        lane1 = seed1 + (length * _P2)
        while at < end:
            word = np.uint64(0)
            if at + _WORD <= end:
                # A trip count the compiler knows: it becomes one load.
                for place in range(_WORD):
                    word |= np.uint64(data[at + place]) << np.uint64(8 * place)
            else:
                for place in range(end - at):
                    word |= np.uint64(data[at + place]) << np.uint64(8 * place)
            lane0 = ((lane0 ^ word) * _M1) ^ (lane0 >> _ROTATE)
            lane1 = ((lane1 + word) * _M2) ^ (lane1 >> _BACK)
            at += _WORD
        sums[row, 0] += _mix(lane0)
        sums[row, 1] += _mix(lane1 ^ _P1)


def _seeds(name: str) -> tuple[np.uint64, np.uint64]:
    digest = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=16).digest()
    return np.uint64(int.from_bytes(digest[:8], "little")), np.uint64(int.from_bytes(digest[8:], "little"))


def _as_words(values: pa.Array) -> pa.Array | None:
    """Values of a fixed width as 8-byte binary in one canonical type each; None: hash their text."""
    kind = values.type
    if pa.types.is_integer(kind) and kind != pa.uint64():
        return values.cast(pa.int64())
    if pa.types.is_floating(kind):
        return values.cast(pa.float64())
    if pa.types.is_timestamp(kind):
        return pc.cast(values, pa.timestamp("us", tz=kind.tz), safe=False).cast(pa.int64())
    return None


def _texts(values: pa.Array) -> pa.Array:
    if pa.types.is_string(values.type) or pa.types.is_binary(values.type):
        return values
    return values.cast(pa.string())


def row_hash(columns: Mapping[str, pa.Array], rows: int) -> npt.NDArray[np.uint64]:
    """Hash each row of `columns`.

    Args:
        columns: Arrays of `rows` values by name: text, numbers, times or booleans (anything that casts to text).
        rows: Number of rows, needed when there is no column.

    Returns:
        uint64 of shape (rows, 2). Whole numbers hash alike in every integer width, times in every unit.
    """
    sums = np.zeros((rows, 2), dtype=np.uint64)
    for name, values in columns.items():
        if values.null_count == rows:  # also when there is no row
            continue
        seed0, seed1 = _seeds(name)
        words = _as_words(values)
        if words is None:
            _add_texts(sums, *text_buffers(_texts(values)), seed0, seed1)
        else:
            filled = pc.fill_null(words, 0).to_numpy(zero_copy_only=False)
            data = np.ascontiguousarray(filled).view(np.uint8)
            offsets = np.arange(0, _WORD * (rows + 1), _WORD, dtype=np.int32)
            _add_texts(sums, *frozen_buffers(offsets, data, validity(values)), seed0, seed1)
    return sums
