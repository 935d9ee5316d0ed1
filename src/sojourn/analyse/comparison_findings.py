"""From counts to findings: which candidates separate the two sides, how surely, and which say the same.

In: counts of all parts. Out: arrays over candidates, ranked places, and groups of near-identical ones.
Side 0 is the first group (leavers), side 1 the second (converters). The tests: docs/methods/compare.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sojourn.analyse.comparison_features import (
    CONTINUED,
    LOOK,
    STRICT,
    TIMES,
    Candidate,
    events_told,
    first_place,
    matrix_of,
    moment_candidates,
)
from sojourn.analyse.intervals import fisher, holm, mann_whitney, newcombe

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sojourn.analyse.comparison_features import Counts, Kind, Plan
    from sojourn.analyse.comparison_question import CompareQuestion
    from sojourn.analyse.comparison_windows import Look, Looks
    from sojourn.analyse.journeys import Journeys
    from sojourn.analyse.parts import Part

    Whole = NDArray[np.int64]

SURE = 0.05
"""A finding's corrected p is below it."""
ALIKE = 0.95
"""Correlation over persons from which two findings are one."""
_FEWEST = 3
_FEWEST_SHARE = 0.005


@dataclass(frozen=True, slots=True)
class Tried:
    """Everything that was tried, as arrays over candidates and labels.

    Attributes:
        candidates: What.
        asked: (candidates, labels): persons it was asked of.
        having: (3, candidates, labels): persons who have it by the end of the strict part, of the look, and of what
            follows it.
        lasting: (2, candidates, labels): persons asked, and persons who have it, by the end of what follows the look.
        times: By place of a timing candidate: its values (microseconds), and the labels of their persons.
        sizes: (labels,): persons.
    """

    candidates: list[Candidate]
    asked: NDArray[np.int64]
    having: NDArray[np.int64]
    lasting: NDArray[np.int64]
    times: dict[int, tuple[NDArray[np.float64], NDArray[np.int64]]]
    sizes: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Judged:
    """Each candidate's counts on the two sides and what follows from them.

    Attributes:
        count_a: Persons of side 0 who have it.
        n_a: Persons of side 0 it was asked of.
        count_b: The same of side 1.
        n_b: The same of side 1.
        difference: Share in side 0 minus share in side 1; nan where neither side has more by the rules of `judge`.
        low: Lower end of its interval.
        high: Upper end.
        p: p value.
        corrected: p value, corrected for all that was tried.
        later: Whether it shows only in what follows the look.
        lasting: Lower end of the interval of the difference when both sides are watched on to the end of what follows the look.
    """

    count_a: NDArray[np.int64]
    n_a: NDArray[np.int64]
    count_b: NDArray[np.int64]
    n_b: NDArray[np.int64]
    difference: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    p: NDArray[np.float64]
    corrected: NDArray[np.float64]
    later: NDArray[np.bool_]
    lasting: NDArray[np.float64]

    @property
    def surest(self) -> NDArray[np.float64]:
        """The end of the interval nearer to no difference: how large the difference is at least; below 0 if it may be none."""
        found: NDArray[np.float64] = np.where(self.difference >= 0, self.low, -self.high)
        return found


class _Collection:
    """Candidates that enough persons have and enough have not, as they are found."""

    def __init__(self, sizes: Whole) -> None:
        self.sizes = sizes
        self.fewest = max(_FEWEST, int(np.ceil(_FEWEST_SHARE * sizes.sum())))
        self._candidates: list[Candidate] = []
        self._asked = [np.empty((0, len(sizes)), np.int64)]
        self._having = [np.empty((3, 0, len(sizes)), np.int64)]
        self._lasting = [np.empty((2, 0, len(sizes)), np.int64)]
        self._times: dict[int, tuple[NDArray[np.float64], Whole]] = {}

    def add(
        self, made: Sequence[Candidate], having: Whole, asked: Whole | None = None, lasting: Whole | None = None
    ) -> None:
        """Add candidates.

        Args:
            made: The candidates.
            having: (candidates, labels, 3): persons who have them by the end of each part of the look.
            asked: (candidates, labels): persons asked; everyone when it is not given.
            lasting: As in `Tried`; as the above say when it is not given.
        """
        of = np.broadcast_to(self.sizes, having.shape[:2]) if asked is None else asked
        # As in `Tried.having`, the last part holds most: whoever has it at any time is counted there.
        most, total = having[:, :, CONTINUED].sum(axis=1), of.sum(axis=1)
        keep = np.flatnonzero((most >= self.fewest) & (total - having[:, :, STRICT].sum(axis=1) >= self.fewest))
        self._candidates += [made[k] for k in keep.tolist()]
        self._asked.append(of[keep])
        self._having.append(np.moveaxis(having[keep], 2, 0))
        self._lasting.append(np.array([of[keep], having[keep, :, CONTINUED]]) if lasting is None else lasting[:, keep])

    def add_times(self, candidate: Candidate, values: NDArray[np.float64], label: Whole) -> None:
        """Add a timing: values in microseconds, and the labels of their persons."""
        self._times[len(self._candidates)] = (values, label)
        self._candidates.append(candidate)
        self._asked.append(np.bincount(label, minlength=len(self.sizes))[None, :])
        longer = np.bincount(label[values > candidate.low], minlength=len(self.sizes))
        self._having.append(np.broadcast_to(longer, (3, 1, len(longer))))
        self._lasting.append(np.array([self._asked[-1], longer[None, :]]))

    def tried(self) -> Tried:
        """All of it."""
        asked, having = np.concatenate(self._asked), np.concatenate(self._having, axis=1)
        return Tried(self._candidates, asked, having, np.concatenate(self._lasting, axis=1), self._times, self.sizes)


def collect(counted: Sequence[Counts], plan: Plan, question: CompareQuestion) -> Tried:
    """Add up the parts and keep the candidates enough persons have, and enough have not."""
    found = _Collection(np.sum([c.sizes for c in counted], axis=0))
    names = question.events
    happened = np.sum([c.events for c in counted], axis=0)
    for n, times in enumerate(TIMES[: len(happened)].tolist()):
        kind: Kind = "event" if times == 1 else "repeat"
        left_out = question.skipped if times == 1 else question.outcomes
        codes = [code for code, name in enumerate(names) if name not in left_out and kind in question.kinds]
        made = [Candidate(kind, names[code], times=times) for code in codes]
        found.add(made, happened[n, codes])
    for n, family in enumerate(plan.families):
        counts = np.sum([c.families[n][0] for c in counted], axis=0)
        used = np.flatnonzero(counts[:, :, CONTINUED].sum(axis=1) >= found.fewest)
        found.add([family.candidate(int(place), names) for place in used], counts[used])
    _add_orders(found, np.sum([c.orders for c in counted], axis=0), [names[slot] for slot in plan.slots])
    if "moment" in question.kinds and not question.untimed:
        began = np.sum([c.moments for c in counted], axis=0)
        found.add(moment_candidates(), _throughout(began))
    _add_times(found, counted, plan, question)
    return found.tried()


def judge(tried: Tried, groups: Sequence[int], *, many: int) -> Judged:
    """Test every candidate among the persons of some groups of the breakdown.

    What side 0 (leavers) has more of must hold against everything side 1 has in looks of the same length; what side 1
    has more of must come before the outcome, and hold against everything side 0 has at any time. What shows only after the
    looks is tested there, unless the looks show it already.

    Args:
        tried: The counts.
        groups: Groups taken together.
        many: How many tests there are in all, for the correction.
    """
    a, b = [2 * group for group in groups], [2 * group + 1 for group in groups]
    n_a, n_b = tried.asked[:, a].sum(axis=1), tried.asked[:, b].sum(axis=1)
    all_a, all_b = tried.having[:, :, a].sum(axis=2), tried.having[:, :, b].sum(axis=2)
    more_a = all_a[LOOK] * n_b > all_b[LOOK] * n_a
    more_b = all_b[STRICT] * n_a > all_a[CONTINUED] * n_b
    count_a = np.where(more_a, all_a[LOOK], all_a[CONTINUED])
    count_b = np.where(more_a, all_b[LOOK], all_b[STRICT])
    p = np.where(more_a | more_b, fisher(count_a, n_a, count_b, n_b), 1.0)
    for place, (values, label) in tried.times.items():
        p[place] = mann_whitney(values[np.isin(label, a)], values[np.isin(label, b)])[1]
    more_later = all_a[CONTINUED] * n_b > all_b[CONTINUED] * n_a
    p_later = np.where(more_later, fisher(all_a[CONTINUED], n_a, all_b[CONTINUED], n_b), 1.0)
    corrected, corrected_later = np.split(holm(np.concatenate([p, p_later]), many), 2)
    later = more_later & (corrected >= SURE) & (corrected_later < SURE) & continued(tried)
    count_a, count_b = np.where(later, all_a[CONTINUED], count_a), np.where(later, all_b[CONTINUED], count_b)
    with np.errstate(divide="ignore", invalid="ignore"):
        difference = np.where(more_a | more_b | later, count_a / n_a - count_b / n_b, np.nan)
    low, high = newcombe(count_a, n_a, count_b, n_b)
    p, corrected = np.where(later, p_later, p), np.where(later, corrected_later, corrected)
    on_a, on_b = tried.lasting[:, :, a].sum(axis=2), tried.lasting[:, :, b].sum(axis=2)
    lasting, _ = newcombe(on_a[1], on_a[0], on_b[1], on_b[0])
    return Judged(count_a, n_a, count_b, n_b, difference, low, high, p, corrected, later, lasting)


def continued(tried: Tried) -> NDArray[np.bool_]:
    """Which candidates anybody came to have after the look: these are tested twice."""
    found: NDArray[np.bool_] = (tried.having[CONTINUED] > tried.having[LOOK]).any(axis=1)
    return found


def rank(judged: Judged, *, one_sided: bool) -> list[int]:
    """Places of the candidates, best first.

    Sure ones (corrected p below `SURE`) come before others. Within them, with `one_sided`, what side 0 has more of in the
    looks comes first, then what shows later, then what is no more frequent in the end, then what side 1 has more of; then the difference that is larger at least
    (`Judged.surest`), times the share of the group that has more who were asked: an order of two events says little where few
    have both.
    """
    known = np.flatnonzero(~np.isnan(judged.difference))
    sure = judged.corrected < SURE
    # What does not last was only sooner among leavers: closing a page, which others do as soon as they went on.
    among_leavers = np.where(judged.lasting > 0, judged.later, 2)
    behind = (np.where(judged.difference < 0, 3, among_leavers) * sure) if one_sided else np.zeros(len(sure), np.int64)
    most_a, most_b = (max(int(n.max(initial=1)), 1) for n in (judged.n_a, judged.n_b))
    weight = judged.surest * np.where(judged.difference >= 0, judged.n_a / most_a, judged.n_b / most_b)
    return sorted(known.tolist(), key=lambda k: (not sure[k], int(behind[k]), -weight[k], judged.p[k]))


@dataclass(frozen=True, slots=True)
class Best:
    """Some candidates, and for each the last part of the look that counts.

    Attributes:
        places: Which candidates.
        within: `LOOK` or `CONTINUED`.
    """

    places: list[int]
    within: list[int]


def together(
    journeys: Journeys, looks: Looks, tried: Tried, best: Best, question: CompareQuestion, group: int | None
) -> NDArray[np.float64]:
    """Correlation (phi) over the persons compared of each pair of candidates that may be alike; 0 for all others.

    Args:
        journeys: The log.
        looks: Who is compared.
        tried: Everything that was tried.
        best: Which candidates.
        question: The question.
        group: Only this group of the breakdown; None for all.
    """
    labels = slice(None) if group is None else slice(2 * group, 2 * group + 2)
    have, n = tried.having[best.within, best.places, labels].sum(axis=1), int(tried.sizes[labels].sum())
    some = np.flatnonzero(_may_be_alike(have, n))
    chosen = [tried.candidates[best.places[k]] for k in some.tolist()]
    within = [best.within[k] for k in some.tolist()]
    told = [
        look.events if group is None else look.events[look.group == group]
        for look in looks.looks
        if look.events is not None
    ]
    if len(told) == len(looks.looks) and all(candidate.kind == "event" for candidate in chosen):
        both = _counted_together(events_told(np.concatenate(told), chosen, question.events))
    else:

        def gram(part: Part, look: Look) -> NDArray[np.int64]:
            has = matrix_of(part, look, chosen, within, question)
            return _counted_together(has if group is None else has[:, look.group == group])

        both = np.sum(journeys.map(gram, looks.parts, looks.looks), axis=0)
    some_have = have[some].astype(np.float64)
    spread = np.sqrt(some_have * (n - some_have))
    phi = np.zeros((len(best.places), len(best.places)))
    with np.errstate(divide="ignore", invalid="ignore"):
        phi[np.ix_(some, some)] = np.nan_to_num((n * both - np.outer(some_have, some_have)) / np.outer(spread, spread))
    return phi


def _counted_together(has: NDArray[np.bool_]) -> NDArray[np.int64]:
    """How many persons have each two of some candidates.

    Args:
        has: (candidates, persons).
    """
    # In an and of bits, 64 persons a word: many times quicker than by a product.
    packed = np.packbits(has, axis=1)
    bits = np.zeros((len(has), -(-packed.shape[1] // 8) * 8), np.uint8)
    bits[:, : packed.shape[1]] = packed
    words = bits.view(np.uint64)
    counted: NDArray[np.int64] = np.array(
        [np.bitwise_count(own & words).sum(axis=1, dtype=np.int64) for own in words]
    ).reshape(len(has), len(has))
    return counted


def earliest_first(looks: Looks, candidates: Sequence[Candidate]) -> list[float]:
    """After how many events of the look each candidate first shows, on average; inf for what is no event nor property."""
    out = []
    for candidate in candidates:
        found = [(0, 0)]
        if candidate.kind in ("event", "property"):
            found += [first_place(part, look, candidate) for part, look in zip(looks.parts, looks.looks, strict=True)]
        places, persons = (sum(numbers) for numbers in zip(*found, strict=True))
        out.append(places / persons if persons else np.inf)
    return out


def _may_be_alike(have: Whole, n: int) -> NDArray[np.bool_]:
    """Which candidates another one may be alike: phi is bounded by how many persons have each of the two."""
    with np.errstate(divide="ignore", invalid="ignore"):
        odds = have / (n - have)
    low, high = np.minimum.outer(odds, odds), np.maximum.outer(odds, odds)
    with np.errstate(divide="ignore", invalid="ignore"):
        possible = (np.sqrt(low / high) > ALIKE) | (
            np.sqrt(np.minimum(np.outer(odds, odds), 1 / np.outer(odds, odds))) > ALIKE
        )
    np.fill_diagonal(possible, val=False)
    found: NDArray[np.bool_] = np.asarray(possible.any(axis=1))
    return found


def _throughout(counts: Whole) -> Whole:
    """Counts that do not depend on how long one looks."""
    return np.repeat(counts[:, :, None], 3, axis=2)


def _add_orders(found: _Collection, orders: Whole, names: Sequence[str]) -> None:
    """Pairs of events, each in the order that the first group has more often."""
    first, second = np.triu_indices(len(names), 1)
    both, in_order = np.moveaxis(orders[STRICT, first, second], -1, 0)
    both_on, in_order_on = np.moveaxis(orders[1, first, second], -1, 0)
    n_a, n_b = both[:, ::2].sum(axis=1), both[:, 1::2].sum(axis=1)
    other = in_order[:, ::2].sum(axis=1) * n_b < in_order[:, 1::2].sum(axis=1) * n_a
    in_order = np.where(other[:, None], both - in_order, in_order)
    in_order_on = np.where(other[:, None], both_on - in_order_on, in_order_on)
    made = [
        Candidate("order", names[j], names[i]) if swap else Candidate("order", names[i], names[j])
        for i, j, swap in zip(first.tolist(), second.tolist(), other.tolist(), strict=True)
    ]
    found.add(made, _throughout(in_order), both, np.array([both_on, in_order_on]))


def _add_times(found: _Collection, counted: Sequence[Counts], plan: Plan, question: CompareQuestion) -> None:
    """Times on events and between steps, cut at the median of all persons who have them."""
    label = np.concatenate([c.label for c in counted])
    every = np.concatenate([np.concatenate([c.wait, c.spent], axis=1) for c in counted])
    waits = counted[0].wait.shape[1]
    for column in range(every.shape[1]):
        known = every[:, column] >= 0
        values = every[known, column].astype(np.float64)
        if len(values) < 2 * found.fewest or values.min() == values.max():
            continue
        cut = float(np.median(values))
        if column < waits:
            steps = question.steps[column : column + 2]
            made = Candidate("timing", steps[0].text, steps[1].text, low=cut, place=column + 1)
        else:
            made = Candidate("timing", question.events[plan.slots[column - waits]], low=cut)
        found.add_times(made, values, label[known])
