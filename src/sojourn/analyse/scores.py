"""Scores over history: how points are spread, who has most, and why.

In: parts and a `SignalQuestion`. Out: `Scores`. Points are what the live profile would say at that time; every person's score is
the list of its terms; docs/methods/scores.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from sojourn.analyse.person_names import names_of
from sojourn.analyse.profiles import HistoryRules
from sojourn.analyse.results import Drill, Persons, Result
from sojourn.analyse.signal_pass import signal_blocks
from sojourn.analyse.signal_question import SignalQuestion, read_question
from sojourn.analyse.signals import place_of
from sojourn.records.errors import BadOption, UnknownPerson
from sojourn.signals.profile import Rules, TermPoints
from sojourn.store.timeline import find_person

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sojourn.analyse.journeys import Journeys
    from sojourn.analyse.parts import Part
    from sojourn.analyse.signal_pass import Block
    from sojourn.signals.profile import Profile

_BANDS = 10
_MOST = 1000


@dataclass(frozen=True, slots=True)
class ScoreBand:
    """Persons whose points lie in one band.

    Attributes:
        low: From these points on.
        high: Below these points; the last band holds its end.
        persons: Persons.
    """

    low: float
    high: float
    persons: int


@dataclass(frozen=True, slots=True)
class PersonScore:
    """One person's score.

    Attributes:
        person: Their user id, else anonymous id.
        points: Their points.
        chance: The points as a probability; None for a score without a scale.
        terms: What the points are made of, the largest first; `base` is not among them.
    """

    person: str
    points: float
    chance: float | None
    terms: tuple[TermPoints, ...]


@dataclass(frozen=True, slots=True)
class ScoreReading:
    """One score.

    Attributes:
        name: Its name.
        says: What it means.
        base: Points of a person without any signal.
        mean: Mean points over all persons; `nan` without any.
        median: Median points.
        p90: Nine tenths have at most this.
        p99: 99 in 100 have at most this.
        max: The most points.
        bands: Persons by points, in ten bands of equal width.
        top: The persons with the most points, with their terms.
        mean_since: Mean points at the moment it is compared with; `nan` without one.
    """

    name: str
    says: str
    base: float
    mean: float
    median: float
    p90: float
    p99: float
    max: float
    bands: tuple[ScoreBand, ...]
    top: tuple[PersonScore, ...]
    mean_since: float = np.nan


@dataclass(frozen=True, slots=True)
class Scores(Result):
    """All scores at a time.

    Attributes:
        catalogue: Where the catalogue came from.
        at_us: When the profiles are read, microseconds since 1970 UTC.
        persons_total: Persons with an event until then, who may be scored.
        persons_unscored: Persons whose consent forbids it; they are counted nowhere else.
        scores: One record a score, in the order of the catalogue.
        note: What the reader should know; empty when nothing.
        since_us: The moment of each score's `mean_since`; None when none was named.
    """

    catalogue: str
    at_us: int
    persons_total: int
    persons_unscored: int
    scores: tuple[ScoreReading, ...]
    note: str = ""
    since_us: int | None = None
    _drill: Drill | None = field(default=None, repr=False, compare=False)

    def rows(self) -> Sequence[ScoreReading]:
        """One row a score."""
        return self.scores

    def persons(self, score: str, *, at_least: float, below: float | None = None) -> Persons:
        """Persons with so many points or more.

        Args:
            score: Its name in the catalogue.
            at_least: Least points.
            below: Points that are too many; None for no bound.
        """
        assert self._drill is not None  # every Scores is made by `scores`
        return members(self._drill.journeys, self._drill.question, score, at_least, below)

    def persons_of(self, kind: Literal["scored", "unscored"] = "scored") -> Persons:
        """The persons who may be scored, or those whose consent forbids it.

        Args:
            kind: Which of these.
        """
        assert self._drill is not None  # every Scores is made by `scores`
        question: SignalQuestion = self._drill.question
        return question.counted(self._drill.journeys, kind)

    def explain(self, person: str) -> tuple[PersonScore, ...]:
        """Every score of one person as its terms, in the order of `scores`."""
        assert self._drill is not None  # every Scores is made by `scores`
        return explain(self._drill.journeys, self._drill.question, person)


@dataclass(frozen=True, slots=True)
class ScoresPartial:
    """What one part adds.

    Attributes:
        points: float64, shape (scores, persons with an event until then).
        person: int64: their numbers.
        since: As `points`, at the moment they are compared with; nobody without one.
    """

    points: NDArray[np.float64]
    person: NDArray[np.int64]
    since: NDArray[np.float64]


def scores(
    journeys: Journeys,
    *,
    catalogue: Any = None,  # noqa: ANN401  (a Catalogue, a path or a name: `read_question` says)
    at: str | dt.date | None = None,
    since: str | dt.date | None = None,
    top: int = 10,
) -> Scores:
    """Read every score over history.

    Args:
        journeys: The log.
        catalogue: As of `signals`.
        at: As of `signals`.
        since: Also tell the means at this moment, to compare with; None for no other moment.
        top: How many persons with the most points to explain, up to 1000.

    Raises:
        BadCatalogue: There is no such catalogue, or it is wrong.
        BadOption: `top` outside 0 to 1000.
    """
    if not 0 <= top <= _MOST:
        raise BadOption(f"expected top of 0 to {_MOST}, got {top}")
    question = read_question(journeys, catalogue, at, since)
    partials = journeys.map(lambda part: partial(part, question), journeys.parts())
    return merge(partials, question, journeys=journeys, top=top)


def partial(part: Part, question: SignalQuestion) -> ScoresPartial:
    """Points of the persons of one part."""
    rules, nobody = HistoryRules(question.program), np.empty((len(question.program.catalogue.scores), 0))
    points, person, since = [nobody], [np.empty(0, np.int64)], [nobody]
    times = sorted({question.at_us, question.at_us if question.since_us is None else question.since_us})
    # One pass reads both moments; who may be scored at neither is not read.
    never = np.intersect1d(question.unscored, question.unscored_since)
    only = ~np.isin(part.person, never) if len(never) else None
    for block in signal_blocks(part, question.program, times, only=only):
        for place, at_us in enumerate(times):
            began, read = block.begun(place), rules.profiles(block, place).points
            if at_us == question.at_us:
                here = began & ~np.isin(block.person, question.unscored)
                points.append(read[:, here])
                person.append(block.person[here])
            if at_us == question.since_us:
                since.append(read[:, began & ~np.isin(block.person, question.unscored_since)])
    return ScoresPartial(np.concatenate(points, axis=1), np.concatenate(person), np.concatenate(since, axis=1))


def merge(
    partials: Sequence[ScoresPartial],
    question: SignalQuestion,
    *,
    journeys: Journeys | None = None,
    top: int = 0,
) -> Scores:
    """Put the parts together."""
    catalogue = question.program.catalogue
    points = np.concatenate([np.empty((len(catalogue.scores), 0)), *(p.points for p in partials)], axis=1)
    person = np.concatenate([np.empty(0, np.int64), *(p.person for p in partials)])
    since = np.concatenate([np.empty((len(catalogue.scores), 0)), *(p.since for p in partials)], axis=1)
    best = [np.lexsort((person, -row))[:top] if top else np.empty(0, np.int64) for row in points]
    told: dict[int, Profile] = {}
    if journeys is not None and top:
        told = _profiles(
            journeys, question, np.unique(np.concatenate([np.empty(0, np.int64), *(person[b] for b in best)]))
        )
    made = []
    for n, score in enumerate(catalogue.scores):
        row = points[n]
        median, p90, p99 = np.quantile(row, [0.5, 0.9, 0.99]) if row.size else (np.nan,) * 3
        chosen = person[best[n]]
        names = names_of(journeys.index, chosen) if journeys is not None else []
        leaders = [_person_score(name, told[int(one)], n) for name, one in zip(names, chosen, strict=False) if told]
        made.append(
            ScoreReading(
                score.name, score.says, score.base, float(row.mean()) if row.size else np.nan, float(median), float(p90),
                float(p99), float(row.max()) if row.size else np.nan, _bands(row), tuple(leaders),
                float(since[n].mean()) if since.size else np.nan,
            )
        )  # fmt: skip
    drill = Drill(journeys, question) if journeys is not None else None
    return Scores(
        question.source,
        question.at_us,
        points.shape[1],
        question.left_out(journeys),
        tuple(made),
        note=question.note,
        since_us=question.since_us,
        _drill=drill,
    )


def members(
    journeys: Journeys, question: SignalQuestion, score: str, at_least: float, below: float | None = None
) -> Persons:
    """Persons with so many points or more, and fewer than `below`."""
    bound = np.inf if below is None else below
    place = place_of(score, [s.name for s in question.program.catalogue.scores], "score")
    question = replace(question, since_us=None)
    partials = journeys.map(lambda part: partial(part, question), journeys.parts())
    return journeys.persons_of([p.person[(p.points[place] >= at_least) & (p.points[place] < bound)] for p in partials])


def explain(journeys: Journeys, question: SignalQuestion, person: str) -> tuple[PersonScore, ...]:
    """Every score of one person as its terms.

    Raises:
        UnknownPerson: Nobody has this identifier, or no event by that time.
    """
    number = find_person(journeys.index, person)
    told = _profiles(journeys, question, np.array([number], np.int64)) if number is not None else {}
    if number is None or number not in told:
        raise UnknownPerson(f"no person is known by {person!r} at that time")
    return tuple(_person_score(person, told[number], n) for n in range(len(told[number].scores)))


def _profiles(journeys: Journeys, question: SignalQuestion, persons: NDArray[np.int64]) -> dict[int, Profile]:
    """Live profiles of some persons, by number: the same rules as live, so the same terms."""
    rules = Rules(question.program)
    traits = HistoryRules(question.program).traits

    wanted = np.setdiff1d(persons, question.unscored)

    def told(part: Part) -> dict[int, Profile]:
        found: dict[int, Profile] = {}
        for block in signal_blocks(part, question.program, [question.at_us], only=np.isin(part.person, wanted)):
            found |= _block_profiles(block, rules, traits, question.at_us)
        return found

    return {number: profile for found in journeys.map(told, journeys.parts()) for number, profile in found.items()}


def _block_profiles(block: Block, rules: Rules, traits: list[str], at_us: int) -> dict[int, Profile]:
    columns = {name: block.known(name, 0) for name in traits}
    here = block.begun(0)
    made = {}
    for n, number in enumerate(block.person.tolist()):
        if here[n]:
            own = nested({name: values[n] for name, values in columns.items()})
            made[number] = rules.profile(block.values[0, n], own, at_us)
    return made


def nested(columns: dict[str, Any]) -> dict[str, Any]:
    """`traits.a.b` as `{"a": {"b": ...}}`."""
    made: dict[str, Any] = {}
    for name, value in columns.items():
        *path, last = name.removeprefix("traits.").split(".")
        inner = made
        for step in path:
            inner = inner.setdefault(step, {})
        inner[last] = value
    return made


def _person_score(name: str, profile: Profile, place: int) -> PersonScore:
    score = profile.scores[place]
    terms = tuple(sorted(score.terms, key=lambda term: -abs(term.points)))
    return PersonScore(name, score.points, score.chance, terms)


def _bands(points: NDArray[np.float64]) -> tuple[ScoreBand, ...]:
    if not points.size:
        return ()
    if points.min() == points.max():
        return (ScoreBand(float(points[0]), float(points[0]), int(points.size)),)
    counts, edges = np.histogram(points, _BANDS)
    return tuple(ScoreBand(float(edges[n]), float(edges[n + 1]), int(counts[n])) for n in range(_BANDS))
