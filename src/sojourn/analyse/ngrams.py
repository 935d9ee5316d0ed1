"""N-grams: runs of two to five steps that stand more (or less) often than chance would have them.

In: walks and an `NGramsQuestion`. Out: `NGrams`. Definitions, both kinds of chance and their formulas: docs/methods/ngrams.md.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from sojourn.analyse.gram_chance import Null, expected_counts, p_values
from sojourn.analyse.results import Drill, Persons, Result
from sojourn.analyse.tally_kernel import (
    PACKED_BITS,
    Tally,
    count_keys,
    merge_tallies,
    summed,
    tally_grams,
)
from sojourn.analyse.walk_kernel import units_with
from sojourn.analyse.walks import coded, map_walks, persons_walking, read_walk, walking
from sojourn.records.errors import BadOption

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Unpack

    from numpy.typing import NDArray

    from sojourn.analyse.journeys import Journeys
    from sojourn.analyse.step_values import Coding
    from sojourn.analyse.walks import Unit, Walk, WalkOptions, WalkQuestion

Rank = Literal["count", "lift"]
SHORTEST, LONGEST = 2, 5
_SURE = 0.05


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

    def persons_of(self, steps: Sequence[str]) -> Persons:
        """The persons who have a run of steps.

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
    """Counts of one part.

    Attributes:
        units: Units.
        persons: Persons.
        runs: Counts; the keys are packed steps, or places in `steps`.
        steps: int32 (runs, length): codes of each run's steps; None when they are packed in the keys.
        pairs: Packed pairs of steps, from which chance is reckoned.
    """

    units: int
    persons: int
    runs: Tally
    steps: NDArray[np.int32] | None
    pairs: Tally


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
    whole, groups = map_walks(journeys, made, lambda walk: partial(walk, question, made.coding))
    by_group = []
    for name, partials in groups:
        own = dataclasses.replace(question, walk=dataclasses.replace(question.walk, group=name))
        by_group.append(merge(partials, own, made.coding, journeys=journeys))
    return merge(whole, question, made.coding, journeys=journeys, groups=tuple(by_group))


def partial(walk: Walk, question: NGramsQuestion, coding: Coding) -> NGramsPartial:
    """Count the runs of one part."""
    low, high = _inner(walk, question.walk)
    steps = None
    if question.length * coding.bits <= PACKED_BITS:
        runs = tally_grams(walk.codes, low, high, walk.owner, question.length, coding.bits)
    else:
        runs, steps = _wide_runs(walk.codes, low, high, walk.owner, question.length, len(coding.names))
    pairs = runs if question.length == SHORTEST else tally_grams(walk.codes, low, high, walk.owner, 2, coding.bits)
    return NGramsPartial(len(walk.low), walk.persons, runs, steps, pairs)


def merge(
    partials: Sequence[NGramsPartial],
    question: NGramsQuestion,
    coding: Coding,
    *,
    journeys: Journeys | None = None,
    groups: tuple[NGrams, ...] = (),
) -> NGrams:
    """Add up the parts and set the runs against chance."""
    steps, runs = _merged(partials, question.length, coding.bits)
    pairs = merge_tallies([p.pairs for p in partials])
    before, behind = pairs.keys >> coding.bits, pairs.keys & ((1 << coding.bits) - 1)
    expected = expected_counts(
        steps,
        runs.counts,
        (before, behind, pairs.counts),
        values=len(coding.names),
        null=question.null,
        no_repeats=question.walk.collapse,
    )
    places = int(runs.counts.sum())
    with np.errstate(divide="ignore", invalid="ignore"):
        lift = runs.counts / expected
        z = (runs.counts - expected) / np.sqrt(expected * (1 - expected / max(places, 1)))
    order = np.argsort(-runs.counts, kind="stable")
    if question.rank == "lift":
        sure = p_values(runs.counts, expected, places) * len(lift) < _SURE
        order = np.lexsort((-runs.counts, -lift, ~sure))
    order = order[: question.most]
    p = p_values(runs.counts[order], expected[order], places)
    listed = tuple(
        NGram(
            steps=tuple(coding.names[code] for code in steps[n].tolist()),
            count=int(runs.counts[n]),
            units=int(runs.units[n]),
            persons=int(runs.persons[n]),
            expected=float(expected[n]),
            lift=float(lift[n]),
            z=float(z[n]),
            p=float(chance),
            p_corrected=min(1.0, float(chance) * len(lift)),
        )
        for n, chance in zip(order.tolist(), p.tolist(), strict=True)
    )
    return NGrams(
        unit=question.walk.unit,
        about=question.walk.about,
        column=question.walk.values.column,
        length=question.length,
        null=question.null,
        units=sum(part.units for part in partials),
        persons=sum(part.persons for part in partials),
        places=places,
        tried=len(lift),
        rank=question.rank,
        ngrams=listed,
        group=question.walk.group or "",
        groups=groups,
        _drill=Drill(journeys, question) if journeys is not None else None,
    )


def members(journeys: Journeys, question: NGramsQuestion, steps: Sequence[str]) -> Persons:
    """The persons who have a run of steps."""
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
) -> tuple[Tally, NDArray[np.int32]]:
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
    counts, units, persons = (np.ascontiguousarray(table[:, n]) for n in (1, 2, 3))
    return Tally(np.arange(len(table)), counts, units, persons), steps


def _merged(partials: Sequence[NGramsPartial], length: int, bits: int) -> tuple[NDArray[np.int64], Tally]:
    """All runs' steps (one row a run) and their counts."""
    if all(p.steps is None for p in partials):
        runs = merge_tallies([p.runs for p in partials])
        shifts = bits * np.arange(length - 1, -1, -1)
        return (runs.keys[:, None] >> shifts) & ((1 << bits) - 1), runs
    found = np.concatenate([p.steps for p in partials if p.steps is not None])
    steps, place = np.unique(found, axis=0, return_inverse=True)
    columns = (
        summed(place.ravel(), [getattr(p.runs, name) for p in partials], len(steps))
        for name in ("counts", "units", "persons")
    )
    return steps.astype(np.int64), Tally(np.arange(len(steps)), *columns)
