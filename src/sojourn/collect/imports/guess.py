"""Guess what the columns of a file mean, and say so.

In: a sample of the file's columns and what the user said. Out: a complete mapping, and a line to print for each guess.
Never overrides what the user said; the sample's values may veto a name, names decide the rest.
"""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from sojourn.collect.imports import usual_names
from sojourn.collect.imports.times import EXCEL, LIKELY, SURE, TimeForm, find_form, joined, looks_excel
from sojourn.collect.imports.usual_names import reduced
from sojourn.records.errors import BadMapping

if TYPE_CHECKING:
    from collections.abc import Iterable
    from collections.abc import Mapping as Columns

    from sojourn.collect.imports.mapping import Mapping

_SAMPLE_ROWS = 20_000
_TIME_HINTS = ("time", "date", "ts", "tstamp", "timestamp", "stamp")
_DAY_HINTS = ("date", "datum", "day", "fecha")
_CLOCK = r"^ *[0-2]?[0-9]:[0-5][0-9](:[0-6][0-9]([.,][0-9]+)?)?( ?[AaPp][Mm])? *$"
_MANY_NAMES = 300
_LOOSE = ("kind", "page_name")
"""Fields whose column may be missing in a file."""
_ADDRESS = re.compile(r"^(https?://|/|www\.)")
_NAMED_EVENTS = (
    (usual_names.ORDER, "Order line", "each row names an order"),
    (usual_names.RATING, "Product Reviewed", "each row is a rating"),
)


def split_names(selector: str | None) -> list[str]:
    """The columns a selector such as `timestamp|originalTimestamp` may mean, in order."""
    return selector.split("|") if selector else []


def guess_mapping(sample: Columns[str, pa.Array], given: Mapping) -> tuple[Mapping, list[str]]:
    """Complete `given` from names, types and values of a sample.

    Args:
        sample: The first rows of the file, by column.
        given: What is known already.

    Returns:
        The mapping to use, and one line a column it was decided for, to be printed: `time: event_time (with zone)`.

    Raises:
        BadMapping: A column that was named does not exist, or nothing looks like a person.
    """
    columns = {name: values.slice(0, _SAMPLE_ROWS) for name, values in sample.items() if name not in given.ignore}
    _check_named(sample, given)
    given = _without_absent_time(sample, given)
    taken = {name for _, selector in given.selectors for name in split_names(selector)}
    if given.properties is not None:
        columns = {name: values for name, values in columns.items() if name not in given.properties or name in taken}
    found: dict[str, str | None] = {}
    lines: list[str] = []
    for step in (_guess_person, _guess_time, _guess_event, _guess_smaller):
        free = {name: values for name, values in columns.items() if name not in taken}
        fresh, said = step(free, dataclasses.replace(given, **found))  # type: ignore[arg-type]  # the names are fields of Mapping
        found |= fresh
        lines += said
        taken |= {name for selector in fresh.values() for name in split_names(selector)}
    return dataclasses.replace(given, **found), lines  # type: ignore[arg-type]  # the names are fields of Mapping


def _check_named(sample: Columns[str, pa.Array], given: Mapping) -> None:
    if given.partial:
        named = [given.person, given.actor, *(selector for _, selector in given.external_ids)]
        ids = [name for selector in named for name in split_names(selector)]
        if not any(name in sample for name in ids):
            raise BadMapping(f"this is no such export: none of {_listed(ids)} is in it, it has {_listed(sample)}")
        return
    for field, selector in given.selectors:
        names = split_names(selector)
        if field not in _LOOSE and not any(name in sample for name in names):
            raise BadMapping(f'{field} is said to be the column "{selector}", but the file has {_listed(sample)}')
    for field in ("properties", "ignore"):
        for name in getattr(given, field) or ():
            if name not in sample:
                raise BadMapping(f'{field} names the column "{name}", but the file has {_listed(sample)}')


def _without_absent_time(sample: Columns[str, pa.Array], given: Mapping) -> Mapping:
    """A recipe's time column that the file has not, or without a value, is to be guessed like any other."""
    here = [sample[name] for name in split_names(given.time) if name in sample]
    if not given.partial or not given.time or any(values.null_count < len(values) for values in here):
        return given
    return dataclasses.replace(given, time=None)


def _listed(names: Iterable[str]) -> str:
    listed = [f'"{name}"' for name in names]
    return ", ".join(listed[:40]) + (f" and {len(listed) - 40} more" if len(listed) > 40 else "")  # noqa: PLR2004 - a screenful


def _with_examples(columns: Columns[str, pa.Array]) -> str:
    """Names, with a value each where they say nothing themselves."""
    if not all(name.startswith("column_") for name in columns):
        return _listed(columns)
    firsts = {name: values.drop_null().cast(pa.string()).slice(0, 1).to_pylist() for name, values in columns.items()}
    return ", ".join(f'"{name}" ({(first or ["empty"])[0][:30]})' for name, first in list(firsts.items())[:40])


def _by_name(columns: Columns[str, pa.Array], usual: tuple[str, ...]) -> list[str]:
    """Columns whose names are usual ones, best first; members of objects (`user.id`) after those of the row itself."""
    ranked = [("." in name, usual.index(reduced(name)), name) for name in columns if reduced(name) in usual]
    return [name for *_, name in sorted(ranked)]


def _can_be_id(values: pa.Array) -> bool:
    kind = values.type
    good = (
        pa.types.is_string(kind) or pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    )
    return (good or pa.types.is_large_string(kind) or pa.types.is_dictionary(kind)) and values.null_count < len(values)


def _guess_person(columns: dict[str, pa.Array], given: Mapping) -> tuple[dict[str, str | None], list[str]]:
    if given.person is not None or given.actor is not None:
        return {}, []
    names = _by_name(columns, usual_names.PERSON)
    filled = [name for name in names if _can_be_id(columns[name])] or names
    if not filled and given.external_ids:
        return {}, []
    if not filled:
        raise BadMapping(
            f"no column looks like a person; say which one it is with --person (or --actor): {_with_examples(columns)}"
        )
    person = filled[0]
    actors = [name for name in _by_name(columns, usual_names.ACTOR) if name != person and _can_be_id(columns[name])]
    if actors and reduced(person) in usual_names.KNOWN:
        return {"person": person, "actor": actors[0]}, [
            f"person: {person}",
            f"actor: {actors[0]} (before a person is known)",
        ]
    return {"person": person}, [f"person: {person}"]


def _guess_time(columns: dict[str, pa.Array], given: Mapping) -> tuple[dict[str, str | None], list[str]]:
    if given.time is not None:
        return {}, []
    if given.date is not None:
        clocks = _by_name(columns, usual_names.CLOCK) or [n for n, values in columns.items() if _is_clock(values)]
        if clocks:
            return {"time": clocks[0]}, [f"time: {clocks[0]} of the day in {given.date}"]
        return {"time": given.date, "date": None}, [f"time: {given.date}"]
    columns = {name: values for name, values in columns.items() if values.null_count < len(values)}
    hinted = [name for name in columns if reduced(name).endswith(_TIME_HINTS)]
    typed = [name for name, values in columns.items() if pa.types.is_timestamp(values.type)]
    usual = _by_name(columns, usual_names.TIME)
    for name in dict.fromkeys((*usual, *typed, *hinted)):
        form = find_form(columns[name], given, share=LIKELY if name in usual else SURE)
        if form is not None:
            return _with_clock(name, form, columns, given)
        if given.time_format is None and reduced(name).endswith(_DAY_HINTS) and looks_excel(columns[name]):
            words = f"days as a spreadsheet counts them, read as {given.time_zone}"
            return {"time": name, "time_format": EXCEL}, [f"time: {name} ({words})"]
    for name, values in columns.items():
        form = _written_only(values, given)
        if form is not None:
            return _with_clock(name, form, columns, given)
    if usual:
        example = columns[usual[0]].drop_null().cast(pa.string())[0].as_py()
        why = f'"{usual[0]}" is not read as times ("{example[:60]}"), say --time and --time-format if it is one'
        return {}, [f"no time column: file order decides; {why}"]
    return {}, ["no time column: file order decides (--time NAME if there is one)"]


def _with_clock(
    name: str, form: TimeForm, columns: dict[str, pa.Array], given: Mapping
) -> tuple[dict[str, str | None], list[str]]:
    """The time column, or two when it holds only days and another one holds the time of day."""
    clocks = [one for one, values in columns.items() if one != name and _is_clock(values)]
    usual = _by_name({one: columns[one] for one in clocks}, usual_names.CLOCK)
    clock = usual[0] if usual else clocks[0] if len(clocks) == 1 else None
    if clock is None or given.date is not None or not _only_days(columns[name]):
        return {"time": name}, [f"time: {name} ({form.words})"]
    both = find_form(joined(columns[name], columns[clock]), given, share=LIKELY)
    if both is None:
        return {"time": name}, [f"time: {name} ({form.words})"]
    line = f"time: {name} and {clock} ({both.words}; --date DAY --time CLOCK change it)"
    return {"date": name, "time": clock}, [line]


def _only_days(values: pa.Array) -> bool:
    """Whether no value of a column says the time of day."""
    if pa.types.is_date(values.type):
        return True
    if pa.types.is_timestamp(values.type):
        return bool(pc.all(pc.equal(pc.floor_temporal(values, unit="day"), values)).as_py())
    return pa.types.is_string(values.type) and not pc.any(pc.match_substring(values, ":")).as_py()


def _is_clock(values: pa.Array) -> bool:
    """Whether a column holds times of day and nothing else."""
    texts = values.drop_null()
    if not pa.types.is_string(texts.type) or len(texts) == 0:
        return False
    return bool(pc.all(pc.match_substring_regex(texts, _CLOCK)).as_py())


def _written_only(values: pa.Array, given: Mapping) -> TimeForm | None:
    """Under a name that says nothing only a written date and time is believed, never a number."""
    if not pa.types.is_string(values.type):
        return None
    form = find_form(values, given)
    return form if form is not None and form.kind == "written" and _has_marks(values) else None


def _has_marks(values: pa.Array) -> bool:
    return bool(pc.all(pc.match_substring_regex(values.drop_null(), r"\d[-/.: ]")).as_py())


def _guess_event(columns: dict[str, pa.Array], given: Mapping) -> tuple[dict[str, str | None], list[str]]:
    if given.event is not None or given.event_value is not None:
        return {}, []
    for name in _by_name(columns, usual_names.EVENT):
        if _can_name_events(columns[name]):
            return {"event": name}, [f"event: {name}"]
    if _by_name(columns, usual_names.ADDRESS):
        reason, value = f"{_by_name(columns, usual_names.ADDRESS)[0]} is an address", "Page Viewed"
    else:
        matches = [(value, why) for usual, value, why in _NAMED_EVENTS if _by_name(columns, usual)]
        value, reason = matches[0] if matches else ("Event", "nothing says what happened")
    line = f'event: every row is called "{value}" ({reason}; --event NAME or --event-name TEXT changes it)'
    return {"event_value": value}, [line]


def _can_name_events(values: pa.Array) -> bool:
    """Texts, few of them for the number of rows, and no addresses."""
    if pa.types.is_dictionary(values.type):
        return True
    if not pa.types.is_string(values.type) or values.null_count == len(values):
        return False
    distinct = pc.unique(values.drop_null())
    texts = distinct.slice(0, 100).to_pylist()
    if sum(bool(_ADDRESS.match(text)) for text in texts) > len(texts) / 2:
        return False
    return len(distinct) <= max(_MANY_NAMES, len(values) // 100)


def _guess_smaller(columns: dict[str, pa.Array], given: Mapping) -> tuple[dict[str, str | None], list[str]]:
    """Received time, message id, order, revenue, currency and user agent: names that leave no doubt."""
    found: dict[str, str | None] = {}
    tables = {
        "received_at": usual_names.RECEIVED,
        "message_id": usual_names.MESSAGE_ID,
        "order": usual_names.ORDER,
        "revenue": usual_names.REVENUE,
        "currency": usual_names.CURRENCY,
        "user_agent": usual_names.USER_AGENT,
    }
    for field, usual in tables.items():
        names = [name for name in _by_name(columns, usual) if name not in found.values()]
        if getattr(given, field) is None and names and _fits(field, columns[names[0]], given):
            found[field] = names[0]
    return found, [f"{field}: {name}" for field, name in found.items()]


def _fits(field: str, values: pa.Array, given: Mapping) -> bool:
    if field == "received_at":
        return given.time is not None and find_form(values, given) is not None
    if field == "message_id":
        # An id that repeats within the sample is no id of the event: rows would be taken for duplicates and lost.
        return values.null_count == 0 and len(pc.unique(values)) == len(values)
    if field == "revenue":
        texts = values.cast(pa.string()) if not pa.types.is_string(values.type) else values
        numeric = pc.match_substring_regex(texts.drop_null(), r"^-?[0-9]+(\.[0-9]+)?$")
        return bool(pc.all(numeric).as_py())
    return True
