"""What `compare` tries: events, property values, repeats, orders, times and moments, and who has them.

In: parts and their looks. Out: candidates, and how many persons of each label have each of them.
A label is a group of the breakdown and a side of the comparison: `2 * group + side`. Candidates are chosen without
looking at the sides, so that choosing them cannot make a difference appear.
"""

from __future__ import annotations

import datetime as dt
import functools
import math
import re
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Literal, TypeVar

import numpy as np

from sojourn.analyse.comparison_kernel import count, count_bits, count_orders, dwell, present
from sojourn.records.periods import zone
from sojourn.store.columns import TextColumn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sojourn.analyse.comparison_question import CompareQuestion
    from sojourn.analyse.comparison_windows import Look
    from sojourn.analyse.parts import Part
    from sojourn.store.columns import Column

_Kind = TypeVar("_Kind", np.bool_, np.int64)
Kind = Literal["event", "property", "repeat", "order", "timing", "moment"]
KINDS: tuple[Kind, ...] = ("event", "property", "repeat", "order", "timing", "moment")
STRICT, LOOK, CONTINUED = 0, 1, 2
"""Parts of a look: before the outcome; the rest of it; what comes after it."""
TIMES = np.array([1, 2, 3, 5], np.int64)
"""Done at least so many times."""
SLOTS = 12
"""Most frequent events whose order and time are compared."""
_VALUES = 50
_EXACT_SHARE = 0.02
_FEW = 12
_BACKGROUND = 0.9
_SAMPLE = 50_000
_HOUR = 3_600_000_000
_HOURS = 24
_IDENTIFIER = re.compile(r"(?:^|[_.\s])id$|[a-z]I[dD]$")
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, slots=True)
class Candidate:
    """One thing that may separate the groups.

    Attributes:
        kind: What it is about.
        event: The event it is about; None for any event.
        other: The later event of an order, or the later step of a wait.
        property: The property; `hour` or `weekday` for a moment.
        value: The value, as text.
        low: From this number on (inclusive), for numbers; the cut in microseconds for times.
        high: Up to this number (exclusive); equal to `low` for one number.
        times: How often at least.
        place: Place of the later step of a wait.
    """

    kind: Kind
    event: str | None = None
    other: str | None = None
    property: str | None = None
    value: str | None = None
    low: float = math.nan
    high: float = math.nan
    times: int = 1
    place: int = 0


@dataclass(frozen=True, slots=True)
class Family:
    """Candidates of one property that a row has at most one of.

    Attributes:
        property: The property.
        kind: `text`: one of the values in `codes`; `exact`: one of `numbers`; `bins`: between two of `numbers`.
        each: A candidate for each event that carries it; otherwise one for all events together.
        labels: The values, as text.
        codes: int32: places of the values among the column's distinct ones.
        numbers: float64, ascending: values, or edges from -inf to inf.
    """

    property: str
    kind: Literal["text", "exact", "bins"]
    each: bool
    labels: tuple[str, ...]
    codes: NDArray[np.int32]
    numbers: NDArray[np.float64]

    def candidate(self, place: int, events: Sequence[str]) -> Candidate:
        """The candidate of a code given by `code_rows`."""
        event, value = divmod(place, len(self.labels))
        low = high = math.nan
        if self.kind != "text":
            low, high = float(self.numbers[value]), float(self.numbers[value + (self.kind == "bins")])
        named = events[event] if self.each else None
        return Candidate("property", named, None, self.property, self.labels[value], low, high)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is tried, beyond the events themselves.

    Attributes:
        families: Property values.
        slots: Codes of the events whose order and times are tried.
        groups: Groups of the breakdown.
    """

    families: list[Family]
    slots: list[int]
    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Survey:
    """What one part's looks hold of one property.

    Attributes:
        known: int64, one an event name: rows that have it.
        counts: int64, one a value: rows; None for numbers.
        sample: float64: some of the numbers; None for text.
    """

    known: NDArray[np.int64]
    counts: NDArray[np.int64] | None
    sample: NDArray[np.float64] | None


@dataclass(frozen=True, slots=True)
class Counts:
    """What one part adds: persons by label.

    Attributes:
        sizes: (labels,).
        events: (times, events, labels, strict | look | continued).
        families: For each family (1, codes, labels, strict | look | continued).
        orders: (strict | continued, slots, slots, labels, both | in this order).
        moments: (hours and weekdays, labels).
        spent: (persons, slots): microseconds on each slot, -1 unknown.
        wait: (persons, waits): microseconds between the steps before.
        label: (persons,): label of each.
    """

    sizes: NDArray[np.int64]
    events: NDArray[np.int64]
    families: list[NDArray[np.int64]]
    orders: NDArray[np.int64]
    moments: NDArray[np.int64]
    spent: NDArray[np.int64]
    wait: NDArray[np.int64]
    label: NDArray[np.int64]


def survey(part: Part, look: Look, name: str) -> Survey:
    """Look at one property's values in the looks, whoever has them."""
    event = part.event[look.row]
    column = part.column(name, look.row)
    if isinstance(column, TextColumn):
        known = np.bincount(event[column.codes >= 0], minlength=len(part.events))
        return Survey(known, np.bincount(column.codes + 1, minlength=len(column.names) + 1)[1:], None)
    values = column.values
    there = ~np.isnan(values)
    known = np.bincount(event[there], minlength=len(part.events))
    found = values[there]
    return Survey(known, None, found[:: max(1, len(found) // _SAMPLE)])


def families(name: str, surveys: Sequence[Survey], rows: int, names: Sequence[str] | None) -> list[Family]:
    """The families of one property.

    Args:
        name: The property.
        surveys: One a part.
        rows: Rows in all looks.
        names: Its distinct values; None for numbers.
    """
    known = np.sum([s.known for s in surveys], axis=0)
    carriers = int((known > 0).sum())
    if not carriers:
        return []
    # What nearly every event carries (platform, campaign) describes the person, not what happened at one event.
    background = carriers > 1 and known.sum() >= _BACKGROUND * rows
    spread = (False,) if background else (False, True) if carriers > 1 else (True,)
    none = np.empty(0, np.int32)
    if names is not None:
        counts = np.sum([s.counts for s in surveys if s.counts is not None], axis=0)
        codes = np.argsort(-counts, kind="stable")[:_VALUES].astype(np.int32)
        codes = codes[counts[codes] > 0]
        labels = tuple(names[int(code)] for code in codes)
        return [Family(name, "text", each, labels, codes, np.empty(0)) for each in spread]
    values, counts = np.unique(np.concatenate([s.sample for s in surveys if s.sample is not None]), return_counts=True)
    # Which product or category it was is a name, though it is written as a number: it has no "more than".
    few = len(values) <= _FEW or _IDENTIFIER.search(name) is not None
    exact = values if len(values) <= _FEW else values[counts >= _EXACT_SHARE * counts.sum()]
    out = [Family(name, "exact", each, tuple(map(number, exact)), none, exact) for each in spread if len(exact)]
    if not few:
        inner = np.unique(np.repeat(values, counts)[(np.arange(1, 5) * counts.sum()) // 5])
        edges = np.concatenate(([-np.inf], inner, [np.inf]))
        labels = tuple(_range(low, high) for low, high in pairwise(edges.tolist()))
        out += [Family(name, "bins", each, labels, none, edges) for each in spread]
    return out


def code_rows(part: Part, look: Look, family: Family, column: Column) -> NDArray[np.int32]:
    """The family's candidate each row of the looks has, by its property there; -1 for none, and on events that make the groups."""
    if isinstance(column, TextColumn):
        table = np.full(len(column.names) + 1, -1, np.int32)
        table[family.codes] = np.arange(len(family.codes))
        found = table[column.codes]
    else:
        values = column.values
        found = np.searchsorted(family.numbers, values, side="right").astype(np.int32) - 1
        if family.kind == "exact":
            found[(found < 0) | (family.numbers[found] != values)] = -1
        found[np.isnan(values)] = -1
    found[look.barred] = -1
    if not family.each:
        return found
    return np.where(found < 0, -1, part.event[look.row].astype(np.int32) * len(family.labels) + found).astype(np.int32)


def count_part(part: Part, look: Look, plan: Plan, question: CompareQuestion) -> Counts:
    """Count who has what in one part."""
    labels = 2 * len(plan.groups)
    label = 2 * look.group + look.side
    timed = "timing" in question.kinds and not question.untimed
    families = []
    for name, of_property in groupby(plan.families, key=lambda family: family.property):
        column = part.column(name, look.row)
        for family in of_property:
            size = len(family.labels) * (len(part.events) if family.each else 1)
            codes = code_rows(part, look, family, column)
            families.append(count(look.owner, look.part, codes, label, size, labels, TIMES[:1]))
    return Counts(
        sizes=np.bincount(label, minlength=labels),
        events=_count_events(part, look, label, labels, TIMES if "repeat" in question.kinds else TIMES[:1]),
        families=families,
        orders=_count_orders(part, look, label, labels, plan.slots if "order" in question.kinds else []),
        moments=_count_moments(part, look, label, labels, question),
        spent=spent(part, look, plan.slots if timed else [], question.gap_us),
        wait=look.wait if timed else look.wait[:, :0],
        label=label,
    )


def _count_events(
    part: Part, look: Look, label: NDArray[np.int64], labels: int, times: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Persons who have each event so many times; shape as `Counts.events`."""
    if look.events is not None and len(times) == 1:
        return _throughout(count_bits(look.events, label, len(part.events), labels)).transpose(1, 2, 0)[None]
    codes = part.event[look.row].astype(np.int32)
    found: NDArray[np.int64] = count(look.owner, look.part, codes, label, len(part.events), labels, times)
    return found


def _count_orders(
    part: Part, look: Look, label: NDArray[np.int64], labels: int, slots: Sequence[int]
) -> NDArray[np.int64]:
    """Persons who have both of two slots, and in which order; shape as `Counts.orders`."""
    if not slots:
        return np.zeros((2, 0, 0, labels, 2), np.int64)
    slot = slot_rows(part, look, slots)
    return np.array(
        [count_orders(look.owner, look.part, slot, label, len(slots), labels, until) for until in (STRICT, CONTINUED)]
    )


def slot_rows(part: Part, look: Look, slots: Sequence[int]) -> NDArray[np.int32]:
    """The slot of each row's event; -1 for none."""
    table = np.full(len(part.events), -1, np.int32)
    table[list(slots)] = np.arange(len(slots))
    return table[part.event[look.row]]


def spent(part: Part, look: Look, slots: Sequence[int], gap_us: int) -> NDArray[np.int64]:
    """Microseconds each person spent on each slot, -1 unknown."""
    if not slots:
        return np.empty((len(look.unit), 0), np.int64)
    slot = slot_rows(part, look, slots)
    return dwell(look.row, look.owner, look.part, slot, part.time, len(look.unit), len(slots), gap_us)


def moments(part: Part, look: Look, time_zone: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Hour (0-23) and weekday (0 is Monday) at which each look begins, in a time zone."""
    hours, place = np.unique(part.time[look.start] // _HOUR, return_inverse=True)
    local = np.array([_hour_and_weekday(hour, time_zone) for hour in hours.tolist()], np.int64).reshape(-1, 2)
    return local[place, 0], local[place, 1]


@functools.lru_cache(maxsize=1 << 16)
def _hour_and_weekday(hours: int, time_zone: str) -> tuple[int, int]:
    """Hour and weekday of a moment in whole hours since 1970."""
    moment = dt.datetime.fromtimestamp(hours * 3600, tz=zone(time_zone))
    return moment.hour, moment.weekday()


def moment_candidates() -> list[Candidate]:
    """Candidates in the order `Counts.moments` counts them."""
    hours = [Candidate("moment", property="hour", value=f"{hour:02}:00") for hour in range(_HOURS)]
    return hours + [Candidate("moment", property="weekday", value=day) for day in _DAYS]


def holders(
    part: Part, look: Look, candidate: Candidate, question: CompareQuestion
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Who a candidate is asked of, and who has it by the end of each part of the look: (persons,), (3, persons)."""
    every = np.ones(len(look.unit), np.bool_)
    if candidate.kind == "moment":
        hour, weekday = moments(part, look, question.time_zone)
        place = moment_candidates().index(candidate)
        return every, _throughout(hour == place if candidate.property == "hour" else weekday == place - _HOURS)
    if candidate.kind == "order":
        both, in_order = _in_order(part, look, candidate)
        return both, _throughout(in_order)
    if candidate.kind == "timing":
        took = _took(part, look, candidate, question)
        return took >= 0, _throughout(took > candidate.low)
    mask = _rows_with(part, look, candidate)
    if candidate.property is not None:
        mask &= ~look.barred
    has = [
        np.bincount(look.owner[mask & (look.part <= last)], minlength=len(look.unit)) >= candidate.times
        for last in (STRICT, LOOK, CONTINUED)
    ]
    return every, np.array(has)


def _throughout(has: NDArray[_Kind]) -> NDArray[_Kind]:
    """What does not depend on how long one looks, for each part of the look."""
    return np.broadcast_to(has, (3, *has.shape))


def matrix_of(
    part: Part, look: Look, candidates: Sequence[Candidate], within: Sequence[int], question: CompareQuestion
) -> NDArray[np.bool_]:
    """Who has what: (candidates, persons). Events and repeats take one pass together.

    Args:
        part: A part.
        look: Its look.
        candidates: What.
        within: For each candidate, the last part of the look that counts.
        question: The question.
    """
    out = np.zeros((len(candidates), len(look.unit)), np.bool_)
    plain = [place for place, candidate in enumerate(candidates) if candidate.kind in ("event", "repeat")]
    code_of = {name: code for code, name in enumerate(part.events)}
    ordered = sorted(range(len(plain)), key=lambda n: code_of[str(candidates[plain[n]].event)])
    codes = np.array([code_of[str(candidates[plain[n]].event)] for n in ordered], np.int64)
    first = np.searchsorted(codes, np.arange(len(part.events) + 1))
    times = np.array([candidates[place].times for place in plain], np.int64)
    last = np.array([within[place] for place in plain], np.int64)
    event = part.event[look.row].astype(np.int32)
    out[plain] = present(look.owner, look.part, event, first, np.array(ordered, np.int64), times, last, len(look.unit))
    for place, candidate in enumerate(candidates):
        if candidate.kind not in ("event", "repeat"):
            out[place] = holders(part, look, candidate, question)[1][within[place]]
    return out


def events_told(words: NDArray[np.uint64], candidates: Sequence[Candidate], events: Sequence[str]) -> NDArray[np.bool_]:
    """Who has which events: (candidates, persons).

    Args:
        words: As `Look.events`.
        candidates: Events, each at least once.
        events: Event names of the log.
    """
    place_of = {name: place for place, name in enumerate(events)}
    bits = np.unpackbits(words.view(np.uint8), axis=1, count=len(events), bitorder="little")
    told: NDArray[np.bool_] = bits.T[[place_of[str(candidate.event)] for candidate in candidates]].view(np.bool_)
    return told


def first_place(part: Part, look: Look, candidate: Candidate) -> tuple[int, int]:
    """After how many events of the look a candidate first shows: the sum over persons who have it, and how many have it."""
    rows = np.flatnonzero(_rows_with(part, look, candidate))
    first = np.full(len(look.unit), -1, np.int64)
    first[look.owner[rows[::-1]]] = look.row[rows[::-1]]
    has = first >= 0
    return int((first[has] - look.start[has]).sum()), int(has.sum())


def number(value: float) -> str:
    """A number as people write it."""
    return f"{value:.10g}"


def _range(low: float, high: float) -> str:
    if low == -np.inf:
        return f"below {number(high)}"
    return f"{number(low)} or more" if high == np.inf else f"{number(low)} to below {number(high)}"


def _rows_with(part: Part, look: Look, candidate: Candidate) -> NDArray[np.bool_]:
    mask = np.ones(len(look.row), np.bool_)
    if candidate.event is not None:
        mask = part.event[look.row] == list(part.events).index(candidate.event)
    if candidate.property is None:
        return mask
    column = part.column(candidate.property, look.row)
    if isinstance(column, TextColumn):
        code = column_code(column, str(candidate.value))
        return mask & (column.codes == code)
    values = column.values
    if candidate.low == candidate.high:
        return mask & (values == candidate.low)
    return mask & (values >= candidate.low) & (values < candidate.high)


def column_code(column: TextColumn, value: str) -> int:
    """Place of a value among a column's distinct ones; -2, which no row has, when it is not among them."""
    from sojourn.analyse.masks import names_array  # noqa: PLC0415  (Arrow, only for a drill-down)

    place: int = names_array(column.names).index(value).as_py()
    return place if place >= 0 else -2


def _in_order(part: Part, look: Look, candidate: Candidate) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    first = []
    for name in (candidate.event, candidate.other):
        rows = np.flatnonzero((part.event[look.row] == list(part.events).index(str(name))) & (look.part == 0))
        place = np.full(len(look.unit), -1, np.int64)
        place[look.owner[rows[::-1]]] = rows[::-1]
        first.append(place)
    both = (first[0] >= 0) & (first[1] >= 0)
    return both, both & (first[0] < first[1])


def _took(part: Part, look: Look, candidate: Candidate, question: CompareQuestion) -> NDArray[np.int64]:
    if candidate.other is not None:
        return look.wait[:, candidate.place - 1]
    return spent(part, look, [list(part.events).index(str(candidate.event))], question.gap_us)[:, 0]


def _count_moments(
    part: Part, look: Look, label: NDArray[np.int64], labels: int, question: CompareQuestion
) -> NDArray[np.int64]:
    out = np.zeros((_HOURS + len(_DAYS), labels), np.int64)
    if "moment" not in question.kinds or question.untimed or not len(look.unit):
        return out
    hour, weekday = moments(part, look, question.time_zone)
    np.add.at(out, (hour, label), 1)
    np.add.at(out, (_HOURS + weekday, label), 1)
    return out
