"""An erased person's identifiers in events of others: they go, the events stay.

In: events or rows of the events table. Out: the same without further identifiers and former names of the person, and the identifiers
as they were sent. Two customers may share a card, or one have typed the other's e-mail address.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pyarrow as pa

from sojourn.identify.actor_number import actor_number
from sojourn.identify.link import ANONYMOUS, USER, external_actor, own_actor
from sojourn.store.link_control import decided_actors, is_decision

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sojourn.identify.link import Actor
    from sojourn.records.event import Event

_PAIRS = msgspec.json.Decoder(tuple[tuple[str, str], ...])
COLUMNS = ("external_ids", "previous_id")


class ErasedNames:
    """The actors of an erased person."""

    def __init__(self, secret: bytes, actors: Iterable[int]) -> None:
        """By their numbers, made with the folder's secret."""
        self._secret, self._actors = secret, frozenset(actors)

    def without(self, event: Event, until: int) -> Event | None:
        """What is left of an event of the log: None of the person's own, up to a time in microseconds."""
        if is_decision(event) and not self._actors.isdisjoint(decided_actors(event)):
            return None
        own = own_actor(event)
        if own is not None and event.time <= until and self._is_theirs(own):
            return None
        kept = self._others(event.external_ids)
        if len(kept) != len(event.external_ids):
            event = msgspec.structs.replace(event, external_ids=kept)
        if event.previous_id and self._names(event.previous_id):
            event = msgspec.structs.replace(event, previous_id=None)
        if event.user_id and event.anonymous_id and self._number(ANONYMOUS, event.anonymous_id) in self._actors:
            # Somebody else's event on the person's device stays, and no longer names the device.
            event = msgspec.structs.replace(event, anonymous_id=None)
        return event

    def named(self, rows: pa.Table) -> tuple[set[str], bool]:
        """The person's identifiers in `COLUMNS` of rows, as they were sent; and whether any row has one."""
        pairs = [pair for text in _distinct(rows, "external_ids") for pair in _PAIRS.decode(text)]
        others = set(self._others(pairs))
        found = {value for kind, value in pairs if (kind, value) not in others}
        found |= {value for value in _distinct(rows, "previous_id") if self._names(value)}
        return found, bool(found)

    def stripped(self, rows: pa.Table) -> pa.Table:
        """Rows whose `COLUMNS` do not name the person."""
        kept: dict[str, str | None] = {}
        for text in _distinct(rows, "external_ids"):
            others = self._others(pairs := _PAIRS.decode(text))
            if len(others) != len(pairs):
                kept[text] = msgspec.json.encode(others).decode() if others else None
        rows = _replaced(rows, "external_ids", kept)
        theirs = [value for value in _distinct(rows, "previous_id") if self._names(value)]
        return _replaced(rows, "previous_id", dict.fromkeys(theirs))

    def _others(self, pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
        named = ((pair, external_actor(*pair)) for pair in pairs)
        return tuple(pair for pair, actor in named if actor is None or not self._is_theirs(actor))

    def _names(self, value: str) -> bool:
        """Whether a former name, of a user or a device, is the person's."""
        return any(self._number(kind, value) in self._actors for kind in (USER, ANONYMOUS))

    def _is_theirs(self, actor: Actor) -> bool:
        return self._number(actor.kind, actor.value, actor.namespace) in self._actors

    def _number(self, kind: str, value: str, namespace: str = "") -> int:
        return actor_number(self._secret, kind, value, namespace=namespace)


def _distinct(rows: pa.Table, column: str) -> list[str]:
    return [value for value in rows[column].unique().to_pylist() if value]


def _replaced(rows: pa.Table, column: str, values: dict[str, str | None]) -> pa.Table:
    if not values:
        return rows
    after = pa.array([values.get(value, value) for value in rows[column].to_pylist()], rows.schema.field(column).type)
    return rows.set_column(rows.schema.get_field_index(column), column, after)
