"""Keys: 64-bit numbers that stand for the values of a property, the same live and over history.

In: a value as it was sent. Out: an int64; equal values have equal keys. A number and the text that writes it are equal (`1001`
and "1001"), article "007" and 7 are not. Never 0, which says that there is no value.
"""

from __future__ import annotations

import hashlib
import re
import struct
from functools import lru_cache

_NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_LONGEST_NUMBER = 40
_MASK = (1 << 64) - 1
_LOWEST = 16


@lru_cache(1 << 17)
def text_key(text: str) -> int:
    """Key of a text: of the number it writes, else 8 bytes of its BLAKE2b hash."""
    if len(text) <= _LONGEST_NUMBER and _NUMBER.fullmatch(text):
        return number_key(float(text))
    digest = hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return _signed(int.from_bytes(digest, "little"))


def number_key(number: float) -> int:
    """Key of a number: its bits, mixed (splitmix64, Steele, Lea and Flood 2014)."""
    bits = struct.unpack("<Q", struct.pack("<d", number + 0.0))[0]  # + 0.0: minus nought is nought
    bits = (bits + 0x9E3779B97F4A7C15) & _MASK
    bits = ((bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    bits = ((bits ^ (bits >> 27)) * 0x94D049BB133111EB) & _MASK
    return _signed(bits ^ (bits >> 31))


def _signed(bits: int) -> int:
    """As int64, away from the few small numbers that have a meaning of their own."""
    signed = bits - (1 << 64) if bits >> 63 else bits
    return signed if not 0 <= signed < _LOWEST else signed + _LOWEST


ONE = 1
"""The key of everything where nothing is told apart."""
