"""The journeys of a data folder, kept open between questions.

In: a data folder and a scope. Out: `Journeys` that see every event that was acknowledged, at most a second ago. Never writes.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from typing import TYPE_CHECKING

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
            journeys = journeys.between(scope.start, scope.until)
        return journeys.including_bots() if scope.bots else journeys
