"""Whether the records of a catalogue fit together: names, references, predicates, zones.

In: a decoded catalogue. Out: paths and what is wrong there. Never stops at the first problem.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from sojourn.records.durations import microseconds
from sojourn.records.errors import BadOption, BadPredicate
from sojourn.records.periods import zone
from sojourn.signals.catalogue import (
    COMPARISONS,
    Context,
    Dwell,
    Match,
    Recency,
    Sequence,
    Trait,
)
from sojourn.signals.predicates import columns_of, parse_predicate
from sojourn.signals.truth import leaves_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sojourn.signals.catalogue import Catalogue, Matches, Score, Signal

Wrong = tuple[str, str]
"""A path and what is wrong there."""

CLOCK = ("time.hour", "time.weekday")
"""Columns that any predicate may read: hour 0 to 23 and weekday 1 (Monday) to 7 in the catalogue's time zone."""


def check(catalogue: Catalogue) -> Iterator[Wrong]:
    """Everything that does not fit."""
    try:
        zone(catalogue.time_zone)
    except BadOption as error:
        yield "$.time_zone", str(error)
    for part in ("signals", "stages", "scores", "segments"):
        yield from _names(part, [item.name for item in getattr(catalogue, part)])
    for n, signal in enumerate(catalogue.signals):
        for path, says in _signal(signal):
            yield f"$.signals[{n}]{path}", says
    signals = {f"signal.{signal.name}" for signal in catalogue.signals}
    scores = {f"score.{score.name}" for score in catalogue.scores}
    for n, stage in enumerate(catalogue.stages):
        yield from _profile(stage.where, f"$.stages[{n}].where", signals)
    for n, score in enumerate(catalogue.scores):
        for path, says in _score(score, {signal.name for signal in catalogue.signals}, signals):
            yield f"$.scores[{n}]{path}", says
    for n, segment in enumerate(catalogue.segments):
        yield from _profile(segment.where, f"$.segments[{n}].where", signals | scores | {"stage"})


def _names(part: str, names: list[str]) -> Iterator[Wrong]:
    first: dict[str, int] = {}
    for n, name in enumerate(names):
        if name in first:
            yield f"$.{part}[{n}].name", f"expected a name of its own, {name!r} is that of $.{part}[{first[name]}]"
        first.setdefault(name, n)


def _signal(signal: Signal) -> Iterator[Wrong]:  # noqa: C901  (one case a pattern)
    for name in ("of", "without", "next", "until"):
        yield from _matches(getattr(signal, name, None), f".{name}")
    for name in ("half_life", "within", "longer_than", "at_most", "after"):
        text = getattr(signal, name, None)
        if isinstance(text, str) and _us(text) is None:
            yield f".{name}", f"expected a length of time above zero, got {text!r}"
    match signal:
        case Recency(half_life=None):
            yield ".half_life", "expected a half-life: recency is how much of it is left since the last event"
        case Sequence(steps=steps):
            for n, step in enumerate(steps):
                yield from _matches(step, f".steps[{n}]")
        case Trait(where=where):
            yield from _comparisons(where)
            if signal.half_life is not None:
                yield ".half_life", "expected none: a trait is true or it is not"
        case Context(where=where):
            yield from _where(where, ".where")
        case Dwell(longer_than=longer, at_most=most) if (_us(longer) or 0) >= (_us(most) or 1):
            yield ".at_most", f"expected more than `longer_than` ({longer}), got {most}"


def _comparisons(where: str) -> Iterator[Wrong]:
    found = list(_where(where, ".where"))
    yield from found
    if not found and any(column.startswith("time") for column in columns_of(parse_predicate(where))):
        yield ".where", "expected traits only; use the pattern `context` for the time"


def _matches(matches: Matches | None, path: str) -> Iterator[Wrong]:
    if isinstance(matches, Match):
        if matches.event is None and matches.where is None:
            yield path, "expected `event`, `where` or both, got neither"
        if matches.where is not None:
            yield from _where(matches.where, f"{path}.where")


def _where(where: str, path: str) -> Iterator[Wrong]:
    try:
        predicate = parse_predicate(where)
    except BadPredicate as error:
        yield path, str(error)
        return
    if (many := len(leaves_of(predicate))) > COMPARISONS:
        yield path, f"expected at most {COMPARISONS} comparisons, got {many}; `column in (...)` is one"
    for column in sorted(columns_of(predicate)):
        if column == "time" or (column.startswith("time.") and column not in CLOCK):
            yield path, f"expected {' or '.join(CLOCK)} for the time, got {column!r}"


def _score(score: Score, names: set[str], signals: set[str]) -> Iterator[Wrong]:
    for n, term in enumerate(score.terms):
        given = (term.signal is not None, term.weight is not None, term.when is not None, term.points is not None)
        if given not in {(True, True, False, False), (False, False, True, True)}:
            yield f".terms[{n}]", "expected `signal` and `weight`, or `when` and `points`"
        if term.signal is not None and term.signal not in names:
            yield (
                f".terms[{n}].signal",
                f"expected a signal of this catalogue, got {term.signal!r}{_near(term.signal, names)}",
            )
        if term.when is not None:
            yield from _profile(term.when, f".terms[{n}].when", signals | {"stage"})
    if score.low is not None and score.high is not None and score.low >= score.high:
        yield ".low", f"expected less than `high` ({score.high:g}), got {score.low:g}"
    if score.goal is not None:
        yield from _matches(score.goal.of, ".goal.of")
        if _us(score.goal.within) is None:
            yield ".goal.within", f"expected a length of time above zero, got {score.goal.within!r}"


def _profile(where: str, path: str, known: set[str]) -> Iterator[Wrong]:
    """A predicate over the profile: signals, traits, the clock, and what is known by then."""
    try:
        columns = columns_of(parse_predicate(where))
    except BadPredicate as error:
        yield path, str(error)
        return
    for column in sorted(columns):
        if column in known or column in CLOCK or column.startswith("traits."):
            continue
        allowed = "signal.NAME, score.NAME, stage, traits.NAME" if "stage" in known else "signal.NAME, traits.NAME"
        yield path, f"expected {allowed}, {' or '.join(CLOCK)}; got {column!r}{_near(column, known)}"


def _us(text: str) -> int | None:
    try:
        return microseconds(text)
    except BadOption:
        return None


def _near(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
