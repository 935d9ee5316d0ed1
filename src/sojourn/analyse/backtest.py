"""Backtest: what a changed catalogue would have done, before it goes live.

In: journeys and two catalogues, a stretch of time. Out: `Backtest`: for every segment who would have entered it when, how many of
them reached a goal, and how that differs from now. A person is known at each time by what had happened and was received by then;
docs/methods/backtest.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from sojourn.analyse.backtest_kernel import reached_after
from sojourn.analyse.consent import unscored
from sojourn.analyse.intervals import wilson
from sojourn.analyse.profiles import HistoryRules
from sojourn.analyse.results import Drill, Persons, Result
from sojourn.analyse.segments import members as segment_members
from sojourn.analyse.signal_pass import signal_blocks
from sojourn.analyse.signal_question import SignalQuestion, find_catalogue, prepare
from sojourn.analyse.signals import place_of
from sojourn.analyse.steps import Step, mask_of, read_step
from sojourn.records.durations import microseconds
from sojourn.records.errors import BadOption
from sojourn.records.moments import moment_us
from sojourn.signals.predicates import columns_of
from sojourn.signals.program import Program, compile_catalogue

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from sojourn.analyse.journeys import Journeys
    from sojourn.analyse.parts import Part
    from sojourn.analyse.signal_pass import Block

_MOST_TIMES = 2_000
_MONTH_US = 30 * 86_400_000_000


@dataclass(frozen=True, slots=True)
class BacktestQuestion:
    """What was asked.

    Attributes:
        new: The changed catalogue, compiled.
        now: The one it is compared with.
        source: Where the changed one came from.
        now_source: Where the other came from.
        at_us: The times at which everybody is looked at, ascending.
        every_us: From one to the next.
        goal: Events that reach the goal; None without one.
        within_us: How soon after entering.
        last_us: End of what is known: an entry later than `within_us` before it cannot be judged.
        time_zone: Zone of moments in predicates.
        unscored: For each look the persons whose consent forbids scoring; they enter nothing.
    """

    new: Program
    now: Program
    source: str
    now_source: str
    at_us: tuple[int, ...]
    every_us: int
    goal: Step | None
    within_us: int
    last_us: int
    time_zone: str
    unscored: list[NDArray[np.int64]]


@dataclass(frozen=True, slots=True)
class BacktestDay:
    """Entries into a segment between one look and the next.

    Attributes:
        at_us: The look, microseconds since 1970 UTC.
        entries: Persons who were in at this look and not at the one before.
        members: Persons who were in.
    """

    at_us: int
    entries: int
    members: int


@dataclass(frozen=True, slots=True)
class BacktestSegment:
    """What one segment would have done.

    Attributes:
        name: Its name.
        change: `new`, `changed`, `same` or `gone`, against the catalogue of now.
        entries: Times that somebody entered; nobody enters at the first look, which tells who was in already.
        persons: Persons who entered.
        volume: Mean entries a look: what a message a look would have been.
        members: Persons in it at the last look.
        judged: Entries early enough to tell whether the goal followed; 0 without a goal.
        reached: Of these, followed by the goal in time.
        precision: `reached / judged`; `nan` without any.
        low: Lower end of its 95 % interval (Wilson).
        high: Upper end.
        base_rate: The same share for a person at any look, in the segment or not: what chance alone gives.
        now_entries: Entries into the segment of this name by the catalogue of now; 0 when it has none.
        now_precision: Their precision.
        overlap: Persons who entered by both, of those who entered by either; `nan` when nobody did.
        days: One record a look, from the second on.
    """

    name: str
    change: str
    entries: int
    persons: int
    volume: float
    members: int
    judged: int
    reached: int
    precision: float
    low: float
    high: float
    base_rate: float
    now_entries: int
    now_precision: float
    overlap: float
    days: tuple[BacktestDay, ...]


@dataclass(frozen=True, slots=True)
class Backtest(Result):
    """What a changed catalogue would have done.

    Attributes:
        catalogue: Where the changed catalogue came from.
        now: Where the one it is compared with came from.
        from_us: The first look, microseconds since 1970 UTC.
        until_us: The last look.
        looks: How many times everybody was looked at.
        every_s: Seconds from one to the next.
        goal: What entries should lead to; None when none was asked.
        within_s: How soon, seconds.
        segments: One record a segment of either catalogue; those of the changed one first.
    """

    catalogue: str
    now: str
    from_us: int
    until_us: int
    looks: int
    every_s: float
    goal: str | None
    within_s: float
    segments: tuple[BacktestSegment, ...]
    _drill: Drill | None = field(default=None, repr=False, compare=False)

    def rows(self) -> Sequence[BacktestSegment]:
        """One row a segment."""
        return self.segments

    def persons(
        self,
        segment: str,
        *,
        now: bool = False,
        standing: Literal["entered", "judged", "reached", "members"] = "entered",
    ) -> Persons:
        """Persons who would have entered a segment of the changed catalogue.

        Args:
            segment: Its name in the catalogue.
            now: By the catalogue of now instead.
            standing: `entered`: at any look from the second on; `judged`: early enough to tell; `reached`: and followed by the
                goal; `members`: in it at the last look.
        """
        assert self._drill is not None  # every Backtest is made by `backtest`
        return members(self._drill.journeys, self._drill.question, segment, standing, now=now)


@dataclass(frozen=True, slots=True)
class BacktestPartial:
    """What one part adds; first axis: the changed catalogue and the one of now, each with its segments.

    Attributes:
        entries: int64, shape (segments, looks).
        members: int64, shape (segments, looks).
        judged: int64, one a segment.
        reached: int64, one a segment.
        entered: One array of persons' numbers a segment: who entered.
        judged_by: The same: whose entries are in `judged`.
        reached_by: The same: whose entries are in `reached`.
        base_judged: Persons at looks that can be judged.
        base_reached: Of these, followed by the goal.
    """

    entries: NDArray[np.int64]
    members: NDArray[np.int64]
    judged: NDArray[np.int64]
    reached: NDArray[np.int64]
    entered: list[NDArray[np.int64]]
    judged_by: list[NDArray[np.int64]]
    reached_by: list[NDArray[np.int64]]
    base_judged: int
    base_reached: int


def backtest(  # noqa: PLR0913  (the options of the question; each has a default)
    journeys: Journeys,
    catalogue: Any,  # noqa: ANN401  (a Catalogue, a path or a name: `find_catalogue` says)
    *,
    against: Any = None,  # noqa: ANN401  (as `catalogue`)
    start: str | dt.date | None = None,
    end: str | dt.date | None = None,
    every: str | dt.timedelta = "1d",
    goal: str | None = None,
    within: str | dt.timedelta = "7d",
) -> Backtest:
    """What the segments of a changed catalogue would have done.

    Args:
        journeys: The log. `between` narrows what is known; use `start` and `end` for the stretch that is tried.
        catalogue: The changed one: a `Catalogue`, a file, or `shop`, `software`, `streaming`.
        against: What it is compared with; None for `signals.yaml` of the data folder, else the branch that fits the log.
        start: The first look; None for 30 days before the last.
        end: The last look; None for the log's last event.
        every: From one look to the next.
        goal: A step (event, `A|B` or predicate) that entries should lead to; None to count only.
        within: How soon after the look at which they had entered.

    Raises:
        BadCatalogue: A catalogue is not there, or wrong.
        BadOption: No stretch, or over 2,000 looks.
    """
    new, source = find_catalogue(journeys, catalogue)
    now, now_source = find_catalogue(journeys, against)
    programs = compile_catalogue(new), compile_catalogue(now)
    prepare(journeys, programs)
    step = read_step(goal, journeys.events) if goal is not None else None
    if step is not None and step.predicate is not None:
        for name in sorted(columns_of(step.predicate) - {"event", "time"}):
            journeys.index.column(name)
    last = max((int(part.time.max(initial=0)) for part in journeys.parts()), default=0)
    every_us = microseconds(every)
    until = last if end is None else moment_us(end, time_zone=journeys.time_zone)
    begin = until - _MONTH_US if start is None else moment_us(start, time_zone=journeys.time_zone)
    looks = _looks(begin, until, every_us)
    question = BacktestQuestion(
        *programs, source, now_source, looks, every_us, step, microseconds(within), last, journeys.time_zone,
        unscored(journeys, looks),
    )  # fmt: skip
    partials = journeys.map(lambda part: partial(part, question), journeys.parts())
    return merge(partials, question, journeys=journeys)


def _looks(begin: int, until: int, every_us: int) -> tuple[int, ...]:
    if until <= begin:
        raise BadOption("expected a stretch of time that ends after it begins")
    many = (until - begin) // every_us + 1
    if many > _MOST_TIMES:
        raise BadOption(f"{many:,} looks are too many (at most {_MOST_TIMES:,}); look less often")
    return tuple(begin + n * every_us for n in range(many))


def partial(part: Part, question: BacktestQuestion) -> BacktestPartial:
    """Entries, members and goals of one part."""
    looks = np.array(question.at_us, np.int64)
    goal = np.empty(0, np.bool_)
    if question.goal is not None:
        goal = mask_of(part, question.goal, time_zone=question.time_zone)
    judgeable = looks + question.within_us <= question.last_us
    tallies = [_Tally(len(program.catalogue.segments), len(looks)) for program in (question.new, question.now)]
    base = np.zeros(2, np.int64)
    for which, program in enumerate((question.new, question.now)):
        rules = HistoryRules(program)
        for block in signal_blocks(part, program, question.at_us):
            hit = _reached(block, goal, question)
            known = np.array([block.begun(t) & ~np.isin(block.person, question.unscored[t]) for t in range(len(looks))])
            inside = np.array([rules.profiles(block, t).members & known[t] for t in range(len(looks))])
            tallies[which].add(block.person, inside, hit, judgeable)
            if which == 0 and question.goal is not None:
                base += [int(known[judgeable].sum()), int((hit & known)[judgeable].sum())]
    joined = [
        np.concatenate([getattr(t, name) for t in tallies]) for name in ("entries", "members", "judged", "reached")
    ]
    entered, judged_by, reached_by = (
        [np.unique(np.concatenate([np.empty(0, np.int64), *one])) for t in tallies for one in getattr(t, name)]
        for name in ("entered", "judged_by", "reached_by")
    )
    entries, inside_at, judged, reached = joined
    return BacktestPartial(
        entries, inside_at, judged, reached, entered, judged_by, reached_by, int(base[0]), int(base[1])
    )


class _Tally:
    """Counts of one catalogue's segments over blocks."""

    def __init__(self, segments: int, looks: int) -> None:
        self.entries, self.members = np.zeros((segments, looks), np.int64), np.zeros((segments, looks), np.int64)
        self.judged, self.reached = np.zeros(segments, np.int64), np.zeros(segments, np.int64)
        self.entered: list[list[NDArray[np.int64]]] = [[] for _ in range(segments)]
        self.judged_by: list[list[NDArray[np.int64]]] = [[] for _ in range(segments)]
        self.reached_by: list[list[NDArray[np.int64]]] = [[] for _ in range(segments)]

    def add(
        self,
        person: NDArray[np.int64],
        inside: NDArray[np.bool_],
        hit: NDArray[np.bool_],
        judgeable: NDArray[np.bool_],
    ) -> None:
        """Count a block: `inside` has the shape (looks, segments, persons), `hit` (looks, persons)."""
        came = np.zeros_like(inside)
        came[1:] = inside[1:] & ~inside[:-1]
        self.entries += came.sum(axis=2).T
        self.members += inside.sum(axis=2).T
        if hit.size:
            told = came & judgeable[:, None, None]
            won = told & hit[:, None, :]
            self.judged += told.sum(axis=(0, 2))
            self.reached += won.sum(axis=(0, 2))
            for n in range(len(self.entered)):
                self.judged_by[n].append(person[told[:, n].any(axis=0)])
                self.reached_by[n].append(person[won[:, n].any(axis=0)])
        for n, one in enumerate(self.entered):
            one.append(person[came[:, n].any(axis=0)])


def _reached(block: Block, goal: NDArray[np.bool_], question: BacktestQuestion) -> NDArray[np.bool_]:
    """Whether each person reaches the goal soon after each look; empty without a goal."""
    if question.goal is None:
        return np.empty((0, 0), np.bool_)
    rows = slice(block.first, block.first + len(block.person))
    part = block.part
    return reached_after(part.start[rows], part.stop[rows], part.time, goal, block.at, question.within_us)


def merge(
    partials: Sequence[BacktestPartial], question: BacktestQuestion, *, journeys: Journeys | None = None
) -> Backtest:
    """Add up the parts."""
    names = [[s.name for s in program.catalogue.segments] for program in (question.new, question.now)]
    sums = _Sums(partials, len(names[0]) + len(names[1]), len(question.at_us))
    found = list(_segments(question, names, sums))
    drill = Drill(journeys, question) if journeys is not None else None
    goal = question.goal.text if question.goal is not None else None
    return Backtest(
        question.source, question.now_source, question.at_us[0], question.at_us[-1], len(question.at_us),
        question.every_us / 1e6, goal, question.within_us / 1e6, tuple(found), _drill=drill,
    )  # fmt: skip


class _Sums:
    """The parts added up."""

    def __init__(self, partials: Sequence[BacktestPartial], segments: int, looks: int) -> None:
        self.entries = sum((p.entries for p in partials), np.zeros((segments, looks), np.int64))
        self.members = sum((p.members for p in partials), np.zeros((segments, looks), np.int64))
        self.judged = sum((p.judged for p in partials), np.zeros(segments, np.int64))
        self.reached = sum((p.reached for p in partials), np.zeros(segments, np.int64))
        self.entered = [
            np.concatenate([np.empty(0, np.int64), *(p.entered[n] for p in partials)]) for n in range(segments)
        ]
        judged, reached = sum(p.base_judged for p in partials), sum(p.base_reached for p in partials)
        self.base = reached / judged if judged else np.nan

    def precision(self, place: int) -> float:
        """Share of judged entries that reached the goal."""
        return float(self.reached[place] / self.judged[place]) if self.judged[place] else np.nan


def _segments(question: BacktestQuestion, names: list[list[str]], sums: _Sums) -> Iterator[BacktestSegment]:
    first = len(names[0])
    for name in dict.fromkeys([*names[0], *names[1]]):
        place = names[0].index(name) if name in names[0] else None
        now = first + names[1].index(name) if name in names[1] else None
        yield _segment(name, _change(question, name, place, now), place, now, question, sums)


def _segment(
    name: str, change: str, place: int | None, now: int | None, question: BacktestQuestion, sums: _Sums
) -> BacktestSegment:
    entered = sums.entered[place] if place is not None else np.empty(0, np.int64)
    before = sums.entered[now] if now is not None else np.empty(0, np.int64)
    either = len(np.union1d(entered, before))
    judged = int(sums.judged[place]) if place is not None else 0
    reached = int(sums.reached[place]) if place is not None else 0
    low, high = map(float, wilson(reached, judged)) if judged else (np.nan, np.nan)
    entries = int(sums.entries[place].sum()) if place is not None else 0
    looks = len(question.at_us)
    days: tuple[BacktestDay, ...] = ()
    if place is not None:
        days = tuple(
            BacktestDay(question.at_us[t], int(sums.entries[place, t]), int(sums.members[place, t]))
            for t in range(1, looks)
        )
    return BacktestSegment(
        name=name, change=change, entries=entries, persons=len(entered),
        volume=entries / (looks - 1) if looks > 1 else np.nan,
        members=int(sums.members[place, -1]) if place is not None else 0,
        judged=judged, reached=reached, precision=sums.precision(place) if place is not None else np.nan,
        low=low, high=high, base_rate=sums.base,
        now_entries=int(sums.entries[now].sum()) if now is not None else 0,
        now_precision=sums.precision(now) if now is not None else np.nan,
        overlap=len(np.intersect1d(entered, before)) / either if either else np.nan, days=days,
    )  # fmt: skip


def _change(question: BacktestQuestion, name: str, place: int | None, now: int | None) -> str:
    """How the segment differs: by its own rule, or by anything it reads."""
    if place is None or now is None:
        return "new" if now is None else "gone"
    told = [
        (next(s for s in p.catalogue.segments if s.name == name).where, p.catalogue.signals, p.catalogue.scores, p.catalogue.stages)
        for p in (question.new, question.now)
    ]  # fmt: skip
    return "same" if told[0] == told[1] else "changed"


def members(journeys: Journeys, question: BacktestQuestion, segment: str, standing: str, *, now: bool) -> Persons:
    """Persons who would have entered a segment, or were in it at the last look; see `Backtest.persons`."""
    if standing not in ("entered", "judged", "reached", "members"):
        raise BadOption(f"expected entered, judged, reached or members, got {standing!r}")
    program = question.now if now else question.new
    what = f"segment of the {'catalogue of now' if now else 'changed catalogue'}"
    place = place_of(segment, [s.name for s in program.catalogue.segments], what)
    if standing == "members":
        last = SignalQuestion(program, question.source, question.at_us[-1], question.unscored[-1])
        return segment_members(journeys, last, segment, None)
    place += len(question.new.catalogue.segments) if now else 0
    partials = journeys.map(lambda part: partial(part, question), journeys.parts())
    name = {"entered": "entered", "judged": "judged_by", "reached": "reached_by"}[standing]
    return journeys.persons_of([getattr(p, name)[place] for p in partials])
