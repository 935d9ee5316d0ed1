"""Is this text, and in UTF-8?

In: the first bytes of a file. Out: nothing, or a `BadFile` that says which encoding to try. Never changes a byte.
"""

from __future__ import annotations

from sojourn.records.errors import BadFile

_BOM_8 = b"\xef\xbb\xbf"
_CONTROL = bytes(set(range(32)) - {0, 9, 10, 11, 12, 13, 27})
_CONTROL_SHARE = 0.05
_NUL_SHARE = 0.2
_FEW_BAD_LINES = 2
_BAD_SHARE = 0.02
_TAR_MARK = slice(257, 262)
_MARKUP_BYTES = 256


def without_bom(head: bytes) -> bytes:
    """The bytes after a UTF-8 byte order mark."""
    return head.removeprefix(_BOM_8)


def check_text(head: bytes, name: str) -> None:
    """Raise unless `head` can be the beginning of a text in UTF-8.

    Single bad rows are let through (they are rejected one by one): a file is taken for another encoding when several of its
    first lines are no UTF-8 and not one character of it is UTF-8 beyond ASCII.

    Raises:
        BadFile: It is binary, or text in another encoding.
    """
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise BadFile(f"{name} is UTF-16 text; say --encoding utf-16")
    if head[_TAR_MARK] == b"ustar":
        raise BadFile(f"{name} is a tar archive: unpack it, and import the files")
    if head[:_MARKUP_BYTES].lstrip().lower().startswith((b"<!doctype", b"<html", b"<?xml")):
        raise BadFile(f"{name} is HTML or XML; an event log is CSV, JSON lines, Parquet or a web server's access log")
    nuls = head.count(0)
    if nuls > _NUL_SHARE * len(head):
        even, odd = head[0::2].count(0), head[1::2].count(0)
        if min(even, odd) * 10 < max(even, odd):
            order = "le" if odd > even else "be"
            raise BadFile(f"{name} looks like UTF-16 text without a byte order mark; say --encoding utf-16-{order}")
    controls = len(head) - len(head.translate(None, _CONTROL))
    if nuls > _NUL_SHARE * len(head) or controls > _CONTROL_SHARE * len(head):
        raise BadFile(f"{name} is a binary file; an event log is CSV, JSON lines, Parquet or a web server's access log")
    _check_encoding(head, name)


def _check_encoding(head: bytes, name: str) -> None:
    if head.isascii():
        return
    lines = head.splitlines()
    whole = lines if head.endswith((b"\n", b"\r")) else lines[:-1] or lines
    foreign = [line for line in whole if not line.isascii()]
    bad = [line for line in foreign if not _is_utf8(line)]
    if len(bad) == len(foreign) and len(bad) >= max(_FEW_BAD_LINES, _BAD_SHARE * len(whole)):
        raise BadFile(
            f"{name} is not UTF-8: {len(bad)} of its first {len(whole)} lines are not; "
            "say --encoding cp1252 (Western Windows) or latin-1, or the encoding it was written in"
        )


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
