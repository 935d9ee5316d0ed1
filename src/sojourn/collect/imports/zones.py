"""Local times of one zone into UTC.

In: microseconds of local time. Out: microseconds UTC. Never asks the machine for its own zone.

A local time that came twice (clocks went back) is taken as the first of the two; one that never came (clocks went
forward) is read with the offset before the jump, so 02:30 in a gap of one hour is what the clock showed as 03:30.
"""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np

from sojourn.records.errors import BadMapping

if TYPE_CHECKING:
    import numpy.typing as npt

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICRO = dt.timedelta(microseconds=1)
_DAY_S = 86_400
_FIRST_S = -62_135_596_800 + 2 * _DAY_S  # datetime ends at year 1 and year 9999
_LAST_S = 253_402_300_799 - 2 * _DAY_S
_STEP_S = 30 * _DAY_S  # no zone has changed twice and back within thirty days since 1970
_SCAN_LIMIT_S = 250 * 366 * _DAY_S


def find_zone(name: str) -> ZoneInfo:
    """The zone of this IANA name.

    Raises:
        BadMapping: No such zone is known.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadMapping(f'time zone "{name}" is not known; give an IANA name such as Europe/Berlin or UTC') from error


def _offset_s(zone: ZoneInfo, second: int) -> int:
    moment = _EPOCH + dt.timedelta(seconds=second)
    offset = moment.astimezone(zone).utcoffset()
    return 0 if offset is None else int(offset.total_seconds())


@lru_cache(maxsize=32)
def _changes(zone_name: str, first_s: int, last_s: int) -> tuple[list[int], list[int]]:
    """Moments (UTC seconds) at which the offset changes between two moments, and the offset from each on (the first: from `first_s`)."""
    zone = find_zone(zone_name)
    moments, offsets = [first_s], [_offset_s(zone, first_s)]
    at = first_s
    while at < last_s:
        step = min(at + _STEP_S, last_s)
        now = _offset_s(zone, step)
        if now != offsets[-1]:
            low, high = at, step
            while high - low > 1:
                middle = (low + high) // 2
                low, high = (middle, high) if _offset_s(zone, middle) == offsets[-1] else (low, middle)
            moments.append(high)
            offsets.append(_offset_s(zone, high))
            at = high
        else:
            at = step
    return moments, offsets


def to_utc(local: npt.NDArray[np.int64], zone_name: str) -> npt.NDArray[np.int64]:
    """Microseconds of UTC for microseconds of local time; see the module for hours that came twice or never."""
    find_zone(zone_name)
    if zone_name == "UTC" or local.size == 0:
        return local
    seconds = np.floor_divide(local, 1_000_000)
    first = max(int(seconds.min()) - 2 * _DAY_S, _FIRST_S)
    last = min(int(seconds.max()) + 2 * _DAY_S, _LAST_S, first + _SCAN_LIMIT_S)
    # Whole years, so that batch after batch of one file finds the same cache entry.
    first, last = first // (366 * _DAY_S) * (366 * _DAY_S), (last // (366 * _DAY_S) + 1) * (366 * _DAY_S)
    moments, offsets = _changes(zone_name, max(first, _FIRST_S), min(last, _LAST_S))
    starts = np.array(moments, dtype=np.int64)
    shifts = np.array(offsets, dtype=np.int64)
    # A change is seen on the local clock when the old offset reaches it: both rules above follow.
    seen = starts[1:] + shifts[:-1]
    # An overlap ends later on the old clock, a gap is read with the old offset until the jump is over.
    seen = np.where(shifts[1:] > shifts[:-1], starts[1:] + shifts[1:], seen)
    period = np.searchsorted(seen, seconds, side="right")
    utc: npt.NDArray[np.int64] = local - shifts[period] * 1_000_000
    return utc
