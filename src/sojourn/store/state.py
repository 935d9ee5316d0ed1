"""The state: what the worker keeps of actors and persons between two batches of the log.

In: records, matches, states of signals. Out: the same. Each batch is one transaction together with its place in the
log, so that every event takes effect exactly once. Derived: it can be deleted and made again from log and table.
"""

from __future__ import annotations

import dataclasses
import json
from collections import defaultdict
from dataclasses import dataclass, field
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Self

import msgspec
import numpy as np

from sojourn.identify.links import DTYPES, Links
from sojourn.records.actor import ActorRecord
from sojourn.store.link_control import LinkControl
from sojourn.store.sqlite import open_database, queries

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from types import TracebackType

    from numpy.typing import DTypeLike, NDArray

    from sojourn.store.folder import Folder

WORKER = "worker"
STATE_FILE = "state.sqlite"
_LOWEST = -(1 << 63)


class _Span(msgspec.Struct, array_like=True):
    """The beginning of an `ActorRecord`."""

    actor: int
    kind: str
    value: str
    first: int
    last: int
    events: int = 0


_ENCODE = msgspec.msgpack.Encoder().encode
_DECODE = msgspec.msgpack.Decoder(ActorRecord).decode
_DECODE_SPAN = msgspec.msgpack.Decoder(_Span).decode
_FIRST = itemgetter(0)
_MOST_CHUNKS = 16
EXPIRED = "expired"
"""Cursor: nothing is left from before this time, microseconds."""
_RESIDUE = "residue"
"""Not 0 while pages may hold copies of what was erased."""

_FIRST_LINKED = (
    "select one, min(time) from links where one in ({}) group by one",
    "select other, min(time) from links where other in ({}) group by other",
)
_LINKS_AT = "select one, other, kind, time, high, low, last, seq from links where {} in ({})"


@dataclass(frozen=True, slots=True)
class Kept:
    """An actor as it is kept.

    Attributes:
        person: The person it belongs to.
        record: What is known of it.
    """

    person: int
    record: ActorRecord


@dataclass(frozen=True, slots=True)
class Move:
    """A person that entered a segment, or left it.

    Attributes:
        person: Number of the person.
        label: What it is called outside: its user id, else its oldest identifier.
        segment: Name of the segment.
        entered: Whether it entered; else it left.
        at: The stream's clock then, microseconds UTC.
        seq: Place in the log of the person's last event.
    """

    person: int
    label: str
    segment: str
    entered: bool
    at: int
    seq: int


@dataclass(frozen=True, slots=True)
class Owed:
    """A stretch of the events table that takes effect beside the log: an import, or what came before the worker.

    Attributes:
        first: Its first place.
        last: Its last place.
        done: The last place that has taken effect; `first - 1` before any.
    """

    first: int
    last: int
    done: int


@dataclass(slots=True)
class Changes:
    """What one batch changes; written in one transaction.

    Attributes:
        actors: Records by actor.
        links: All links of the pairs of actors that they name: they take the place of what was kept of these pairs.
        matches: New matches by actor, to be added to those kept.
        profiles: Folded signals by person, as `signals.state` writes them.
        gone: Persons that are no more: all their actors belong to others now.
        due: Next timer by person, microseconds UTC; None for no timer.
        moves: Persons that entered segments or left them.
        erased: Actors of which nothing is to be left.
        anew: Actors that were taken anew, because some of their events have expired: nothing of before is left but what is written here.
    """

    actors: dict[int, Kept] = field(default_factory=dict)
    links: Links | None = None
    matches: dict[int, bytes] = field(default_factory=dict)
    profiles: dict[int, bytes] = field(default_factory=dict)
    gone: set[int] = field(default_factory=set)
    due: dict[int, int | None] = field(default_factory=dict)
    moves: list[Move] = field(default_factory=list)
    erased: set[int] = field(default_factory=set)
    anew: set[int] = field(default_factory=set)

    @property
    def gone_before(self) -> set[int]:
        """Actors of which nothing of before counts."""
        return self.erased | self.anew


class State:
    """The state of one data folder, open."""

    def __init__(self, folder: Folder) -> None:
        """Open it; made when it does not exist."""
        self._connection = open_database(folder.path / STATE_FILE, "state")
        self._queries = queries("state")

    def __enter__(self) -> Self:
        """Nothing is read yet."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self._connection.close()

    def cursor(self, name: str = WORKER) -> int:
        """Last place in the log that has taken effect; -1 before the first."""
        seq = self._queries.cursor(self._connection, name=name)
        return -1 if seq is None else int(seq)

    def cursor_names(self) -> list[str]:
        """Whose places are kept: the worker's, and that of each receiver of moves."""
        return [name for (name,) in self._queries.cursor_names(self._connection)]

    def actors(self, actors: Iterable[int]) -> dict[int, Kept]:
        """Those of these actors that are known."""
        rows = self._rows("select actor, person, record from actors where actor in ({})", actors)
        return {actor: Kept(person, _DECODE(record)) for actor, person, record in rows}

    def actors_of(self, persons: Iterable[int]) -> dict[int, list[Kept]]:
        """The actors of these persons."""
        out: dict[int, list[Kept]] = defaultdict(list)
        for person, record in self._rows(
            "select person, record from actors where person in ({}) order by actor", persons
        ):
            out[person].append(Kept(person, _DECODE(record)))
        return dict(out)

    def persons_with(self, persons: Iterable[int]) -> dict[int, list[int]]:
        """The numbers of the actors of these persons, ascending; unlike `actors_of` it opens no record."""
        out: dict[int, list[int]] = defaultdict(list)
        for person, actor in self._rows(
            "select person, actor from actors where person in ({}) order by actor", persons
        ):
            out[person].append(actor)
        return dict(out)

    def links(self, actors: Iterable[int]) -> Links:
        """All links that reach from these actors, whichever way and however far."""
        seen, front, found = set[int](), set(actors), dict[tuple[int, ...], tuple[int, ...]]()
        while front:
            seen |= front
            rows = [row for end in ("one", "other") for row in self._rows(_LINKS_AT.format(end, "{}"), front)]
            found |= {row[:4]: row for row in rows}
            front = {actor for row in rows for actor in row[:2]} - seen
        columns = zip(*found.values(), strict=True) if found else ((),) * len(DTYPES)
        return Links(*map(_as_column, columns, DTYPES.values()))

    def matches(self, actors: Iterable[int]) -> dict[int, bytes]:
        """All matches of these actors, in the order they came."""
        out: dict[int, list[bytes]] = defaultdict(list)
        statement = "select actor, data from matches where actor in ({}) order by actor, chunk"
        for actor, data in self._rows(statement, actors):
            out[actor].append(data)
        return {actor: b"".join(chunks) for actor, chunks in out.items()}

    def profiles(self, persons: Iterable[int]) -> dict[int, bytes]:
        """Folded signals of these persons."""
        return dict(self._rows("select person, state from profiles where person in ({})", persons))

    def persons(self, after: int | None = None, *, most: int = 1_000) -> list[int]:
        """Numbers of persons past a number, ascending."""
        first = _LOWEST if after is None else after + 1
        rows = self._queries.persons_from(self._connection, first=first, most=most) if first <= -_LOWEST - 1 else ()
        return [person for (person,) in rows]

    def segments(self, persons: Iterable[int]) -> dict[int, frozenset[str]]:
        """Segments that these persons are in, as of each one's last event or timer."""
        out: dict[int, set[str]] = defaultdict(set)
        for person, segment in self._rows("select person, segment from memberships where person in ({})", persons):
            out[person].add(segment)
        return {person: frozenset(names) for person, names in out.items()}

    def segment_sizes(self) -> dict[str, int]:
        """Persons in each segment."""
        return dict(self._queries.segment_sizes(self._connection))

    def moves(self, after: int, *, most: int = 1_000) -> list[tuple[int, Move]]:
        """Moves past a place in their list, oldest first, each with its place."""
        rows = self._queries.moves(self._connection, after=after, most=most)
        return [(row[0], Move(row[1], row[2], row[3], bool(row[4]), row[5], row[6])) for row in rows]

    def last_move(self) -> int:
        """Place of the newest move in their list; 0 before the first."""
        return int(self._queries.last_move(self._connection) or 0)

    def moves_of(self, persons: Iterable[int], *, most: int = 100) -> list[Move]:
        """The latest moves of persons, under any of these numbers, newest first."""
        rows = self._queries.moves_of(self._connection, persons=json.dumps(list(persons)), most=most)
        return [Move(row[0], row[1], row[2], bool(row[3]), row[4], row[5]) for row in rows]

    def due(self, by: int, *, most: int = 1_000) -> list[tuple[int, int]]:
        """(person, when) of timers due by a time, earliest first."""
        return list(self._queries.due(self._connection, by=by, most=most))

    def counted(self) -> tuple[int, int, int]:
        """Actors, persons and timers there are."""
        ((actors, persons, timers),) = self._queries.counted(self._connection)
        return int(actors), int(persons), int(timers)

    def owed(self) -> list[Owed]:
        """Stretches that have not taken effect yet, in the order of the log."""
        return [Owed(*row) for row in self._queries.owed(self._connection)]

    def erased(self, until: Mapping[int, int]) -> set[int]:
        """Erased actors of which something is left.

        Args:
            until: When each was erased, microseconds; what it does afterwards may be kept.
        """
        known = self.actors(until)
        found = {actor for actor, one in known.items() if one.record.first <= until[actor]}
        for statement in _FIRST_LINKED:
            rows = self._rows(statement, until)
            # One that only events of others name has links and no record.
            found |= {actor for actor, time in rows if actor not in known and time <= until[actor]}
        return found

    def expired(self, before_us: int) -> dict[int, int]:
        """Actors that an event of before a time concerns, microseconds, each with how many events it has.

        Where no event has a time, none has expired.
        """
        spans = (_DECODE_SPAN(record) for (record,) in self._queries.records(self._connection))
        found = {one.actor: one.events for one in spans if one.first < before_us and one.last != 0}
        return dict.fromkeys(self._ends(before_us), 0) | found

    def _ends(self, before_us: int) -> Iterator[int]:
        """Actors that a link of before a time names."""
        return (end for pair in self._queries.links_before(self._connection, before=before_us) for end in pair)

    def finish_expiry(self, before_us: int) -> None:
        """Note that nothing is left from before a time, after what was told of persons then has gone, too."""
        with self._connection:
            self._queries.forget_moves(self._connection, before=before_us)
            self._write(Changes(), {EXPIRED: before_us, _RESIDUE: 1}, ())

    def has_residue(self) -> bool:
        """Whether pages may hold copies of what was erased."""
        return self.cursor(_RESIDUE) > 0

    def overwrite_residue(self) -> None:
        """Write the file anew after an erasure.

        `secure_delete` overwrites what is deleted, and not the copies that SQLite leaves where it moves rows between pages.
        """
        if self.has_residue():
            self._connection.execute("vacuum")
            self.write(Changes(), cursors={_RESIDUE: 0})

    def begin(self, fingerprint: bytes, *, cursors: Mapping[str, int], owed: Iterable[Owed]) -> bool:
        """Make the state ready for a catalogue: what another catalogue's signals were folded to is forgotten.

        Args:
            fingerprint: Of the program of signals.
            cursors: Where to begin, when anything is forgotten or there is nothing yet.
            owed: What came before that.

        Returns:
            Whether it was begun anew.
        """
        if self._queries.made_by(self._connection) == fingerprint:
            return False
        with self._connection:
            for statement in self._queries.forget_everything.sql.split(";"):
                self._connection.execute(statement)
            self._queries.make_by(self._connection, fingerprint=fingerprint)
            self._write(Changes(), cursors, owed)
        return True

    def decisions(self) -> LinkControl:
        """What was decided by hand about links, as far as the state follows it."""
        kept = self._queries.decided(self._connection)
        return LinkControl() if kept is None else msgspec.msgpack.decode(kept, type=LinkControl)

    def follow(self, control: LinkControl) -> None:
        """Note that the state follows these decisions."""
        with self._connection:
            self._queries.forget_decided(self._connection)
            self._queries.decide(self._connection, control=_ENCODE(control))

    def write(self, changes: Changes, *, cursors: Mapping[str, int], owed: Iterable[Owed] = ()) -> None:
        """Write what a batch changes, and what has taken effect by it, in one transaction that outlives a power cut.

        Args:
            changes: What the batch changes.
            cursors: By name the last place that has taken effect.
            owed: Stretches that are new or have come further.
        """
        with self._connection:
            self._write(changes, cursors, owed)

    def _write(self, changes: Changes, cursors: Mapping[str, int], owed: Iterable[Owed]) -> None:
        self._put(changes)
        for name, seq in cursors.items():
            self._queries.put_cursor(self._connection, name=name, seq=seq)
        self._queries.put_owed(self._connection, [{"first": o.first, "last": o.last, "done": o.done} for o in owed])
        self._queries.forget_owed(self._connection)

    def _put(self, changes: Changes) -> None:
        put, connection = self._queries, self._connection
        erased = [{"actor": actor} for actor in changes.erased]
        called = [{"label": kept.record.value} for kept in self.actors(changes.erased).values()]
        for forget in (put.forget_actors, put.forget_matches, put.forget_links_of):
            forget(connection, [{"actor": actor} for actor in changes.gone_before])
        put.put_actors(
            connection,
            # In the order of the table: neighbours share a page.
            [
                {"actor": a, "person": k.person, "record": _ENCODE(k.record)}
                for a, k in sorted(changes.actors.items(), key=_FIRST)
            ],
        )
        if changes.links is not None:
            rows = _as_rows(changes.links)
            put.forget_links(connection, rows)
            put.add_links(connection, rows)
        put.add_matches(connection, list(self._chunks(changes.matches)))
        put.put_profiles(connection, [{"person": p, "state": state} for p, state in sorted(changes.profiles.items())])
        gone = [{"person": person} for person in changes.gone]
        put.forget_profiles(connection, gone)
        put.forget_memberships(connection, gone)
        if erased:
            # What was told of an erased person has to go, too: also under numbers that it had before, which its actors have.
            gone += [{"person": actor} for actor in changes.erased]
            put.forget_moves_of(connection, gone + [{"person": person} for person in changes.profiles])
            put.forget_moves_called(connection, called)
            put.put_cursor(connection, name=_RESIDUE, seq=1)
        entered = [{"person": m.person, "segment": m.segment} for m in changes.moves if m.entered]
        put.enter(connection, entered)
        put.leave(connection, [{"person": m.person, "segment": m.segment} for m in changes.moves if not m.entered])
        put.add_moves(connection, [dataclasses.asdict(move) for move in changes.moves])
        idle = [{"person": person} for person, when in changes.due.items() if when is None]
        put.forget_timers(connection, gone + idle)
        put.put_timers(
            connection,
            [
                {"person": person, "due": when}
                for person, when in sorted(changes.due.items(), key=_FIRST)
                if when is not None
            ],
        )

    def _chunks(self, matches: Mapping[int, bytes]) -> Iterator[dict[str, object]]:
        """New matches become a chunk of their own; when an actor has many chunks they become one."""
        statement = "select actor, max(chunk) from matches where actor in ({}) group by actor"
        newest = dict(self._rows(statement, matches))
        full = [actor for actor, chunk in newest.items() if chunk >= _MOST_CHUNKS]
        before = self.matches(full)
        self._queries.forget_matches(self._connection, [{"actor": actor} for actor in full])
        for actor, data in sorted(matches.items()):
            if actor in before:
                yield {"actor": actor, "chunk": 0, "data": before[actor] + data}
            else:
                yield {"actor": actor, "chunk": newest.get(actor, -1) + 1, "data": data}

    def _rows(self, statement: str, keys: Iterable[int]) -> list[tuple[Any, ...]]:
        """Rows of a statement with `{}` where the keys go."""
        # As one JSON text, so that any number of keys is one bound parameter.
        text = json.dumps(list(keys))
        filled = statement.format("select value from json_each(?)")
        return self._connection.execute(filled, (text,)).fetchall()


def _as_column(values: Iterable[int], dtype: DTypeLike) -> NDArray[Any]:
    """SQLite has signed words only: an unsigned one is kept as the signed one of the same bits."""
    kept = np.array(values, np.int64)
    return kept.view(np.uint64) if dtype is np.uint64 else kept.astype(dtype)


def _as_rows(links: Links) -> list[dict[str, int]]:
    columns = links.columns()
    signed = [values.view(np.int64) if values.dtype == np.uint64 else values for values in columns.values()]
    return [dict(zip(columns, row, strict=True)) for row in zip(*(values.tolist() for values in signed), strict=True)]
