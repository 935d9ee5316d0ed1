"""Columns under the names a mapping gives them, before anything is made of them.

In: columns, or objects, and the table `rename` of a mapping. Out: the same under the new names. Never loses a value: what was not
taken for a new name stays under its own.

Names are told apart by their letters and digits alone: `E-Mail`, `email` and `Email` are one.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

from sojourn.collect.imports.usual_names import reduced

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Object = dict[str, Any]

Table = tuple[tuple[str, str], ...]
"""New name, and the names it may have had, best first, with `|` between them; by dots a member of an object."""


def renamed_item(item: Object, table: Table, keep: Iterable[str] = ()) -> Object:
    """An object with its members under their new names.

    Args:
        item: The object; it is not changed.
        table: The new names.
        keep: Members that stay where they are, because the mapping names them itself.
    """
    kept = set(keep)
    by_name: dict[str, list[str]] = {}
    for name in item:
        if name not in kept:
            by_name.setdefault(_reduced(name), []).append(name)
    out = dict(item)
    for new, selector in table:
        if new in kept and new in item:
            continue
        for path in _paths(new, selector):
            value, taken = _found(item, by_name, path)
            if value is None or value == "":
                continue
            if taken is not None:
                out.pop(taken, None)
            out[new] = value
            break
    return out


def sources(names: Iterable[str], table: Table, keep: Iterable[str] = ()) -> dict[str, list[str]]:
    """For each new name the columns that it may come from, best first; names without any are left out."""
    kept = set(keep)
    by_name: dict[str, list[str]] = {}
    for name in names:
        if name not in kept:
            by_name.setdefault(_reduced(name), []).append(name)
    found: dict[str, list[str]] = {}
    for new, selector in table:
        columns = [name for path in _paths(new, selector) for name in by_name.get("".join(path), ())]
        if columns and not (new in kept and new in names):
            found[new] = list(dict.fromkeys(columns))
    return found


def _found(item: Object, by_name: Mapping[str, list[str]], path: tuple[str, ...]) -> tuple[Any, str | None]:
    """The value at a path, and the member to remove when it is a member of the object itself."""
    for name in by_name.get("".join(path), ()):
        # An object is not the value: `customer` may be a number, or hold one.
        if item[name] is not None and item[name] != "" and not isinstance(item[name], dict):
            return item[name], name
    value: Any = item
    for part in path if len(path) > 1 else ():
        if isinstance(value, str) and value[:1] == "{":
            value = _opened(value)
        if not isinstance(value, dict):
            return None, None
        value = next((one for name, one in value.items() if _reduced(name) == part), None)
    return (value, None) if len(path) > 1 else (None, None)


def _opened(text: str) -> Any:  # noqa: ANN401 - JSON is anything
    try:
        return msgspec.json.decode(text)
    except (msgspec.MsgspecError, RecursionError):
        return None


@lru_cache(maxsize=4096)
def _reduced(name: str) -> str:
    # A name of no Latin letter at all is still a name.
    return reduced(name) or name.casefold()


@lru_cache(maxsize=1024)
def _paths(new: str, selector: str) -> tuple[tuple[str, ...], ...]:
    """The new name itself first, then the names it may have had."""
    paths: list[tuple[str, ...]] = [(_reduced(new),)]
    paths += [tuple(_reduced(part) for part in name.split(".")) for name in selector.split("|") if name]
    return tuple(dict.fromkeys(paths))
