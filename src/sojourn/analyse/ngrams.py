"""N-grams: runs of two to five steps that stand more (or less) often than chance would have them.

In: walks and an `NGramsQuestion`. Out: `NGrams`. Definitions, both kinds of chance and their formulas: docs/methods/ngrams.md.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from sojourn.analyse.gram_chance import Null, expected_counts, p_values, sums
from sojourn.analyse.results import Drill, Persons, Result
from sojourn.analyse.tally_kernel import (
    DENSE_BITS,
    PACKED_BITS,
    count_keys,
    count_runs,
    pack_runs,
    summed,
    who_has,
)
from sojourn.analyse.walk_kernel import units_with
from sojourn.analyse.walks import coded, everybody, map_walks, persons_walking, read_walk, walking
from sojourn.records.errors import BadOption

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Unpack

    from numpy.typing import NDArray

    from sojourn.analyse.groups import Grouping
    from sojourn.analyse.journeys import Journeys
    from sojourn.analyse.parts import Part
    from sojourn.analyse.step_values import Coding
    from sojourn.analyse.tally_kernel import Halves
    from sojourn.analyse.walks import Unit, Walk, Walking, WalkOptions, WalkQuestion

Rank = Literal["count", "lift"]
SHORTEST, LONGEST = 2, 5
_SURE = 0.05
_SAMPLED = 61


@dataclass(frozen=True, slots=True)
class NGram:
    """A run of steps.

    Attributes:
        steps: The steps, in order.
        count: How often it stands in units; places may overlap.
        units: Units that contain it.
        persons: Persons who have it.
        expected: How often chance alone would have it.
        lift: `count / expected`; above 1 it stands more often than by chance.
        z: `(count - expected) / sqrt(expected * (1 - expected / places))`.
        p: Two-sided, that chance strays so far from `expected`.
        p_corrected: `p` times how many different n-grams were looked at, at most 1 (Bonferroni).
    """

    steps: tuple[str, ...]
    count: int
    units: int
    persons: int
    expected: float
    lift: float
    z: float
    p: float
    p_corrected: float


@dataclass(frozen=True, slots=True)
class NGrams(Result):
    """Runs of steps against chance.

    Attributes:
        unit: Within what steps follow each other: sessions or persons.
        about: What paths are looked at; the step that begins or ends paths because it was asked for is left out.
        column: What a step is called.
        length: Steps in a run.
        null: What chance means: `independence`, each step drawn from all steps alike; `first-order`, each step drawn
            from those that follow the step before.
        units: Units.
        persons: Persons.
        places: Places where a run could stand: the sum of all counts.
        tried: Different runs seen, the number `p_corrected` corrects for.
        rank: What the list is ordered by: `count`, or `lift` with those of a corrected p below 0.05 first.
        ngrams: The runs.
        group: Name of the group; empty for everything.
        groups: The same by group, largest first; empty without a breakdown.
    """

    unit: Unit
    about: str
    column: str
    length: int
    null: Null
    units: int
    persons: int
    places: int
    tried: int
    rank: Rank
    ngrams: tuple[NGram, ...]
    group: str = ""
    groups: tuple[NGrams, ...] = ()
    _drill: Drill | None = field(default=None, repr=False, compare=False)

    def rows(self) -> Sequence[NGram]:
        """The runs."""
        return self.ngrams

    def persons_of(self, steps: Sequence[str] = ()) -> Persons:
        """The persons who have a run of steps; everybody without one.

        Args:
            steps: In order; as many as the length asked for.

        Raises:
            BadOption: No step has the name, or it is a run of another length.
        """
        assert self._drill is not None  # every NGrams is made by `ngrams`
        return members(self._drill.journeys, self._drill.question, steps)


@dataclass(frozen=True, slots=True)
class NGramsQuestion:
    """What was asked.

    Attributes:
        walk: Which steps.
        length: Steps in a run.
        null: What chance means.
        rank: What comes first.
        most: Runs listed; None for all.
    """

    walk: WalkQuestion
    length: int
    null: Null
    rank: Rank
    most: int | None


@dataclass(frozen=True, slots=True)
class NGramsPartial:
    """The runs of one part.

    Attributes:
        units: Units.
        persons: Persons.
        places: Each place's run, packed; of runs too long for that what `WideRuns` says.
        pairs: How often each step follows each other one, from which chance is reckoned: counts at `before << bits | behind`,
            or, when those were too many, each place's pair. None when runs are pairs themselves.
    """

    units: int
    persons: int
    places: Halves | WideRuns
    pairs: NDArray[np.int64] | Halves | None


@dataclass(frozen=True, slots=True)
class WideRuns:
    """Runs of steps that one integer does not hold.

    Attributes:
        steps: int32 (runs, length): codes of each run's steps.
        counts: int64: how often each stands.
    """

    steps: NDArray[np.int32]
    counts: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ListedPartial:
    """The runs to list, before it is known who has them.

    Attributes:
        steps: int64 (runs, length): codes of each run's steps.
        counts: int64: how often each stands.
        expected: float64: how often chance alone would have it.
        tried: How many different runs stand.
        places: Places where a run stands.
        units: Units looked at.
        persons: Persons looked at.
    """

    steps: NDArray[np.int64]
    counts: NDArray[np.int64]
    expected: NDArray[np.float64]
    tried: int
    places: int
    units: int
    persons: int


def ngrams(
    journeys: Journeys,
    *,
    length: int = 3,
    null: Null = "independence",
    rank: Rank = "count",
    most: int | None = 1000,
    **options: Unpack[WalkOptions],
) -> NGrams:
    """Count runs of steps and set them against chance.

    Args:
        journeys: The log.
        length: Steps in a run, 2 to 5.
        null: See `NGrams`; `first-order` needs runs of at least 3.
        rank: See `NGrams`.
        most: List only so many; None for all.
        options: See `walks.WalkOptions`.

    Raises:
        UnknownEvent: No event has the name of a start, end or middle.
        UnknownColumn: `column` or `by` is no column.
        BadOption: An option outside what it accepts.
    """
    question = _question(read_walk(journeys, options), length, null, rank, most)
    made = walking(journeys, question.walk)
    middle = _middle(made, length)
    whole, groups = map_walks(journeys, made, lambda walk: partial(walk, question, made.coding, middle=middle))
    listed = [list_runs(partials, question, made.coding) for partials in (whole, *(group for _, group in groups))]
    names = [None, *(name for name, _ in groups)]

    def who(part: Part, grouping: Grouping) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
        walk = made.walk(part, grouping)
        walks = (walk if name is None else walk.only(walk.group == made.groups.index(name)) for name in names)
        return [
            _who_has(of, question.walk, runs.steps, made.coding.bits) for of, runs in zip(walks, listed, strict=True)
        ]

    found = journeys.map(who, *zip(*made.parts, strict=True))
    every, *by_group = (
        merge(runs, [part[n] for part in found], question, made.coding, journeys=journeys, group=name)
        for n, (runs, name) in enumerate(zip(listed, names, strict=True))
    )
    return dataclasses.replace(every, groups=tuple(by_group))


def partial(walk: Walk, question: NGramsQuestion, coding: Coding, *, middle: int) -> NGramsPartial:
    """Find the runs of one part.

    Args:
        walk: Its steps.
        question: What was asked.
        coding: What the codes are called.
        middle: A packed run, the same for all parts: the lower ones and the others are counted side by side.
    """
    low, high = _inner(walk, question.walk)
    bits, length = coding.bits, question.length
    few = length > SHORTEST and 2 * bits <= DENSE_BITS
    pairs: NDArray[np.int64] | Halves | None = np.zeros(1 << 2 * bits if few else 0, np.int64)
    if length * bits <= PACKED_BITS:
        places: Halves | WideRuns = pack_runs(
            walk.codes, low, high, length=length, bits=bits, middle=middle, pairs=np.asarray(pairs)
        )
    else:
        places = _wide_runs(walk.codes, low, high, walk.owner, length, len(coding.names))
    if length == SHORTEST:
        pairs = None
    elif not few:
        none = np.empty(0, np.int64)
        pairs = pack_runs(walk.codes, low, high, length=SHORTEST, bits=bits, middle=1 << 2 * bits - 1, pairs=none)
    return NGramsPartial(len(walk.low), walk.persons, places, pairs)


def list_runs(partials: Sequence[NGramsPartial], question: NGramsQuestion, coding: Coding) -> ListedPartial:
    """Add up the parts, set the runs against chance, and choose those to list."""
    keys, counts, wide = _merged(partials)
    spelled = _Spelled(keys, question.length, coding.bits, wide)
    begins = spelled.begins(counts, len(coding.names))
    both, followed = _pairs(partials, keys, counts)
    pairs = both >> coding.bits, both & ((1 << coding.bits) - 1), followed

    def by_chance(steps: NDArray[np.int64]) -> NDArray[np.float64]:
        return expected_counts(steps, begins, pairs, null=question.null, no_repeats=question.walk.collapse)

    places = int(counts.sum())
    if question.rank == "lift":
        every = by_chance(spelled.steps(np.arange(len(keys))))
        order = _most_surprising(keys, counts, every, places)[: question.most]
    else:
        order = _most_frequent(keys, counts, question.most)
    steps = spelled.steps(order)
    units, persons = (sum(getattr(p, name) for p in partials) for name in ("units", "persons"))
    return ListedPartial(steps, counts[order], by_chance(steps), len(keys), places, units, persons)


def merge(
    runs: ListedPartial,
    had: Sequence[tuple[NDArray[np.int64], NDArray[np.int64]]],
    question: NGramsQuestion,
    coding: Coding,
    *,
    journeys: Journeys | None = None,
    group: str | None = None,
) -> NGrams:
    """Put the listed runs together with the units and persons of each part that have them."""
    own = dataclasses.replace(question, walk=dataclasses.replace(question.walk, group=group))
    units, persons = (np.sum(column, axis=0) for column in zip(*had, strict=True))
    counts, expected = runs.counts, runs.expected
    with np.errstate(divide="ignore", invalid="ignore"):
        lift = counts / expected
        z = (counts - expected) / np.sqrt(expected * (1 - expected / max(runs.places, 1)))
    p = p_values(counts, expected, runs.places)
    listed = tuple(
        NGram(
            steps=tuple(coding.names[code] for code in runs.steps[n].tolist()),
            count=int(counts[n]),
            units=int(units[n]),
            persons=int(persons[n]),
            expected=float(expected[n]),
            lift=float(lift[n]),
            z=float(z[n]),
            p=float(p[n]),
            p_corrected=min(1.0, float(p[n]) * runs.tried),
        )
        for n in range(len(counts))
    )
    return NGrams(
        unit=question.walk.unit,
        about=question.walk.about,
        column=question.walk.values.column,
        length=question.length,
        null=question.null,
        units=runs.units,
        persons=runs.persons,
        places=runs.places,
        tried=runs.tried,
        rank=question.rank,
        ngrams=listed,
        group=group or "",
        _drill=Drill(journeys, own) if journeys is not None else None,
    )


def members(journeys: Journeys, question: NGramsQuestion, steps: Sequence[str]) -> Persons:
    """The persons who have a run of steps; everybody without one."""
    if not steps:
        return persons_walking(journeys, question.walk, everybody)
    if len(steps) != question.length:
        message = f"expected {question.length} steps, got {len(steps)}: {' > '.join(steps)}"
        raise BadOption(message)

    def chosen(walk: Walk, coding: Coding) -> NDArray[np.bool_]:
        low, high = _inner(walk, question.walk)
        found: NDArray[np.bool_] = units_with(walk.codes, low, high, coded(coding, steps))
        return found

    return persons_walking(journeys, question.walk, chosen)


def _question(walk: WalkQuestion, length: int, null: Null, rank: Rank, most: int | None) -> NGramsQuestion:
    if not SHORTEST <= length <= LONGEST:
        message = f"expected a length of {SHORTEST} to {LONGEST} steps, got {length}"
        raise BadOption(message)
    for name, value, known in (("null", null, ("independence", "first-order")), ("rank", rank, ("count", "lift"))):
        if value not in known:
            message = f"expected {name} to be one of {', '.join(known)}, got {value!r}"
            raise BadOption(message)
    if null == "first-order" and length == SHORTEST:
        message = "first-order chance explains every pair; ask for a length of at least 3, or for null independence"
        raise BadOption(message)
    return NGramsQuestion(walk, length, null, rank, most)


def _inner(walk: Walk, question: WalkQuestion) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where each unit's steps lie without the terminal ones: those it has because they were asked for."""
    low = walk.low if question.start is None else np.minimum(walk.low + 1, walk.high)
    high = walk.high if question.end is None else np.maximum(walk.high - 1, low)
    low.flags.writeable = high.flags.writeable = False
    return low, high


def _wide_runs(
    codes: NDArray[np.int32],
    low: NDArray[np.int64],
    high: NDArray[np.int64],
    owner: NDArray[np.int32],
    length: int,
    values: int,
) -> WideRuns:
    """Runs of steps too many to pack: a run is numbered, then the run one step longer, and so on."""
    sizes = np.maximum(high - low - length + 1, 0)
    unit = np.repeat(np.arange(len(low), dtype=np.int32), sizes)
    rows = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes) + np.repeat(low, sizes)
    ids = codes[rows].astype(np.int64)
    table = np.empty((0, 7), np.int64)
    for further in range(1, length):
        table, places = count_keys(ids * values + codes[rows + further], unit, owner, True)  # noqa: FBT003  (a kernel takes its arguments by place)
        ids = places.astype(np.int64)
    steps = codes[rows[table[:, 6]][:, None] + np.arange(length)]
    return WideRuns(steps, table[:, 1].copy())


def _who_has(
    walk: Walk, question: WalkQuestion, steps: NDArray[np.int64], bits: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    low, high = _inner(walk, question)
    unit = np.arange(len(low), dtype=np.int32)
    packed = bits if bits * steps.shape[1] <= PACKED_BITS else 0
    units = who_has(walk.codes, low, high, unit, steps, packed)
    # Where each unit is a person of its own the two are the same.
    same = bool((walk.owner[1:] > walk.owner[:-1]).all())
    persons = units if same else who_has(walk.codes, low, high, walk.owner, steps, packed)
    return units, persons


@dataclass(frozen=True, slots=True)
class _Spelled:
    """The steps of runs, which lie packed in their keys or, when they are too many for that, in `wide`."""

    keys: NDArray[np.int64]
    length: int
    bits: int
    wide: NDArray[np.int64] | None

    def begins(self, counts: NDArray[np.int64], values: int) -> NDArray[np.float64]:
        """By code, in how many places a run begins with it."""
        if self.wide is not None:
            return sums(self.wide[:, 0], counts, values)
        # Keys ascend, and so do their first steps.
        edges = np.searchsorted(self.keys, np.arange(values + 1) << self.bits * (self.length - 1))
        return np.diff(np.concatenate(([0], np.cumsum(counts)))[edges]).astype(np.float64)

    def steps(self, runs: NDArray[np.int64]) -> NDArray[np.int64]:
        """Codes of the steps of some runs, one row a run."""
        if self.wide is not None:
            return self.wide[runs]
        shifts = self.bits * np.arange(self.length - 1, -1, -1)
        return (self.keys[runs][:, None] >> shifts) & ((1 << self.bits) - 1)


def _merged(
    partials: Sequence[NGramsPartial],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64] | None]:
    """All runs' keys and counts, and their steps where the keys do not tell them."""
    packed = [p.places for p in partials if not isinstance(p.places, WideRuns)]
    if len(packed) == len(partials):
        return *count_runs(packed), None
    wide = [p.places for p in partials if isinstance(p.places, WideRuns)]
    steps, place = np.unique(np.concatenate([runs.steps for runs in wide]), axis=0, return_inverse=True)
    counts = summed(place.ravel(), [runs.counts for runs in wide], len(steps))
    return np.arange(len(steps)), counts, steps.astype(np.int64)


def _pairs(
    partials: Sequence[NGramsPartial], keys: NDArray[np.int64], counts: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Packed pairs that stand, ascending, and how often; those of runs that are pairs are the runs themselves."""
    tables = [p.pairs for p in partials if isinstance(p.pairs, np.ndarray)]
    if tables:
        summed_up = np.sum(tables, axis=0)
        return np.flatnonzero(summed_up), summed_up[summed_up > 0]
    halves = [p.pairs for p in partials if p.pairs is not None and not isinstance(p.pairs, np.ndarray)]
    return count_runs(halves) if halves else (keys, counts)


def _middle(made: Walking, length: int) -> int:
    """A packed run with about as many below it as above, by the steps of the first part."""
    bits = made.coding.bits
    codes = np.sort(made.coding.codes(made.parts[0][0])[::_SAMPLED])
    if length * bits > PACKED_BITS or not len(codes):
        return 0
    return sum(int(codes[len(codes) // 2]) << bits * place for place in range(length))


def _most_frequent(keys: NDArray[np.int64], counts: NDArray[np.int64], most: int | None) -> NDArray[np.int64]:
    """Places of the most frequent runs; of equal ones those with the lowest codes first."""
    places = np.arange(len(keys))
    if most is not None and 0 < most < len(places):
        places = np.flatnonzero(counts >= np.partition(counts, -most)[-most])
    return places[np.lexsort((keys[places], -counts[places]))][:most]


def _most_surprising(
    keys: NDArray[np.int64], counts: NDArray[np.int64], expected: NDArray[np.float64], places: int
) -> NDArray[np.int64]:
    """Places of the runs, those that chance hardly explains first, the highest lift first."""
    with np.errstate(divide="ignore", invalid="ignore"):
        lift = counts / expected
    sure = p_values(counts, expected, places) * len(lift) < _SURE
    return np.lexsort((keys, -counts, -lift, ~sure))
