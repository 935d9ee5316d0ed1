"""What a person's signals come to: stage, scores with their terms, segments.

In: a catalogue, values of signals, traits, a time. Out: `Profile`, frozen. The order is signals, stage, scores, segments: each may
read what stands before it. Predicates see values rounded to six digits, so that no last bit moves a membership. Over history
`analyse.profiles` says the same of many persons at once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sojourn.signals.event_view import cell, hour_of, weekday_of
from sojourn.signals.live_predicates import compile_predicate
from sojourn.signals.predicates import parse_predicate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from numpy.typing import NDArray

    from sojourn.signals.catalogue import Scale, Score
    from sojourn.signals.event_view import Cell
    from sojourn.signals.live_predicates import Test
    from sojourn.signals.program import Program

DIGITS = 6
"""Digits behind the point that predicates see of a value."""
_SCALE = 10.0**DIGITS


@dataclass(frozen=True, slots=True)
class TermPoints:
    """One term of a score.

    Attributes:
        says: What it means.
        signal: Its signal; None for a term of the profile.
        value: The signal's value; 1 or 0 for a term of the profile.
        points: What it adds.
    """

    says: str
    signal: str | None
    value: float
    points: float


@dataclass(frozen=True, slots=True)
class ScorePoints:
    """One score of a person.

    Attributes:
        name: Its name.
        points: `base` and all terms, within `low` and `high`; rounded.
        chance: What the points are as a probability; None without a scale.
        terms: The terms that add or take something, in the order of the catalogue.
    """

    name: str
    points: float
    chance: float | None
    terms: tuple[TermPoints, ...]


@dataclass(frozen=True, slots=True)
class Profile:
    """What a person's signals come to at a time.

    Attributes:
        stage: The last stage whose rule is true; None when none is.
        scores: The scores, in the order of the catalogue.
        segments: Names of the segments the person is in.
    """

    stage: str | None
    scores: tuple[ScorePoints, ...]
    segments: tuple[str, ...]


class Rules:
    """Stages, scores and segments of a program, their predicates compiled. One instance serves all persons."""

    def __init__(self, program: Program) -> None:
        """Compile the predicates."""
        catalogue = program.catalogue
        self._zone = catalogue.time_zone
        self.place = {name: n for n, name in enumerate(program.names)}
        self._says = {signal.name: signal.says for signal in catalogue.signals}
        self._scores = catalogue.scores
        self._stages = [(stage.name, _test(stage.where)) for stage in catalogue.stages]
        self._whens = [[_test(term.when) if term.when else None for term in score.terms] for score in catalogue.scores]
        self._segments = [(segment.name, _test(segment.where)) for segment in catalogue.segments]
        self.score_place = {score.name: n for n, score in enumerate(catalogue.scores)}
        self._adds = [
            [
                (when, 0, term.points or 0.0) if when else (None, self.place[term.signal or ""], term.weight or 0.0)
                for term, when in zip(score.terms, whens, strict=True)
            ]
            for score, whens in zip(self._scores, self._whens, strict=True)
        ]

    def segments(self, values: NDArray[np.float64], traits: Mapping[str, Any], at_us: int) -> tuple[str, ...]:
        """The segments of `profile` alone: only those stages and scores are found that they read, and no term is told."""
        column = _Asked(self, values.tolist(), _Known({}, traits, at_us, self._zone))
        return tuple(name for name, test in self._segments if test(column))

    def profile(self, values: NDArray[np.float64], traits: Mapping[str, Any], at_us: int) -> Profile:
        """Stage, scores and segments.

        Args:
            values: As `state.read` gives them.
            traits: The person's traits as last said, by name; nested ones are reached by a path.
            at_us: When the values were read, microseconds since 1970 UTC.
        """
        rounded = np.round(values, DIGITS).tolist()
        known: dict[str, Cell] = {f"signal.{name}": rounded[n] for name, n in self.place.items()}
        column = _Known(known, traits, at_us, self._zone)
        known["stage"] = stage = self.stage(column)
        scores = tuple(
            self._score(score, whens, values, column) for score, whens in zip(self._scores, self._whens, strict=True)
        )
        known |= {f"score.{score.name}": score.points for score in scores}
        return Profile(stage, scores, tuple(name for name, test in self._segments if test(column)))

    def stage(self, column: Callable[[str], Cell]) -> str | None:
        """The last stage whose rule is true."""
        return next((name for name, test in reversed(self._stages) if test(column)), None)

    def points(self, number: int, values: Sequence[float], column: Callable[[str], Cell]) -> float:
        """The points of a score, as `profile` gives them, from the values of all signals."""
        score = self._scores[number]
        points = score.base
        for when, place, weight in self._adds[number]:
            if when is None:
                points += values[place] * weight
            elif when(column):
                points += weight
        return _within(score, points)

    def _score(
        self, score: Score, whens: Sequence[Test | None], values: NDArray[np.float64], column: _Known
    ) -> ScorePoints:
        points = score.base
        terms = []
        for term, when in zip(score.terms, whens, strict=True):
            if when is None:
                assert term.signal is not None  # a term is one or the other, the file was checked
                assert term.weight is not None
                value = float(values[self.place[term.signal]])
                more = value * term.weight
            else:
                assert term.points is not None
                value = 1.0 if when(column) else 0.0
                more = value * term.points
            points += more
            if more:
                says = term.says or (self._says[term.signal] if term.signal else str(term.when))
                terms.append(TermPoints(says, term.signal, round(value, DIGITS), round(more, DIGITS)))
        points = _within(score, points)
        return ScorePoints(score.name, points, chance(score.scale, points), tuple(terms))


def _within(score: Score, points: float) -> float:
    """Points between the bounds of their score, rounded."""
    if score.low is not None and points < score.low:
        points = score.low
    if score.high is not None and points > score.high:
        points = score.high
    return rounded(points)


def rounded(number: float) -> float:
    """What `numpy.round(number, DIGITS)` gives: half a step goes to the even side, of the number as it is scaled."""
    scaled = number * _SCALE
    # What is not finite has no nearest whole number, and stays what it is.
    return round(scaled) / _SCALE if math.isfinite(scaled) else scaled


def chance(scale: Scale | None, points: float) -> float | None:
    """Points as a probability: `odds = 2^((points - even_at) / doubles)`; None without a scale."""
    if scale is None:
        return None
    # Beyond 2^±1000 a float64 has no more odds to tell apart.
    odds = 2.0 ** max(-1000.0, min(1000.0, (points - scale.even_at) / scale.doubles))
    return odds / (1.0 + odds)


class _Known:
    """Columns of a profile by name."""

    def __init__(self, known: dict[str, Cell], traits: Mapping[str, Any], at_us: int, zone: str) -> None:
        self._known, self._traits, self._at, self._zone = known, traits, at_us, zone

    def __call__(self, name: str) -> Cell:
        if name in self._known:
            return self._known[name]
        if name == "time.hour":
            return hour_of(self._at, self._zone)
        if name == "time.weekday":
            return weekday_of(self._at, self._zone)
        value: Any = self._traits
        for part in name.removeprefix("traits.").split("."):
            value = value.get(part) if isinstance(value, dict) else None
        return cell(value)


class _Asked:
    """Columns of a profile by name, each found when it is first asked for."""

    __slots__ = ("_found", "_others", "_rules", "_values")

    def __init__(self, rules: Rules, values: Sequence[float], others: _Known) -> None:
        self._rules, self._values, self._others = rules, values, others
        self._found: dict[str, Cell] = {}

    def __call__(self, name: str) -> Cell:
        found = self._found
        if name not in found:
            found[name] = self._find(name)
        return found[name]

    def _find(self, name: str) -> Cell:
        root, _, rest = name.partition(".")
        match root:
            case "signal":
                return rounded(self._values[self._rules.place[rest]])
            case "stage":
                return self._rules.stage(self)
            case "score":
                return self._rules.points(self._rules.score_place[rest], self._values, self)
            case _:
                return self._others(name)


def _test(where: str) -> Test:
    return compile_predicate(parse_predicate(where))
