"""Answers kept until what they were asked of changes, and a moment longer where making them anew takes long.

In: a key, the state it is asked of, how to make the answer. Out: the answer. A page that is looked at while events arrive does not wait
for every number to be counted again: it shows those of a few seconds ago, and the new ones are made meanwhile.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import structlog

from sojourn.records.errors import SojournError

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

_MOST = 64
_CHEAP_S = 0.05
_logger = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Kept:
    """An answer.

    Attributes:
        result: It.
        state: Of what it was asked.
        begun: When making it began, seconds of the clock.
        cost_s: How long that took.
    """

    result: Any
    state: object
    begun: float
    cost_s: float


class KeptAnswers:
    """Safe to ask from several threads."""

    def __init__(self, patience_s: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        """Keep nothing yet.

        Args:
            patience_s: So old an answer may be while a newer one is being made, seconds.
            clock: Seconds that only go on.
        """
        self._patience_s, self._clock = patience_s, clock
        self._lock, self._making = threading.Lock(), threading.Lock()
        self._kept: OrderedDict[Hashable, _Kept] = OrderedDict()
        self._forgotten = 0

    def of(self, key: Hashable, state: object, make: Callable[[], Any]) -> Any:  # noqa: ANN401  (whatever is made)
        """The answer: of this state, or of one before that is not older than the patience.

        Args:
            key: What is asked.
            state: Of what; the same object for the same state.
            make: Makes the answer; what it raises is raised.
        """
        with self._lock:
            kept = self._kept.get(key)
            if kept is not None:
                self._kept.move_to_end(key)
        if kept is None or (kept.state is not state and not self._may_wait(kept)):
            return self._made(key, state, make)
        if kept.state is not state and self._making.acquire(blocking=False):
            threading.Thread(target=self._beside, args=(key, state, make), name="sojourn-answer", daemon=True).start()
        return kept.result

    def forget(self) -> None:
        """Make every answer anew: something was just changed by hand."""
        with self._lock:
            self._forgotten += 1
            self._kept.clear()

    def _may_wait(self, kept: _Kept) -> bool:
        return kept.cost_s > _CHEAP_S and self._clock() - kept.begun < self._patience_s

    def _beside(self, key: Hashable, state: object, make: Callable[[], Any]) -> None:
        try:
            self._made(key, state, make)
        except SojournError as error:
            # Whoever asks next makes it themselves, and is told.
            _logger.info("an answer could not be made anew", reason=str(error))
            with self._lock:
                self._kept.pop(key, None)
        finally:
            self._making.release()

    def _made(self, key: Hashable, state: object, make: Callable[[], Any]) -> Any:  # noqa: ANN401  (whatever is made)
        forgotten, begun = self._forgotten, self._clock()
        result = make()
        now = self._clock()
        with self._lock:
            if forgotten == self._forgotten:
                self._kept[key] = _Kept(result, state, begun, now - begun)
                self._kept.move_to_end(key)
            # An answer holds the journeys it was asked of: those that nobody may be shown any more must not keep them.
            old = [one for one, kept in self._kept.items() if kept.state is not state and not self._may_wait(kept)]
            for one in [*old, *list(self._kept)[: max(0, len(self._kept) - len(old) - _MOST)]]:
                self._kept.pop(one, None)
        return result
