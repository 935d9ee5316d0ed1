r"""Text of a log made harmless to show: what a terminal or a browser would obey instead of print is spelled out.

In: any text, or any record that holds texts. Out: the same with control, direction, invisible and unpaired characters
written as `\x1b`, `\n`, `\u202e`. Letters of every language, emoji and what joins them stay. Never shortens.
"""

from __future__ import annotations

import dataclasses
import unicodedata
from typing import TypeVar, cast

T = TypeVar("T")

_OBEYED = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Controls, formats (directions, invisible ones, tags), unpaired surrogates, line and paragraph separators."""
_JOINERS = "\u200c\u200d"
"""They make emoji of several signs, and words of Persian and the languages of India."""
_SHORT = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}


def visible(text: str, *, keep: str = "") -> str:
    """The text with everything that is obeyed rather than printed spelled out.

    Args:
        text: Any text.
        keep: Characters that stay as they are, such as a line feed between our own lines.
    """
    if text.isprintable():
        return text
    return "".join(sign if sign in keep or not _is_obeyed(sign) else _spelled(sign) for sign in text)


def visible_in(value: T) -> T:
    """A record, tuple, list or dictionary with every text in it made visible; fields that begin with an underscore are left alone.

    The very same object comes back when nothing in it needs spelling out.
    """
    shown = _shown(value)
    return value if shown is value else cast("T", shown)


def _shown(value: object) -> object:
    if isinstance(value, str):
        return visible(value)
    if isinstance(value, tuple | list):
        inner = [_shown(each) for each in value]
        same = all(a is b for a, b in zip(inner, value, strict=True))
        return value if same else type(value)(inner)
    if isinstance(value, dict):
        pairs = [(_shown(name), _shown(each)) for name, each in value.items()]
        same = all(a is b and c is d for (a, c), (b, d) in zip(pairs, value.items(), strict=True))
        return value if same else dict(pairs)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = [f.name for f in dataclasses.fields(value) if not f.name.startswith("_")]
        changed = {name: new for name in fields if (new := _shown(old := getattr(value, name))) is not old}
        return dataclasses.replace(value, **changed) if changed else value
    return value


def _is_obeyed(sign: str) -> bool:
    return sign not in _JOINERS and unicodedata.category(sign) in _OBEYED


def _spelled(sign: str) -> str:
    r"""`\n`, `\x1b`, `\u202e`, `\U000e0041`."""
    code = ord(sign)
    if sign in _SHORT:
        return _SHORT[sign]
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"  # noqa: PLR2004  (two, four or eight digits, as in Python)
