"""When persons came to the stages of a catalogue: its rules read as milestones, which nobody passes back.

In: a compiled catalogue. Out: for each stage the hits that bring a person to it, and when each person had them.
A rule asks what a profile is now; a map asks when it first was so. What fades, is capped or begins anew counts as it was when
it came. docs/methods/journey-map.md.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from sojourn.analyse.parts import frozen
from sojourn.analyse.signal_feeds import feeds_of
from sojourn.analyse.signal_pass import received_at
from sojourn.analyse.signal_pass_kernel import NEVER, hit_times
from sojourn.signals import catalogue as c
from sojourn.signals.predicates import Both, Compare, Either, columns_of, parse_predicate
from sojourn.signals.program import Program, compile_catalogue

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sojourn.analyse.parts import Part
    from sojourn.signals.catalogue import Catalogue, Signal
    from sojourn.signals.predicates import Predicate

_ONCE = (c.Sum, c.Recency, c.Trait, c.Context)
"""Patterns whose value is no number of hits: only that they were hit at all can be told."""


@dataclass(frozen=True, slots=True)
class Begun:
    """With the first event."""


@dataclass(frozen=True, slots=True)
class Hit:
    """With a hit of a signal.

    Attributes:
        signal: Its name.
        times: Which hit, from 1.
    """

    signal: str
    times: int


@dataclass(frozen=True, slots=True)
class Earlier:
    """With the first of two."""

    left: Entry
    right: Entry


@dataclass(frozen=True, slots=True)
class Later:
    """When both have come."""

    left: Entry
    right: Entry


Entry = Begun | Hit | Earlier | Later


@dataclass(frozen=True, slots=True)
class Entries:
    """Where the stages of a catalogue begin.

    Attributes:
        stages: Places of the stages in the catalogue, earliest first; those whose rule is no milestone are missing.
        rules: What brings a person to each of them.
        left_out: By name of a missing stage, why.
        program: The signals that the rules name, compiled.
        asked: The hits the rules name.
    """

    stages: tuple[int, ...]
    rules: tuple[Entry, ...]
    left_out: dict[str, str]
    program: Program
    asked: tuple[Hit, ...]


@lru_cache(maxsize=8)
def stage_entries(catalogue: Catalogue) -> Entries:
    """Read the rules of a catalogue's stages as milestones."""
    signals = {signal.name: signal for signal in catalogue.signals}
    stages, rules, left_out = [], [], {}
    for n, stage in enumerate(catalogue.stages):
        try:
            rules.append(_entry(parse_predicate(stage.where), signals))
        except _NoMilestone as reason:
            left_out[stage.name] = str(reason)
        else:
            stages.append(n)
    asked = tuple(dict.fromkeys(hit for rule in rules for hit in _hits(rule)))
    named = {hit.signal for hit in asked}
    # Without a hit to wait for there is nothing to fold; a program needs a signal all the same.
    own = tuple(signal for signal in catalogue.signals if signal.name in named) or catalogue.signals[:1]
    program = compile_catalogue(msgspec.structs.replace(catalogue, signals=own, stages=(), scores=(), segments=()))
    return Entries(tuple(stages), tuple(rules), left_out, program, asked)


def entry_times(part: Part, entries: Entries, at_us: int) -> NDArray[np.int64]:
    """When each person came to each stage; `NEVER` when not by `at_us`.

    Returns:
        int64, shape (stages, persons).
    """
    persons = len(part.person)
    hits = np.full((persons, len(entries.asked)), NEVER, np.int64)
    place = {name: n for n, name in enumerate(entries.program.names)}
    if entries.asked and persons:
        feeds = feeds_of(part, entries.program)
        hit_times(
            entries.program.automata, feeds.words, feeds.lookups, feeds.literals, feeds.keys, feeds.codes, feeds.numbers,
            part.start, part.stop, part.time, part.event, received_at(part), at_us,
            frozen(np.array([place[hit.signal] for hit in entries.asked], np.int64)),
            frozen(np.array([hit.times for hit in entries.asked], np.int64)), hits,
        )  # fmt: skip
    first = part.time[part.start] if persons else np.empty(0, np.int64)
    column = {hit: hits[:, n] for n, hit in enumerate(entries.asked)}
    out = np.empty((len(entries.rules), persons), np.int64)
    for n, rule in enumerate(entries.rules):
        out[n] = _when(rule, first, column)
    return out


def told(entry: Entry) -> str:
    """A milestone in words."""
    match entry:
        case Begun():
            return "first event"
        case Hit(signal, times):
            return signal if times == 1 else f"{signal}, {times} times"
        case Earlier(left, right):
            return f"{told(left)} or {told(right)}"
        case Later(left, right):
            sides = (f"({told(side)})" if isinstance(side, Earlier) else told(side) for side in (left, right))
            return " and ".join(sides)


class _NoMilestone(Exception):
    """A rule that can become untrue again, or that no hit brings about."""


def _entry(predicate: Predicate, signals: dict[str, Signal]) -> Entry:
    match predicate:
        case Both(left, right):
            return Later(_entry(left, signals), _entry(right, signals))
        case Either(left, right):
            return Earlier(_entry(left, signals), _entry(right, signals))
        case Compare(column, ">" | ">=" as op, bool() | int() | float() as value) if column.startswith("signal."):
            return _counted(signals[column.removeprefix("signal.")], op, float(value))
    raise _NoMilestone(
        f"{', '.join(sorted(columns_of(predicate)))} can become untrue again, or no event brings it about"
    )


def _counted(signal: Signal, op: str, value: float) -> Entry:
    needed = math.floor(value) + 1 if op == ">" else math.ceil(value)
    if op == ">=" and needed <= 0:
        return Begun()
    if op == ">" and value < 0:
        return Begun()
    if needed > 1 and isinstance(signal, _ONCE):
        raise _NoMilestone(f"signal.{signal.name} says how much, not how often; no hit of it is the one that counts")
    return Hit(signal.name, needed)


def _hits(entry: Entry) -> list[Hit]:
    match entry:
        case Hit():
            return [entry]
        case Earlier(left, right) | Later(left, right):
            return [*_hits(left), *_hits(right)]
        case Begun():
            return []


def _when(entry: Entry, first: NDArray[np.int64], hits: dict[Hit, NDArray[np.int64]]) -> NDArray[np.int64]:
    match entry:
        case Begun():
            return first
        case Hit():
            return hits[entry]
        case Earlier(left, right):
            return np.minimum(_when(left, first, hits), _when(right, first, hits))
        case Later(left, right):
            return np.maximum(_when(left, first, hits), _when(right, first, hits))
