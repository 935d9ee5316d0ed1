"""One event as predicates see it: a column by its name, as the events table would give it.

In: an `Event`. Out: text, number or nothing for a column: a fixed one, a property, a path into context or traits, the clock, what is derived.
JSON is decoded once, when a column in it is first asked for.
"""

from __future__ import annotations

import datetime as dt
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import msgspec

from sojourn.records.enrichment.derived import DERIVED, derive
from sojourn.records.periods import zone

if TYPE_CHECKING:
    from sojourn.records.event import Event

Cell = str | float | int | None
"""A value of a column: texts (`true` and `false` among them), numbers, nothing."""

_FIXED = ("event", "type", "sent_event", "user_id", "anonymous_id", "message_id", "order_id", "revenue", "currency")
_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.encode
_QUARTER_US = 900_000_000
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_EXACT_INT = 2**53


class EventView:
    """The columns of one event."""

    __slots__ = ("_context", "_properties", "_traits", "_zone", "event", "found")

    def __init__(self, event: Event, time_zone: str = "UTC") -> None:
        """Look at an event; nothing is decoded yet."""
        self.event = event
        self.found: dict[str, Cell] = {}
        self._zone = time_zone
        self._properties: dict[str, Any] | None = None
        self._context: dict[str, Any] | None = None
        self._traits: dict[str, Any] | None = None

    def column(self, name: str) -> Cell:
        """The value of a column, None when the event has none."""
        found = self.found
        if name not in found:
            found[name] = self._find(name)
        return found[name]

    def _find(self, name: str) -> Cell:
        event = self.event
        if name in _FIXED:
            value: Cell = getattr(event, name)
            return value
        if name == "time.hour":
            return hour_of(event.time, self._zone)
        if name == "time.weekday":
            return weekday_of(event.time, self._zone)
        if name == "bot":
            return "false"
        root, _, path = name.partition(".")
        if path and root == "context":
            return _cell(_at(self._said_context(), path))
        if path and root == "traits":
            self._traits = self._traits if self._traits is not None else _object(event.traits)
            return _cell(_at(self._traits, path))
        if self._properties is None:
            self._properties = _object(event.properties)
        properties = self._properties
        if name in DERIVED and properties.get(name) is None:
            return derive(name, self._said_context(), properties)
        return _cell(properties[name] if name in properties else _at(properties, name) if "." in name else None)

    def _said_context(self) -> dict[str, Any]:
        if self._context is None:
            self._context = _object(self.event.context)
        return self._context


def hour_of(time_us: int, time_zone: str) -> int | None:
    """Hour of the day in a zone, 0 to 23; None without a time."""
    return None if not time_us else _clock(time_us // _QUARTER_US, time_zone)[0]


def weekday_of(time_us: int, time_zone: str) -> int | None:
    """Day of the week in a zone, 1 for Monday to 7; None without a time."""
    return None if not time_us else _clock(time_us // _QUARTER_US, time_zone)[1]


@lru_cache(1 << 16)
def _clock(quarter: int, time_zone: str) -> tuple[int, int]:
    """Hour and weekday of a quarter of an hour since 1970: no zone changes its offset within one."""
    local = (_EPOCH + dt.timedelta(microseconds=quarter * _QUARTER_US)).astimezone(zone(time_zone))
    return local.hour, local.isoweekday()


def cell(value: Any) -> Cell:  # noqa: ANN401  (any JSON value)
    """A JSON value as the events table keeps it: numbers, and texts for everything else."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return value
    if isinstance(value, int):
        return value if abs(value) <= _EXACT_INT else str(value)
    return _encode(value).decode()


_cell = cell


def _object(text: str | None) -> dict[str, Any]:
    """A JSON object; a text that is none holds nothing."""
    if not text or text == "{}":
        return {}
    try:
        decoded = _decode(text)
    except msgspec.DecodeError:
        return {}
    return decoded if isinstance(decoded, dict) else {}


def _at(value: Any, path: str) -> Any:  # noqa: ANN401  (any JSON value)
    for name in path.split("."):
        if isinstance(value, list) and name.isdecimal() and int(name) < len(value):
            value = value[int(name)]
        elif isinstance(value, dict) and name in value:
            value = value[name]
        else:
            return None
    return value
