"""The journeys of a data folder, kept open between questions.

In: a data folder and a scope. Out: `Journeys` that see every event that was acknowledged, at most a second ago. Never writes.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections import OrderedDict
from typing import TYPE_CHECKING

from sojourn.api.scope import days_of
from sojourn.records.moments import moment_us
from sojourn.records.periods import from_us, zone

if TYPE_CHECKING:
    from sojourn.analyse.journeys import Journeys
    from sojourn.api.scope import Scope
    from sojourn.store.folder import Folder

_KEPT = 16
_FRESH_S = 1.0


class History:
    """One folder's journeys; safe to ask from several threads.

    Narrowed journeys are kept by scope, so that a page's second question of the same scope finds its filter done.

    Attributes:
        folder: The data folder.
    """

    def __init__(self, folder: Folder) -> None:
        """Open nothing yet; the first question does."""
        self.folder = folder
        self._lock = threading.Lock()
        self._whole: Journeys | None = None
        self._opened_at = 0.0
        self._narrowed: OrderedDict[Scope, Journeys] = OrderedDict()

    def journeys(self, scope: Scope) -> Journeys:
        """The journeys of a scope.

        Raises:
            BadPredicate: A predicate cannot be read.
            BadOption: The period or the time zone cannot.
        """
        with self._lock:
            if self._whole is None or time.monotonic() - self._opened_at > _FRESH_S:
                self._open()
            found = self._narrowed.get(scope)
            if found is None:
                found = self._narrow(scope)
                self._narrowed[scope] = found
                if len(self._narrowed) > _KEPT:
                    self._narrowed.popitem(last=False)
            self._narrowed.move_to_end(scope)
            return found

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

    def _open(self) -> None:
        from sojourn.analyse.journeys import Journeys  # noqa: PLC0415  (heavy)
        from sojourn.store.index import open_index  # noqa: PLC0415  (heavy)

        self._whole = Journeys(open_index(self.folder))
        self._opened_at = time.monotonic()
        self._narrowed.clear()

    def _narrow(self, scope: Scope) -> Journeys:
        assert self._whole is not None
        journeys = self._whole.in_zone(scope.time_zone)
        for predicate in scope.where:
            journeys = journeys.where(predicate)
        if scope.start or scope.until:
            journeys = journeys.between(self._start(scope), scope.until)
        return journeys.including_bots() if scope.bots else journeys

    def _start(self, scope: Scope) -> dt.datetime | str | None:
        """The first moment of a scope; of the last so many days it is counted from the end."""
        assert self._whole is not None
        days, last_us = days_of(scope.start), self._whole.index.manifest.last_us
        if days is None:
            return scope.start
        where = zone(scope.time_zone)
        if scope.until:
            return from_us(moment_us(scope.until, time_zone=scope.time_zone)).astimezone(where) - dt.timedelta(
                days=days
            )
        return _midnight(from_us(last_us).astimezone(where), days=1 - days) if last_us else None


def _midnight(moment: dt.datetime, *, days: int = 0) -> dt.datetime:
    """Midnight before a moment, on the wall clock, so many days on."""
    return moment.replace(hour=0, minute=0, second=0, microsecond=0) + dt.timedelta(days=days)
