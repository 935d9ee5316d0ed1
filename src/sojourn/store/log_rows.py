"""Events of the log as rows of the events table.

In: events with their places. Out: an Arrow table of the table's columns: actors numbered, properties in their column or
in the JSON, bots marked, events of erased persons left out. The same row whether a reader makes it or the flush.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow as pa

from sojourn.identify.actor import actor_id
from sojourn.identify.link import ANONYMOUS, DAILY, USER, Actor, own_actor
from sojourn.records.bots import is_bot
from sojourn.records.event import Event, event_key
from sojourn.records.junk_ids import is_junk
from sojourn.store.event_columns import FIXED
from sojourn.store.expiry_limit import NO_LIMIT
from sojourn.store.leftovers import fit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sojourn.store.events import Promoted

_KEPT = 200_000
_INT64 = 1 << 63
_PLAIN = {pa.string(): str, pa.int64(): int, pa.float64(): float, pa.bool_(): bool}
_AS_THEY_ARE = (
    "time", "received_at", "source", "type", "event", "sent_event", "user_id", "anonymous_id", "message_id", "order_id",
    "revenue", "currency", "traits", "context", "previous_id", "group_id", "original_time", "sent_at",
)  # fmt: skip


@dataclass(slots=True)
class LogRows:
    """Makes rows; remembers the numbers of actors it has met.

    Attributes:
        secret: The folder's.
        promoted: Properties that have a column.
        suppressed: Erased actors: until when their events are refused, microseconds.
        limit: Events that happened before this time have expired.
    """

    secret: bytes
    promoted: Sequence[Promoted]
    suppressed: Mapping[int, int]
    limit: int = NO_LIMIT
    _numbers: dict[Actor, int] = field(default_factory=dict, compare=False)

    def table(self, events: Iterable[tuple[int, Event]]) -> pa.Table:
        """Rows of events, in their order; without those of erased actors, and those that have expired."""
        rows: dict[str, list[Any]] = {name: [] for name in FIXED.names}
        found: dict[str, list[Any]] = {p.column: [] for p in self.promoted}
        for seq, event in events:
            row = self._row(seq, event)
            if row is None:
                continue
            properties, values = self._properties(event.properties)
            row["properties"] = properties
            for name, column in rows.items():
                column.append(row[name])
            for name, column in found.items():
                column.append(values.get(name))
        arrays = [pa.array(rows[f.name], f.type) for f in FIXED]
        arrays += [pa.array(found[p.column], p.type) for p in self.promoted]
        return pa.table(arrays, names=[*FIXED.names, *found])

    def _row(self, seq: int, event: Event) -> dict[str, Any] | None:
        """Columns of one event, its properties aside; None when it is an erased person's, has expired, or names nobody by design."""
        own = own_actor(event)
        if event.time < self.limit or (own is None and event.type == "control"):
            # What is decided about somebody's links is nobody's doing.
            return None
        actor = self._number(own or _last_resort(event))
        linked = self._linked(event)
        anonymous = event.anonymous_id
        if self.suppressed:
            if event.time <= self.suppressed.get(actor, -1):
                return None
            if linked is not None and event.time <= self.suppressed.get(linked, -1):
                # Somebody else's event on an erased person's device stays, and does not name the device.
                linked = anonymous = None
        key = event_key(event.source, event.message_id)
        row = {name: getattr(event, name, None) for name in _AS_THEY_ARE}
        row |= {
            "seq": seq, "actor": actor, "linked_actor": linked, "anonymous_id": anonymous,
            "bot": event.browser and _by_a_bot(event.context),
            "id_high": int.from_bytes(key[:8], "little", signed=True),
            "id_low": int.from_bytes(key[8:], "little", signed=True),
            "external_ids": msgspec.json.encode(event.external_ids).decode() if event.external_ids else None,
            "proven": event.proven, "daily": event.daily, "from_browser": event.browser,
        }  # fmt: skip
        return row

    def _linked(self, event: Event) -> int | None:
        both = not (is_junk(event.user_id) or is_junk(event.anonymous_id))
        return self._number(Actor(ANONYMOUS, event.anonymous_id or "")) if both and not event.daily else None

    def _number(self, actor: Actor) -> int:
        number = self._numbers.get(actor)
        if number is None:
            if len(self._numbers) > _KEPT:
                self._numbers.clear()
            number = actor_id(self.secret, actor.kind, actor.value, namespace=actor.namespace)
            self._numbers[actor] = number
        return number

    def _properties(self, text: str) -> tuple[str | None, dict[str, Any]]:
        """JSON of the properties that have no column or do not fit theirs, and the values of the others by column."""
        if text == "{}":
            return None, {}
        if not self.promoted:
            return text, {}
        rest = msgspec.json.decode(text)
        values = {}
        for promoted in self.promoted:
            value = rest.get(promoted.property)
            if value is not None and (fitting := _fitting(value, promoted.type)) is not None:
                values[promoted.column] = fitting
                del rest[promoted.property]
        return (msgspec.json.encode(rest).decode() if values else text) if rest else None, values


def _fitting(value: object, kind: pa.DataType) -> Any:  # noqa: ANN401  (of the column's type)
    """A value as its column holds it, exactly; None when it does not fit. As `leftovers.fit` decides for imports."""
    if type(value) is _PLAIN[kind]:
        return value if not isinstance(value, int) or abs(value) < _INT64 else None
    if not isinstance(value, str | int | float) or (isinstance(value, int) and abs(value) >= _INT64):
        return None
    fitted, _ = fit(pa.array([value]), kind)
    return fitted[0].as_py()


def _last_resort(event: Event) -> Actor:
    """Whose an event is that names nobody, or only junk: the junk's, which never links."""
    if event.user_id:
        return Actor(USER, event.user_id)
    if event.anonymous_id:
        return Actor(DAILY if event.daily else ANONYMOUS, event.anonymous_id)
    return Actor("event", event.message_id, event.source)


def _by_a_bot(context: str | None) -> bool:
    agent = msgspec.json.decode(context, type=dict[str, Any]).get("userAgent") if context else None
    return isinstance(agent, str) and is_bot(agent)
