"""Arrow string arrays as the plain buffers a kernel can walk.

In: pyarrow arrays. Out: offsets, bytes and validity as numpy arrays, without copying the text.
Never decodes a character.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    import numpy.typing as npt


class TextBuffers(NamedTuple):
    """One string array: value i is `data[offsets[i]:offsets[i + 1]]`, and is there when `valid[i]`."""

    offsets: npt.NDArray[np.int32]
    data: npt.NDArray[np.uint8]
    valid: npt.NDArray[np.bool_]


def one_array(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    """The column as one contiguous array."""
    if isinstance(column, pa.ChunkedArray):
        if column.num_chunks == 1:
            return column.chunk(0)
        return column.combine_chunks() if column.num_chunks else pa.array([], type=column.type)
    return column


def text_buffers(values: pa.Array) -> TextBuffers:
    """The buffers of a string (or binary) array; slices are honoured."""
    buffers = values.buffers()
    count = len(values)
    if buffers[1] is None or count == 0:
        offsets = np.zeros(count + 1, dtype=np.int32)
    else:
        offsets = np.frombuffer(buffers[1], dtype=np.int32)[values.offset : values.offset + count + 1]
    data = np.frombuffer(buffers[2], dtype=np.uint8) if buffers[2] is not None else np.zeros(0, dtype=np.uint8)
    return frozen_buffers(offsets, data, validity(values))


def frozen_buffers(
    offsets: npt.NDArray[np.int32], data: npt.NDArray[np.uint8], valid: npt.NDArray[np.bool_]
) -> TextBuffers:
    """The three, read-only: a kernel is compiled once more for each mixture of writable and read-only arrays."""
    for array in (offsets, data, valid):
        array.flags.writeable = False
    return TextBuffers(offsets, data, valid)


def validity(values: pa.Array) -> npt.NDArray[np.bool_]:
    """True where a value is there."""
    if values.null_count == 0:
        return np.ones(len(values), dtype=np.bool_)
    return np.asarray(pc.is_valid(values).to_numpy(zero_copy_only=False), dtype=np.bool_)
