"""Read written times of the usual forms into microseconds.

In: text buffers. Out: microseconds since 1970 and a status a value. Never guesses the order of day and month: the caller says it.

Forms: year first (`2019-10-01 00:00:00.5 UTC`, `2019-10-01T00:00+02:00`, `20191001T000000Z`, `2019/10/01`), day or month first
(`31/12/2019 23:59`, `12/1/10 8:26 PM`), month by name (`17/May/2015:10:05:03 +0000`, `Thu, 01 Oct 2019 00:00:00 GMT`,
`Oct 1, 2019 12:00 am`), C's `Tue Jan  2 10:00:00 UTC 2024`. More than six decimals of a second are cut; second 60 is the next minute.
"""

from __future__ import annotations

import numpy as np
from numba import njit

BAD, ZONED, LOCAL = 0, 1, 2
"""Status: not a time; a time that says its zone; a time that does not."""

DAY_FIRST, MONTH_FIRST = 0, 1

_SPACE, _PLUS, _COMMA, _MINUS, _DOT, _SLASH, _ZERO, _NINE, _COLON = 32, 43, 44, 45, 46, 47, 48, 57, 58
_A, _P, _M, _T, _Z, _U, _G, _C = 97, 112, 109, 116, 122, 117, 103, 99
_T_UPPER, _Z_UPPER, _U_UPPER, _C_UPPER = 84, 90, 85, 67
_COMMON = 19  # characters of 2019-10-01 00:00:00
_LOWER = 32  # the bit that makes an ASCII letter small
_MONTHS = np.frombuffer(b"janfebmaraprmayjunjulaugsepoctnovdec", dtype=np.uint8).copy()
_DAYS = np.array([31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31], dtype=np.int64)
_COMPACT_DATE, _COMPACT_TIME = 8, 6
_CENTURY_TURN = 69  # as strptime's %y: 69-99 are 1969-1999
_MICROS = 1_000_000


@njit(nogil=True, cache=True)
def _digits(data, at, end, most):
    """Value and position after at most `most` digits."""
    value = np.int64(0)
    stop = min(end, at + most)
    while at < stop and _ZERO <= data[at] <= _NINE:
        value = value * 10 + np.int64(data[at]) - _ZERO
        at += 1
    return value, at


@njit(nogil=True, cache=True)
def _is_letter(data, at, end):
    return at < end and _A <= (data[at] | _LOWER) <= _Z


@njit(nogil=True, cache=True)
def _month_name(data, at, end):
    """Month 1-12 and the position after its name (any letters that follow the first three belong to it); 0: no month."""
    if at + 3 > end:
        return np.int64(0), at
    for month in range(12):
        same = True
        for k in range(3):
            same = same and (data[at + k] | _LOWER) == _MONTHS[3 * month + k]
        if same:
            at += 3
            while _is_letter(data, at, end):
                at += 1
            if at < end and data[at] == _DOT:
                at += 1
            return np.int64(month + 1), at
    return np.int64(0), at


@njit(nogil=True, cache=True)
def _skip(data, at, end):
    """Position after blanks, commas, dots, slashes and dashes between parts of a date."""
    while at < end and data[at] in (_SPACE, _COMMA, _MINUS, _DOT, _SLASH):
        at += 1
    return at


@njit(nogil=True, cache=True)
def _named_date(data, at, end):
    """`[Thu,] Oct 1, 2019` or `[Thu,] 1 Oct 2019`."""
    month, after = _month_name(data, at, end)
    if month == 0 and _is_letter(data, at, end):
        while _is_letter(data, at, end):
            at += 1
        at = _skip(data, at, end)
        month, after = _month_name(data, at, end)
    if month > 0:
        at = _skip(data, after, end)
        day, after = _digits(data, at, end, 2)
    else:
        day, after = _digits(data, at, end, 2)
        month, after = _month_name(data, _skip(data, after, end), end)
    at = _skip(data, after, end)
    year, after = _digits(data, at, end, 4)
    width = after - at
    return year, month, day, after, width == 4 or width == 2, width


@njit(nogil=True, cache=True)
def _numbered_date(data, at, end, order):
    """`2019-10-01`, `20191001`, `31/12/2019`, `12/31/19`."""
    first, after = _digits(data, at, end, 8)
    width = after - at
    if width == _COMPACT_DATE:
        return first // 10000, first // 100 % 100, first % 100, after, True, 4
    if width == 0 or width == 3 or width > 4 or after >= end:
        return first, first, first, after, False, 0
    mark = data[after]
    if mark != _MINUS and mark != _SLASH and mark != _DOT and mark != _SPACE:
        return first, first, first, after, False, 0
    second, after2 = _digits(data, after + 1, end, 2)
    if after2 == after + 1 or after2 >= end or data[after2] != mark:
        return first, second, first, after2, False, 0
    third, after3 = _digits(data, after2 + 1, end, 4)
    last = after3 - after2 - 1
    if width == 4:
        return first, second, third, after3, last == 1 or last == 2, 4
    good = last == 2 or last == 4
    if order == MONTH_FIRST:
        return third, first, second, after3, good, last
    return third, second, first, after3, good, last


@njit(nogil=True, cache=True)
def _date(data, at, end, order):
    """Days since 1970, position after the date, whether it is one."""
    named = _is_letter(data, at, end)
    if not named:
        _, after = _digits(data, at, end, 2)
        named = after < end and after > at and _is_letter(data, _skip(data, after, end), end) and after - at <= 2
    if named:
        year, month, day, after, good, width = _named_date(data, at, end)
    else:
        year, month, day, after, good, width = _numbered_date(data, at, end, order)
    if width == 2:
        year += 1900 if year >= _CENTURY_TURN else 2000
    good = good and 1 <= month <= 12 and day >= 1 and year >= 1
    if good:
        leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
        good = day <= _DAYS[month - 1] and (month != 2 or leap or day <= 28)
    if not good:
        return np.int64(0), after, False
    return days_since_1970(year, month, day), after, True


@njit(nogil=True, cache=True)
def days_since_1970(year, month, day):
    """Days from civil, Howard Hinnant's algorithm (chrono-compatible low-level date algorithms)."""
    y = year - (1 if month <= 2 else 0)
    era = y // 400
    year_of_era = y - era * 400
    day_of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    day_of_era = year_of_era * 365 + year_of_era // 4 - year_of_era // 100 + day_of_year
    return era * 146097 + day_of_era - 719468


@njit(nogil=True, cache=True)
def _pair(data, at):
    """The two digits at `at`; 1000 or more when they are none."""
    tens = np.int64(data[at]) - _ZERO
    ones = np.int64(data[at + 1]) - _ZERO
    return tens * 10 + ones if 0 <= tens <= 9 and 0 <= ones <= 9 else np.int64(1000)


@njit(nogil=True, cache=True)
def _read_common(data, at, end):
    """`2019-10-01 00:00:00`, with `T`, `Z` or ` UTC`: the form of nearly all logs, read at fixed places. BAD: look more closely."""
    if end - at < _COMMON or data[at + 4] != _MINUS or data[at + 7] != _MINUS:
        return np.int64(0), BAD
    if data[at + 13] != _COLON or data[at + 16] != _COLON or (data[at + 10] != _SPACE and data[at + 10] != _T_UPPER):
        return np.int64(0), BAD
    year = _pair(data, at) * 100 + _pair(data, at + 2)
    month = _pair(data, at + 5)
    day = _pair(data, at + 8)
    hour = _pair(data, at + 11)
    minute = _pair(data, at + 14)
    second = _pair(data, at + 17)
    if not (
        1 <= year <= 9999
        and 1 <= month <= 12
        and day >= 1
        and (day <= 28 or (day <= 30 and month != 2))
        and hour < 24
        and minute < 60
        and second < 60
    ):
        return np.int64(0), BAD
    status = BAD
    after = at + _COMMON
    if after == end:
        status = LOCAL
    elif after + 1 == end and data[after] == _Z_UPPER:
        status = ZONED
    elif after + 4 == end and data[after] == _SPACE and data[after + 1] == _U_UPPER:
        status = ZONED if data[after + 2] == _T_UPPER and data[after + 3] == _C_UPPER else BAD
    seconds = ((days_since_1970(year, month, day) * 24 + hour) * 60 + minute) * 60 + second
    return seconds * _MICROS, status


@njit(nogil=True, cache=True)
def _clock(data, at, end):
    """Microseconds into the day, position after, whether it is a time of day (`HH[:MM[:SS[.f]]]` or `HHMM[SS]`)."""
    hour, after = _digits(data, at, end, 2)
    if after == at:
        return np.int64(0), at, False
    minute = second = micros = np.int64(0)
    seconds = False
    if after < end and data[after] == _COLON:
        minute, at = _digits(data, after + 1, end, 2)
        if at != after + 3:
            return np.int64(0), at, False
        if at < end and data[at] == _COLON:
            second, after = _digits(data, at + 1, end, 2)
            if after != at + 3:
                return np.int64(0), at, False
            at = after
            seconds = True
    else:
        minute, at = _digits(data, after, end, 2)
        second, after = _digits(data, at, end, 2)
        seconds = after > at
        at = after
    if seconds and at + 1 < end and (data[at] == _DOT or data[at] == _COMMA) and _ZERO <= data[at + 1] <= _NINE:
        micros, after = _digits(data, at + 1, end, 6)
        for _ in range(6 - (after - at - 1)):
            micros *= 10
        while after < end and _ZERO <= data[after] <= _NINE:
            after += 1
        at = after
    good = minute < 60 and second <= 60 and (hour < 24 or (hour == 24 and minute == 0 and second == 0))
    return (hour * 3600 + minute * 60 + second) * _MICROS + micros, at, good


@njit(nogil=True, cache=True)
def _half_day(data, at, end, micros):
    """Apply `AM`/`PM` (after an hour of 1-12), if it is there."""
    if at + 1 < end and (data[at] | _LOWER) in (_A, _P) and (data[at + 1] | _LOWER) == _M:
        noon = np.int64(12 * 3600) * _MICROS
        good = micros < noon + np.int64(3600) * _MICROS
        if micros >= noon:
            micros -= noon
        if (data[at] | _LOWER) == _P:
            micros += noon
        return micros, at + 2, good
    return micros, at, True


@njit(nogil=True, cache=True)
def _zone(data, at, end):
    """Offset in microseconds, position after, status (LOCAL: none given)."""
    if at >= end:
        return np.int64(0), at, LOCAL
    c = data[at] | _LOWER
    if c == _Z and at + 1 == end:
        return np.int64(0), at + 1, ZONED
    if at + 3 <= end and c in (_U, _G):
        b1 = data[at + 1] | _LOWER
        b2 = data[at + 2] | _LOWER
        if (c == _U and b1 == _T and b2 == _C) or (c == _G and b1 == _M and b2 == _T):
            return np.int64(0), at + 3, ZONED
        return np.int64(0), at, BAD
    if data[at] != _PLUS and data[at] != _MINUS:
        return np.int64(0), at, BAD
    hours, after = _digits(data, at + 1, end, 2)
    if after != at + 3:
        return np.int64(0), at, BAD
    if after < end and data[after] == _COLON:
        after += 1
    minutes, stop = _digits(data, after, end, 2)
    if (stop != after and stop != after + 2) or hours > 15 or minutes > 59:
        return np.int64(0), at, BAD
    offset = (hours * 3600 + minutes * 60) * _MICROS
    return (-offset if data[at] == _MINUS else offset), stop, ZONED


@njit(nogil=True, cache=True)
def _read_one(data, at, end, order):
    while at < end and data[at] == _SPACE:
        at += 1
    while end > at and data[end - 1] == _SPACE:
        end -= 1
    days, at, good = _date(data, at, end, order)
    if not good:
        return np.int64(0), BAD
    micros = days * np.int64(86400) * _MICROS
    if at == end:
        return micros, LOCAL
    gap = at
    while at < end and data[at] in (_SPACE, _COMMA):
        at += 1
    if at == gap and ((data[at] | _LOWER) == _T or data[at] == _COLON):
        at += 1
    clock, after, good = _clock(data, at, end)
    if good:
        at = after
        while at < end and data[at] == _SPACE:
            at += 1
        clock, at, good = _half_day(data, at, end, clock)
        micros += clock
        if not good:
            return np.int64(0), BAD
    elif after != at:
        return np.int64(0), BAD
    while at < end and data[at] == _SPACE:
        at += 1
    offset, at, status = _zone(data, at, end)
    if at != end or status == BAD:
        return np.int64(0), BAD
    return micros - offset, status


@njit(nogil=True, cache=True)
def _read_ctime(data, at, end):
    """`Tue Jan  2 10:00:00 2024`, also with `UTC` or an offset before the year: as `ctime` and `date` write it."""
    while at < end and data[at] == _SPACE:
        at += 1
    begin = at
    while _is_letter(data, at, end):
        at += 1
    if at != begin + 3 or end - at < 16:
        return np.int64(0), BAD
    month, at = _month_name(data, _skip(data, at, end), end)
    at = _skip(data, at, end)
    day, after = _digits(data, at, end, 2)
    year, stop = _digits(data, end - 4, end, 4)
    known = 1 <= month <= 12 and after > at and stop == end and data[end - 5] == _SPACE and year >= 1
    if not known or day < 1 or day > _DAYS[month - 1]:
        return np.int64(0), BAD
    if month == 2 and day == 29 and not (year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)):
        return np.int64(0), BAD
    clock, at, good = _clock(data, _skip(data, after, end), end - 5)
    while at < end - 5 and data[at] == _SPACE:
        at += 1
    offset, at, status = _zone(data, at, end - 5)
    if not good or at != end - 5 or status == BAD:
        return np.int64(0), BAD
    return days_since_1970(year, month, day) * np.int64(86400) * _MICROS + clock - offset, status


@njit(nogil=True, cache=True)
def read_times(offsets, data, valid, order, micros, status):
    """Fill `micros` (UTC when the status is ZONED, local when LOCAL) and `status` (BAD also where no value is)."""
    for row in range(status.size):
        if valid[row]:
            micros[row], status[row] = _read_common(data, offsets[row], offsets[row + 1])
            if status[row] == BAD:
                micros[row], status[row] = _read_one(data, offsets[row], offsets[row + 1], order)
            if status[row] == BAD:
                micros[row], status[row] = _read_ctime(data, offsets[row], offsets[row + 1])
        else:
            status[row] = BAD
