"""The journeys of a data folder, kept open between questions.

In: a data folder and a scope. Out: `Journeys` that see every event that was acknowledged, at most a few seconds ago. Never writes.

A folder that did not change costs a few looks at the file system. One that did is opened again beside what is there: whoever asks
meanwhile is answered from what was there, unless that is older than `PATIENCE_S`.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
import threading
import time
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import structlog

from sojourn.api.kept_answers import KeptAnswers
from sojourn.api.scope import days_of
from sojourn.api.settings import CurrentSettings, defaults_for
from sojourn.records.errors import BadOption, SojournError
from sojourn.records.moments import moment_us
from sojourn.records.periods import from_us, zone

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from sojourn.analyse.journeys import Journeys
    from sojourn.api.questions import Question
    from sojourn.api.scope import Scope
    from sojourn.store.folder import Folder
    from sojourn.store.log import Log

PATIENCE_S = 5.0
"""So old an answer may be while a newer one is being made, seconds."""
_KEPT = 16
_FRESH_S = 1.0
_logger = structlog.get_logger()


class History:
    """One folder's journeys; safe to ask from several threads.

    Narrowed journeys are kept by scope, so that a page's second question of the same scope finds its filter done.

    Attributes:
        folder: The data folder.
        settings: What was decided for it.
    """

    def __init__(self, folder: Folder, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Open nothing yet; the first question does.

        Args:
            folder: The data folder.
            clock: Seconds that only go on.
        """
        self.folder = folder
        self.settings = CurrentSettings(folder)
        self._clock = clock
        self._lock, self._opening = threading.Lock(), threading.Lock()
        self._opened: _Opened | None = None
        self._looked_at = -_FRESH_S
        self._log: Log | None = None
        self._answers = KeptAnswers(PATIENCE_S, clock=clock)
        self._expired = 0

    def journeys(self, scope: Scope) -> Journeys:
        """The journeys of a scope.

        Raises:
            NotADataFolder: The folder holds no events yet.
            BadPredicate: A predicate cannot be read.
            BadOption: The period or the time zone cannot.
        """
        return self._narrowed(self._now(), scope)

    def _narrowed(self, opened: _Opened, scope: Scope) -> Journeys:
        with self._lock:
            found = opened.narrowed.get(scope)
            if found is None:
                found = opened.narrowed[scope] = _narrow(opened.whole, scope)
                if len(opened.narrowed) > _KEPT:
                    opened.narrowed.popitem(last=False)
            opened.narrowed.move_to_end(scope)
            return found

    def answer(self, question: Question, scope: Scope, options: Mapping[str, Any]) -> Any:  # noqa: ANN401  (the question's result)
        """The answer of a question, kept until the folder changes: its number, its persons and its table are one computation.

        Args:
            question: Of `api.questions`.
            scope: Of which part of the log.
            options: As the question reads them.

        Raises:
            SojournError: As of the question.
        """
        opened = self._now()
        defaults = {
            name: value for name, value in defaults_for(question, self.settings.now()).items() if name not in options
        }
        key = (scope, question.name, repr(sorted({**defaults, **options}.items())))
        return self._answers.of(key, opened, lambda: _ask(question, self._narrowed(opened, scope), options, defaults))

    def expire(self) -> None:
        """Have the next question wait for what was just changed, instead of being answered from what was there."""
        self._answers.forget()
        with self._lock:
            self._expired += 1
            self._looked_at = -math.inf
            if self._opened is not None:
                self._opened.seen_at = -math.inf

    def bounds(self, scope: Scope) -> tuple[dt.datetime, dt.datetime] | None:
        """First moment of a scope's period and the moment after its last, in its time zone; None in a log without times.

        A bound that the scope does not name is that of the whole log: the days of its first and of its newest event.
        """
        whole = self.journeys(scope)
        where, manifest = zone(scope.time_zone), whole.index.manifest
        if not manifest.last_us:
            return None
        first, last = (from_us(us).astimezone(where) for us in (manifest.first_us, manifest.last_us))
        start = _midnight(first) if whole.from_us is None else from_us(whole.from_us).astimezone(where)
        end = _midnight(last, days=1) if whole.until_us is None else from_us(whole.until_us).astimezone(where)
        return start, end

    def _now(self) -> _Opened:
        """What is open, renewed when the folder changed."""
        opened, now = self._opened, self._clock()
        if opened is not None and now - self._looked_at < _FRESH_S:
            return opened
        if opened is None or now - opened.seen_at > PATIENCE_S:
            with self._opening:
                return self._renewed(now)
        if self._opening.acquire(blocking=False):
            # Whoever asks while this goes on is answered from what was there.
            threading.Thread(target=self._renew_beside, args=(now,), name="sojourn-history", daemon=True).start()
        return opened

    def _renew_beside(self, now: float) -> None:
        try:
            self._renewed(now)
        except SojournError as error:
            # The next question meets it too, once what is open is too old, and is told.
            _logger.warning("the newest events are not seen yet", reason=str(error))
        finally:
            self._opening.release()

    def _renewed(self, now: float) -> _Opened:
        """Look whether the folder changed, and open it again if so; for the holder of `_opening`."""
        expired = self._expired
        opened, stamp = self._opened, self._stamp()
        if opened is None or opened.stamp != stamp:
            opened = self._opened = _Opened(self._open(), stamp, now)
        with self._lock:
            # Not before it is done: who comes meanwhile must not take the old one for fresh; nor when something was changed meanwhile.
            opened.seen_at = self._looked_at = now if expired == self._expired else -math.inf
        return opened

    def _open(self) -> Journeys:
        from sojourn.analyse.journeys import Journeys  # noqa: PLC0415  (heavy)
        from sojourn.store.index import open_index  # noqa: PLC0415  (heavy)

        return Journeys(open_index(self.folder))

    def _stamp(self) -> tuple[object, ...]:
        """What differs when an answer may: places in the log, commits and imports, decisions by hand, catalogue, tables."""
        from sojourn.store.link_control import read_control  # noqa: PLC0415  (heavy)
        from sojourn.store.log import open_log  # noqa: PLC0415  (heavy)

        if self._log is None:
            self._log = open_log(self.folder)
        last = -1 if self._log is None else self._log.last_seq()
        folder = self.folder
        places = (
            folder.events / "_delta_log",
            folder.index / "manifest.json",
            folder.path / "signals.yaml",
            folder.path / "tables",
        )
        return (last, read_control(folder), *(_changed_at(place) for place in places))


@dataclasses.dataclass
class _Opened:
    """One state of the folder and what was asked of it.

    Attributes:
        whole: Its journeys.
        stamp: What the folder looked like just before.
        seen_at: When it was last found to be the newest, seconds of the clock.
        narrowed: Its journeys by scope, the last used last.
    """

    whole: Journeys
    stamp: tuple[object, ...]
    seen_at: float
    narrowed: OrderedDict[Scope, Journeys] = dataclasses.field(default_factory=OrderedDict)


def _changed_at(place: Path) -> int:
    try:
        return place.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def _ask(question: Question, journeys: Journeys, options: Mapping[str, Any], defaults: Mapping[str, str]) -> Any:  # noqa: ANN401  (the question's result)
    """Ask with what the settings say, where the question says nothing."""
    try:
        return question.ask(journeys, {**defaults, **options})
    except BadOption:
        if "currency" not in defaults:
            raise
    # No amount here is in the settings' currency: they are told in the one they have.
    return question.ask(
        journeys, {**{name: value for name, value in defaults.items() if name != "currency"}, **options}
    )


def _narrow(whole: Journeys, scope: Scope) -> Journeys:
    journeys = whole.in_zone(scope.time_zone)
    for predicate in scope.where:
        journeys = journeys.where(predicate)
    if scope.start or scope.until:
        journeys = journeys.between(_start(whole, scope), scope.until)
    return journeys.including_bots() if scope.bots else journeys


def _start(whole: Journeys, scope: Scope) -> dt.datetime | str | None:
    """The first moment of a scope; of the last so many days it is counted from the end."""
    days, last_us = days_of(scope.start), whole.index.manifest.last_us
    if days is None:
        return scope.start
    where = zone(scope.time_zone)
    if scope.until:
        return from_us(moment_us(scope.until, time_zone=scope.time_zone)).astimezone(where) - dt.timedelta(days=days)
    return _midnight(from_us(last_us).astimezone(where), days=1 - days) if last_us else None


def _midnight(moment: dt.datetime, *, days: int = 0) -> dt.datetime:
    """Midnight before a moment, on the wall clock, so many days on."""
    return moment.replace(hour=0, minute=0, second=0, microsecond=0) + dt.timedelta(days=days)
