"""Walk CSV text once: where each row starts, on which line, with how many fields.

In: bytes, beginning at the start of a row. Out: arrays a row. Never copies or unquotes a field.

A quote opens a field only at its start, `""` inside is a quote, an escape takes the byte after it as it is, and after the
closing quote the field goes on to the next delimiter: the reading of pyarrow's parser, which reads the fields themselves afterwards.
"""

from __future__ import annotations

from numba import njit

NONE = 256
"""Stands for a quote or an escape that the file does not have: no byte is so large."""

_CR, _LF = 13, 10


@njit(nogil=True, cache=True)
def count_breaks(data):
    """Line breaks: LF, CR LF or CR."""
    size = data.size
    breaks = 0
    lonely = 0
    for at in range(size):
        breaks += data[at] == _LF
        lonely += data[at] == _CR
    if lonely > 0:
        for at in range(size - 1):
            lonely -= (data[at] == _CR) & (data[at + 1] == _LF)
    return breaks + lonely


@njit(nogil=True, cache=True)
def scan_rows(data, delimiter, quote, escape, expected, final, most, starts, ends, lines, fields):
    """Fill `starts`, `ends`, `lines` (from 0) and `fields` for each row that is not blank.

    A row over several lines that has the wrong number of fields (`expected`, 0: any), or text after a closing quote, is taken apart: its first line is a
    row of its own (fields == -1: a quote was opened and not closed where it should be) and reading goes on with the next line. The
    same holds for a quote that is still open after `most` bytes, or at the end of the file (`final`).

    Returns:
        Rows filled, the position after the last whole row, and the lines passed until there.
    """
    size = data.size
    at = 0
    line = 0
    row = 0
    while at < size and row < starts.size:
        if data[at] == _LF or data[at] == _CR:
            after = _after_break(data, at, size, final)
            if after < 0:
                break
            at = after
            line += 1
            continue
        end, after, count, inside, first_break, loose = _scan_row(data, at, size, delimiter, quote, escape, final)
        if end < 0 and not final and (size - at <= most or first_break < 0):
            break
        torn = end < 0 or (inside > 0 and (loose or (expected > 0 and count != expected)))
        if torn:
            if first_break < 0:
                first_break = size
            end = first_break
            after = size if first_break >= size else _after_break(data, first_break, size, True)
            inside = 0
            count = -1
        starts[row] = at
        ends[row] = end
        lines[row] = line
        fields[row] = count
        row += 1
        line += 1 + inside
        at = after
    return row, at, line


@njit(nogil=True, cache=True)
def _after_break(data, at, size, final):
    """Position after the line break at `at`; -1 when a CR is the last byte seen and an LF may follow."""
    if data[at] == _LF:
        return at + 1
    if at + 1 == size:
        return at + 1 if final else -1
    return at + 2 if data[at + 1] == _LF else at + 1


@njit(nogil=True, cache=True)
def _scan_row(data, at, size, delimiter, quote, escape, final):
    """One row of the file, as far as it can be seen.

    Returns its end (-1: not found), position after its break, fields, line breaks inside, where the first one is, and
    whether text follows a closing quote, which is then likely the opening one of a later row.
    """
    count = 1
    inside = 0
    first_break = -1
    loose = False
    while at < size:
        if data[at] == quote:
            at += 1
            while True:
                while at < size and data[at] != quote:
                    if data[at] == escape and at + 1 < size:
                        at += 1
                    if data[at] == _LF or (data[at] == _CR and not (at + 1 < size and data[at + 1] == _LF)):
                        inside += 1
                        if first_break < 0:
                            first_break = at - 1 if data[at] == _LF and data[at - 1] == _CR else at
                    at += 1
                if at >= size:
                    return -1, size, count, inside, first_break, loose
                at += 1
                if at < size and data[at] == quote:
                    at += 1
                    continue
                loose = loose or (at < size and data[at] != delimiter and data[at] != _LF and data[at] != _CR)
                break
        while at < size and data[at] != delimiter and data[at] != _LF and data[at] != _CR:
            if data[at] == escape and at + 1 < size:
                at += 1
                if data[at] == _LF or (data[at] == _CR and not (at + 1 < size and data[at + 1] == _LF)):
                    inside += 1
                    if first_break < 0:
                        first_break = at
            at += 1
        if at >= size:
            break
        if data[at] == delimiter:
            count += 1
            at += 1
            continue
        after = _after_break(data, at, size, final)
        if after < 0:
            return -1, size, count, inside, first_break, loose
        return at, after, count, inside, (first_break if first_break >= 0 else at), loose
    return (size if final else -1), size, count, inside, first_break, loose
