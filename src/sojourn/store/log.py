"""The durable log: accepted events in the order of their arrival, each exactly once.

In: `Event`s, from any number of processes at a time. Out: their places, after the sync; and the events again, by place.
Never decides what is accepted, nor changes an event. Knows no Arrow and no Delta: the collector opens it.

`log/YYYY-MM-DD` is an LMDB environment with the records that came that day, their ids and the next place; an append is
one transaction there, whose lock is the lock of the whole log. `log/ids` remembers the ids after the records have gone
(docs/decisions/0010).
"""

from __future__ import annotations

import datetime as dt
import itertools
import shutil
import struct
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import msgspec

from sojourn.records.errors import LogFailed
from sojourn.records.event import Event, event_key
from sojourn.store.durable import sync_folder
from sojourn.store.log_files import environment
from sojourn.store.log_ids import RECORD_TABLES, Day, LogIds, RangeState
from sojourn.store.log_start import is_started, start

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sojourn.store.folder import Folder
    from sojourn.store.log_files import Environment, Transaction

_PLACE = struct.Struct(">q")
_NEXT, _CLOSED = b"next", b"closed"
_MOST = 10_000
_TRIES = 1000
_ROOM_AN_EVENT = 512
_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Event)


@dataclass(frozen=True, slots=True)
class Appended:
    """What became of the events of one append, in their order.

    Attributes:
        seqs: The place of each; a duplicate has the place of the first.
        fresh: Whether each was new.
    """

    seqs: list[int]
    fresh: list[bool]


class Log:
    """The log of one data folder. Any number of objects, threads and processes may use it at a time."""

    def __init__(self, folder: Folder, *, now: Callable[[], float] = time.time) -> None:
        """Open the log, making it first when there is none.

        Args:
            folder: The data folder.
            now: Seconds since 1970; says which day's environment an append goes to.

        Raises:
            FolderBusy: There is no log yet, and another process is writing to the events table.
            StorageFull: The disk is full.
        """
        self.path = folder.path / "log"
        self._now = now
        start(folder, now=now())
        self.ids = LogIds(self.path / "ids")
        self._opened: dict[str, Environment] = {}

    def append(self, events: Sequence[Event]) -> Appended:
        """Keep events, each once; when this returns, a power cut cannot undo it.

        An event whose source and message id are known already, of this batch too, gets the place of the first.

        Raises:
            StorageFull: The disk is full; nothing of this call was kept.
            LogFailed: The log cannot be written; the same holds.
        """
        keys = [event_key(event.source, event.message_id) for event in events]
        records = [_ENCODER.encode(event) for event in events]
        room = sum(map(len, records)) + len(records) * _ROOM_AN_EVENT
        for _ in range(_TRIES):
            day = self._current()
            env = self._open(day)
            with env.writing(room) as txn:
                if txn.get(_CLOSED, db=env.db("state")) is None:
                    return self._put(env, txn, day, keys, records)
        message = f"{self.path} was closed {_TRIES} times while this batch waited; send it again"
        raise LogFailed(message)

    def read(self, after: int, most: int = _MOST) -> list[tuple[int, Event]]:
        """Events past a place, in order, at most so many; empty when there are none yet."""
        return [(seq, _DECODER.decode(record)) for seq, record in self.read_raw(after, most)]

    def read_raw(self, after: int, most: int = _MOST) -> list[tuple[int, bytes]]:
        """The same as they lie there, encoded."""
        for _ in range(_TRIES):
            days = self._known_days()
            try:
                return self._read(days, after, most)
            except FileNotFoundError:
                # The day was dropped or rewritten since the list was read.
                continue
        message = f"{self.path} has no folder for a day that it lists; restore it from a backup"
        raise LogFailed(message)

    def latest(self, most: int) -> list[tuple[int, Event]]:
        """The newest events whose records are here, in order; at most so many."""
        for _ in range(_TRIES):
            found: list[tuple[int, bytes]] = []
            try:
                for day in reversed(self._known_days()):
                    found += self._backwards(day, most - len(found))
            except FileNotFoundError:
                # The day was dropped or rewritten since the list was read.
                continue
            return [(seq, _DECODER.decode(record)) for seq, record in reversed(found)]
        message = f"{self.path} has no folder for a day that it lists; restore it from a backup"
        raise LogFailed(message)

    def doubts(self, after: int) -> dict[int, int]:
        """Events past a place that an import claimed before they came, and had not stored.

        Returns:
            Place of the event, and the place in the import that claimed its id: the event is a duplicate if that
            import stored its events after all.
        """
        found: dict[int, int] = {}
        for day in _from(self.ids.days(), after):
            env = self._open(day)
            with env.reading() as txn, txn.cursor(db=env.db("doubts")) as cursor:
                if cursor.set_range(_PLACE.pack(after + 1)):
                    found |= {_PLACE.unpack(key)[0]: _PLACE.unpack(value)[0] for key, value in cursor}
        return found

    def last_seq(self) -> int:
        """The highest place given; -1 when there is none."""
        return self._next(self.ids.days()[-1]) - 1

    def first_seq(self) -> int:
        """The lowest place whose record may still be here; records before it were dropped, or are none of the log's."""
        return self.ids.days()[0].first

    def reserve(self, n: int) -> int:
        """Take a range of places for an import; returns the first.

        Until `settle` says that the import stored its events, its claims keep nobody's event out.
        """
        for _ in range(_TRIES):
            day = self._current()
            env = self._open(day)
            with env.writing(0) as txn:
                if txn.get(_CLOSED, db=env.db("state")) is not None:
                    continue
                first = _next(env, txn, day)
                txn.put(_NEXT, _PLACE.pack(first + n), db=env.db("state"))
            self.ids.take(first, n)
            return first
        message = f"{self.path} was closed {_TRIES} times while this import waited; do it again"
        raise LogFailed(message)

    def claim(self, keys: Sequence[bytes], seqs: Sequence[int]) -> list[int]:
        """Claim ids for events of an import.

        Args:
            keys: Keys as `event_key` makes them, none twice.
            seqs: The place of each, in a range of `reserve`.

        Returns:
            One a key: -1 where it was claimed, else the place of the event that the log knows by it: a duplicate.
        """
        while True:
            day = self._current()
            env = self._open(day)
            # Nothing is written here: the transaction keeps appends away while ids are looked up and claimed.
            with env.writing(0) as txn:
                if txn.get(_CLOSED, db=env.db("state")) is not None:
                    continue
                held, _ = self._known(env, txn, keys)
                new = [(key, seq) for key, seq in zip(keys, seqs, strict=True) if key not in held]
                self.ids.put([key for key, _ in new], [seq for _, seq in new], day=self._day_number())
                return [held.get(key, -1) for key in keys]

    def settle(self, first: int, *, stored: bool) -> None:
        """Say what became of the import that took a range: its claims hold from now on, or are void."""
        self.ids.settle(first, RangeState.STORED if stored else RangeState.GIVEN_UP)

    def check_readers(self) -> int:
        """Give back what killed readers hold; returns how many there were."""
        return sum(env.check_readers() for env in [self.ids.env, *map(self._open, self.ids.days())])

    def move_ids(self) -> int:
        """Copy the ids of days that are closed into the long memory; returns how many."""
        moved = 0
        for day in self.ids.days()[:-1]:
            if not day.moved:
                moved += self._move(day)
        return moved

    def drop_days(self, through: int, *, before: str) -> list[str]:
        """Drop whole days of records whose ids are in the long memory.

        Args:
            through: Last place that everybody who reads the log has passed.
            before: Only days before this one, `YYYY-MM-DD`.

        Returns:
            Names of the days that were dropped.
        """
        days = self.ids.days()
        gone = []
        for day, following in itertools.pairwise(days):
            if not day.moved or day.day >= before or following.first - 1 > through:
                break
            gone.append(day)
        if not gone or not self.ids.set_days(days[len(gone) :], expect=days):
            return []
        for day in gone:
            self._remove(day)
        return [day.name for day in gone]

    def rewrite(self, change: Callable[[Event], Event | None]) -> int:
        """Change records, or take them out, bytes included; their ids stay known. For erasures alone.

        Args:
            change: What becomes of an event: itself, another one in its place, or None.

        Returns:
            How many records were changed or taken out.
        """
        found = 0
        for day in self.ids.days():
            if any(change(event) != event for event in self._events(day)):
                if day == self.ids.days()[-1]:
                    # Only an environment that nobody writes to any more can be copied.
                    self.close_day()
                found += self._rewrite(day, change)
        self._remove_leftovers()
        return found

    def close_day(self) -> None:
        """Begin a new environment, so that the one written until now changes no more."""
        day = self.ids.days()[-1]
        if self._next(day) > day.first:
            self._close(day)
            self._current()

    def days(self) -> list[Day]:
        """Environments of records, oldest first; the last one is being written."""
        return self.ids.days()

    def _current(self) -> Day:
        """The environment to write to; a new one when the day is over or somebody has closed the last."""
        today = f"{dt.datetime.fromtimestamp(self._now(), dt.UTC):%Y-%m-%d}"
        for _ in range(_TRIES):
            days = self._known_days()
            last = days[-1]
            env = self._open(last)
            with env.reading() as txn:
                closed = txn.get(_CLOSED, db=env.db("state")) is not None
                following = _next(env, txn, last)
            if not closed and (last.day >= today or following == last.first):
                return last
            if not closed:
                self._close(last)
                continue
            new = Day(self._free_name(max(today, last.day), days), following, moved=False)
            self._open(new, make=True)
            self.ids.set_days([*days, new], expect=days)
        message = f"{self.path} was closed {_TRIES} times; something is wrong with the clock or the folder"
        raise LogFailed(message)

    def _known_days(self) -> list[Day]:
        """The list of days; handles of those that were dropped are let go, so that their bytes leave the disk."""
        days = self.ids.days()
        if len(self._opened) > len(days):
            names = {day.name for day in days}
            self._opened = {name: env for name, env in self._opened.items() if name in names}
        return days

    def _close(self, day: Day) -> None:
        env = self._open(day)
        with env.writing(0) as txn:
            txn.put(_CLOSED, b"1", db=env.db("state"))

    def _put(
        self, env: Environment, txn: Transaction, day: Day, keys: Sequence[bytes], records: Sequence[bytes]
    ) -> Appended:
        held, claimed = self._known(env, txn, keys)
        first = following = _next(env, txn, day)
        seqs, fresh, rows, doubts = [], [], [], []
        for key, record in zip(keys, records, strict=True):
            known = held.get(key)
            fresh.append(known is None)
            if known is None:
                known = held[key] = following
                following += 1
                rows.append((_PLACE.pack(known), record, key))
                if key in claimed:
                    doubts.append((_PLACE.pack(known), _PLACE.pack(claimed[key])))
            seqs.append(known)
        if following > first:
            with txn.cursor(db=env.db("records")) as cursor:
                cursor.putmulti([(place, record) for place, record, _ in rows], append=True)
            with txn.cursor(db=env.db("ids")) as cursor:
                cursor.putmulti(sorted((key, place) for place, _, key in rows))
            with txn.cursor(db=env.db("doubts")) as cursor:
                cursor.putmulti(doubts)
            txn.put(_NEXT, _PLACE.pack(following), db=env.db("state"))
        return Appended(seqs, fresh)

    def _known(
        self, env: Environment, txn: Transaction, keys: Sequence[bytes]
    ) -> tuple[dict[bytes, int], dict[bytes, int]]:
        """Places of keys that are known, and of those an unfinished import claims; the caller holds the log's lock."""
        held, claimed = self.ids.known(keys)
        for day in self.ids.days()[:-1]:
            if not day.moved:
                older = self._open(day)
                with older.reading() as reading:
                    held |= _held(older, reading, keys)
        held |= _held(env, txn, keys)
        return held, {key: seq for key, seq in claimed.items() if key not in held}

    def _read(self, days: Sequence[Day], after: int, most: int) -> list[tuple[int, bytes]]:
        found: list[tuple[int, bytes]] = []
        for day in _from(days, after):
            env = self._open(day)
            with env.reading() as txn, txn.cursor(db=env.db("records")) as cursor:
                there = cursor.set_range(_PLACE.pack(after + 1))
                while there and len(found) < most:
                    found.append((_PLACE.unpack(cursor.key())[0], bytes(cursor.value())))
                    there = cursor.next()
            if len(found) >= most:
                break
        return found

    def _backwards(self, day: Day, most: int) -> list[tuple[int, bytes]]:
        env = self._open(day)
        with env.reading() as txn, txn.cursor(db=env.db("records")) as cursor:
            pairs = itertools.islice(cursor.iterprev(), most)
            return [(_PLACE.unpack(key)[0], bytes(value)) for key, value in pairs]

    def _next(self, day: Day) -> int:
        env = self._open(day)
        with env.reading() as txn:
            return _next(env, txn, day)

    def _move(self, day: Day) -> int:
        env, moved = self._open(day), 0
        number = (dt.date.fromisoformat(day.day) - dt.date(1970, 1, 1)).days
        for rows in env.entries("ids", _MOST):
            self.ids.put([key for key, _ in rows], [_PLACE.unpack(place)[0] for _, place in rows], day=number)
            moved += len(rows)
        done = False
        while not done:
            days = self.ids.days()
            done = self.ids.set_days([replace(one, moved=one.moved or one == day) for one in days], expect=days)
        return moved

    def _events(self, day: Day) -> Iterator[Event]:
        """All events of a day, by several short transactions."""
        after = day.first - 1
        while found := self._read([day], after, _MOST):
            yield from (_DECODER.decode(record) for _, record in found)
            after = found[-1][0]

    def _rewrite(self, day: Day, change: Callable[[Event], Event | None]) -> int:
        """A copy of a closed day, without what is not to stay, in its place."""
        fresh = replace(day, name=self._free_name(day.day, self.ids.days()))
        old, new = self._open(day), self._open(fresh, make=True)
        after, changed = day.first - 1, 0
        while rows := self._read([day], after, _MOST):
            kept = [(seq, event, change(event)) for seq, record in rows for event in [_DECODER.decode(record)]]
            changed += sum(event != instead for _, event, instead in kept)
            records = [(_PLACE.pack(seq), _ENCODER.encode(instead)) for seq, _, instead in kept if instead is not None]
            new.put("records", records)
            after = rows[-1][0]
        for table in RECORD_TABLES[1:]:
            for entries in old.entries(table, _MOST):
                new.put(table, entries)
        while True:
            current = self._open(self._current())
            # No append looks ids up meanwhile.
            with current.writing(0):
                days = self.ids.days()
                if self.ids.set_days([fresh if one == day else one for one in days], expect=days):
                    break
        self._remove(day)
        return changed

    def _remove_leftovers(self) -> None:
        """Delete environments that nothing lists: a process was killed before it listed them, or after it replaced them."""
        current = self._open(self._current())
        # Nobody begins a day meanwhile.
        with current.writing(0):
            known = {"ids", *(day.name for day in self.ids.days())}
            for path in self.path.iterdir():
                if path.is_dir() and path.name not in known:
                    shutil.rmtree(path, ignore_errors=True)
            sync_folder(self.path)

    def _remove(self, day: Day) -> None:
        self._opened.pop(day.name, None)
        shutil.rmtree(self.path / day.name, ignore_errors=True)

    def _open(self, day: Day, *, make: bool = False) -> Environment:
        """The environment of a day; FileNotFoundError when it has been dropped."""
        found = self._opened.get(day.name)
        if found is None:
            found = self._opened[day.name] = environment(self.path / day.name, RECORD_TABLES, make=make)
        return found

    def _free_name(self, day: str, days: Sequence[Day]) -> str:
        """A name past all of a day: one of a day that was dropped may still be open in another process."""
        names = {one.name for one in days} | {path.name for path in self.path.iterdir()}
        numbers = [int(name[len(day) + 1 :] or 1) for name in names if name.startswith(day)]
        return f"{day}.{max(numbers) + 1}" if numbers else day

    def _day_number(self) -> int:
        return int(self._now() // 86_400)


def open_log(folder: Folder) -> Log | None:
    """The log of a data folder, None when it has none: nothing was ever collected there."""
    return Log(folder) if is_started(folder) else None


def _next(env: Environment, txn: Transaction, day: Day) -> int:
    value = txn.get(_NEXT, db=env.db("state"))
    return day.first if value is None else int(_PLACE.unpack(value)[0])


def _held(env: Environment, txn: Transaction, keys: Sequence[bytes]) -> dict[bytes, int]:
    with txn.cursor(db=env.db("ids")) as cursor:
        return {bytes(key): _PLACE.unpack(value)[0] for key, value in cursor.getmulti(keys)}


def _from(days: Sequence[Day], after: int) -> Iterator[Day]:
    """The days that can hold places past one."""
    for day, following in zip(days, [*days[1:], None], strict=True):
        if following is None or following.first > after + 1:
            yield day
