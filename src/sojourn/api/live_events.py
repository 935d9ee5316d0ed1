"""Events as they arrive: the newest ones, and those that come from now on.

In: the log of a data folder, predicates. Out: `Seen` events, in the order of the log. Never waits, never keeps more than a client is shown.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sojourn.signals.event_view import EventView
from sojourn.signals.live_predicates import compile_predicate
from sojourn.signals.predicates import parse_predicate
from sojourn.store.log import open_log

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sojourn.records.event import Event
    from sojourn.signals.live_predicates import Test
    from sojourn.store.folder import Folder
    from sojourn.store.log import Log

MOST = 200
"""Events that are shown at a time."""
_AT_ONCE = 1_000
_BACK = 20_000
_LONGEST = 2_000
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True, slots=True)
class Seen:
    """An event as a list shows it; every text may be a customer's.

    Attributes:
        seq: Its place in the log.
        received_at: When it arrived, ISO 8601 UTC with milliseconds.
        time: When it happened, likewise.
        event: What happened.
        type: track, page, screen, identify, group, alias or control.
        source: Whose key sent it.
        person: An identifier to look the person up by: user id, device, or another one; None: it names nobody.
        anonymous: Whether that is no known user.
        properties: JSON object, cut at 2,000 characters.
    """

    seq: int
    received_at: str
    time: str
    event: str
    type: str
    source: str
    person: str | None
    anonymous: bool
    properties: str


@dataclass(frozen=True, slots=True)
class Taken:
    """What came since the last look.

    Attributes:
        events: The newest that match, oldest first, at most 200.
        passed: Events that came too fast to be looked at, or did not fit.
        last: Place up to which everything was looked at.
    """

    events: tuple[Seen, ...]
    passed: int
    last: int

    def to_dict(self) -> dict[str, Any]:
        """The same as plain dictionaries and lists."""
        return {"events": [asdict(event) for event in self.events], "passed": self.passed, "last": self.last}


class LiveTail:
    """One reader of the log's end. Not for several threads at a time."""

    def __init__(self, folder: Folder, where: Sequence[str] = ()) -> None:
        """Read nothing yet.

        Args:
            folder: The data folder; its log may begin later.
            where: Predicates that must all match (docs/predicates.md).

        Raises:
            BadPredicate: One cannot be read.
        """
        self._folder = folder
        self._tests: list[Test] = [compile_predicate(parse_predicate(text)) for text in where]
        self._log: Log | None = None
        self.after = -1

    def latest(self, most: int = 50) -> Taken:
        """The newest events that match among the last 20,000, and a place to go on from."""
        log = self._opened()
        if log is None:
            return Taken((), 0, -1)
        self.after = log.last_seq()
        wanted, looked = _AT_ONCE if self._tests else most, 0
        while True:
            found = log.latest(wanted)
            matching = [(seq, event) for seq, event in found if self._matches(event)][-most:]
            if len(matching) >= most or len(found) == looked or wanted >= _BACK:
                return Taken(tuple(seen(seq, event) for seq, event in matching), 0, self.after)
            looked, wanted = len(found), min(_BACK, wanted * 4)

    def take(self) -> Taken:
        """What came after `after`, which moves on."""
        log = self._opened()
        if log is None:
            return Taken((), 0, self.after)
        passed = 0
        matching: list[tuple[int, Event]] = []
        found = log.read(self.after, _AT_ONCE)
        if len(found) == _AT_ONCE:
            # More comes than can be looked at: go on at the end.
            newest = log.latest(MOST)
            passed = max(0, newest[0][0] - found[-1][0] - 1)
            found += [(seq, event) for seq, event in newest if seq > found[-1][0]]
        matching = [(seq, event) for seq, event in found if self._matches(event)]
        passed += max(0, len(matching) - MOST)
        if found:
            self.after = found[-1][0]
        return Taken(tuple(seen(seq, event) for seq, event in matching[-MOST:]), passed, self.after)

    def _opened(self) -> Log | None:
        self._log = self._log or open_log(self._folder)
        return self._log

    def _matches(self, event: Event) -> bool:
        column = EventView(event).column if self._tests else None
        return column is None or all(test(column) for test in self._tests)


def seen(seq: int, event: Event) -> Seen:
    """An event as a list shows it."""
    person = event.user_id or event.anonymous_id or next((value for _, value in event.external_ids), None)
    text = event.properties if event.properties != "{}" else ""
    return Seen(
        seq=seq,
        received_at=_iso(event.received_at),
        time=_iso(event.time),
        event=event.event,
        type=event.type,
        source=event.source,
        person=person,
        anonymous=event.user_id is None,
        properties=text if len(text) <= _LONGEST else text[:_LONGEST] + "…",
    )


def _iso(micros: int) -> str:
    return (_EPOCH + dt.timedelta(microseconds=micros)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
