"""The number of an actor: one identifier that sent events.

In: kind, namespace, value and the installation's secret. Out: a signed 64-bit number.
Never stores anything; the same identifier has another number in another data folder.

The number is BLAKE2b with an 8-byte digest, keyed by the secret, over `kind NUL namespace NUL value`.
`actor_id` computes it for one identifier, `actor_ids` for a column of them; both give the same.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Literal

from sojourn.identify.blake2b import digests, hash_distinct

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa
    from numpy.typing import NDArray

ActorKind = Literal["anonymous", "user"]


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


def actor_ids(secret: bytes, kind: ActorKind, values: pa.Array, *, namespace: str = "") -> NDArray[np.int64]:
    """Numbers of a column of identifiers.

    Args:
        secret: As in `actor_id`.
        kind: As in `actor_id`.
        values: String or dictionary array; nulls are allowed.
        namespace: As in `actor_id`.

    Returns:
        int64, one a value; 0 where the value is null.
    """
    prefix = _prefix(kind, namespace)
    rows: NDArray[np.uint64] = hash_distinct(values, lambda distinct: digests(distinct, prefix=prefix, key=secret))
    return rows[:, 0].view("int64")


def _prefix(kind: ActorKind, namespace: str) -> bytes:
    return kind.encode() + b"\0" + namespace.encode() + b"\0"
