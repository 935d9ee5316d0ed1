"""Compare: what separates those who went on from those who left, or any two groups of persons.

In: the steps of a funnel, or two predicates. Out: `Comparison`: everything tried, ranked, each with an interval and a p
value corrected for how many were tried. What counts, and why it is fair: docs/methods/compare.md.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from sojourn.analyse import comparison_members as who
from sojourn.analyse.comparison_asides import set_aside
from sojourn.analyse.comparison_features import CONTINUED, KINDS, LOOK, Candidate, Kind, Plan, count_part
from sojourn.analyse.comparison_findings import (
    ALIKE,
    SURE,
    Best,
    collect,
    continued,
    earliest_first,
    judge,
    rank,
    together,
)
from sojourn.analyse.comparison_plan import make_plan
from sojourn.analyse.comparison_question import phrase, read_question, sides
from sojourn.analyse.comparison_windows import find_looks
from sojourn.analyse.comparison_words import name as called
from sojourn.analyse.comparison_words import sentence
from sojourn.analyse.groups import group_events
from sojourn.analyse.intervals import ratio_interval
from sojourn.analyse.results import Drill, Persons, Result
from sojourn.records.errors import BadOption

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sojourn.analyse.comparison_features import Counts
    from sojourn.analyse.comparison_findings import Judged, Tried
    from sojourn.analyse.comparison_members import Side
    from sojourn.analyse.comparison_question import CompareQuestion
    from sojourn.analyse.comparison_windows import Look, Looks
    from sojourn.analyse.journeys import Journeys
    from sojourn.analyse.parts import Part

_Row = TypeVar("_Row")
_GROUPED, _GROUPED_WITHIN = 60, 15
"""Of so many best findings those that say the same stand together: of all persons, and within a group."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was tried, and how the groups differ in it.

    Attributes:
        kind: `event`, `property`, `repeat`, `order`, `timing` or `moment`.
        what: It, in a few words.
        event: The event it is about; null when it is about any.
        property: The property it is about.
        value: The property's value.
        more_among: The group that has it more often.
        share_a: Share of the first group that has it, in [0, 1].
        share_b: Share of the second group.
        count_a: Persons of the first group who have it.
        count_b: Persons of the second group who have it.
        n_a: Persons of the first group it was asked of.
        n_b: Persons of the second group it was asked of.
        difference: `share_a - share_b`.
        low: Lower end of its 95 % interval (Newcombe).
        high: Upper end.
        ratio: `share_a / share_b`; null when nobody has it, or only the first group has.
        ratio_low: Lower end of its 95 % interval (Katz).
        ratio_high: Upper end.
        median_a_s: Of a timing: median time in the first group, seconds; null otherwise.
        median_b_s: The same in the second group.
        p: p value: Fisher's exact test, for a timing Mann-Whitney's.
        p_corrected: The same corrected for everything tried (Holm).
        sure: Whether `p_corrected` is below 0.05.
        later: Whether it shows only after the time converters needed, so that it may be a reason or a consequence.
        also: What the same persons have, so that it says the same (correlation above 0.95), best first.
        sentence: All of it in a sentence.
    """

    kind: Kind
    what: str
    event: str | None
    property: str | None
    value: str | None
    more_among: str
    share_a: float
    share_b: float
    count_a: int
    count_b: int
    n_a: int
    n_b: int
    difference: float
    low: float
    high: float
    ratio: float
    ratio_low: float
    ratio_high: float
    median_a_s: float
    median_b_s: float
    p: float
    p_corrected: float
    sure: bool
    later: bool = False
    also: tuple[str, ...] = ()
    sentence: str = ""
    _candidate: Candidate | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Milestone:
    """What nearly every converter passes before the step: where people are lost more exactly, not why.

    Attributes:
        what: An event, or an event with a value, such as one page.
        share_a: Share of leavers who passed it too.
        share_b: Share of converters who passed it before the step.
        count_a: Leavers who passed it.
        count_b: Converters who did.
    """

    what: str
    share_a: float
    share_b: float
    count_a: int
    count_b: int
    _candidate: Candidate | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Ending:
    """Another name for the outcome: an event only leavers come to, or only converters. It says that they left, not why.

    Attributes:
        what: The event.
        share_a: Share of leavers who have it at any time after they came to the step before; 0 when converters have it.
        share_b: Share of converters who have it at any time after they came to the step before; 0 when leavers have it.
        count_a: Leavers who have it.
        count_b: Converters who have it.
    """

    what: str
    share_a: float
    share_b: float
    count_a: int
    count_b: int
    _candidate: Candidate | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class ComparisonGroup:
    """The comparison within one group of a breakdown.

    Attributes:
        group: The group's name.
        groups: Persons by name of the side.
        findings: As in `Comparison`, corrected for everything tried in all groups together.
    """

    group: str
    groups: dict[str, int]
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class Comparison(Result):
    """Two groups of persons compared.

    Attributes:
        asked: What was compared, in words.
        groups: Persons in each group, the first (a) before the second (b).
        tried: How many tests were made: one a candidate, two where it also shows after the time converters needed.
        correction: How p values are corrected for that: `holm`.
        median_watch_s: Median time from the step before to the step, of converters, seconds; leavers were watched for
            times dealt from the same distribution. Null when two predicates are compared.
        undecided: Persons left out: the log ends sooner after they came than any converter needed.
        in_both: Persons left out: they are in both groups.
        findings: Best first.
        milestones: What nearly every converter passes on the way; they are not among the findings.
        endings: Events that are another name for leaving, or for going on; they are not among the findings either.
        by_group: The same by group, largest first; empty without a breakdown.
    """

    asked: str
    groups: dict[str, int]
    tried: int
    correction: str
    median_watch_s: float
    undecided: int
    in_both: int
    findings: tuple[Finding, ...]
    milestones: tuple[Milestone, ...] = ()
    endings: tuple[Ending, ...] = ()
    by_group: tuple[ComparisonGroup, ...] = ()
    _drill: Drill | None = field(default=None, repr=False, compare=False)

    def rows(self) -> Sequence[Finding]:
        """The findings."""
        return self.findings

    def persons(
        self, finding: int | None = None, side: Side = "a", *, group: str | None = None, asked: bool = False
    ) -> Persons:
        """The persons of a side, or those of them who have a finding.

        Args:
            finding: Place of a finding, from 0: the persons who have it; None for the whole side.
            side: `a` for the first group, `b` for the second.
            group: Only this group of the breakdown, and the finding of that place in it.
            asked: Everybody whom the finding was asked of (`n_a`, `n_b`), whether they have it or not.
        """
        drill = self._asked()
        if finding is None:
            return who.side_persons(drill, side, group=group)
        rows = self.findings if group is None else next((g.findings for g in self.by_group if g.group == group), ())
        return who.finding_persons(drill, _at(rows, finding, "finding"), side, group=group, asked=asked)

    def persons_at_milestone(self, milestone: int, side: Side = "a") -> Persons:
        """The persons of a side who passed a milestone.

        Args:
            milestone: Its place, from 0.
            side: `a` for the first group, `b` for the second.
        """
        found = _at(self.milestones, milestone, "milestone")
        return who.milestone_persons(self._asked(), found, side)

    def persons_at_ending(self, ending: int, side: Side = "a") -> Persons:
        """The persons of a side who have an event that is another name for the outcome.

        Args:
            ending: Its place, from 0.
            side: `a` for the first group, `b` for the second.
        """
        drill, found = self._asked(), _at(self.endings, ending, "ending")
        # What leavers come to, converters may too, but only after they went on: that counts nowhere.
        counted = {"a": found.count_a, "b": found.count_b}.get(side, 1)
        return who.ending_persons(drill, found, side) if counted else drill.journeys.persons_of([])

    def persons_left_out(self) -> Persons:
        """The persons who came too late to be judged (`undecided`), or are in both groups (`in_both`)."""
        return who.left_out_persons(self._asked())

    def _asked(self) -> Drill:
        assert self._drill is not None  # every Comparison is made by `compare`
        return self._drill


def compare(  # noqa: PLR0913  (one argument a choice)
    journeys: Journeys,
    steps: Sequence[str] = (),
    *,
    at: int | None = None,
    within: str | dt.timedelta | None = None,
    group: str | None = None,
    against: str | None = None,
    by: str | None = None,
    kinds: Sequence[Kind] = KINDS,
    properties: Sequence[str] | None = None,
    gap: str | dt.timedelta = "30m",
    most: int = 20,
) -> Comparison:
    """Compare converters with leavers of a funnel step, or two groups of persons.

    Args:
        journeys: The log.
        steps: Steps of a funnel, as `funnel` takes them. The first group are those who were lost at step `at`
            (leavers), the second those who reached it (converters).
        at: Place of that step, from 1; None for the last.
        within: Longest time from the first step to the last; None for no limit.
        group: Instead of steps: an event or a predicate; persons with such an event are the first group.
        against: As `group`, for the second. Persons in both groups are left out.
        by: Compare within each group of a column, `first COLUMN` or `last COLUMN`, too.
        kinds: What to try; `KINDS` is everything.
        properties: Properties to try; None for all that have a column.
        gap: Silence that ends a visit.
        most: How many findings to list.

    Raises:
        UnknownEvent: A step no event has the name of.
        BadOption: Neither steps nor two groups, or an option outside what it accepts.
    """
    question = read_question(
        journeys,
        steps,
        at=at,
        within=within,
        sides=(group, against),
        by=by,
        kinds=kinds,
        properties=properties,
        gap=gap,
        most=most,
    )
    groupings = group_events(journeys.parts(), question.breakdown)
    looks = find_looks(journeys, question, groupings)
    plan = make_plan(journeys, looks, question, groupings[0].names)
    counted = journeys.map(lambda part, look: partial(part, look, question, plan), looks.parts, looks.looks)
    return merge(counted, question, plan, journeys=journeys, looks=looks)


def partial(part: Part, look: Look, question: CompareQuestion, plan: Plan) -> Counts:
    """Count who has what in one part."""
    return count_part(part, look, plan, question)


def merge(
    counted: Sequence[Counts], question: CompareQuestion, plan: Plan, *, journeys: Journeys, looks: Looks
) -> Comparison:
    """Add up the parts, test, rank, and put together what says the same."""
    every = collect(counted, plan, question)
    names = plan.groups
    many = len(every.candidates) + int(continued(every).sum())
    judged = judge(every, range(len(names)), many=many)
    telling = _Telling(journeys, looks, question, every, many)
    findings, milestones, ended = telling.findings(judged, None, question.most)
    a, b = sides(question)
    by_group = []
    if question.breakdown is not None:
        in_all = dataclasses.replace(telling, many=many * len(names))
        for n, group in enumerate(names):
            sizes = {a: int(every.sizes[2 * n]), b: int(every.sizes[2 * n + 1])}
            if all(sizes.values()):
                found, _, _ = in_all.findings(judge(every, [n], many=in_all.many), n, question.most)
                by_group.append(ComparisonGroup(group, sizes, found))
    return Comparison(
        asked=phrase(question),
        groups={a: int(every.sizes[::2].sum()), b: int(every.sizes[1::2].sum())},
        tried=many,
        correction="holm",
        median_watch_s=float(np.median(looks.watched_us)) / 1e6
        if len(looks.watched_us) and not question.untimed
        else np.nan,
        undecided=looks.undecided,
        in_both=looks.both,
        findings=findings,
        milestones=milestones,
        endings=ended,
        by_group=tuple(sorted(by_group, key=lambda g: -sum(g.groups.values()))),
        _drill=Drill(journeys, question),
    )


@dataclass(frozen=True, slots=True)
class _Telling:
    """What is needed to tell findings."""

    journeys: Journeys
    looks: Looks
    question: CompareQuestion
    tried: Tried
    many: int

    def findings(
        self, judged: Judged, group: int | None, most: int
    ) -> tuple[tuple[Finding, ...], tuple[Milestone, ...], tuple[Ending, ...]]:
        """The best findings, each with those that say the same; the milestones; the endings."""
        order = rank(judged, one_sided=bool(self.question.steps))
        aside = set_aside(self.journeys, self.looks, self.tried, judged, self.question, order)
        order = [k for k in order if k not in aside.left_out]
        first = _GROUPED if group is None else min(most, _GROUPED_WITHIN)
        alike = self._alike(order[:first], judged.later, group) + [[k] for k in order[first:most]]
        told = [self._finding(judged, same, group) for same in alike[:most]]
        milestones = tuple(self._milestone(judged, k) for k in aside.milestones)
        ended = [self._ending(k, (many, 0)) for k, many in aside.endings.items()]
        ended += [self._ending(k, (0, many)) for k, many in aside.companions.items()]
        return tuple(told), milestones, tuple(ended)

    def _alike(self, best: list[int], later: NDArray[np.bool_], group: int | None) -> list[list[int]]:
        """Near-identical candidates together, in the order of the best of each; the simplest stands first."""
        within = [CONTINUED if later[k] else LOOK for k in best]
        phi = together(self.journeys, self.looks, self.tried, Best(best, within), self.question, group)
        found: list[list[int]] = []
        for n in range(len(best)):
            same = next((places for places in found if abs(phi[places[0], n]) > ALIKE), None)
            if same is None:
                found.append([n])
            else:
                same.append(n)
        simple = [self._plainest_first(best, places, phi[places[0]]) for places in found]
        return [[best[n] for n in places] for places in simple]

    def _plainest_first(self, best: list[int], places: list[int], phi: NDArray[np.float64]) -> list[int]:
        """Of what says the same: an event before a value, and of two events the one that comes first."""
        if len(places) == 1:
            return places
        candidates = [self.tried.candidates[best[n]] for n in places]
        shown = dict(zip(places, earliest_first(self.looks, candidates), strict=True))
        plain = {n: _plainness(candidate) for n, candidate in zip(places, candidates, strict=True)}
        return sorted(places, key=lambda n: (phi[n] < 0, plain[n], shown[n]))

    def _milestone(self, judged: Judged, place: int) -> Milestone:
        candidate = self.tried.candidates[place]
        shares = (float(judged.count_a[place] / judged.n_a[place]), float(judged.count_b[place] / judged.n_b[place]))
        counts = (int(judged.count_a[place]), int(judged.count_b[place]))
        return Milestone(called(candidate), *shares, *counts, candidate)

    def _ending(self, place: int, counts: tuple[int, int]) -> Ending:
        candidate, sizes = self.tried.candidates[place], self.tried.sizes
        shares = (
            float(counts[0] / sizes[::2].sum()) if counts[0] else 0.0,
            float(counts[1] / sizes[1::2].sum()) if counts[1] else 0.0,
        )
        return Ending(called(candidate), *shares, *counts, candidate)

    def _finding(self, judged: Judged, same: list[int], group: int | None) -> Finding:
        place, *others = same
        candidate = self.tried.candidates[place]
        count_a, n_a, count_b, n_b = (
            int(counts[place]) for counts in (judged.count_a, judged.n_a, judged.count_b, judged.n_b)
        )
        ratio, ratio_low, ratio_high = (float(end) for end in ratio_interval(count_a, n_a, count_b, n_b))
        sides_named = sides(self.question)
        median_a, median_b = self._medians(place, group)
        finding = Finding(
            kind=candidate.kind,
            what=called(candidate),
            event=candidate.event,
            property=candidate.property,
            value=candidate.value,
            more_among=sides_named[0 if judged.difference[place] >= 0 else 1],
            share_a=count_a / n_a,
            share_b=count_b / n_b,
            count_a=count_a,
            count_b=count_b,
            n_a=n_a,
            n_b=n_b,
            difference=float(judged.difference[place]),
            low=float(judged.low[place]),
            high=float(judged.high[place]),
            ratio=ratio if np.isfinite(ratio) else np.nan,
            ratio_low=ratio_low,
            ratio_high=ratio_high,
            median_a_s=median_a,
            median_b_s=median_b,
            p=float(judged.p[place]),
            p_corrected=float(judged.corrected[place]),
            sure=bool(judged.corrected[place] < SURE),
            later=bool(judged.later[place]),
            also=tuple(self._named_as(place, k, judged) for k in others),
            _candidate=candidate,
        )
        who = sides_named if self.question.steps else tuple(f"persons with {side}" for side in sides_named)
        # What leaving looks like and what makes people leave are the same when nobody goes on who has it.
        fatal = bool(self.question.steps) and finding.difference > 0 and not count_b
        return dataclasses.replace(finding, sentence=sentence(finding, who[0], who[1], self.many, fatal=fatal))

    def _named_as(self, place: int, other: int, judged: Judged) -> str:
        """What another finding is called beside this one: what it excludes is called `not ...`."""
        words = called(self.tried.candidates[other])
        return words if (judged.difference[other] >= 0) == (judged.difference[place] >= 0) else f"not {words}"

    def _medians(self, place: int, group: int | None) -> tuple[float, float]:
        if place not in self.tried.times:
            return np.nan, np.nan
        values, label = self.tried.times[place]
        mine = np.ones(len(label), np.bool_) if group is None else label // 2 == group
        a, b = values[mine & (label % 2 == 0)], values[mine & (label % 2 == 1)]
        return (float(np.median(a)) / 1e6 if len(a) else np.nan), (float(np.median(b)) / 1e6 if len(b) else np.nan)


def _at(rows: Sequence[_Row], place: int, called_: str) -> _Row:
    if not 0 <= place < len(rows):
        raise BadOption(f"expected a {called_} from 0 to {len(rows) - 1}, got {place}")
    return rows[place]


def _plainness(candidate: Candidate) -> tuple[int, bool]:
    """Of what says the same, an event says it most plainly, then a value on a stated event."""
    return KINDS.index(candidate.kind), candidate.event is None
