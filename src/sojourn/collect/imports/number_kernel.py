"""Tell which texts are numbers, exactly, and read them.

In: text buffers. Out: a kind a value, and its value. Never rounds: a text whose digits a float64 cannot carry is `HARD`
and left to the caller, a text that would not come back the same (leading zeros, signs, blanks) is `TEXT`.
"""

from __future__ import annotations

import numpy as np
from numba import njit

NULL, INTEGER, DECIMAL, HARD, TEXT = 0, 1, 2, 3, 4

_MINUS, _DOT, _ZERO, _NINE, _E, _SMALL_E, _PLUS = 45, 46, 48, 57, 69, 101, 43
_EXACT_DIGITS = 15  # every decimal of up to 15 significant digits has a float64 of its own
_INT_DIGITS = 19  # nineteen digits fit an int64 or wrap around into the negative, where they are seen


@njit(nogil=True, cache=True)
def _number_shape(data, at, end):
    """Digits, digits after the dot, whether a dot or an exponent was seen; digits == -1: not a number."""
    digits = 0
    after_dot = 0
    dot = False
    exponent = False
    first = at
    while at < end:
        c = data[at]
        if _ZERO <= c <= _NINE:
            digits += 1
            if dot:
                after_dot += 1
        elif c == _DOT and not dot:
            if at == first or at + 1 == end:
                return -1, 0, False, False
            dot = True
        elif (c in (_E, _SMALL_E)) and digits > 0 and at + 1 < end:
            exponent = True
            at += 1
            if data[at] in (_PLUS, _MINUS):
                at += 1
            if at == end:
                return -1, 0, False, False
            while at < end:
                if not _ZERO <= data[at] <= _NINE:
                    return -1, 0, False, False
                at += 1
            break
        else:
            return -1, 0, False, False
        at += 1
    return (digits if digits > 0 else -1), after_dot, dot, exponent


@njit(nogil=True, cache=True)
def read_numbers(offsets, data, valid, kinds, integers, decimals):
    """Fill `kinds`, and `integers` or `decimals` where the kind is INTEGER or DECIMAL (an integer fills both)."""
    for row in range(kinds.size):
        if not valid[row]:
            kinds[row] = NULL
            continue
        at = offsets[row]
        end = offsets[row + 1]
        negative = at < end and data[at] == _MINUS
        if negative:
            at += 1
        digits, after_dot, dot, exponent = _number_shape(data, at, end)
        if digits < 0 or (data[at] == _ZERO and digits - after_dot > 1):
            kinds[row] = TEXT
            continue
        if exponent or digits > _INT_DIGITS or (dot and digits > _EXACT_DIGITS):
            kinds[row] = HARD
            continue
        value = np.int64(0)
        for place in range(at, end):
            if data[place] != _DOT:
                value = value * 10 + np.int64(data[place] - _ZERO)
        if value < 0:
            kinds[row] = HARD
            continue
        if negative and value == 0 and not dot:
            kinds[row] = TEXT
            continue
        value = -value if negative else value
        if dot:
            kinds[row] = DECIMAL
            # Both sides are exact below 2**53 and 10**22, so one division rounds correctly (Clinger 1990).
            decimals[row] = value / 10.0**after_dot
        else:
            kinds[row] = INTEGER
            integers[row] = value
            decimals[row] = np.float64(value)
