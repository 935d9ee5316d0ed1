"""The live state of a folder whose events expire: whoever had an event that expired is taken anew from those that are left.

In: a data folder, its state, the limit that a run of `store.expiry` has reached. Out: a state as if the expired events had never come. A
running worker does it beside its work, some actors at a time; without one, whoever had the events expire does.
"""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

import numpy as np

from sojourn.app.effects import renewed
from sojourn.records.errors import FolderBusy, SojournError
from sojourn.store.durable import clear_errors
from sojourn.store.expiry_limit import NO_LIMIT, reached_limit
from sojourn.store.log import Log
from sojourn.store.sqlite import DatabaseTrouble
from sojourn.store.state import EXPIRED, STATE_FILE, WORKER, State
from sojourn.store.stored_events import events_of_actors
from sojourn.store.tail import read_version
from sojourn.store.worker_lag import RANGES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from sojourn.app.effects import FoldRules
    from sojourn.records.event import Arrived
    from sojourn.store.folder import Folder
    from sojourn.store.state import Changes

MACHINE = (DatabaseTrouble, OSError, MemoryError, SojournError)
"""Trouble of the machine, and no event's: what was to be done is done again."""
WAIT_S = 60.0
_LOOK_S = 0.1
_EVENTS, _ACTORS = 20_000, 5_000
"""A step takes actors of so many events, or so many actors, and whoever is linked with them."""


class Renewal:
    """Follows the limit of a folder; for the holder of its `worker` lock."""

    def __init__(self, folder: Folder, log: Log, state: State) -> None:
        """Look at nothing yet."""
        self._folder, self._log, self._state = folder, log, state
        self._limit = NO_LIMIT
        self._left: dict[int, int] | None = None

    def step(self, rules: FoldRules) -> bool:
        """Do some of what is to be done; returns whether there may be more."""
        if self._left is None:
            self._limit = reached_limit(self._folder)
            # An import that has not taken effect is waited for: its events are in the table already.
            if self._limit <= self._state.cursor(EXPIRED) or self._state.owed():
                return False
            self._left = self._state.expired(self._limit)
        actors = self._some()
        if len(actors):
            events = self._in_effect(events_of_actors(read_version(self._folder), actors))
            self._state.write(self._renewed(events, actors, rules), cursors={})
        else:
            self._state.finish_expiry(self._limit)
            self._left = None
        return True

    def _renewed(self, events: Sequence[Arrived], actors: NDArray[np.int64], rules: FoldRules) -> Changes:
        now = time.time_ns() // 1_000

        def of(some: Sequence[Arrived]) -> Changes:
            return renewed(some, self._state, rules, anew=actors.tolist(), before_us=self._limit, now_us=now)

        def sound(one: Arrived) -> bool:
            try:
                of([one])
            except MACHINE:
                raise
            except Exception:  # noqa: BLE001 - it went to quarantine as poison when it came
                return False
            return True

        try:
            return of(events)
        except MACHINE:
            raise
        except Exception:  # noqa: BLE001 - whatever an event does to us, the others stay
            return of([one for one in events if sound(one)])

    def _some(self) -> NDArray[np.int64]:
        """Actors that are taken anew together: whoever is linked with one of them, too, so that no person is parted for a moment."""
        assert self._left is not None
        chosen: set[int] = set()
        events = 0
        for actor, many in self._left.items():
            if chosen and (events + many > _EVENTS or len(chosen) == _ACTORS):
                break
            chosen.add(actor)
            events += many
        links = self._state.links(chosen)
        chosen |= {*links.one.tolist(), *links.other.tolist()} & self._left.keys()
        for actor in chosen:
            del self._left[actor]
        return np.array(sorted(chosen), np.int64)

    def _in_effect(self, events: Sequence[Arrived]) -> list[Arrived]:
        """Those that the worker has taken; what comes later it will."""
        cursor, known = self._state.cursor(WORKER), self._state.cursor(RANGES)
        taken = [range(one.first, one.first + one.n) for one in self._log.ids.ranges() if one.first <= known]
        return [one for one in events if one.seq <= cursor or any(one.seq in places for places in taken)]


def renew_live(folder: Folder, rules: Callable[[], FoldRules], *, wait_s: float = WAIT_S) -> bool:
    """Have the live state follow the limit that was reached: done here, or by the worker that is running.

    Args:
        folder: The data folder.
        rules: Gives what its events are read by; asked only when there is no worker.
        wait_s: How long to wait for a running worker, seconds.

    Returns:
        Whether it has; if not, the worker is at it, or does it when it runs and has taken what was imported.
    """
    if not (folder.path / STATE_FILE).exists():
        return True
    limit, end = reached_limit(folder), time.monotonic() + wait_s
    while True:
        with (
            contextlib.suppress(FolderBusy),
            folder.alone("worker"),
            clear_errors(folder.path, "the live state is not rid of what has expired yet"),
            State(folder) as state,
        ):
            renewal, how = Renewal(folder, Log(folder), state), rules()
            while renewal.step(how):
                pass
            state.overwrite_residue()
            return limit <= state.cursor(EXPIRED)
        with State(folder) as state:
            if limit <= state.cursor(EXPIRED) and not state.has_residue():
                return True
        if time.monotonic() >= end:
            return False
        time.sleep(_LOOK_S)
