"""BLAKE2b (RFC 7693) over a column of strings at once.

In: an Arrow string array, an optional key. Out: digests of 8 or 16 bytes as 64-bit words.
Equal, byte for byte, to `hashlib.blake2b` on each value; `hashlib` itself takes what is longer than one block.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numba import njit

if TYPE_CHECKING:
    from numpy.typing import NDArray

_IV = np.array(
    [
        0x6A09E667F3BCC908,
        0xBB67AE8584CAA73B,
        0x3C6EF372FE94F82B,
        0xA54FF53A5F1D36F1,
        0x510E527FADE682D1,
        0x9B05688C2B3E6C1F,
        0x1F83D9ABFB41BD6B,
        0x5BE0CD19137E2179,
    ],
    dtype=np.uint64,
)
_SIGMA = np.array(
    [
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
        [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
        [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
        [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
        [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
        [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
        [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
        [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
        [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
        [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
        [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
        [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
    ],
    dtype=np.int64,
)
_LANES = np.array(
    [
        [0, 4, 8, 12],
        [1, 5, 9, 13],
        [2, 6, 10, 14],
        [3, 7, 11, 15],
        [0, 5, 10, 15],
        [1, 6, 11, 12],
        [2, 7, 8, 13],
        [3, 4, 9, 14],
    ],
    dtype=np.int64,
)
_BLOCK = 128
_WORD = 8
_MORE, _LAST = False, True


def digests(strings: pa.Array, *, prefix: bytes = b"", key: bytes = b"", size: int = 8) -> NDArray[np.uint64]:
    """Digests of `prefix + value` for every value.

    Args:
        strings: Arrow string or large_string array. A null is hashed as the empty string: mask it afterwards.
        prefix: Bytes before every value; at most 64.
        key: Key of the hash, at most 64 bytes; empty for none.
        size: Digest length in bytes, 8 or 16.

    Returns:
        uint64, shape (values, size / 8), little-endian words of each digest.
    """
    distinct = strings.cast(pa.large_string())
    counted, state = _first_state(key, size)
    out = np.zeros((len(distinct), size // _WORD), np.uint64)
    data, offsets = string_buffers(distinct)
    _hash_column(state, counted, np.frombuffer(prefix, np.uint8), data, offsets, out)
    lengths = offsets[1:] - offsets[:-1] + len(prefix)
    # A key alone is the last block, not the first of two.
    elsewhere = (lengths > _BLOCK) | ((lengths == 0) & bool(key))
    for i in np.flatnonzero(elsewhere):
        message = prefix + data[offsets[i] : offsets[i + 1]].tobytes()
        digest = hashlib.blake2b(message, digest_size=size, key=key).digest()
        out[i] = np.frombuffer(digest, np.uint64)
    return out


def hash_distinct(values: pa.Array, hash_values: Any) -> NDArray[Any]:  # noqa: ANN401  (any dtype)
    """Apply `hash_values` to the distinct strings of a column and spread the result; nulls give 0.

    Args:
        values: String or dictionary array.
        hash_values: Function from a string array to a numpy array of one row a value.

    Returns:
        Array of one row a value of `values`.
    """
    encoded = values if pa.types.is_dictionary(values.type) else pc.dictionary_encode(values)
    hashed = hash_values(encoded.dictionary)
    rows = np.concatenate([hashed, np.zeros((1, *hashed.shape[1:]), hashed.dtype)])
    return rows[encoded.indices.fill_null(len(hashed)).to_numpy(zero_copy_only=False)]


def string_buffers(strings: pa.LargeStringArray) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Bytes and offsets of a large_string array, without copying."""
    _, offsets, data = strings.buffers()
    if offsets is None or len(strings) == 0:
        return np.empty(0, np.uint8), np.zeros(1, np.int64)
    first = strings.offset
    bounds = np.frombuffer(offsets, np.int64)[first : first + len(strings) + 1]
    return np.frombuffer(data or b"", np.uint8), bounds


def _first_state(key: bytes, size: int) -> tuple[int, NDArray[np.uint64]]:
    """Bytes counted so far and the state before the message, the same for every value."""
    state = _IV.copy()
    # RFC 7693, 2.5: parameter block 0x0101kknn, kk the key length, nn the digest length.
    state[0] ^= np.uint64(0x01010000 | len(key) << 8 | size)
    if not key:
        return 0, state
    block = np.zeros(_BLOCK, np.uint8)
    block[: len(key)] = np.frombuffer(key, np.uint8)
    _compress(state, block.view(np.uint64), np.uint64(_BLOCK), _MORE)
    return _BLOCK, state


@njit(nogil=True, cache=True)
def _compress(state, words, counted, last):  # type: ignore[no-untyped-def]
    """One block of BLAKE2b into `state`, in place (RFC 7693, 3.2)."""
    v = np.empty(16, np.uint64)
    v[:8] = state
    v[8:] = _IV
    v[12] ^= counted
    if last:
        v[14] = ~v[14]
    for turn in range(12):
        for lane in range(8):
            a, b, c, d = _LANES[lane]
            v[a] = v[a] + v[b] + words[_SIGMA[turn, 2 * lane]]
            x = v[d] ^ v[a]
            v[d] = (x >> np.uint64(32)) | (x << np.uint64(32))
            v[c] = v[c] + v[d]
            x = v[b] ^ v[c]
            v[b] = (x >> np.uint64(24)) | (x << np.uint64(40))
            v[a] = v[a] + v[b] + words[_SIGMA[turn, 2 * lane + 1]]
            x = v[d] ^ v[a]
            v[d] = (x >> np.uint64(16)) | (x << np.uint64(48))
            v[c] = v[c] + v[d]
            x = v[b] ^ v[c]
            v[b] = (x >> np.uint64(63)) | (x << np.uint64(1))
    for i in range(8):
        state[i] ^= v[i] ^ v[i + 8]


@njit(nogil=True, cache=True)
def _hash_column(first, counted, prefix, data, offsets, out):  # type: ignore[no-untyped-def]
    """Digest of `prefix + value` for every value that fits one block."""
    block = np.zeros(_BLOCK, np.uint8)
    words = block.view(np.uint64)
    state = np.empty(8, np.uint64)
    for i in range(offsets.size - 1):
        length = offsets[i + 1] - offsets[i]
        if length + prefix.size > _BLOCK:
            continue
        block[:] = 0
        block[: prefix.size] = prefix
        block[prefix.size : prefix.size + length] = data[offsets[i] : offsets[i + 1]]
        state[:] = first
        _compress(state, words, np.uint64(counted + prefix.size + length), _LAST)
        for word in range(out.shape[1]):
            out[i, word] = state[word]
