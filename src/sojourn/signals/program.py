"""A catalogue compiled: which events matter to which signal, and the arrays the kernel runs on.

In: a `Catalogue`. Out: a `Program`. A signal is fed by slots: each names events, a predicate, and the role of an event that
matches. An event's matches are taken in the order of the slots. Never looks at an event.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from sojourn.records.durations import microseconds
from sojourn.signals import catalogue as c
from sojourn.signals import signal_kernel as k
from sojourn.signals.predicates import Both, Compare, IsNull, Like, Not, OneOf, parse_predicate
from sojourn.signals.truth import TRUE, leaves_of, truth_table, unset_place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from sojourn.signals.catalogue import Catalogue, Matches, Signal
    from sojourn.signals.predicates import Predicate
    from sojourn.signals.truth import Leaf

_OPS: dict[type[Signal], int] = {
    c.Count: k.COUNT, c.Sum: k.SUM, c.Distinct: k.DISTINCT, c.First: k.FIRST, c.Recency: k.RECENCY, c.Burst: k.BURST,
    c.Dwell: k.DWELL, c.Without: k.WITHOUT, c.RepeatWithout: k.REPEAT, c.Sequence: k.SEQUENCE, c.Return: k.RETURN,
    c.Trait: k.TRAIT, c.Context: k.CONTEXT,
}  # fmt: skip
_VERSION = b"signals 1"
_NO_TABLE = np.empty(0, np.uint8)
_WIDTHS = {k.BURST: 2, k.WITHOUT: 2, k.REPEAT: 3, k.DISTINCT: 1}


@dataclass(frozen=True, slots=True)
class Slot:
    """One way an event reaches a signal.

    Attributes:
        signal: Place of the signal.
        role: What the event is to it, `signal_kernel`.
        events: Names of the events; None for any.
        where: A predicate that must be true; None for none.
        value: Property whose number goes with the match; None when it is `constant`.
        key: Property that tells what belongs together; None when everything does.
        constant: The value of every match without `value`.
    """

    signal: int
    role: int
    events: tuple[str, ...] | None
    where: Predicate | None
    value: str | None = None
    key: str | None = None
    constant: float = math.nan


@dataclass(frozen=True, slots=True)
class Program:
    """A compiled catalogue.

    Attributes:
        catalogue: What was compiled.
        names: Names of the signals, in their order.
        slots: All slots; a match names one by its place.
        automata: What the kernel runs on.
        fingerprint: 16 bytes that change when the meaning of a signal does; states and matches of another do not fit.
    """

    catalogue: Catalogue
    names: tuple[str, ...]
    slots: tuple[Slot, ...]
    automata: NDArray[np.int64]
    fingerprint: bytes

    @property
    def words(self) -> int:
        """Words of a person's working state."""
        return int(self.automata[k.WORDS])


def compile_catalogue(catalogue: Catalogue) -> Program:
    """Compile a catalogue that was read by `catalogue_file`."""
    return _compiled(catalogue)


@lru_cache(maxsize=8)
def _compiled(catalogue: Catalogue) -> Program:
    slots = tuple(slot for n, signal in enumerate(catalogue.signals) for slot in _slots(n, signal))
    told = msgspec.json.encode((catalogue.signals, catalogue.time_zone))
    fingerprint = hashlib.blake2b(_VERSION + told, digest_size=16).digest()
    names = tuple(signal.name for signal in catalogue.signals)
    return Program(catalogue, names, slots, _automata(catalogue.signals, slots), fingerprint)


def _slots(n: int, signal: Signal) -> Iterator[Slot]:  # noqa: C901  (one case a pattern)
    """The slots of a signal in the order they are taken: what ends something, what begins something, what ends it all."""
    key = getattr(signal, "same", None)
    match signal:
        case c.Sum(of=of, property=name):
            yield _slot(n, k.BEGIN, of, value=name)
        case c.Distinct(of=of, property=name):
            yield _slot(n, k.BEGIN, of, key=name)
        case c.Dwell(of=of, next=following):
            yield _slot(n, k.END, following)
            yield _slot(n, k.BEGIN, of)
        case c.Without(of=of, without=ends) | c.RepeatWithout(of=of, without=ends):
            if ends is not None:
                yield _slot(n, k.END, ends, key=key)
            yield _slot(n, k.BEGIN, of, key=key)
        case c.Sequence(steps=steps):
            # Backwards: an event is one step at most.
            for place in reversed(range(len(steps))):
                yield _slot(n, place, steps[place], key=key)
        case c.Trait(where=where):
            yield from _trait(n, parse_predicate(where))
        case c.Context(of=of, where=where):
            told = parse_predicate(where)
            yield _slot(n, k.BEGIN, of, and_=told, constant=1.0)
            yield _slot(n, k.BEGIN, of, and_=Not(told), constant=0.0)
        case _:
            yield _slot(n, k.BEGIN, signal.of, key=key)
    if signal.until is not None:
        yield _slot(n, k.RESET, signal.until)


def _slot(  # noqa: PLR0913  (what a slot is made of)
    n: int,
    role: int,
    matches: Matches | None,
    *,
    and_: Predicate | None = None,
    value: str | None = None,
    key: str | None = None,
    constant: float = math.nan,
) -> Slot:
    if isinstance(matches, str | tuple):
        matches = c.Match(event=matches)
    found = matches or c.Match()
    events = (found.event,) if isinstance(found.event, str) else found.event
    where = parse_predicate(found.where) if found.where is not None else None
    if and_ is not None:
        where = and_ if where is None else Both(where, and_)
    return Slot(n, role, events, where, value, key, constant)


def _trait(n: int, predicate: Predicate) -> Iterator[Slot]:
    """Two slots a comparison: where it became true, and where it became false."""
    for place, leaf in enumerate(leaves_of(predicate)):
        column = leaf.column if leaf.column.startswith("traits.") else f"traits.{leaf.column}"
        told = _renamed(leaf, column)
        if isinstance(told, IsNull):
            # What was once said stays said: an event without the trait does not take it back.
            yield Slot(n, place, None, Not(told), constant=float(TRUE - 1))
            continue
        yield Slot(n, place, None, told, constant=float(TRUE))
        yield Slot(n, place, None, Not(told), constant=float(TRUE - 1))


def _renamed(leaf: Leaf, column: str) -> Leaf:
    match leaf:
        case Compare(_, op, value):
            return Compare(column, op, value)
        case Like(_, pattern, ignore_case):
            return Like(column, pattern, ignore_case)
        case OneOf(_, values):
            return OneOf(column, values)
        case IsNull():
            return IsNull(column)


def _automata(signals: tuple[Signal, ...], slots: tuple[Slot, ...]) -> NDArray[np.int64]:
    """The words the kernel reads; their order is told in `signal_kernel`."""
    many = len(signals)
    behind = k.RECORDS + k.FIELDS * many
    words = np.zeros(behind, np.int64)
    floats = words.view(np.float64)
    tables = [truth_table(parse_predicate(s.where)) if isinstance(s, c.Trait) else _NO_TABLE for s in signals]
    region, table = k.HEAD * many, behind + 2 * len(slots)
    for n, signal in enumerate(signals):
        at = k.RECORDS + k.FIELDS * n
        op = _OPS[type(signal)]
        width = len(signal.steps) if isinstance(signal, c.Sequence) else _WIDTHS.get(op, 0)
        # A sketch keeps its highest count in one word behind its registers.
        room = c.EXACT + 1 if op == k.DISTINCT else c.OPEN_KEYS if width else 0
        unset = unset_place(parse_predicate(signal.where)) if isinstance(signal, c.Trait) else 0
        words[at : at + k.FIELDS] = (
            op, 0, 0, _us(signal, "within", "longer_than", "after"), _us(signal, "at_most"), _times(signal), region, width,
            room, table, unset, signal.until is not None,
        )  # fmt: skip
        floats[at + k.RATE] = math.log(2) / microseconds(signal.half_life) if signal.half_life else 0.0
        floats[at + k.CAP] = math.inf if signal.cap is None else signal.cap
        region += width * room
        table += len(tables[n])
    words[[k.MANY, k.WORDS, k.SLOTS]] = many, region, behind
    reached = np.array([(slot.signal, slot.role) for slot in slots], np.int64).reshape(-1)
    return np.concatenate([words, reached, *(one.astype(np.int64) for one in tables)])


def _times(signal: Signal) -> int:
    if isinstance(signal, c.Sequence):
        return len(signal.steps)
    return int(getattr(signal, "times", 0))


def _us(signal: Signal, *names: str) -> int:
    """The first of these lengths of time that the signal has, microseconds; 0 when it has none."""
    found = (getattr(signal, name, None) for name in names)
    return next((microseconds(text) for text in found if isinstance(text, str)), 0)
