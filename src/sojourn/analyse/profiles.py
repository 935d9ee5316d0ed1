"""Stages, scores and segments of many persons at once.

In: a block of persons with the values of their signals. Out: columns, one value a person. Says of each person exactly what
`signals.profile` says live.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from sojourn.analyse.masks import truth
from sojourn.records.errors import UnknownColumn
from sojourn.signals.event_view import hour_of, weekday_of
from sojourn.signals.predicates import Both, Either, IsNull, Not, columns_of, parse_predicate
from sojourn.signals.profile import DIGITS
from sojourn.store.columns import Column, NumberColumn, TextColumn

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sojourn.analyse.signal_pass import Block
    from sojourn.signals.catalogue import Score
    from sojourn.signals.predicates import Predicate
    from sojourn.signals.program import Program


@dataclass(frozen=True, slots=True)
class Profiles:
    """Profiles of the persons of a block at one time.

    Attributes:
        stage: int32, one a person: place of the stage, -1 for none.
        points: float64, shape (scores, persons), rounded.
        members: bool, shape (segments, persons).
    """

    stage: NDArray[np.int32]
    points: NDArray[np.float64]
    members: NDArray[np.bool_]


class _Persons:
    """Persons as rows, their signals, traits, stage and scores as columns: what a predicate is asked of."""

    def __init__(self, program: Program, block: Block, time: int) -> None:
        self._block, self._time = block, time
        self._zone = program.catalogue.time_zone
        self.time = np.ones(len(block.person), np.int64)
        # A signal's values side by side: every predicate and term runs over them.
        self.signals = np.ascontiguousarray(block.values[time].T)
        rounded = np.round(self.signals, DIGITS)
        self._columns: dict[str, Column | None] = {
            f"signal.{name}": NumberColumn(rounded[n]) for n, name in enumerate(program.names)
        }

    def put(self, name: str, column: Column) -> None:
        """A column that later ones may read."""
        self._columns[name] = column

    def column(self, name: str) -> Column:
        """A column, found when it is first asked for."""
        if name not in self._columns:
            self._columns[name] = self._found(name)
        column = self._columns[name]
        if column is None:
            raise UnknownColumn(name)
        return column

    def _found(self, name: str) -> Column | None:
        many = len(self.time)
        if name in {"time.hour", "time.weekday"}:
            clock = hour_of if name == "time.hour" else weekday_of
            told = clock(int(self._block.at[self._time]), self._zone)
            return NumberColumn(np.full(many, np.nan if told is None else float(told)))
        return as_column(self._block.known(name, self._time))

    def test(self, predicate: Predicate) -> NDArray[np.bool_]:
        """Where a predicate is true."""
        return self._truth(predicate)[0]

    def _truth(self, predicate: Predicate) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        match predicate:
            case Both(left, right):
                (lt, lf), (rt, rf) = self._truth(left), self._truth(right)
                return lt & rt, lf | rf
            case Either(left, right):
                (lt, lf), (rt, rf) = self._truth(left), self._truth(right)
                return lt | rt, lf & rf
            case Not(inner):
                true, false = self._truth(inner)
                return false, true
        try:
            return truth(self, predicate, self._zone)  # type: ignore[arg-type]  # columns and times are all it asks of a part
        except UnknownColumn:
            # A trait nobody has is null for everybody.
            nobody = np.zeros(len(self.time), np.bool_)
            return (~nobody, nobody) if isinstance(predicate, IsNull) else (nobody, nobody)


class HistoryRules:
    """Stages, scores and segments of a program, for blocks of persons."""

    def __init__(self, program: Program) -> None:
        """Parse the predicates."""
        catalogue = program.catalogue
        self.program = program
        self._stages = [parse_predicate(stage.where) for stage in catalogue.stages]
        self._whens = [[parse_predicate(t.when) if t.when else None for t in score.terms] for score in catalogue.scores]
        self._segments = [parse_predicate(segment.where) for segment in catalogue.segments]
        self._place = {name: n for n, name in enumerate(program.names)}

    @property
    def traits(self) -> list[str]:
        """Columns of traits that any predicate reads."""
        whens = [when for score in self._whens for when in score if when is not None]
        found = {column for predicate in (*self._stages, *whens, *self._segments) for column in columns_of(predicate)}
        return sorted(column for column in found if column.startswith("traits."))

    def profiles(self, block: Block, time: int = 0) -> Profiles:
        """Profiles of a block at the time of that place."""
        catalogue = self.program.catalogue
        persons = _Persons(self.program, block, time)
        many = len(block.person)
        stage = np.full(many, -1, np.int32)
        for n, predicate in enumerate(self._stages):
            stage[persons.test(predicate)] = n
        persons.put("stage", TextColumn(stage, [one.name for one in catalogue.stages]))
        points = np.empty((len(catalogue.scores), many))
        for n, score in enumerate(catalogue.scores):
            points[n] = self._points(score, self._whens[n], persons)
        for n, score in enumerate(catalogue.scores):
            persons.put(f"score.{score.name}", NumberColumn(points[n]))
        members = np.zeros((len(self._segments), many), np.bool_)
        for n, predicate in enumerate(self._segments):
            members[n] = persons.test(predicate)
        return Profiles(stage, points, members)

    def _points(self, score: Score, whens: list[Predicate | None], persons: _Persons) -> NDArray[np.float64]:
        # Term by term in the order of the catalogue, as live: the same sums to the last bit.
        points = np.full(len(persons.time), score.base)
        for term, when in zip(score.terms, whens, strict=True):
            if when is None:
                assert term.signal is not None  # a term is one or the other, the file was checked
                assert term.weight is not None
                points += persons.signals[self._place[term.signal]] * term.weight
            else:
                points += persons.test(when) * np.float64(term.points)
        rounded: NDArray[np.float64] = np.round(
            np.clip(points, -np.inf if score.low is None else score.low, np.inf if score.high is None else score.high),
            DIGITS,
        )
        return rounded


def as_column(values: list[str | float | None]) -> Column | None:
    """Values of persons as a column; None when all are null."""
    known = [value for value in values if value is not None]
    if not known:
        return None
    if not any(isinstance(value, str) for value in known):
        return NumberColumn(np.array([np.nan if value is None else value for value in values], np.float64))
    coded = pa.array([None if value is None else str(value) for value in values], pa.large_string()).dictionary_encode()
    codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)
    return TextColumn(codes, coded.dictionary.to_pylist())
