"""What `compare` should count, by plain loops over rows: slow, short, and written from docs/methods/compare.md alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Event = tuple[int, str, dict[str, Any]]
"""Seconds, name, properties."""


@dataclass
class Watched:
    """One person: the events before the outcome, in the look, and in the look with what follows it."""

    person: str
    converted: bool
    strict: list[Event]
    look: list[Event]
    continued: list[Event]


def last_try(events: Sequence[Event], a: str, b: str, *, gap: int, within: float) -> tuple[int, int | None] | None:
    """Places of the begin of the last try and of the outcome, for a funnel of two steps."""
    visit, latest, entry, entry_visit = 0, None, None, -1
    for place, (time, name, _) in enumerate(events):
        if place and time - events[place - 1][0] >= gap:
            visit += 1
        if name == b and latest is not None and time - latest <= within and entry is not None:
            return entry, place
        if name == a:
            latest = time
            if visit != entry_visit:
                entry, entry_visit = place, visit
    return None if entry is None else (entry, None)


def watch(
    journeys: dict[str, list[Event]], a: str, b: str, *, gap: int = 1800, within: float = float("inf")
) -> tuple[list[Watched], int]:
    """Everyone who is compared, and how many are left out; persons in the order of the index."""
    tries = {p: found for p, events in journeys.items() if (found := last_try(events, a, b, gap=gap, within=within))}
    lengths = sorted(
        journeys[p][end][0] - journeys[p][begin][0] for p, (begin, end) in tries.items() if end is not None
    )
    log_end = max((events[-1][0] for events in journeys.values()), default=0)
    known = []
    for person, (begin, end) in tries.items():
        fits = [length for length in lengths if length <= log_end - journeys[person][begin][0]]
        if end is not None or fits:
            known.append((person, begin, end, fits))
    leavers = sorted((x for x in known if x[2] is None), key=lambda x: journeys[x[0]][x[1]][0])
    turn = {person: ((place + 0.5) * 0.6180339887498949) % 1 for place, (person, *_) in enumerate(leavers)}
    far = lengths[len(lengths) * 9 // 10] if lengths else 0
    out = []
    for person, begin, end, fits in known:
        events, came = journeys[person], journeys[person][begin][0]
        length = events[end][0] - came if end is not None else fits[int(turn[person] * len(fits))]
        rest = list(enumerate(events))[begin:]
        if end is None:
            strict = [event for place, event in rest if place == begin or event[0] - came < length]
        else:
            strict = [event for place, event in rest if place < end]
        look = strict + [event for _, event in rest[len(strict) :] if event[0] - came < max(length, 60)]
        over = next((p for p in range(begin + 1, len(events)) if events[p][0] - events[p - 1][0] >= gap), len(events))
        later = [e for place, e in rest[len(look) :] if e[0] - came < far or place < over]
        out.append(Watched(person, end is not None, strict, look, look + later))
    return out, len(tries) - len(known)


def tally(watched: Sequence[Watched], has: Callable[[list[Event]], bool]) -> dict[str, tuple[int, int]]:
    """How many leavers and converters have it before the outcome, in the look, and with what follows."""
    return {
        part: (
            sum(has(getattr(w, part)) for w in watched if not w.converted),
            sum(has(getattr(w, part)) for w in watched if w.converted),
        )
        for part in ("strict", "look", "continued")
    }


def did(name: str, times: int = 1) -> Callable[[list[Event]], bool]:
    """Whether an event happened so many times."""
    return lambda events: sum(event[1] == name for event in events) >= times


def had(name: str | None, key: str, value: Any, *, barred: str) -> Callable[[list[Event]], bool]:
    """Whether an event (any but the outcome, when `name` is None) carried a value."""
    return lambda events: any(
        event[2].get(key) == value and event[1] != barred and name in (None, event[1]) for event in events
    )
