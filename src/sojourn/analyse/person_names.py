"""What a person is called: the first user id seen, else the first anonymous id.

In: numbers of persons. Out: their ids as they were sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numba import njit

from sojourn.records.errors import UnknownColumn
from sojourn.store.columns import TextColumn

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sojourn.store.index import Index


def names_of(index: Index, persons: NDArray[np.int64]) -> list[str]:
    """Ids of persons, in the order given."""
    columns = {}
    for name in ("user_id", "anonymous_id"):
        try:
            columns[name] = index.column(name)
        except UnknownColumn:
            continue
    bits = index.manifest.bits
    bucket_of = (
        (persons.view(np.uint64) >> np.uint64(64 - bits)).astype(np.int64) if bits else np.zeros(len(persons), np.int64)
    )
    out = np.empty(len(persons), object)
    for number in np.unique(bucket_of):
        bucket = index.buckets[number]
        mine = np.flatnonzero(bucket_of == number)
        place = np.searchsorted(bucket.person, persons[mine])
        start, stop = bucket.offset[:-1][place], bucket.offset[1:][place]
        for per_bucket in columns.values():
            column = per_bucket[number]
            if not isinstance(column, TextColumn):
                continue
            codes = _first_known(column.codes, start, stop)
            for where, code in zip(mine, codes, strict=True):
                if code >= 0 and out[where] is None:
                    out[where] = column.names[code]
    return [str(name) for name in out]


@njit(nogil=True, cache=True)
def _first_known(codes, start, stop):  # type: ignore[no-untyped-def]
    """The first code of each unit that is not null."""
    out = np.full(start.size, -1, np.int32)
    for u in range(start.size):
        for i in range(start[u], stop[u]):
            if codes[i] >= 0:
                out[u] = codes[i]
                break
    return out
