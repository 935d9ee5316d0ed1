"""Signals over history: how many persons have each, how often, how strong.

In: parts and a `SignalQuestion`. Out: `Signals`. The values are those the live state would have at that time; definitions:
docs/methods/signals.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from sojourn.analyse.results import Drill, Persons, Result
from sojourn.analyse.signal_pass import received_at, signal_blocks
from sojourn.analyse.signal_question import SignalQuestion, read_question
from sojourn.records.errors import BadOption

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sojourn.analyse.journeys import Journeys
    from sojourn.analyse.parts import Part


@dataclass(frozen=True, slots=True)
class SignalReading:
    """One signal.

    Attributes:
        name: Its name.
        kind: Its kind.
        pattern: Its pattern.
        says: What it means.
        persons: Persons in whom it is not 0 at that time.
        share: Of all persons.
        persons_ever: Persons it ever fired for until then.
        hits: How often it fired in all.
        mean: Mean value over `persons`; `nan` without any.
        median: Median value over `persons`.
        p90: Nine tenths of `persons` have at most this.
        max: The largest value.
    """

    name: str
    kind: str
    pattern: str
    says: str
    persons: int
    share: float
    persons_ever: int
    hits: int
    mean: float
    median: float
    p90: float
    max: float


@dataclass(frozen=True, slots=True)
class Signals(Result):
    """All signals at a time.

    Attributes:
        catalogue: Where the catalogue came from: a file, or the branch it is made for.
        at_us: When the signals are read, microseconds since 1970 UTC.
        persons_total: Persons with an event until then, who may be scored.
        persons_unscored: Persons whose consent forbids it; they are counted nowhere else.
        events: Events until then.
        signals: One record a signal, in the order of the catalogue.
        note: What the reader should know; empty when nothing.
    """

    catalogue: str
    at_us: int
    persons_total: int
    persons_unscored: int
    events: int
    signals: tuple[SignalReading, ...]
    note: str = ""
    _drill: Drill | None = field(default=None, repr=False, compare=False)

    def rows(self) -> Sequence[SignalReading]:
        """One row a signal."""
        return self.signals

    def persons(self, signal: str, *, ever: bool = False) -> Persons:
        """Persons in whom a signal is not 0.

        Args:
            signal: Its name in the catalogue.
            ever: Instead those it ever fired for until then, whether anything is left of it or not.
        """
        assert self._drill is not None  # every Signals is made by `signals`
        return members(self._drill.journeys, self._drill.question, signal, ever=ever)

    def persons_of(self, kind: Literal["scored", "unscored"] = "scored") -> Persons:
        """The persons who may be scored, or those whose consent forbids it.

        Args:
            kind: Which of these.
        """
        assert self._drill is not None  # every Signals is made by `signals`
        question: SignalQuestion = self._drill.question
        return question.counted(self._drill.journeys, kind)


@dataclass(frozen=True, slots=True)
class SignalsPartial:
    """What one part adds.

    Attributes:
        persons: Persons with an event until then.
        events: Events until then.
        ever: int64, one a signal: persons it ever fired for.
        hits: int64, one a signal.
        values: float64, one array a signal: the values that are not 0.
    """

    persons: int
    events: int
    ever: NDArray[np.int64]
    hits: NDArray[np.int64]
    values: list[NDArray[np.float64]]


def signals(
    journeys: Journeys,
    *,
    catalogue: Any = None,  # noqa: ANN401  (a Catalogue, a path or a name: `read_question` says)
    at: str | dt.date | None = None,
) -> Signals:
    """Read every signal over history.

    Args:
        journeys: The log.
        catalogue: A `Catalogue`; a file; `shop`, `software` or `streaming`; None for `signals.yaml` of the data folder, else the
            branch that fits the log's events.
        at: A moment: what had happened and was received by then counts; None for everything.

    Raises:
        BadCatalogue: There is no such catalogue, or it is wrong.
    """
    question = read_question(journeys, catalogue, at)
    partials = journeys.map(lambda part: partial(part, question), journeys.parts())
    return merge(partials, question, journeys=journeys)


def partial(part: Part, question: SignalQuestion) -> SignalsPartial:
    """Read the signals of one part."""
    names = question.program.names
    ever, hits = np.zeros(len(names), np.int64), np.zeros(len(names), np.int64)
    values: list[list[NDArray[np.float64]]] = [[] for _ in names]
    persons = 0
    for block in signal_blocks(part, question.program, [question.at_us], only=question.wanted(part)):
        persons += int(block.begun(0).sum())
        ever += (block.hits > 0).sum(axis=0)
        hits += block.hits.sum(axis=0, dtype=np.int64)
        for n in range(len(names)):
            column = block.values[0, :, n]
            values[n].append(column[column != 0])
    received = received_at(part)
    seen = (received if len(received) else part.time) <= question.at_us
    return SignalsPartial(persons, int(seen.sum()), ever, hits, [np.concatenate([np.empty(0), *v]) for v in values])


def merge(partials: Sequence[SignalsPartial], question: SignalQuestion, *, journeys: Journeys | None = None) -> Signals:
    """Add up the parts."""
    catalogue = question.program.catalogue
    total = sum(p.persons for p in partials)
    made = []
    for n, signal in enumerate(catalogue.signals):
        values = np.concatenate([np.empty(0), *(p.values[n] for p in partials)])
        median, p90 = np.quantile(values, [0.5, 0.9]) if len(values) else (np.nan, np.nan)
        made.append(
            SignalReading(
                signal.name, signal.kind, str(type(signal).__struct_config__.tag), signal.says,
                len(values), len(values) / total if total else np.nan,
                int(sum(p.ever[n] for p in partials)), int(sum(p.hits[n] for p in partials)),
                float(values.mean()) if len(values) else np.nan, float(median), float(p90),
                float(values.max()) if len(values) else np.nan,
            )
        )  # fmt: skip
    drill = Drill(journeys, question) if journeys is not None else None
    events = sum(p.events for p in partials)
    return Signals(
        question.source,
        question.at_us,
        total,
        question.left_out(journeys),
        events,
        tuple(made),
        note=question.note,
        _drill=drill,
    )


def members(journeys: Journeys, question: SignalQuestion, signal: str, *, ever: bool) -> Persons:
    """Persons in whom a signal is not 0, or those it ever fired for."""
    place = place_of(signal, question.program.names, "signal")

    def chosen(part: Part) -> NDArray[np.int64]:
        blocks = signal_blocks(part, question.program, [question.at_us], only=question.wanted(part))
        found = [block.person[block.hits[:, place] > 0 if ever else block.values[0, :, place] != 0] for block in blocks]
        return np.concatenate([np.empty(0, np.int64), *found])

    return journeys.persons_of(journeys.map(chosen, journeys.parts()))


def place_of(name: str, names: Sequence[str], what: str) -> int:
    """The place of a name.

    Raises:
        BadOption: There is none of that name.
    """
    if name not in names:
        raise BadOption(f"no {what} is named {name!r}; there are {', '.join(names) or 'none'}")
    return list(names).index(name)
