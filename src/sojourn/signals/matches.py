"""Which signals an event reaches: its matches, live.

In: a program and an `Event`. Out: `MATCH` records, mostly none. Over history `analyse.signal_pass` finds the same ones.
"""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING

import numpy as np

from sojourn.signals.event_view import EventView
from sojourn.signals.keys import ONE, number_key, text_key
from sojourn.signals.live_predicates import compile_predicate
from sojourn.signals.predicates import columns_of
from sojourn.signals.signal_kernel import KEYLESS
from sojourn.signals.state import MATCH

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sojourn.records.event import Event
    from sojourn.signals.event_view import Cell
    from sojourn.signals.live_predicates import Test
    from sojourn.signals.predicates import Predicate
    from sojourn.signals.program import Program, Slot

_PACK = struct.Struct("<qqdqi").pack
"""One `MATCH`."""


class Matcher:
    """A program's slots by event name, their predicates compiled.

    One instance serves all events of a process.
    """

    def __init__(self, program: Program) -> None:
        """Compile the predicates."""
        self._zone = program.catalogue.time_zone
        self._any = [(n, slot) for n, slot in enumerate(program.slots) if slot.events is None]
        self._named: dict[str, list[tuple[int, Slot]]] = {}
        for n, slot in enumerate(program.slots):
            for name in slot.events or ():
                self._named.setdefault(name, []).append((n, slot))
        tests: dict[Predicate, Test] = {}
        self._tests = {
            slot.where: tests.setdefault(slot.where, compile_predicate(slot.where))
            for slot in program.slots
            if slot.where
        }
        self._of_event: dict[str, list[tuple[int, Slot, Test | None, bool]]] = {}

    def matches(self, event: Event, seq: int) -> NDArray[np.void]:
        """The matches of an event.

        Args:
            event: An accepted event.
            seq: Its place in the log.

        Returns:
            `MATCH` records in the order of their slots; empty for most events.
        """
        return np.frombuffer(self.packed(event, seq), MATCH)

    def packed(self, event: Event, seq: int) -> bytes:
        """The same as the bytes that are kept."""
        slots = self._of_event.get(event.event)
        if slots is None:
            slots = self._slots(event.event)
        if not slots:
            return b""
        column = EventView(event, self._zone).column
        no_traits = event.traits is None
        found = b""
        for n, slot, test, of_traits in slots:
            if test is not None and ((of_traits and no_traits) or not test(column)):
                continue
            value = slot.constant if slot.value is None else number_of(column(slot.value))
            key = ONE if slot.key is None else key_of(column(slot.key))
            found += _PACK(event.time, seq, value, key, n)
        return found

    def _slots(self, name: str) -> list[tuple[int, Slot, Test | None, bool]]:
        """The slots that events of a name can reach; kept for the next one."""
        found = sorted([*self._any, *self._named.get(name, [])], key=lambda pair: pair[0])
        made = [(n, slot, self._tests[slot.where] if slot.where else None, of_traits(slot)) for n, slot in found]
        if len(self._of_event) < _NAMES_KEPT:
            self._of_event[name] = made
        return made


_NAMES_KEPT = 10_000
"""Event names are the senders' to choose; beyond this many they are looked up each time."""


def matches_of(program: Program, event: Event, seq: int = 0) -> NDArray[np.void]:
    """The matches of one event; `Matcher` serves many."""
    return Matcher(program).matches(event, seq)


def number_of(value: Cell) -> float:
    """A column's value as a number, NaN when it is none."""
    if value is None:
        return math.nan
    try:
        number = float(value)
    except ValueError:
        return math.nan
    return number if math.isfinite(number) else math.nan


def key_of(value: Cell) -> int:
    """A column's value as a key."""
    if value is None:
        return KEYLESS
    return text_key(value) if isinstance(value, str) else number_key(float(value))


def of_traits(slot: Slot) -> bool:
    """Whether it is unknown of every event without traits: spares most events the question."""
    return (
        slot.where is not None
        and all(column.startswith("traits.") for column in columns_of(slot.where))
        and _strict(slot.where)
    )


def _strict(predicate: Predicate) -> bool:
    """Whether it is never true when all its columns are null."""
    return compile_predicate(predicate)(lambda _name: None) is not True
