"""New events as they are accepted.

In: the log of a data folder. Out: one line an event, within a tenth of a second of its acknowledgement. Never changes anything.
"""

from __future__ import annotations

import datetime as dt
import time
from typing import TYPE_CHECKING, Any

import msgspec

from sojourn.store.log import open_log

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sojourn.records.event import Event
    from sojourn.store.folder import Folder
    from sojourn.store.log import Log

_PAUSE_S = 0.1
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_TIMES = ("time", "received_at", "original_time", "sent_at")
_OBJECTS = ("properties", "traits", "context")


def follow(folder: Folder, *, as_json: bool) -> Iterator[str]:
    """Lines of events that are accepted from now on, for ever.

    Args:
        folder: The data folder; its log may begin later.
        as_json: One JSON object a line, else time, name and who.
    """
    log = open_log(folder)
    return _lines(folder, log, -1 if log is None else log.last_seq(), as_json=as_json)


def _lines(folder: Folder, log: Log | None, after: int, *, as_json: bool) -> Iterator[str]:
    while True:
        log = log or open_log(folder)
        found = [] if log is None else log.read(after)
        for seq, event in found:
            yield _json(seq, event) if as_json else _line(event)
            after = seq
        if not found:
            time.sleep(_PAUSE_S)


def _json(seq: int, event: Event) -> str:
    """All fields that hold something, under the names of the events table."""
    fields: dict[str, Any] = {"seq": seq}
    for name in event.__struct_fields__:
        value = getattr(event, name)
        if value is None or value == ():
            continue
        if name in _TIMES:
            fields[name] = _iso(value)
        elif name in _OBJECTS:
            fields[name] = msgspec.Raw(value.encode())
        else:
            fields["from_browser" if name == "browser" else name] = value
    return msgspec.json.encode(fields).decode()


def _line(event: Event) -> str:
    who = event.user_id or event.anonymous_id or ", ".join(value for _, value in event.external_ids) or "nobody"
    return f"{_iso(event.time)}  {event.event}  {who}  {event.properties if event.properties != '{}' else ''}".rstrip()


def _iso(micros: int) -> str:
    return (_EPOCH + dt.timedelta(microseconds=micros)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
