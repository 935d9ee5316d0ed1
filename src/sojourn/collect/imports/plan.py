"""Decide once, from the first rows of a file, how all its rows become events.

In: a `Sample` and the user's mapping. Out: `Plan`. Never changes its mind in the middle of a file: a later value that does
not fit goes to `rest` as it came.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sojourn.collect.imports import number_kernel
from sojourn.collect.imports.decimals import comma_columns, with_points
from sojourn.collect.imports.guess import guess_mapping, split_names
from sojourn.collect.imports.mapping import EVERY_COLUMN
from sojourn.collect.imports.times import ANY, TimeForm, find_form, joined, read_numbers
from sojourn.records.errors import BadMapping

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy.typing as npt

    from sojourn.collect.imports.mapping import Mapping
    from sojourn.collect.imports.rows import Sample

_EXACT_INTEGER = 1 << 53
Kind = Literal["string", "int64", "float64", "bool"]
ARROW: dict[Kind, pa.DataType] = {
    "string": pa.string(),
    "int64": pa.int64(),
    "float64": pa.float64(),
    "bool": pa.bool_(),
}

MOST_PROPERTIES = 64
"""Columns that become properties of their own; the values of further ones are kept in `rest`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How the rows of one file become events.

    Attributes:
        file: Its name, for rejected rows.
        mapping: Complete.
        time: Form of the time column; None: the log has no times.
        received: Form of the received column.
        kinds: Type of each property that has a column of its own, in order.
        commas: Columns whose numbers have a decimal comma.
        asides: Of files whose rows hold no objects: the columns that become `traits` and `context`, with their types.
    """

    file: str
    mapping: Mapping
    time: TimeForm | None
    received: TimeForm | None
    kinds: dict[str, Kind]
    commas: frozenset[str] = frozenset()
    asides: dict[str, dict[str, Kind]] = field(default_factory=dict)


def pick(columns: dict[str, pa.Array], selector: str | None) -> pa.Array | None:
    """The column a selector means: of several names the first with a value, row by row."""
    found = [columns[name] for name in split_names(selector) if name in columns]
    if len(found) < 2:  # noqa: PLR2004 - one or none: nothing to choose from
        return found[0] if found else None
    if len({values.type for values in found}) > 1:
        found = [values.cast(pa.string()) for values in found]
    filled = [
        pc.if_else(pc.equal(values, ""), None, values) if pa.types.is_string(values.type) else values
        for values in found
    ]
    return pc.coalesce(*filled)


def make_plan(first: Sample, given: Mapping, *, file: str) -> tuple[Plan, list[str]]:
    """The plan for a file from its first rows, and the lines that tell the user what was guessed.

    Raises:
        BadMapping: A named column is missing, nothing looks like a person, or the time column holds no times.
    """
    commas = comma_columns(first, given.decimal)
    first = replace(first, columns={n: with_points(v) if n in commas else v for n, v in first.columns.items()})
    columns = first.columns | first.reachable
    mapping, lines = guess_mapping(columns, given)
    commas -= used_columns(mapping) - {mapping.revenue}
    if commas and given.decimal is None:
        lines.append(f"decimal comma: {', '.join(name for name in columns if name in commas)} (--decimal . changes it)")
    plan = Plan(
        file=file,
        mapping=mapping,
        time=_form(joined(pick(columns, mapping.date), pick(columns, mapping.time)), mapping.time, mapping),
        received=_form(pick(columns, mapping.received_at), mapping.received_at, replace(mapping, time_format=None)),
        kinds=_property_kinds(first, mapping),
        commas=commas,
        asides={part: _aside_kinds(first, mapping, part) for part in ("traits", "context")},
    )
    return plan, lines


def _form(values: pa.Array | None, selector: str | None, mapping: Mapping) -> TimeForm | None:
    if values is None:
        return None
    form = find_form(values, mapping, share=ANY)
    if form is None:
        # Told to be the time by the user: what fits is read, the rest is rejected row by row.
        small = pa.types.is_integer(values.type) or pa.types.is_floating(values.type)
        if values.null_count == len(values) or small:
            return TimeForm(kind="unix" if small else "written", zone=mapping.time_zone)
        example = values.drop_null()[0].as_py()
        raise BadMapping(
            f'the column "{selector}" is to say when, but its values are no times ("{example}"); '
            "name another one with --time, or say how it is written with --time-format, as in %d.%m.%Y %H:%M"
        )
    return form


def used_columns(mapping: Mapping) -> set[str]:
    """Columns that become something else than a property."""
    kept = {"user_agent", "event"} if mapping.names_only else {"user_agent"}
    return {name for field, selector in mapping.selectors if field not in kept for name in split_names(selector)}


def property_names(names: Sequence[str], mapping: Mapping) -> list[str]:
    """Columns that are properties, in the order of the file."""
    if mapping.properties is not None:
        return [name for name in names if name in mapping.properties]
    if EVERY_COLUMN in mapping.traits:
        return []
    left_out = used_columns(mapping) | {*mapping.ignore, *mapping.traits, *mapping.context}
    return [name for name in names if name not in left_out]


def every_column(names: Iterable[str], mapping: Mapping) -> list[str]:
    """Columns that are traits because they are nothing else."""
    left_out = used_columns(mapping) | {*mapping.ignore, *mapping.context, *(mapping.properties or ())}
    return [name for name in names if name not in left_out or name in mapping.traits]


def _aside_kinds(first: Sample, mapping: Mapping, part: str) -> dict[str, Kind]:
    names: tuple[str, ...] = getattr(mapping, part)
    found = every_column(first.columns, mapping) if EVERY_COLUMN in names else names
    return {name: kind_of(first.columns[name], textual=first.textual) for name in found if name in first.columns}


def _property_kinds(first: Sample, mapping: Mapping) -> dict[str, Kind]:
    columns = first.columns | {
        name: first.reachable[name] for name in mapping.properties or () if name in first.reachable
    }
    names = property_names(list(columns), mapping)
    if len(names) > MOST_PROPERTIES:
        fullest = sorted(names, key=lambda name: columns[name].null_count)[:MOST_PROPERTIES]
        names = [name for name in names if name in fullest]
    return {name: kind_of(columns[name], textual=first.textual) for name in names}


def kind_of(values: pa.Array, *, textual: bool) -> Kind:
    """The type a property gets: in a `textual` file, numbers or booleans only when every one would come back the same."""
    if pa.types.is_string(values.type):
        return _kind_of_text(values) if textual else "string"
    if pa.types.is_integer(values.type):
        return "int64"
    if pa.types.is_boolean(values.type):
        return "bool"
    return "float64" if pa.types.is_floating(values.type) else "string"


def _kind_of_text(values: pa.Array) -> Kind:
    if values.null_count == len(values):
        return "string"
    wanted: tuple[Kind, ...] = ("int64", "float64", "bool")
    return next((kind for kind in wanted if fitting(values, kind).all()), "string")


def fitting(values: pa.Array, kind: Kind) -> npt.NDArray[np.bool_]:
    """True where a text is null, or a value of `kind` that comes back as the same number (or word)."""
    if kind == "bool":
        return pc.is_in(values, value_set=pa.array(["true", "false", None])).to_numpy(zero_copy_only=False)
    kinds, integers, decimals = read_numbers(values)
    whole = (kinds == number_kernel.INTEGER) | (kinds == number_kernel.NULL)
    hard = np.flatnonzero(kinds == number_kernel.HARD)
    if hard.size and kind == "int64":
        whole[hard] = [_whole(text) for text in values.take(pa.array(hard)).to_pylist()]
    if kind == "int64":
        return whole
    if hard.size:
        come_back = _come_back(values.take(pa.array(hard)), decimals[hard])
        kinds[hard] = np.where(come_back, number_kernel.DECIMAL, number_kernel.TEXT)
    # An integer beyond 2**53 would be rounded as a float.
    exact = (kinds == number_kernel.INTEGER) & (np.abs(integers) <= _EXACT_INTEGER)
    return exact | (kinds == number_kernel.DECIMAL) | (kinds == number_kernel.NULL)


def _whole(text: str) -> bool:
    """Whether a text of many digits is an int64."""
    return text.lstrip("-").isdigit() and -(2**63) <= int(text) < 2**63


def _come_back(texts: pa.Array, numbers: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Where the shortest way to write the float is the same decimal as the text."""
    back = pa.array(numbers).cast(pa.string())
    same = np.array(pc.equal(back, texts).to_numpy(zero_copy_only=False), dtype=np.bool_)
    for row in np.flatnonzero(~same).tolist():
        same[row] = np.isfinite(numbers[row]) and Decimal(texts[row].as_py()) == Decimal(repr(float(numbers[row])))
    return same
