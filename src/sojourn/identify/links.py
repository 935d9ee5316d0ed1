"""Links as arrays: many events that show the same put into one row.

In: links of events, in any order and any number of pieces. Out: `Links`, one row for each pair of actors, kind of evidence
and stretch of 90 days, with the earliest event that shows it. The same for any order of the pieces.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from sojourn.identify import links_kernel as kernel
from sojourn.identify.link import Evidence, Link, key_words
from sojourn.identify.sets import distinct

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

WINDOW_US = 90 * 86_400_000_000
"""An actor is active for 90 days after an event that links it."""
EVIDENCE_BITS, PROVEN, ONE_IS_USER, OTHER_IS_USER = 7, 8, 16, 32
"""Parts of a link's `kind`."""


@dataclass(frozen=True, slots=True)
class Links:
    """Links, aligned arrays.

    Attributes:
        one: int64: number of the lower of two actors.
        other: int64: number of the higher.
        kind: uint8: its `Evidence`, plus 8 where proven, 16 where `one` is a user id, 32 where `other` is.
        time: int64: time of the earliest event that shows it, microseconds; 0 without one.
        high: uint64: first word of that event's id; `time` and id give the order in which links are folded.
        low: uint64: second word.
        last: int64: time of the latest event of the same 90 days that shows it.
        seq: int64: place in the log of the earliest; -1 where it is not known. It decides nothing.
    """

    one: NDArray[np.int64]
    other: NDArray[np.int64]
    kind: NDArray[np.uint8]
    time: NDArray[np.int64]
    high: NDArray[np.uint64]
    low: NDArray[np.uint64]
    last: NDArray[np.int64]
    seq: NDArray[np.int64]

    def __len__(self) -> int:
        """How many rows."""
        return len(self.one)

    @property
    def evidence(self) -> NDArray[np.uint8]:
        """The `Evidence` of each."""
        return self.kind & np.uint8(EVIDENCE_BITS)

    @property
    def proven(self) -> NDArray[np.bool_]:
        """Whether each is proven."""
        return (self.kind & np.uint8(PROVEN)) != 0

    def columns(self) -> dict[str, NDArray[Any]]:
        """The arrays by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def take(self, rows: NDArray[Any]) -> Links:
        """Some rows, by place or by mask."""
        return Links(*(values[rows] for values in self.columns().values()))

    def users(self) -> NDArray[np.int64]:
        """Numbers of the user ids among the actors, ascending."""
        ones, others = self.one[(self.kind & ONE_IS_USER) != 0], self.other[(self.kind & OTHER_IS_USER) != 0]
        return distinct(np.concatenate([ones, others]))


DTYPES = {
    "one": np.int64, "other": np.int64, "kind": np.uint8, "time": np.int64,
    "high": np.uint64, "low": np.uint64, "last": np.int64, "seq": np.int64,
}  # fmt: skip
NONE = Links(*(np.empty(0, dtype) for dtype in DTYPES.values()))


def as_links(links: Iterable[Link]) -> Links:
    """Links of events as arrays, row for row."""
    rows = [
        (
            link.one, link.other,
            link.evidence + PROVEN * link.proven + ONE_IS_USER * link.one_is_user + OTHER_IS_USER * link.other_is_user,
            link.time, *key_words(link.key), link.last, link.seq,
        )
        for link in links
    ]  # fmt: skip
    if not rows:
        return NONE
    columns = zip(*rows, strict=True)
    return Links(*(np.array(column, dtype) for column, dtype in zip(columns, DTYPES.values(), strict=True)))


def as_records(links: Links) -> list[Link]:
    """Rows as records."""
    return [
        Link(
            one, other, Evidence(kind & EVIDENCE_BITS), bool(kind & PROVEN), time,
            high.to_bytes(8, "little") + low.to_bytes(8, "little"), last, seq, bool(kind & ONE_IS_USER), bool(kind & OTHER_IS_USER),
        )
        for one, other, kind, time, high, low, last, seq in zip(
            *(values.tolist() for values in links.columns().values()), strict=True
        )
    ]  # fmt: skip


def link_ids(links: Links) -> NDArray[np.uint64]:
    """The names of links as numbers: `f"{number:016x}"` is `link.link_id`."""
    golden, prime = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xD6E8FEB86659FD93)
    word = links.one.astype(np.uint64) * golden + links.evidence.astype(np.uint64)
    word = (word ^ word >> np.uint64(32)) * prime
    word = (word ^ links.other.astype(np.uint64)) * golden
    word = (word ^ word >> np.uint64(29)) * prime
    return word ^ word >> np.uint64(32)


class Gathering:
    """Puts links together piece by piece; memory grows with the distinct ones."""

    def __init__(self) -> None:
        """Begin with none."""
        self._n = 0
        self._slots = np.zeros(1 << 12, np.int64)
        self._rows = Links(*(np.empty(1 << 11, dtype) for dtype in DTYPES.values()))

    def add(self, links: Links) -> None:
        """Add links."""
        if not len(links):
            return
        self._make_room(len(links))
        self._n = kernel.gather(
            self._slots, self._n, WINDOW_US, *self._rows.columns().values(), *links.columns().values()
        )

    def links(self) -> Links:
        """What was added so far, by actors, kind and time."""
        found = Links(*(values[: self._n] for values in self._rows.columns().values()))
        return found.take(np.lexsort((found.time, found.kind, found.other, found.one)))

    def _make_room(self, more: int) -> None:
        size = len(self._rows)
        if self._n + more > size:
            # Most of what comes is known already: room for all of it would be far too much where pieces are large.
            grown = max(2 * size, self._n + more)
            rows = [np.empty(grown, dtype) for dtype in DTYPES.values()]
            for fresh, values in zip(rows, self._rows.columns().values(), strict=True):
                fresh[: self._n] = values[: self._n]
            self._rows = Links(*rows)
        if 2 * (self._n + more) > len(self._slots):
            slots = 1 << int(2 * (self._n + more)).bit_length()
            self._slots = np.zeros(slots, np.int64)
            kernel.fill(
                self._slots, self._n, WINDOW_US, self._rows.one, self._rows.other, self._rows.kind, self._rows.time
            )


def gathered(pieces: Sequence[Links]) -> Links:
    """Links put together: one row for each pair, kind and stretch of 90 days."""
    gathering = Gathering()
    for piece in pieces:
        gathering.add(piece)
    return gathering.links()
