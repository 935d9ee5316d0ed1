"""Behaviour change of groups: rates per active person, and how many persons are active.

In: sums by group, metric and period. Out: `GroupChange`s. Definitions: docs/methods/changes.md.
Never looks at a person, and never at a group with hardly anybody in it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from sojourn.analyse import changes_kernel as kernel
from sojourn.analyse.changes_question import DAY_US
from sojourn.analyse.changes_words import group_sentence, period_word, what

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from sojourn.analyse.changes_question import ChangesQuestion

_FEW = 5.0
"""Active persons in a period, in the mean, below which a group's rate says nothing."""
_LEVEL = 0.975
_HALF = 0.5
"""Added to counts, so that none at all has a logarithm."""


@dataclass(frozen=True, slots=True)
class GroupChange:
    """A rate of one group that changed its level.

    Attributes:
        group: Its name; `all` without a breakdown.
        metric: `active persons`, or a metric per active person.
        unit: What `before` and `after` are: `events a week and active person`.
        direction: fell or rose.
        since: Date the first changed period begins.
        noticed: Date the period ends after which a look at the log first says so.
        noticed_after: Periods from `since` to `noticed`.
        before: Geometric mean of the baseline, in `unit`.
        after: Geometric mean since then, in `unit`.
        ratio: `after / before`.
        low: Lower end of its 95 % interval.
        high: Upper end.
        before_periods: Periods of the baseline.
        after_periods: Periods since.
        before_persons: Active persons a period of the baseline, mean.
        after_persons: Active persons a period since, mean.
        chance: Probability that a steady group of this variability shows so much by chance.
        sentence: The same as a sentence.
    """

    group: str
    metric: str
    unit: str
    direction: Literal["fell", "rose"]
    since: str
    noticed: str
    noticed_after: int
    before: float
    after: float
    ratio: float
    low: float
    high: float
    before_periods: int
    after_periods: int
    before_persons: float
    after_persons: float
    chance: float
    sentence: str


def group_changes(
    names: Sequence[str], sums: NDArray[np.float64], active: NDArray[np.int64], question: ChangesQuestion
) -> tuple[int, tuple[GroupChange, ...]]:
    """Look at every group.

    Args:
        names: The groups.
        sums: Shape (groups, metrics, periods).
        active: Persons with an event, shape (groups, periods).
        question: What was asked; its `least` is that of groups.

    Returns:
        Groups looked at, and what changed, the surest first.
    """
    tested, found = 0, []
    # A first period the log covers in part says too little.
    begin = 0 if question.whole_first else 1
    for g, name in enumerate(names):
        places = begin + np.flatnonzero(active[g, begin:])
        if len(places) <= question.baseline or active[g, places].mean() < _FEW:
            continue
        tested += 1
        found += list(_of_group(name, sums[g], active[g], places, question))
    return tested, tuple(sorted(found, key=lambda one: (one.chance, one.group, one.metric)))


def _of_group(
    name: str,
    sums: NDArray[np.float64],
    active: NDArray[np.int64],
    places: NDArray[np.int64],
    question: ChangesQuestion,
) -> Iterator[GroupChange]:
    # How many are active is one metric more.
    limits = question.limits * len(question.metrics) / (len(question.metrics) + 1)
    persons = active[places].astype(np.float64)
    series = [("active persons", "active persons", "persons", np.log(persons), limits[0])]
    for n, counted in enumerate(question.metrics):
        rate = np.log((sums[n, places] + _HALF) / persons)
        series.append((what(counted.name, counted.kind), counted.name, counted.unit, rate, limits[n]))
    for subject, metric, unit, logs, limit in series:
        row = np.zeros(kernel.FIELDS)
        shifted = kernel.shift(logs, question.baseline, limit, question.ratio, row)
        if shifted and places[int(row[kernel.SINCE])] >= question.told_from:
            yield _change(name, (subject, metric, unit), row, places, persons, question)


def _change(
    group: str,
    named: tuple[str, str, str],
    row: NDArray[np.float64],
    places: NDArray[np.int64],
    persons: NDArray[np.float64],
    question: ChangesQuestion,
) -> GroupChange:
    from scipy.special import stdtrit  # noqa: PLC0415  (heavy, and only for what changed)

    subject, metric, unit = named
    since, noticed = int(row[kernel.SINCE]), int(row[kernel.NOTICED])
    spans = int(row[kernel.BEFORE_N]), int(row[kernel.AFTER_N])
    moved = float(row[kernel.AFTER] - row[kernel.BEFORE])
    error = float(stdtrit(spans[0] - 1, _LEVEL)) * float(row[kernel.SPREAD]) * math.sqrt(1 / spans[0] + 1 / spans[1])
    ratio, low, high = math.exp(moved), math.exp(moved - error), math.exp(moved + error)
    period = period_word(question.period_us / DAY_US)
    full = f"{unit} {'in' if ' ' in period else 'a'} {period}" + (
        " and active person" if metric != "active persons" else ""
    )
    before, after = math.exp(row[kernel.BEFORE]), math.exp(row[kernel.AFTER])
    direction: Literal["fell", "rose"] = "fell" if row[kernel.DIRECTION] == kernel.FALL else "rose"
    day, chance = question.date(int(places[since])), float(row[kernel.TAIL])
    told = group_sentence(
        f"{group}: {subject[:1].upper() + subject[1:]}" if metric == "active persons" else f"{group}: {subject}",
        direction, before, after, full, day, (ratio - 1, low - 1, high - 1), spans, period, chance,
    )  # fmt: skip
    return GroupChange(
        group=group,
        metric=metric,
        unit=full,
        direction=direction,
        since=day,
        noticed=question.date(int(places[noticed]) + 1),
        noticed_after=noticed + 1 - since,
        before=before,
        after=after,
        ratio=ratio,
        low=low,
        high=high,
        before_periods=spans[0],
        after_periods=spans[1],
        before_persons=float(persons[since - spans[0] : since].mean()),
        after_persons=float(persons[since:].mean()),
        chance=chance,
        sentence=told,
    )
