"""Finding persons by a piece of text: in any identifier, in any trait.

In: an index and what somebody typed. Out: numbers of persons. The distinct texts of a log are looked through once, not its events one
by one; nothing is kept beside the index.
"""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sojourn.records.errors import BadOption, UnknownColumn
from sojourn.store.columns import MappedNames, TextColumn
from sojourn.store.timeline import find_person

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from sojourn.store.columns import Column
    from sojourn.store.index import Index

LONGEST = 200
_PLAIN = ("user_id", "anonymous_id")
_JSON = ("traits.*", "external_ids.*")
_TRAIT = re.compile(r"\s*([A-Za-z_][\w.]{0,63})\s*[=:]\s*(\S.*?)\s*")


def search_persons(index: Index, text: str) -> NDArray[np.int64]:
    """Persons one of whose identifiers or traits holds a text, upper and lower case alike.

    Args:
        index: The index.
        text: A piece of a user id, anonymous id, e-mail address, phone number, loyalty card or of a trait's value, as it was ever said;
            `NAME=VALUE` looks at the trait of that name alone, whose value must begin so.

    Returns:
        int64, ascending. A person whom an identifier names exactly is among them even when only links tell it.

    Raises:
        BadOption: The text is empty or longer than 200 characters.
    """
    wanted = text.strip()
    if not 0 < len(wanted) <= LONGEST:
        raise BadOption(f"expected 1 to {LONGEST} characters to search for, got {len(wanted)}")
    found: list[NDArray[np.int64]] = []
    exact = find_person(index, wanted)
    if exact is not None:
        found.append(np.array([exact], np.int64))
    trait = _TRAIT.fullmatch(wanted)
    for _name, columns in _columns(index, _PLAIN):
        found += _persons(index, columns, _holding(columns, wanted))
    for name, columns in _columns(index, _JSON):
        pair = (trait[1], trait[2]) if trait is not None and name == "traits.*" else None
        found += _persons(index, columns, _telling(columns, wanted, pair))
    return np.unique(np.concatenate([np.empty(0, np.int64), *found]))


def _columns(index: Index, names: Sequence[str]) -> Iterator[tuple[str, list[Column]]]:
    for name in names:
        with contextlib.suppress(UnknownColumn):
            yield name, index.column(name)


def _names(columns: Sequence[Column]) -> list[pa.Array]:
    """The distinct texts of a column; buckets that share them have them once."""
    arrays: dict[int, pa.Array] = {}
    for column in columns:
        if isinstance(column, TextColumn):
            names = column.names
            arrays[id(names)] = names.array if isinstance(names, MappedNames) else pa.array(names, pa.large_string())
    return list(arrays.values())


def _holding(columns: Sequence[Column], text: str) -> list[NDArray[np.bool_]]:
    """Of each set of distinct texts, which hold the text."""
    return [_mask(pc.match_substring(names, text, ignore_case=True)) for names in _names(columns)]


def _telling(columns: Sequence[Column], text: str, pair: tuple[str, str] | None) -> list[NDArray[np.bool_]]:
    """Of each set of distinct JSON texts, which hold the text in a value, or begin so under the name."""
    said = _as_json(pair[1] if pair else text)
    if pair is not None:
        name = re.escape(_as_json(pair[0].rpartition(".")[2]))
        pattern = rf'(?i)"{name}"\s*:\s*"?{re.escape(said)}'
    else:
        # In a string that no colon follows, which would make it a key; or in a bare word: a number, true, false.
        told = re.escape(said)
        pattern = rf'(?i){told}(?:[^"\\]|\\.)*"\s*[,}}\]]|[:,\[]\s*[\w.+-]*{told}[\w.+-]*\s*[,}}\]]'
    made = []
    for names in _names(columns):
        near = pc.match_substring(names, said, ignore_case=True)
        mask = _mask(near)
        mask[mask] = _mask(pc.match_substring_regex(names.filter(near), pattern))
        made.append(mask)
    return made


def _mask(found: pa.Array) -> NDArray[np.bool_]:
    return np.array(pc.fill_null(found, False))  # noqa: FBT003  (a value, by place as Arrow takes it)


def _as_json(text: str) -> str:
    """As it stands inside quotes."""
    return msgspec.json.encode(text).decode()[1:-1]


def _persons(
    index: Index, columns: Sequence[Column], masks: Sequence[NDArray[np.bool_]]
) -> Iterator[NDArray[np.int64]]:
    """Persons with an event whose code is one of those found."""
    places: dict[int, int] = {}
    for bucket, column in zip(index.buckets, columns, strict=True):
        if not isinstance(column, TextColumn):
            continue
        mask = masks[places.setdefault(id(column.names), len(places))]
        if mask.any():
            # One place more, which -1 is, for events without a value.
            rows = np.flatnonzero(np.append(mask, False)[column.codes])
            if len(rows):
                place = np.searchsorted(bucket.offset, rows, side="right") - 1
                yield bucket.person[np.unique(place)]
