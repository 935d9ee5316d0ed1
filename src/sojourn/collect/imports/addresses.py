"""Columns of network addresses, cut before anything is kept.

In: columns that hold addresses. Out: the same without the last octet (IPv4) or the last 80 bits (IPv6).
Never looks an address up.
"""

from __future__ import annotations

import pyarrow as pa

from sojourn.collect.addresses import hide_address


def hide_addresses(values: pa.Array) -> pa.Array:
    """`hide_address` of each text, once a distinct one; columns of another type stay."""
    if not pa.types.is_string(values.type):
        return values
    coded = values.dictionary_encode()
    hidden = pa.array([hide_address(text) for text in coded.dictionary.to_pylist()], type=pa.string())
    return hidden.take(coded.indices)
