"""Equal links into one row, by a hash table of their places.

In: columns of links. Out: the same columns with one row a pair, kind and stretch of time. Never decides who is whom.
"""

from __future__ import annotations

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def gather(
    slots, n, window, one, other, kind, time, high, low, last, seq,
    new_one, new_other, new_kind, new_time, new_high, new_low, new_last, new_seq,
):  # fmt: skip
    """Add rows to the first `n` of the table; the earliest event of equal ones stays, and the latest time. Returns the new `n`."""
    mask = slots.size - 1
    for i in range(new_one.size):
        stretch = new_time[i] // window
        place = _place(new_one[i], new_other[i], new_kind[i], stretch, mask)
        while slots[place] != 0:
            at = slots[place] - 1
            if (
                one[at] == new_one[i]
                and other[at] == new_other[i]
                and kind[at] == new_kind[i]
                and time[at] // window == stretch
            ):
                break
            place = (place + 1) & mask
        if slots[place] == 0:
            slots[place] = n + 1
            one[n], other[n], kind[n], time[n] = new_one[i], new_other[i], new_kind[i], new_time[i]
            high[n], low[n], last[n], seq[n] = new_high[i], new_low[i], new_last[i], new_seq[i]
            n += 1
            continue
        at = slots[place] - 1
        last[at] = max(last[at], new_last[i])
        if new_time[i] < time[at] or (
            new_time[i] == time[at] and (new_high[i] < high[at] or (new_high[i] == high[at] and new_low[i] < low[at]))
        ):
            time[at], high[at], low[at], seq[at] = new_time[i], new_high[i], new_low[i], new_seq[i]
    return n


@njit(nogil=True, cache=True)
def fill(slots, n, window, one, other, kind, time):
    """Put the first `n` rows, all different, into an empty table."""
    mask = slots.size - 1
    for i in range(n):
        place = _place(one[i], other[i], kind[i], time[i] // window, mask)
        while slots[place] != 0:
            place = (place + 1) & mask
        slots[place] = i + 1


@njit(nogil=True, cache=True)
def _place(one, other, kind, stretch, mask):
    word = np.uint64(one) * np.uint64(0x9E3779B97F4A7C15)
    word ^= np.uint64(other) + np.uint64(kind)
    word ^= word >> np.uint64(32)
    word *= np.uint64(0xD6E8FEB86659FD93)
    word ^= np.uint64(stretch)
    word ^= word >> np.uint64(29)
    word *= np.uint64(0xD6E8FEB86659FD93)
    return np.int64((word >> np.uint64(1)) & np.uint64(mask))
