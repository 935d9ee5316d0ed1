"""Chance, one person at a time.

In: a numpy generator. Out: single draws (yes or no, picks, waits) cut from blocks of its uniform numbers.
Never uses global randomness: the same generator state gives the same draws.
"""

from __future__ import annotations

import bisect
import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

T = TypeVar("T")

# A scalar call of a numpy generator costs about as much as forty uniform numbers of a block.
_BLOCK = 128


@dataclass(frozen=True, slots=True)
class Weighted(Generic[T]):
    """Things with weights, ready to be drawn from.

    Attributes:
        items: What can be drawn.
        cumulative: Running sum of the shares; the last is 1.
    """

    items: tuple[T, ...]
    cumulative: tuple[float, ...]

    @classmethod
    def of(cls, weights: Mapping[T, float]) -> Weighted[T]:
        """The keys of `weights`, each drawn in proportion to its value (>= 0, not all 0)."""
        total = sum(weights.values())
        return cls(tuple(weights), tuple(itertools.accumulate(weight / total for weight in weights.values())))


class Dice:
    """Single draws from one generator."""

    __slots__ = ("_block", "_generator")

    def __init__(self, generator: np.random.Generator) -> None:
        self._generator = generator
        self._block: list[float] = []

    def uniform(self) -> float:
        """A number in [0, 1)."""
        if not self._block:
            self._block = self._generator.random(_BLOCK).tolist()
        return self._block.pop()

    def chance(self, share: float) -> bool:
        """Yes in `share` of cases; always consumes one number, so that switching a share off moves nothing else."""
        if not self._block:
            self._block = self._generator.random(_BLOCK).tolist()
        return self._block.pop() < share

    def child(self) -> Dice:
        """Chance of someone else, that follows from this one and then goes its own way."""
        return Dice(np.random.default_rng(int(self.uniform() * 2**52)))

    def below(self, limit: int) -> int:
        """A whole number in [0, limit), each alike."""
        return int(self.uniform() * limit)

    def between(self, low: float, high: float) -> float:
        """A number in [low, high)."""
        return low + self.uniform() * (high - low)

    def pick(self, items: Sequence[T]) -> T:
        """One of `items`, each alike."""
        return items[int(self.uniform() * len(items))]

    def draw(self, weighted: Weighted[T]) -> T:
        """One of the weighted items."""
        place = bisect.bisect_right(weighted.cumulative, self.uniform())
        return weighted.items[min(place, len(weighted.items) - 1)]

    def normal(self) -> float:
        """A standard normal number (Box and Muller 1958)."""
        radius = math.sqrt(-2.0 * math.log(1.0 - self.uniform()))
        return radius * math.cos(math.tau * self.uniform())

    def lognormal(self, median: float, sigma: float) -> float:
        """A positive number with this median whose logarithm has standard deviation `sigma`."""
        return median * math.exp(sigma * self.normal())

    def count(self, go_on: float, *, most: int) -> int:
        """How often in a row `chance(go_on)` says yes, at most `most`."""
        times = 0
        while times < most and self.chance(go_on):
            times += 1
        return times

    def hex(self, digits: int) -> str:
        """A random hexadecimal string."""
        text = ""
        while len(text) < digits:
            text += f"{int(self.uniform() * 2**48):012x}"
        return text[:digits]

    def uuid(self) -> str:
        """A random identifier in the shape of a version 4 UUID."""
        digits = self.hex(32)
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"
