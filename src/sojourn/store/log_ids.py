"""The long memory of the log: ids of events for 400 days, which environments hold its records, ranges that imports took.

In: 16-byte event keys and places. Out: the place of each key that is known. Never holds a record of an event.
"""

from __future__ import annotations

import enum
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sojourn.store.log_files import environment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from sojourn.store.log_files import Transaction

_PLACE = struct.Struct(">q")
_KNOWN = struct.Struct(">qI")
_RANGE = struct.Struct(">qB")
_TABLES = ("keys", "days", "ranges")
_DAY_BYTES = 10
_SWEEP = 1 << 16
RECORD_TABLES = ("records", "ids", "doubts", "state")
"""Tables of an environment of records."""


class RangeState(enum.IntEnum):
    """What became of a range of places that an import took."""

    TAKEN = 0
    STORED = 1
    GIVEN_UP = 2


@dataclass(frozen=True, slots=True)
class Range:
    """Places that an import took.

    Attributes:
        first: The first of them.
        n: How many.
        state: Whether the import stored its events there.
    """

    first: int
    n: int
    state: RangeState


@dataclass(frozen=True, slots=True)
class Day:
    """One environment of records.

    Attributes:
        name: Folder under `log/`: the day it was begun, UTC, and a number when it is not the first of that day.
        first: The lowest place it may hold.
        moved: Whether its ids are in the long memory too.
    """

    name: str
    first: int
    moved: bool

    @property
    def day(self) -> str:
        """The day it was begun, `YYYY-MM-DD`."""
        return self.name[:_DAY_BYTES]


class LogIds:
    """The environment `log/ids`."""

    def __init__(self, path: Path, *, make: bool = False) -> None:
        """Open it; FileNotFoundError when there is none and none is to be made."""
        self.env = environment(path, _TABLES, make=make)

    def days(self) -> list[Day]:
        """Environments of records, oldest first; the last one is being written."""
        with self.env.reading() as txn:
            return list(self._days(txn))

    def set_days(self, days: Iterable[Day], *, expect: Sequence[Day]) -> bool:
        """Replace the list of environments, unless another process has changed it meanwhile; returns whether it did."""
        with self.env.writing(0) as txn:
            if list(self._days(txn)) != list(expect):
                return False
            db = self.env.db("days")
            for day in expect:
                txn.delete(_PLACE.pack(day.first), db=db)
            for day in days:
                txn.put(_PLACE.pack(day.first), bytes([day.moved]) + day.name.encode(), db=db)
            return True

    def known(self, keys: Sequence[bytes]) -> tuple[dict[bytes, int], dict[bytes, int]]:
        """Places of the keys that are known.

        Returns:
            Keys of events that are stored, and keys that an import has claimed which has not stored its events yet;
            a claim of an import that was given up counts for nothing.
        """
        with self.env.reading() as txn, txn.cursor(db=self.env.db("keys")) as cursor:
            found = {bytes(key): int(_KNOWN.unpack(value)[0]) for key, value in cursor.getmulti(keys)}
            ranges = [one for one in self._ranges(txn) if one.state != RangeState.STORED] if found else []
        if not ranges:
            return found, {}
        held, claimed = {}, {}
        for key, seq in found.items():
            taken = next((one for one in ranges if one.first <= seq < one.first + one.n), None)
            if taken is None:
                held[key] = seq
            elif taken.state == RangeState.TAKEN:
                claimed[key] = seq
        return held, claimed

    def put(self, keys: Sequence[bytes], seqs: Sequence[int], *, day: int) -> None:
        """Remember keys; a key that is known already gets the new place."""
        rows = sorted((key, _KNOWN.pack(seq, day)) for key, seq in zip(keys, seqs, strict=True))
        with self.env.writing(len(rows) * 256) as txn, txn.cursor(db=self.env.db("keys")) as cursor:
            cursor.putmulti(rows)

    def forget(self, before: int, *, after: bytes = b"") -> bytes:
        """Delete keys of events that arrived before a day, a stretch of the keys at a time.

        Args:
            before: Days since 1970.
            after: The last key that was looked at; empty to begin.

        Returns:
            The last key looked at now; empty when all were.
        """
        with self.env.writing(_SWEEP * 256) as txn, txn.cursor(db=self.env.db("keys")) as cursor:
            there = cursor.set_range(after + b"\0") if after else cursor.first()
            for _ in range(_SWEEP):
                if not there:
                    return b""
                after = bytes(cursor.key())
                there = (
                    cursor.delete() and bool(cursor.key()) if self._day_of(cursor.value()) < before else cursor.next()
                )
            return after

    def take(self, first: int, n: int) -> None:
        """Note a range of places that an import took."""
        with self.env.writing(0) as txn:
            txn.put(_PLACE.pack(first), _RANGE.pack(n, RangeState.TAKEN), db=self.env.db("ranges"))

    def settle(self, first: int, state: RangeState) -> None:
        """Note what became of a range."""
        with self.env.writing(0) as txn:
            n, _ = _RANGE.unpack(txn.get(_PLACE.pack(first), db=self.env.db("ranges")))
            txn.put(_PLACE.pack(first), _RANGE.pack(n, state), db=self.env.db("ranges"))

    def ranges(self) -> list[Range]:
        """All ranges that imports took, lowest first."""
        with self.env.reading() as txn:
            return list(self._ranges(txn))

    def count(self) -> int:
        """Keys remembered."""
        with self.env.reading() as txn:
            return int(txn.stat(db=self.env.db("keys"))["entries"])

    def _days(self, txn: Transaction) -> Iterator[Day]:
        for first, value in txn.cursor(db=self.env.db("days")):
            yield Day(bytes(value[1:]).decode(), _PLACE.unpack(first)[0], bool(value[0]))

    def _ranges(self, txn: Transaction) -> Iterator[Range]:
        for first, value in txn.cursor(db=self.env.db("ranges")):
            n, state = _RANGE.unpack(value)
            yield Range(_PLACE.unpack(first)[0], n, RangeState(state))

    @staticmethod
    def _day_of(value: bytes) -> int:
        return int(_KNOWN.unpack(value)[1])
