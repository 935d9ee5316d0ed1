"""Simulated visitors of the demo shop, now: each one's visit is drawn by the model of `simulate.shop`, then happens at its pace.

In: how many a minute, how much faster than people, chance, a clock. Out: the messages that are due. Never sends, never waits, never holds
more than `MOST_WAITING`: when they are not taken, fewer visitors come.
"""

from __future__ import annotations

import heapq
import math
from typing import TYPE_CHECKING

import numpy as np

from sojourn.simulate.causes import SHOP
from sojourn.simulate.dice import Dice
from sojourn.simulate.messages import Message, Post, Tally, encode, iso
from sojourn.simulate.rhythm import DAY, Period
from sojourn.simulate.shop.world import visit_once

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_WAITING = 3_000
"""So many messages of visits that are going on; beyond them nobody new comes."""
_KNOWN_SHARE = 0.3
_WORLD = 1
_FIRST_NEW = 1_700_000_000
"""New people are numbered by the second they come in, so that no two starts of a demo number alike."""


class _Overheard(Post):
    """Keeps what it is sent, in order, instead of writing it to a file; a phone is never offline, no clock wrong."""

    def __init__(self, period: Period, *, prefix: str) -> None:  # the files of a post are not wanted
        self.period = period
        self.tally = Tally()
        self.heard: list[tuple[int, Message]] = []
        self._prefix = prefix

    def send(self, message: Message, *, at_ms: int, delay_ms: int, skew_ms: int, dice: Dice) -> bool:
        """Keep one message with the time it happens."""
        del delay_ms, skew_ms, dice
        message.message_id = f"{self._prefix}-{message.message_id}"
        self.heard.append((at_ms, message))
        return True


class Visitors:
    """Those who are in the shop, and when the next ones come."""

    def __init__(self, *, a_minute: float, pace: float, known: int, seed: int, chance: int, now_ms: int) -> None:
        """Begin with nobody.

        Args:
            a_minute: Visits that begin in a minute, on average; 0: none.
            pace: How much shorter the pauses between two clicks are than people's.
            known: So many people of the simulated month may come again.
            seed: Seed of the simulated month.
            chance: Seed of what happens now.
            now_ms: Milliseconds since 1970.
        """
        self._a_minute, self._pace, self._known, self._seed = a_minute, pace, known, seed
        self._dice = Dice(np.random.default_rng([chance, 5]))
        self._causes = dict.fromkeys((cause.name for cause in SHOP), True)
        self._number = now_ms // 1_000 - _FIRST_NEW
        self._waiting: list[tuple[int, int, Message]] = []
        self._count = 0
        self._next_ms = now_ms + self._gap()
        self.begun = 0

    def due(self, now_ms: int, *, most: int = 200) -> list[bytes]:
        """The messages of which it is time, each a JSON object with the time it is now.

        Args:
            now_ms: Milliseconds since 1970.
            most: So many at a time.
        """
        while self._a_minute and self._next_ms <= now_ms:
            self._next_ms += self._gap()
            if len(self._waiting) < MOST_WAITING:
                self._come_in(now_ms)
        found: list[bytes] = []
        while self._waiting and self._waiting[0][0] <= now_ms and len(found) < most:
            at_ms, _, message = heapq.heappop(self._waiting)
            message.timestamp = iso(at_ms)
            found.append(encode(message))
        return found

    def next_ms(self) -> float:
        """When there is something to do again; infinite when never."""
        dues = [self._waiting[0][0]] if self._waiting else []
        return min([*dues, *([self._next_ms] if self._a_minute else [])], default=math.inf)

    @property
    def waiting(self) -> int:
        """Messages that are still to come."""
        return len(self._waiting)

    def _gap(self) -> int:
        """Milliseconds until the next one comes: arrivals are independent of each other."""
        if not self._a_minute:
            return 0
        return max(1, round(-math.log(1.0 - self._dice.uniform()) * 60_000 / self._a_minute))

    def _come_in(self, now_ms: int) -> None:
        again = self._known > 0 and self._dice.chance(_KNOWN_SHARE)
        if again:
            number = self._dice.below(self._known)
        else:
            self._number = number = self._number + 1
        # A period around now, so that nothing of the visit lies outside it.
        post = _Overheard(Period(now_ms - 15 * DAY, 30), prefix=f"simulated-live-{now_ms}-{self.begun}")
        dice = Dice(np.random.default_rng([self._seed, _WORLD, 0, number]))
        visit_once(number, dice, post, self._causes, self._seed, at_ms=now_ms, again=again)
        self.begun += 1
        self._keep(post.heard, now_ms)

    def _keep(self, heard: Sequence[tuple[int, Message]], now_ms: int) -> None:
        for at_ms, message in heard:
            self._count += 1
            heapq.heappush(self._waiting, (now_ms + round((at_ms - now_ms) / self._pace), self._count, message))
