"""JSON objects into rows: which member is a column, which one is kept in `rest`.

In: decoded objects (JSON lines, or rows of a nested Parquet file) and a plan. Out: `Rows`. Never loses a member: what is no column,
or does not fit the type its column has in this file, goes to `rest` as it came.
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np
import pyarrow as pa

from sojourn.collect.addresses import hide_address, holds_addresses
from sojourn.collect.imports.guess import split_names
from sojourn.collect.imports.mapping import EVERY_COLUMN
from sojourn.collect.imports.plan import ARROW, MOST_PROPERTIES, every_column, used_columns
from sojourn.collect.imports.rename import renamed_item
from sojourn.collect.imports.row_hash import row_hash
from sojourn.collect.imports.rows import Rows, Sample
from sojourn.collect.protocols.segment import external_ids

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from sojourn.collect.imports.mapping import Mapping
    from sojourn.collect.imports.plan import Kind, Plan
    from sojourn.records.rejected import Rejected

Object = dict[str, Any]

_ENCODE = msgspec.json.Encoder(order="deterministic", enc_hook=str).encode
_KINDS: dict[type, Kind] = {int: "int64", float: "float64", bool: "bool", str: "string"}
_FITTING: dict[Kind, set[type]] = {"string": {str}, "bool": {bool}, "int64": {int}, "float64": {float, int}}
_INT64 = 1 << 63
_EXACT = 1 << 53
_FEW = 1000


def find(item: Object, name: str) -> Any:  # noqa: ANN401 - JSON is anything
    """The member of this name, or the one reached by its dots; None when there is none."""
    value = item.get(name)
    if value is not None or "." not in name:
        return value
    for head, tail in _splits(name):
        inner = opened_text(item.get(head))
        if type(inner) is dict:
            found = find(inner, tail)
            if found is not None:
                return found
    return None


@lru_cache(maxsize=1 << 12)
def _splits(name: str) -> tuple[tuple[str, str], ...]:
    """`a.b.c` is `b.c` in `a`, or `c` in `a.b`."""
    parts = name.split(".")
    return tuple((".".join(parts[:place]), ".".join(parts[place:])) for place in range(1, len(parts)))


def member_column(items: list[Object], name: str) -> list[Any]:
    """`find` of each item."""
    head, dot, tail = name.partition(".")
    if not dot:
        return [item.get(name) for item in items]
    if "." in tail or any(name in item for item in items):
        return [find(item, name) for item in items]
    return [
        inner.get(tail) if type(inner := item.get(head)) is dict else find(item, name) if inner is not None else None
        for item in items
    ]


def select(items: list[Object], flat: list[Object], selector: str) -> list[Any]:
    """For each item the first of the selector's names that has a value (an empty text is none), in it or in its flat form."""
    values: list[Any] = [None] * len(items)
    names = split_names(selector)
    for name in names:
        found = member_column(items, name)
        if flat is not items and None in found:
            found = [other.get(name) if one is None else one for one, other in zip(found, flat, strict=True)]
        if len(names) == 1:
            return found
        values = [one if value is None or value == "" else value for value, one in zip(values, found, strict=True)]
        if None not in values and "" not in values:
            break
    return values


def explode(items: list[Object], column: str) -> tuple[list[Object], list[int]]:
    """One object an element of the list in `column`, with the members around it; and which item each came from.

    An item without elements stays as it is, so that it is rejected, not lost.
    """
    rows: list[Object] = []
    origins: list[int] = []
    for origin, item in enumerate(items):
        inner = opened_text(item.get(column))
        elements = [one for one in inner if isinstance(one, dict)] if isinstance(inner, list) else []
        around = {key: value for key, value in item.items() if key != column}
        rows += [{**around, **one} for one in elements] or [around]
        origins += [origin] * max(len(elements), 1)
    return rows, origins


def flatten(items: list[Object], mapping: Mapping) -> list[Object]:
    """The items with the members of their `spread` objects and `key_values` lists as members of their own.

    A member whose name the item has already is called `object.member`; members of `prefixed` objects `object_member`.
    Items that nothing is to be opened in are handed back as they are.
    """
    opened = (*mapping.spread, *mapping.key_values)
    if not opened and not mapping.prefixed:
        return items
    closed = frozenset((*opened, *mapping.prefixed))
    return [_flat(item, opened, mapping.prefixed, closed) for item in items]


def _flat(item: Object, opened: Sequence[str], prefixed: Sequence[str], closed: frozenset[str]) -> Object:
    flat = {key: value for key, value in item.items() if key not in closed}
    for name in opened:
        inner = opened_text(item.get(name))
        members = inner if isinstance(inner, dict) else key_values(inner)
        if members is None:
            flat[name] = inner
        elif members.keys().isdisjoint(item):
            flat |= members
        else:
            flat |= {key if key not in item else f"{name}.{key}": value for key, value in members.items()}
    for name in prefixed:
        inner = opened_text(find(item, name))
        if isinstance(inner, dict):
            # An object inside that is opened by itself would else be kept twice.
            members = {key: value for key, value in inner.items() if f"{name}.{key}" not in closed}
            flat |= {f"{name}_{key}".replace(".", "_"): value for key, value in members.items()}
        elif inner is not None:
            flat[name] = inner
    return flat


def opened_text(value: Any) -> Any:  # noqa: ANN401 - JSON is anything
    """The object or list in a text that holds one as JSON (CSV and Parquet exports write them so); other values as they are."""
    if not isinstance(value, str) or value[:1] not in ("{", "["):
        return value
    try:
        return msgspec.json.decode(value)
    except (msgspec.MsgspecError, RecursionError):
        return value


def key_values(pairs: Any) -> Object | None:  # noqa: ANN401 - JSON is anything
    """`[{"key": "a", "value": {"int_value": 1}}]` (GA4), or pairs of key and value, as an object; None when it is neither."""
    if not isinstance(pairs, list):
        return None
    members: Object = {}
    for pair in pairs:
        if not isinstance(pair, dict) or not isinstance(pair.get("key"), str):
            return None
        value = pair.get("value")
        if isinstance(value, dict):
            values = [one for name, one in value.items() if one is not None and name.endswith("_value")]
            value = _ga4_value(value) if values else None
        members[pair["key"]] = value
    return members


def _ga4_value(value: Object) -> Any:  # noqa: ANN401 - text or number
    # BigQuery writes 64-bit integers as texts in JSON; the member's name says what it was.
    whole = value.get("int_value")
    if whole is not None:
        return int(whole) if isinstance(whole, str) and whole.lstrip("-").isdigit() else whole
    order = ("string_value", "double_value", "float_value")
    return next((value[name] for name in order if value.get(name) is not None), None)


def merged(items: list[Object], names: Sequence[str]) -> pa.Array | None:
    """The objects in these members of each item as one JSON object; a single value keeps its name. None when none are asked for."""
    if not names:
        return None
    columns = [member_column(items, name) for name in names]
    return pa.array([_merged(names, values) for values in zip(*columns, strict=True)], type=pa.binary()).cast(
        pa.string()
    )


def _merged(names: Sequence[str], values: Sequence[Any]) -> bytes | None:
    parts: Object = {}
    for name, one in zip(names, values, strict=True):
        if one is None or one == "":
            continue
        value = opened_text(one)
        if isinstance(value, list):
            members = key_values(value)
            value = value if members is None else members
        if isinstance(value, dict):
            parts |= {key: inner for key, inner in value.items() if inner is not None}
        else:
            parts[name] = value
    kept = {
        key: hide_address(value) if type(value) is str and holds_addresses(key) else value
        for key, value in parts.items()
    }
    return _ENCODE(kept) if kept else None


def sample_rows(items: list[Object], mapping: Mapping) -> Sample:
    """A first look: every frequent scalar member, and what the mapping names."""
    items = under_new_names(items, mapping)
    flat = flatten(items, mapping)
    counts: Counter[str] = Counter()
    for item in flat:
        counts.update(key for key, value in item.items() if isinstance(value, str | int | float))
    named = [name for _, selector in mapping.selectors for name in split_names(selector)]
    if not mapping.partial:
        named += _members_inside(items)
    aside = {*mapping.traits, *mapping.context, *mapping.ignore}
    frequent = [name for name, _ in counts.most_common(4 * MOST_PROPERTIES) if name not in aside]
    members = list(counts)  # in the order of their first appearance
    columns = {name: _sampled([item.get(name) for item in flat]) for name in sorted(frequent, key=members.index)}
    reachable: dict[str, pa.Array] = {}
    for name in (*named, *(mapping.properties or ()), *mapping.ignore):
        if name in columns:
            continue
        values = select(items, flat, name)
        if any(value is not None or name in item for value, item in zip(values, items, strict=True)):
            reachable[name] = _sampled(values)
    return Sample(columns=columns, reachable=reachable)


def _members_inside(items: list[Object]) -> list[str]:
    """Members of objects that a mapping could name, as `user.id`; for the guess and for the words of errors."""
    found: Counter[str] = Counter()
    for item in items[:_FEW]:
        for key, inner in item.items():
            if type(inner) is dict:
                found.update(f"{key}.{name}" for name, value in inner.items() if isinstance(value, str | int | float))
    return [name for name, _ in found.most_common(MOST_PROPERTIES)]


def _sampled(values: list[Any]) -> pa.Array:
    """The values of the commonest type (the others null), as an array."""
    kinds = Counter(_KINDS[type(value)] for value in values if type(value) in _KINDS)
    kind: Kind = kinds.most_common(1)[0][0] if kinds else "string"
    if kind == "int64" and kinds["float64"]:
        kind = "float64"
    return column_of(values, kind)[0]


def column_of(values: list[Any], kind: Kind) -> tuple[pa.Array, list[int]]:
    """An array of `kind`, and the places of values that are not of that kind (null there)."""
    types = set(map(type, values)) - {type(None)}
    if types <= _FITTING[kind]:
        try:
            return pa.array(values, type=ARROW[kind]), []
        except (OverflowError, pa.ArrowInvalid, UnicodeEncodeError):
            pass  # one value is too large for the type: the slow way below finds it
    misfits = [place for place, value in enumerate(values) if value is not None and not _fits(value, kind)]
    cleared = list(values)
    for place in misfits:
        cleared[place] = None
    return pa.array(cleared, type=ARROW[kind]), misfits


def _fits(value: Any, kind: Kind) -> bool:  # noqa: ANN401 - JSON is anything
    if kind == "float64":
        return type(value) is float or (type(value) is int and -_EXACT <= value <= _EXACT)
    if kind == "int64":
        return type(value) is int and -_INT64 <= value < _INT64
    return type(value) in _FITTING[kind]


def field_column(values: list[Any]) -> pa.Array:
    """A column that becomes an id, a time or a name: of one type where all values are, else text; objects are null."""
    types = set(map(type, values)) - {type(None)}
    if types <= {str}:
        return pa.array(values, type=pa.string())
    if types == {int} and all(-_INT64 <= value < _INT64 for value in values if value is not None):
        return pa.array(values, type=pa.int64())
    if types <= {int, float}:
        return pa.array([None if value is None else float(value) for value in values], type=pa.float64())
    return pa.array([_scalar_text(value) for value in values], type=pa.string())


def _scalar_text(value: Any) -> str | None:  # noqa: ANN401 - JSON is anything
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float):
        return msgspec.json.encode(value).decode()
    return None


def shape_rows(
    items: list[Object],
    plan: Plan,
    *,
    place: Callable[[Sequence[int]], list[tuple[int, bytes]]],
    rejected: list[Rejected],
) -> Rows:
    """Rows of the items, as the plan says: fields by selector, properties by their kinds, all else in `rest`."""
    mapping = plan.mapping
    items = under_new_names(items, mapping)
    flat = flatten(items, mapping)
    fields = {field: field_column(select(items, flat, selector)) for field, selector in mapping.selectors}
    rest: list[Object | None] = [None] * len(items)
    columns: dict[str, pa.Array] = {}
    for name, kind in plan.kinds.items():
        values = [item.get(name) for item in flat]
        if "." in name and all(value is None for value in values):
            values = member_column(flat, name)
        if holds_addresses(name):
            values = [hide_address(value) if isinstance(value, str) else value for value in values]
        columns[name], misfits = column_of(values, kind)
        for row in misfits:
            _keep(rest, row, name, values[row])
    every = EVERY_COLUMN in mapping.traits
    if mapping.properties is None and not every:
        _keep_others(flat, _known(plan), rest)
    return Rows(
        columns=columns,
        fields=fields,
        count=len(items),
        place=place,
        rejected=rejected,
        rest=rest if any(rest) else None,
        traits=_every_member(flat, mapping) if every else merged(items, mapping.traits),
        context=merged(items, mapping.context),
        external_ids=_segment_externals(items) if mapping.protocol == "segment" else None,
        hashes=_hashes(items, fields.get("message_id"), mapping),
    )


def under_new_names(items: list[Object], mapping: Mapping) -> list[Object]:
    """The items with their members called as the mapping says; those that its other keys name stay."""
    if not mapping.rename:
        return items
    new = {name for name, _ in mapping.rename}
    keep = {name for _, selector in mapping.selectors for name in split_names(selector)} - new
    return [renamed_item(item, mapping.rename, keep) for item in items]


def _every_member(flat: list[Object], mapping: Mapping) -> pa.Array:
    """The members of each item that are nothing else, as one JSON object."""
    every = every_column(dict.fromkeys(name for item in flat for name in item), mapping)
    return merged(flat, every) if every else pa.nulls(len(flat), pa.string())


def _segment_externals(items: list[Object]) -> pa.Array | None:
    """Further identifiers of Segment messages, as the collector reads them."""
    found: list[str | None] = []
    for item in items:
        context, traits = item.get("context"), item.get("traits")
        about = context if type(context) is dict else {}
        given = {
            **(said if type(said := about.get("traits")) is dict else {}),
            **(traits if type(traits) is dict else {}),
        }
        listed = about.get("externalIds")
        pairs = external_ids(listed, given if item.get("type") != "group" else {}) if listed or given else ()
        found.append(_ENCODE(pairs).decode() if pairs else None)
    return pa.array(found, type=pa.string()) if any(found) else None


def _keep(rest: list[Object | None], row: int, name: str, value: object) -> None:
    kept = rest[row]
    if kept is None:
        rest[row] = {name: value}
    else:
        kept[name] = value


def _known(plan: Plan) -> frozenset[str]:
    """Members that are somewhere else than in `rest`."""
    mapping = plan.mapping
    return frozenset((*plan.kinds, *used_columns(mapping), *mapping.ignore, *mapping.traits, *mapping.context))


def _keep_others(flat: list[Object], known: frozenset[str], rest: list[Object | None]) -> None:
    others = frozenset().union(*flat) - known
    if not others:
        return
    for row, item in enumerate(flat):
        for name in sorted(others.intersection(item)):
            value = item[name]
            if value is not None:
                _keep(
                    rest, row, name, hide_address(value) if isinstance(value, str) and holds_addresses(name) else value
                )


def _hashes(items: list[Object], ids: pa.Array | None, mapping: Mapping) -> npt.NDArray[np.uint64]:
    """A 128-bit hash of each item in canonical JSON, without nulls and ignored members; zero where a message id says who it is."""
    if ids is not None and ids.null_count == 0:
        return np.zeros((len(items), 2), dtype=np.uint64)
    left_out = frozenset(mapping.ignore)
    canonical = [
        _ENCODE({key: value for key, value in item.items() if value is not None and key not in left_out})
        for item in items
    ]
    return row_hash({"": pa.array(canonical, type=pa.binary())}, len(items))


def sample_table(rows: Rows, mapping: Mapping) -> Sample:
    """As `sample_rows`, of columns some of which hold JSON text."""
    items = table_items(rows)
    return sample_rows(explode(items, mapping.explode)[0] if mapping.explode else items, mapping)


def shape_table(rows: Rows, plan: Plan) -> Rows:
    """As `shape_rows`, of columns some of which hold JSON text."""
    items = table_items(rows)
    origins = list(range(len(items)))
    if plan.mapping.explode:
        items, origins = explode(items, plan.mapping.explode)

    def place(wanted: Sequence[int]) -> list[tuple[int, bytes]]:
        return rows.place([origins[row] for row in wanted])

    return shape_rows(items, plan, place=place, rejected=rows.rejected)


def table_items(rows: Rows) -> list[Object]:
    """The rows as objects."""
    items: list[Object] = pa.table(rows.columns).to_pylist()
    return items
