"""The number of an actor: one identifier that sent events.

In: kind, namespace, value and the installation's secret. Out: a signed 64-bit number.
Never stores anything; the same identifier has another number in another data folder.

The number is BLAKE2b with an 8-byte digest, keyed by the secret, over `kind NUL namespace NUL value`.
`actor_id` computes it for one identifier, `ActorNumbers` for columns of them; both give the same.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from numba import njit

from sojourn.identify.blake2b import digests, string_buffers

if TYPE_CHECKING:
    from numpy.typing import NDArray

ActorKind = str
"""`anonymous`, `user`, `daily`, or the kind of a further identifier: `email`, `phone`, `loyalty_card`, ..."""


def actor_id(secret: bytes, kind: ActorKind, value: str, *, namespace: str = "") -> int:
    """Number of one actor.

    Args:
        secret: 32 random bytes, made once for a data folder.
        kind: What sort of identifier it is.
        value: The identifier as it was sent.
        namespace: Tells equal values of different systems apart.

    Returns:
        A signed 64-bit number, uniform over its range.
    """
    message = _prefix(kind, namespace) + value.encode()
    digest = hashlib.blake2b(message, digest_size=8, key=secret).digest()
    return int.from_bytes(digest, "little", signed=True)


class ActorNumbers:
    """Numbers of whole columns of identifiers; one seen before costs a lookup, not a hash.

    An identifier is recognised by a second, 128-bit hash seeded with the secret: who does not know the secret
    cannot make two identifiers that are taken for one. Holds 24 to 48 bytes for each distinct identifier.
    """

    def __init__(self, secret: bytes, kind: ActorKind, *, namespace: str = "") -> None:
        """Begin with none seen; the arguments are those of `actor_id`."""
        self._secret, self._prefix = secret, _prefix(kind, namespace)
        self._seeds = np.frombuffer(hashlib.blake2b(b"seen", digest_size=16, key=secret).digest(), np.uint64)
        # Both words of the hash and the place among the numbers, side by side; the first word of a used slot is odd.
        self._slots = np.zeros((1 << 16, 3), np.uint64)
        self._numbers = np.empty(0, np.int64)

    def numbers(self, values: pa.Array) -> NDArray[np.int64]:
        """Numbers of a column.

        Args:
            values: String or dictionary array; nulls are allowed.

        Returns:
            int64, one a value; 0 where the value is null.
        """
        if pa.types.is_dictionary(values.type):
            of_distinct = np.append(self.numbers(values.dictionary), np.int64(0))
            return of_distinct[values.indices.fill_null(len(of_distinct) - 1).to_numpy(zero_copy_only=False)]
        if values.null_count == len(values):
            return np.zeros(len(values), np.int64)
        strings = values.cast(pa.large_string())
        while 2 * (len(self._numbers) + len(values)) > len(self._slots):
            self._grow()
        hashed = np.empty((len(values), 2), np.uint64)
        _hash_all(*string_buffers(strings), self._seeds, hashed)
        place, fresh = _find_all(self._slots, hashed, len(self._numbers))
        if len(fresh):
            new = digests(strings.take(pa.array(fresh)), prefix=self._prefix, key=self._secret)
            self._numbers = np.concatenate([self._numbers, new[:, 0].view("int64")])
        found: NDArray[np.int64] = self._numbers[place]
        if values.null_count:
            found[np.asarray(values.is_null())] = 0
        return found

    def _grow(self) -> None:
        larger = np.zeros((2 * len(self._slots), 3), np.uint64)
        _rehash(self._slots, larger)
        self._slots = larger


def actor_ids(secret: bytes, kind: ActorKind, values: pa.Array, *, namespace: str = "") -> NDArray[np.int64]:
    """Numbers of one column of identifiers; see `ActorNumbers` for many.

    Returns:
        int64, one a value; 0 where the value is null.
    """
    return ActorNumbers(secret, kind, namespace=namespace).numbers(values)


def _prefix(kind: ActorKind, namespace: str) -> bytes:
    return kind.encode() + b"\0" + namespace.encode() + b"\0"


@njit(nogil=True, cache=True)
def _hash_all(data, offsets, seeds, out):  # type: ignore[no-untyped-def]
    """Two independent 64-bit hashes of each string, eight bytes at a time, finished as in MurmurHash3 (Appleby)."""
    for row in range(offsets.size - 1):
        at, end = offsets[row], offsets[row + 1]
        size = np.uint64(end - at)
        a, b = seeds[0] ^ size, seeds[1] + size
        while at < end:
            word = np.uint64(0)
            if at + 8 <= end:
                # A trip count the compiler knows: it becomes one load.
                for i in range(8):
                    word |= np.uint64(data[at + i]) << np.uint64(8 * i)
            else:
                for i in range(end - at):
                    word |= np.uint64(data[at + i]) << np.uint64(8 * i)
            a = _finished(a ^ word)
            b = _finished(b + word) ^ seeds[0]
            at += 8
        out[row, 0], out[row, 1] = _finished(a ^ seeds[1]) | np.uint64(1), b


@njit(nogil=True, cache=True)
def _finished(word):  # type: ignore[no-untyped-def]
    word ^= word >> np.uint64(33)
    word *= np.uint64(0xFF51AFD7ED558CCD)
    word ^= word >> np.uint64(33)
    word *= np.uint64(0xC4CEB9FE1A85EC53)
    return word ^ (word >> np.uint64(33))


@njit(nogil=True, cache=True)
def _find_all(slots, hashed, seen):  # type: ignore[no-untyped-def]
    """Place of each string among the numbers, and the rows that came for the first time."""
    mask = np.uint64(slots.shape[0] - 1)
    place = np.empty(hashed.shape[0], np.int64)
    fresh = np.empty(hashed.shape[0], np.int64)
    n = 0
    for row in range(hashed.shape[0]):
        a, b = hashed[row, 0], hashed[row, 1]
        slot = (a >> np.uint64(1)) & mask
        while slots[slot, 0] != 0 and (slots[slot, 0] != a or slots[slot, 1] != b):
            slot = (slot + np.uint64(1)) & mask
        if slots[slot, 0] == 0:
            slots[slot, 0], slots[slot, 1], slots[slot, 2] = a, b, np.uint64(seen + n)
            fresh[n] = row
            n += 1
        place[row] = np.int64(slots[slot, 2])
    return place, fresh[:n].copy()


@njit(nogil=True, cache=True)
def _rehash(slots, larger):  # type: ignore[no-untyped-def]
    mask = np.uint64(larger.shape[0] - 1)
    for i in range(slots.shape[0]):
        if slots[i, 0] != 0:
            slot = (slots[i, 0] >> np.uint64(1)) & mask
            while larger[slot, 0] != 0:
                slot = (slot + np.uint64(1)) & mask
            larger[slot] = slots[i]
