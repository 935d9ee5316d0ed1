"""The parts of the last few filters, kept in memory.

In: what was filtered by, and how to filter. Out: parts. People ask many questions of one filter; its events are sorted
out once. Never more than `MOST_BYTES`: what was used longest ago goes first.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from sojourn.analyse.parts import Part

MOST_BYTES = 128 << 20
"""Memory of all kept parts together; a filter that needs more by itself is not kept."""


class KeptParts:
    """Parts by what they were filtered by; shared by all views of one log."""

    def __init__(self) -> None:
        """Nothing is kept yet."""
        self._kept: OrderedDict[str, tuple[int, list[Part]]] = OrderedDict()
        self._lock = Lock()

    @property
    def bytes(self) -> int:
        """Memory of what is kept."""
        return sum(size for size, _ in self._kept.values())

    def of(self, filters: str, make: Callable[[], list[Part]]) -> list[Part]:
        """The parts of some filters.

        Args:
            filters: Everything the parts depend on; equal filters have equal parts.
            make: Makes the parts when they are not kept.
        """
        with self._lock:
            if filters in self._kept:
                self._kept.move_to_end(filters)
                return self._kept[filters][1]
        parts = make()
        size = sum(_size(part) for part in parts)
        if size <= MOST_BYTES:
            with self._lock:
                self._kept[filters] = (size, parts)
                while self.bytes > MOST_BYTES:
                    self._kept.popitem(last=False)
        return parts


def _size(part: Part) -> int:
    """Bytes of the arrays of a filtered part."""
    arrays = (part.person, part.start, part.stop, part.time, part.event)
    return sum(array.nbytes for array in arrays) + (0 if part.rows is None else part.rows.nbytes)
