"""Every pattern again, in plain Python over a person's whole history: slow, obvious, and made from the definitions alone.

A happening is (time in microseconds, event, properties, traits), in the order of the log. Nothing here keeps a state: each hit is
found by looking at all that happened.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

from sojourn.records.durations import microseconds
from sojourn.signals import catalogue as c
from sojourn.signals.live_predicates import compile_predicate
from sojourn.signals.predicates import parse_predicate

if TYPE_CHECKING:
    from collections.abc import Sequence

Happening = tuple[int, str, dict[str, Any], dict[str, Any]]
Hit = tuple[int, int, float]
"""Time, place among the happenings (a timer: behind all of its time), amount."""


def value(signal: c.Signal, happenings: Sequence[Happening], at: int) -> float:
    """The signal's value at a time."""
    known = [h for h in happenings if h[0] <= at]
    ordered = sorted(enumerate(known), key=lambda pair: (pair[1][0], pair[0]))
    events = [h for _, h in ordered]
    resets = [n for n, h in enumerate(events) if signal.until is not None and matches(signal.until, h)]
    # What was before the last end is forgotten; the event that ends it is too.
    begin = resets[-1] + 1 if resets else 0
    rest = events[begin:]
    if isinstance(signal, c.Trait):
        return _trait(signal, rest)
    if isinstance(signal, c.Context):
        return _context(signal, rest, at)
    hits = sorted(h for h in _hits(signal, rest) if h[0] <= at)
    x, last = 0.0, 0
    for time, _, amount in hits:
        x = x * _left(signal, time - last) + amount
        if isinstance(signal, c.Recency):
            x = 1.0
        if signal.cap is not None:
            x = max(-signal.cap, min(signal.cap, x))
        last = time
    return x * _left(signal, at - last)


def matches(wanted: c.Matches | None, happening: Happening) -> bool:
    """Whether a happening is one of these."""
    if wanted is None:
        return True
    if isinstance(wanted, str):
        return happening[1] == wanted
    if isinstance(wanted, tuple):
        return happening[1] in wanted
    names = (wanted.event,) if isinstance(wanted.event, str) else wanted.event
    if names is not None and happening[1] not in names:
        return False
    return wanted.where is None or _test(wanted.where, happening) is True


def _test(where: str, happening: Happening) -> bool | None:
    traits = {f"traits.{name}": told for name, told in happening[3].items()}
    columns = {**happening[2], **traits, "event": happening[1]}
    return compile_predicate(parse_predicate(where))(columns.get)


def _left(signal: c.Signal, us: int) -> float:
    return 1.0 if signal.half_life is None else 2.0 ** (-us / microseconds(signal.half_life))


def _hits(signal: c.Signal, events: Sequence[Happening]) -> list[Hit]:  # noqa: C901, PLR0911  (one case a pattern)
    of = getattr(signal, "of", None)
    which = [n for n, h in enumerate(events) if matches(of, h)]
    match signal:
        case c.Count() | c.Recency():
            return [(events[n][0], n, 1.0) for n in which]
        case c.Sum(property=name):
            return [(events[n][0], n, float(events[n][2][name])) for n in which if events[n][2].get(name) is not None]
        case c.Distinct(property=name):
            told = [(events[n][2].get(name), n) for n in which]
            return [(events[n][0], n, 1.0) for v, n in told if v is not None and v not in [w for w, m in told if m < n]]
        case c.First():
            return [(events[n][0], n, 1.0) for n in which[:1]]
        case c.Burst():
            return _burst(signal, events, which)
        case c.Dwell():
            return _dwell(signal, events, which)
        case c.Without():
            return _without(signal, events, which)
        case c.RepeatWithout():
            return _repeat(signal, events, which)
        case c.Sequence():
            return _sequence(signal, events)
        case c.Return(after=after):
            pairs = itertools.pairwise(which)
            return [(events[n][0], n, 1.0) for m, n in pairs if events[n][0] - events[m][0] >= microseconds(after)]
    raise AssertionError(signal)


def _key(signal: c.Signal, happening: Happening) -> object:
    same = getattr(signal, "same", None)
    return "everything" if same is None else happening[2].get(same)


def _burst(signal: c.Burst, events: Sequence[Happening], which: list[int]) -> list[Hit]:
    hits, used = [], set[int]()
    for n in which:
        key = _key(signal, events[n])
        if key is None:
            continue
        since = events[n][0] - microseconds(signal.within)
        mine = [
            m for m in which if m <= n and m not in used and events[m][0] >= since and _key(signal, events[m]) == key
        ]
        if len(mine) >= signal.times:
            hits.append((events[n][0], n, 1.0))
            used |= set(mine)
    return hits


def _dwell(signal: c.Dwell, events: Sequence[Happening], which: list[int]) -> list[Hit]:
    hits = []
    for n, h in enumerate(events):
        begun = [m for m in which if m < n]
        if not matches(signal.next, h) or not begun:
            continue
        ended = [m for m in range(begun[-1] + 1, n) if matches(signal.next, events[m])]
        waited = h[0] - events[begun[-1]][0]
        if not ended and microseconds(signal.longer_than) < waited <= microseconds(signal.at_most):
            hits.append((h[0], n, 1.0))
    return hits


def _without(signal: c.Without, events: Sequence[Happening], which: list[int]) -> list[Hit]:
    hits = []
    for n in which:
        key, due = _key(signal, events[n]), events[n][0] + microseconds(signal.within)
        after = [(m, h) for m, h in enumerate(events) if m > n and h[0] <= due]
        again = any(m in which and _key(signal, h) == key for m, h in after)
        came = any(matches(signal.without, h) and _key(signal, h) in {key, None} for _, h in after)
        if key is not None and not again and not came:
            hits.append((due, len(events), 1.0))
    return hits


def _repeat(signal: c.RepeatWithout, events: Sequence[Happening], which: list[int]) -> list[Hit]:
    hits: list[Hit] = []
    for key in {_key(signal, events[n]) for n in which} - {None}:
        run: list[int] = []
        for n, h in enumerate(events):
            if signal.without is not None and matches(signal.without, h) and _key(signal, h) in {key, None}:
                run = []
            if n not in which or _key(signal, h) != key:
                continue
            if run and signal.within is not None and h[0] - events[run[0]][0] > microseconds(signal.within):
                run = []
            run.append(n)
            if len(run) == signal.times:
                hits.append((h[0], n, 1.0))
                run = []
    return hits


def _sequence(signal: c.Sequence, events: Sequence[Happening]) -> list[Hit]:
    hits: list[Hit] = []
    within, last = microseconds(signal.within), len(signal.steps) - 1
    for key in {_key(signal, h) for h in events} - {None}:
        since: list[int | None] = [None] * last
        for n, h in enumerate(events):
            if _key(signal, h) != key:
                continue
            for place in range(last, -1, -1):
                if not matches(signal.steps[place], h):
                    continue
                if place == 0:
                    since[0] = h[0]
                    continue
                start = since[place - 1]
                if start is None or h[0] - start > within:
                    continue
                if place == last:
                    hits.append((h[0], n, 1.0))
                    since = [None] * last
                else:
                    since[place] = start
    return hits


def _trait(signal: c.Trait, events: Sequence[Happening]) -> float:
    told: dict[str, Any] = {}
    for h in events:
        told |= {name: v for name, v in h[3].items() if v is not None}
    return 1.0 if compile_predicate(parse_predicate(signal.where))(told.get) is True else 0.0


def _context(signal: c.Context, events: Sequence[Happening], at: int) -> float:
    for h in reversed(events):
        verdict = _test(signal.where, h) if matches(signal.of, h) else None
        if verdict is not None:
            x = min(1.0, signal.cap or 1.0) if verdict else 0.0
            return x * _left(signal, at - h[0])
    return 0.0
