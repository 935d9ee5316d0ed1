"""The worker: takes the log into the state, batch after batch, so that profiles follow what people do.

In: the log, and stretches of the events table that imports stored. Out: the state. Each event takes effect once: a batch
and its place are one transaction. An event that cannot be worked on goes to quarantine and stops nothing.
"""

from __future__ import annotations

import hashlib
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec
import structlog

from sojourn.app.effects import effects, timers
from sojourn.app.forgetting import forget_erased
from sojourn.app.renewing import MACHINE, Renewal
from sojourn.records.event import arrived
from sojourn.records.rejected import RAW_LIMIT, Reason, Rejected
from sojourn.store.events import EventsTable
from sojourn.store.expiry_limit import limit_of
from sojourn.store.link_control import is_decision, keep_decisions, read_control
from sojourn.store.log_ids import RangeState
from sojourn.store.quarantine import keep_rejected
from sojourn.store.sources import consent_modes
from sojourn.store.state import WORKER, Changes, Owed
from sojourn.store.stored_events import stored_events
from sojourn.store.tail import suppressed
from sojourn.store.worker_lag import RANGES, worker_lag

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from sojourn.app.effects import FoldRules
    from sojourn.records.event import Arrived
    from sojourn.signals.catalogue import Catalogue
    from sojourn.store.folder import Folder
    from sojourn.store.log import Log
    from sojourn.store.log_ids import Range
    from sojourn.store.state import State

    Progress = Callable[[int], tuple[Mapping[str, int], Iterable[Owed]]]

BATCH = 20_000
"""Events a transaction at most: a person whose events come in one batch is looked at once, and one sync serves them all."""
STRETCH = 20_000
_IDLE_S, _QUIET_S = 0.01, 0.04
_WATCHFUL = 200
"""Looks after the last event before the log is looked at less often: at rest, a hundred looks a second are a twentieth of a core."""
_LOOK_S = 0.25
_GRACE_US = 1_000_000
"""A timer waits this much longer, for events that are on their way."""
_RANGES, _STANDING = RANGES, "standing"
_LOWEST = -(1 << 63) - 1
_AT_ONCE = 500
"""Persons that are asked anew between two looks at the log."""
_log = structlog.get_logger()


class Worker:
    """The one worker of a data folder."""

    def __init__(self, folder: Folder, log: Log, state: State, rules: FoldRules) -> None:
        """Begin where the state ends; anew, with everything owed, when its signals are of another catalogue.

        Raises:
            FolderBusy: Somebody is writing to the folder.
        """
        self._folder, self._log, self._state, self._rules = folder, log, state, rules
        self._table = EventsTable(folder.events)
        self._suppressed: Mapping[int, int] = {}
        self._limit, self._renewal = limit_of(folder), Renewal(folder, log, state)
        self._look_at = 0.0
        self._received = 0
        with folder.writing():
            # Nobody commits meanwhile, so what lies before the log is all in the table, imports included.
            first = log.first_seq()
            taken = max((one.first for one in log.ids.ranges() if one.first < first), default=-1)
            cursors = {WORKER: first - 1, _RANGES: taken, _STANDING: standing_mark(rules)}
            owed = [Owed(0, first - 1, -1)]
            state.begin(rules.program.fingerprint, cursors=cursors, owed=owed)
        # Whom other segments were asked of before, in the order of their numbers; None when all are done.
        self._asked: int | None = _LOWEST if state.cursor(_STANDING) != standing_mark(rules) else None
        # What was decided while no worker ran is followed at the first look.
        self._followed = state.decisions()

    @property
    def catalogue(self) -> Catalogue:
        """What it works by."""
        return self._rules.program.catalogue

    def run(self, stop: threading.Event, *, outdated: Callable[[], bool] = lambda: False) -> None:
        """Work until told to stop, or until its signals are found to be outdated."""
        idle = 0
        while not stop.is_set() and not outdated():
            if self.work():
                idle = 0
                continue
            stop.wait(_IDLE_S if idle < _WATCHFUL else _QUIET_S)
            idle += 1

    def catch_up(self) -> int:
        """Work until nothing is left, what was decided a moment ago included; returns how many events took effect."""
        self._look_at = 0.0
        done = 0
        while worked := self.work():
            done += worked
        while self._renewal.step(self._rules):
            pass
        self._state.overwrite_residue()
        return done

    def work(self) -> int:
        """One batch: of the log when there is something new, else of what is owed; returns how many events took effect."""
        self._look_around()
        worked = self._newest() or self._owed()
        self._timers(up_to_date=not worked)
        return worked or self._ask_anew()

    def lag(self) -> int:
        """Events that have not taken effect."""
        return worker_lag(self._log, self._state)

    def _look_around(self) -> None:
        """Now and then: who was erased, what has expired, which links were revoked, which stretches of places imports have taken."""
        now = time.monotonic()
        if now < self._look_at:
            return
        self._look_at = now + _LOOK_S
        self._rules.modes = consent_modes(self._folder)
        self._follow_decisions()
        self._limit = limit_of(self._folder)
        self._renewal.step(self._rules)
        known = self._state.cursor(_RANGES)
        new = [one for one in self._log.ids.ranges() if one.first > known]
        if new:
            owed = [Owed(one.first, one.first + one.n - 1, one.first - 1) for one in new]
            self._state.write(Changes(), cursors={_RANGES: new[-1].first}, owed=owed)

    def _follow_decisions(self) -> None:
        """What was decided by hand since the last look takes effect at once."""
        control, self._suppressed = read_control(self._folder), suppressed(self._folder)
        again = control.differs(self._followed)
        self._rules.control = control
        forget_erased(self._state, self._rules, self._suppressed, again=again)
        if control != self._followed:
            self._state.follow(control)
            self._followed = control

    def _timers(self, *, up_to_date: bool) -> None:
        """Persons whose timers are due on the stream's clock: when events were received, and now only when none waits."""
        clock = time.time_ns() // 1_000 if up_to_date else self._received
        due = self._state.due(clock - _GRACE_US, most=BATCH)
        if due:
            persons = [person for person, _ in due]
            self._state.write(timers(persons, self._state, self._rules, at_us=clock), cursors={})

    def _ask_anew(self) -> int:
        """After a change of stages, scores or segments alone: everybody's segments, some persons at a time."""
        if self._asked is None:
            return 0
        persons = self._state.persons(self._asked, most=_AT_ONCE)
        if persons:
            now = time.time_ns() // 1_000
            self._state.write(timers(persons, self._state, self._rules, at_us=now), cursors={})
            self._asked = persons[-1]
        else:
            self._state.write(Changes(), cursors={_STANDING: standing_mark(self._rules)})
            self._asked = None
        return len(persons)

    def _newest(self) -> int:
        cursor, first = self._state.cursor(), self._log.first_seq()
        if first > cursor + 1:
            # Days were dropped before we came: the table has their events, and ranges of imports are owed by themselves.
            gap = without_ranges(cursor + 1, first - 1, self._log.ids.ranges())
            self._state.write(Changes(), cursors={WORKER: first - 1}, owed=gap)
            cursor = first - 1
        found = self._log.read(cursor, BATCH)
        if not found:
            return 0
        decided = [pair for pair in found if is_decision(pair[1])]
        if decided:
            # Whoever decided kept it too, unless it died before; what is kept twice is kept once.
            keep_decisions(self._folder, decided)
            self._follow_decisions()
        self._received = max(self._received, found[-1][1].received_at)
        batch = [arrived(seq, event) for seq, event in found if event.time >= self._limit]
        self._take(batch, found[-1][0], lambda seq: ({WORKER: seq}, ()))
        return len(found)

    def _owed(self) -> int:
        """Some of what an import stored, or of what was there before the log."""
        states = {one.first: one.state for one in self._log.ids.ranges()}
        for one in self._state.owed():
            state = states.get(one.first, RangeState.STORED)
            if state is RangeState.GIVEN_UP:
                self._state.write(Changes(), cursors={}, owed=[replace(one, done=one.last)])
            elif state is RangeState.STORED:
                return self._stretch(one)
        return 0

    def _stretch(self, one: Owed) -> int:
        through = min(one.done + STRETCH, one.last)
        # An event that came live before its import stored it has taken effect already.
        twice = set(self._log.doubts(-1).values())
        found = [event for event in stored_events(self._table.read(), one.done, through) if event.seq not in twice]
        self._take(found, through, lambda seq: ({}, [replace(one, done=seq)]))
        return max(len(found), 1)

    def _take(self, batch: Sequence[Arrived], through: int, progress: Progress) -> None:
        """Write what a batch changes; where that cannot be computed, of each half by itself."""
        try:
            changes = effects(self._without_erased(batch), self._state, self._rules)
        except MACHINE:
            # Nothing has taken effect.
            raise
        except Exception as error:  # noqa: BLE001 - whatever an event does to us, those behind it go on
            if len(batch) > 1:
                middle = len(batch) // 2
                self._take(batch[:middle], batch[middle - 1].seq, progress)
                self._take(batch[middle:], through, progress)
                return
            self._poisoned(batch[0], error)
            changes = Changes()
        cursors, owed = progress(through)
        self._state.write(changes, cursors=cursors, owed=owed)

    def _without_erased(self, batch: Sequence[Arrived]) -> Sequence[Arrived]:
        if not self._suppressed:
            return batch
        kept = ((one, self._rules.without_erased(one.event, self._suppressed)) for one in batch)
        return [one._replace(event=event) for one, event in kept if event is not None]

    def _poisoned(self, one: Arrived, error: Exception) -> None:
        detail = f"the worker failed on it: {type(error).__name__}; it is in every question, and in no profile"
        raw = msgspec.json.encode(one.event)[:RAW_LIMIT]
        keep_rejected(self._folder, one.event.source, [Rejected(one.event.source, one.seq, Reason.POISON, detail, raw)])
        _log.warning("an event went to quarantine", seq=one.seq, error=type(error).__name__)


def standing_mark(rules: FoldRules) -> int:
    """A number that changes when stages, scores or segments do: whose signals fit may have other segments then."""
    catalogue = rules.program.catalogue
    told = msgspec.json.encode((catalogue.stages, catalogue.scores, catalogue.segments, catalogue.time_zone))
    return int.from_bytes(hashlib.blake2b(told, digest_size=8).digest(), "big", signed=True)


def without_ranges(first: int, last: int, ranges: Iterable[Range]) -> list[Owed]:
    """The places from `first` to `last` that no import has taken."""
    pieces = []
    for one in sorted(ranges, key=lambda taken: taken.first):
        if one.first <= last and one.first + one.n > first:
            if one.first > first:
                pieces.append(Owed(first, one.first - 1, first - 1))
            first = one.first + one.n
    return [*pieces, Owed(first, last, first - 1)] if first <= last else pieces
