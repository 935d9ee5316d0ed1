"""Journeys: a log that can be asked questions.

In: an open index. Out: one method a question, each returning a frozen result. `where` and `between` give a
narrower log of the same kind; nothing here changes the data.
"""

from __future__ import annotations

import dataclasses
import importlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from sojourn.analyse.kept_parts import KeptParts
from sojourn.analyse.masks import matches
from sojourn.analyse.parts import keep, whole_part
from sojourn.analyse.person_names import names_of
from sojourn.analyse.results import Persons
from sojourn.analyse.side_by_side import side_by_side
from sojourn.records.errors import BadOption
from sojourn.records.moments import moment_us
from sojourn.records.periods import zone
from sojourn.signals.predicates import Compare, parse_predicate

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from sojourn.analyse.attribution import Attribution
    from sojourn.analyse.backtest import Backtest
    from sojourn.analyse.changes import Changes
    from sojourn.analyse.compare import Comparison
    from sojourn.analyse.engagement import Engagement
    from sojourn.analyse.funnel import Funnel
    from sojourn.analyse.history import History
    from sojourn.analyse.journey_map import JourneyMap
    from sojourn.analyse.links import PersonLinks
    from sojourn.analyse.loops import Loops
    from sojourn.analyse.ngrams import NGrams
    from sojourn.analyse.orders import Orders
    from sojourn.analyse.overview import Overview
    from sojourn.analyse.parts import Part
    from sojourn.analyse.paths import Paths
    from sojourn.analyse.person import PersonHistory
    from sojourn.analyse.retention import Retention
    from sojourn.analyse.scores import Scores
    from sojourn.analyse.segment_overlap import SegmentOverlap
    from sojourn.analyse.segments import Segments
    from sojourn.analyse.sessions import Sessions
    from sojourn.analyse.signals import Signals
    from sojourn.analyse.sql import SqlAnswer
    from sojourn.analyse.transitions import Transitions
    from sojourn.signals.predicates import Predicate
    from sojourn.store.index import Index

T = TypeVar("T")
_NOT_BOT = Compare("bot", "=", value=False)


@dataclass(frozen=True)
class Journeys:
    """A log, or a narrower view of one.

    Attributes:
        index: What is scanned.
        predicates: An event must match all of them.
        from_us: Events before are left out; None for no bound.
        until_us: Events at or after are left out; None for no bound.
        with_bots: Whether self-declared crawlers count; they do not by default.
        time_zone: IANA name; where days begin, and the zone of moments without one.
    """

    index: Index
    predicates: tuple[Predicate, ...] = ()
    from_us: int | None = None
    until_us: int | None = None
    with_bots: bool = False
    time_zone: str = "UTC"
    _keep_alive: Any = None
    _cache: dict[str, list[Part]] = field(default_factory=dict, compare=False, repr=False)
    _kept: KeptParts = field(default_factory=KeptParts, compare=False, repr=False)

    def where(self, predicate: str) -> Journeys:
        """Only events that match.

        Args:
            predicate: SQL-like, docs/predicates.md: `path like '/pricing%' and device <> 'mobile'`.

        Raises:
            BadPredicate: It cannot be read.
        """
        return self._narrower(predicates=(*self.predicates, parse_predicate(predicate)))

    def between(self, start: str | dt.date | None, end: str | dt.date | None) -> Journeys:
        """Only events from `start` (inclusive) until `end` (exclusive).

        Args:
            start: A moment such as '2024-03-01' in the journeys' time zone; None for no bound.
            end: As `start`.

        Raises:
            BadOption: One is no moment, or the end lies before the start.
        """
        from_us = self.from_us if start is None else moment_us(start, time_zone=self.time_zone)
        until_us = self.until_us if end is None else moment_us(end, time_zone=self.time_zone)
        said = start is not None and end is not None
        if said and from_us is not None and until_us is not None and until_us < from_us:
            message = f"nothing lies between: the end, {end}, is before the start, {start}"
            raise BadOption(message)
        return self._narrower(from_us=from_us, until_us=until_us)

    def including_bots(self) -> Journeys:
        """Count self-declared crawlers too."""
        return self._narrower(with_bots=True)

    def in_zone(self, time_zone: str) -> Journeys:
        """The same journeys with days, weeks and months of another time zone."""
        zone(time_zone)
        return self._narrower(time_zone=time_zone)

    def _narrower(self, **changes: Any) -> Journeys:
        return dataclasses.replace(self, **changes, _cache={})

    def attribution(self, **options: Any) -> Attribution:
        """Which channels stand before the conversions; options as `analyse.attribution.attribution`."""
        from sojourn.analyse.attribution import attribution  # noqa: PLC0415  (its kernels load only when asked)

        return attribution(self, **options)

    def changes(self, **options: Any) -> Changes:
        """Whose behaviour fell or rose against their own baseline; options as `analyse.changes.changes`."""
        from sojourn.analyse.changes import changes  # noqa: PLC0415  (its kernels load only when asked)

        return changes(self, **options)

    def compare(self, steps: Sequence[str] = (), **options: Any) -> Comparison:
        """What separates leavers from converters, or two groups; options as `analyse.compare.compare`."""
        from sojourn.analyse.compare import compare  # noqa: PLC0415  (its kernels load only when asked)

        return compare(self, steps, **options)

    def engagement(self, **options: Any) -> Engagement:
        """How long people stay, scroll and watch, and how often they come; options as `analyse.engagement.engagement`."""
        from sojourn.analyse.engagement import engagement  # noqa: PLC0415  (its kernels load only when asked)

        return engagement(self, **options)

    def funnel(self, steps: Sequence[str], **options: Any) -> Funnel:
        """How many go from step to step; options as `analyse.funnel.funnel`."""
        from sojourn.analyse.funnel import funnel  # noqa: PLC0415  (its kernels load only when asked)

        return funnel(self, steps, **options)

    def history(self, **options: Any) -> History:
        """How measures develop over people's lives, by cohort; options as `analyse.history.history`."""
        from sojourn.analyse.history import history  # noqa: PLC0415  (its kernels load only when asked)

        return history(self, **options)

    def person(self, person: str, **options: Any) -> PersonHistory:
        """One person: timeline, identities, measures by period; options as `analyse.person.person_history`."""
        from sojourn.analyse.person import person_history  # noqa: PLC0415  (its kernels load only when asked)

        return person_history(self, person, **options)

    def links(self, person: str) -> PersonLinks:
        """Why a person's identifiers are one person; `analyse.links.person_links`."""
        from sojourn.analyse.links import person_links  # noqa: PLC0415  (only when asked)

        return person_links(self, person)

    def orders(self, **options: Any) -> Orders:
        """How many orders, how large, and who orders again; options as `analyse.orders.orders`."""
        from sojourn.analyse.orders import orders  # noqa: PLC0415  (loads only when asked)

        return orders(self, **options)

    def overview(self, **options: Any) -> Overview:
        """What the log holds; options as `analyse.overview.overview`."""
        from sojourn.analyse.overview import overview  # noqa: PLC0415  (loads only when asked)

        return overview(self, **options)

    def report(self, **options: Any) -> Any:  # noqa: ANN401  (a Report; no room may lean on what stands on top)
        """The whole story: every question, with goal, steps and columns chosen where not given; options as `app.report.report.report`."""
        # By name: the report stands on top of all questions, and no room may lean on what stands on top.
        return importlib.import_module("sojourn.app.report.report").report(self, **options)

    def journey_map(self, **options: Any) -> JourneyMap:
        """How far persons come and where they meet us; options as `analyse.journey_map.journey_map`."""
        from sojourn.analyse.journey_map import journey_map  # noqa: PLC0415  (its kernels load only when asked)

        return journey_map(self, **options)

    def retention(self, **options: Any) -> Retention:
        """Who came back; options as `analyse.retention.retention`."""
        from sojourn.analyse.retention import retention  # noqa: PLC0415  (its kernels load only when asked)

        return retention(self, **options)

    def loops(self, **options: Any) -> Loops:
        """Where people step on the spot, come back, or go there and back; options as `analyse.loops.loops`."""
        from sojourn.analyse.loops import loops  # noqa: PLC0415  (its kernels load only when asked)

        return loops(self, **options)

    def ngrams(self, **options: Any) -> NGrams:
        """Runs of steps against chance; options as `analyse.ngrams.ngrams`."""
        from sojourn.analyse.ngrams import ngrams  # noqa: PLC0415  (its kernels load only when asked)

        return ngrams(self, **options)

    def paths(self, **options: Any) -> Paths:
        """Which way people go; options as `analyse.paths.paths`."""
        from sojourn.analyse.paths import paths  # noqa: PLC0415  (its kernels load only when asked)

        return paths(self, **options)

    def transitions(self, **options: Any) -> Transitions:
        """Which step follows which; options as `analyse.transitions.transitions`."""
        from sojourn.analyse.transitions import transitions  # noqa: PLC0415  (its kernels load only when asked)

        return transitions(self, **options)

    def signals(self, **options: Any) -> Signals:
        """What a catalogue of signals reads from the log; options as `analyse.signals.signals`."""
        from sojourn.analyse.signals import signals  # noqa: PLC0415  (its kernels load only when asked)

        return signals(self, **options)

    def scores(self, **options: Any) -> Scores:
        """How points are spread, who has most, and why; options as `analyse.scores.scores`."""
        from sojourn.analyse.scores import scores  # noqa: PLC0415  (its kernels load only when asked)

        return scores(self, **options)

    def segments(self, **options: Any) -> Segments:
        """How many persons are in every segment and stage; options as `analyse.segments.segments`."""
        from sojourn.analyse.segments import segments  # noqa: PLC0415  (its kernels load only when asked)

        return segments(self, **options)

    def segment_overlap(self, **options: Any) -> SegmentOverlap:
        """A predicate tried as a segment, and who is in two; options as `analyse.segment_overlap.segment_overlap`."""
        from sojourn.analyse.segment_overlap import segment_overlap  # noqa: PLC0415  (its kernels load only when asked)

        return segment_overlap(self, **options)

    def backtest(self, catalogue: Any, **options: Any) -> Backtest:  # noqa: ANN401  (a Catalogue, a path or a name)
        """What a changed catalogue would have done; options as `analyse.backtest.backtest`."""
        from sojourn.analyse.backtest import backtest  # noqa: PLC0415  (its kernels load only when asked)

        return backtest(self, catalogue, **options)

    def sessions(self, **options: Any) -> Sessions:
        """How visits look; options as `analyse.sessions.sessions`."""
        from sojourn.analyse.sessions import sessions  # noqa: PLC0415  (its kernels load only when asked)

        return sessions(self, **options)

    def sql(self, query: str, **options: Any) -> SqlAnswer:
        """Your own SQL over the whole log, read-only; options as `analyse.sql.sql`."""
        from sojourn.analyse.sql import sql  # noqa: PLC0415  (loads only when asked)

        return sql(self, query, **options)

    @property
    def events(self) -> Sequence[str]:
        """Event names of the log."""
        return self.index.manifest.events

    def parts(self) -> list[Part]:
        """The parts a question maps over."""
        if "parts" not in self._cache:
            filters = self._filters()
            if filters or self.from_us is not None or self.until_us is not None:
                # Told by their text: there `true` and 1 differ, which are equal to Python and not to a column of text.
                told = repr((filters, self.from_us, self.until_us, self.time_zone))
                self._cache["parts"] = self._kept.of(told, self._filtered)
            else:
                self._cache["parts"] = self._whole()
        return self._cache["parts"]

    def _whole(self) -> list[Part]:
        log, events = self.index, tuple(self.events)
        return [whole_part(bucket, events, log) for bucket in log.buckets]

    def _filtered(self) -> list[Part]:
        self._prepare_columns()
        return self.map(self._narrowed, self._whole())

    def map(self, function: Callable[..., T], *columns: Sequence[Any]) -> list[T]:
        """Apply a function to every part (and what goes with it), on a thread a core.

        Kernels release the interpreter's lock, so parts really run side by side.
        """
        return side_by_side(function, *columns)

    def persons_of(self, chosen: Sequence[NDArray[np.int64]]) -> Persons:
        """The persons of numbers found in each part."""
        numbers = np.unique(np.concatenate([np.empty(0, np.int64), *chosen]))
        return Persons(tuple(names_of(self.index, numbers)))

    def _filters(self) -> list[Predicate]:
        bots = [] if self.with_bots or not self.index.manifest.bots else [_NOT_BOT]
        return [*bots, *self.predicates]

    def _prepare_columns(self) -> None:
        """Build missing columns before the threads start, so that progress comes from one place."""
        from sojourn.signals.predicates import columns_of  # noqa: PLC0415  (only with predicates)

        for predicate in self._filters():
            for name in sorted(columns_of(predicate) - {"event", "time"}):
                self.index.column(name)

    def _narrowed(self, part: Part) -> Part:
        masks = [matches(part, predicate, time_zone=self.time_zone) for predicate in self._filters()]
        if self.from_us is not None:
            masks.append(part.time >= self.from_us)
        if self.until_us is not None:
            masks.append(part.time < self.until_us)
        return keep(part, np.logical_and.reduce(masks)) if masks else part
