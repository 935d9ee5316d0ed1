"""Messages on their way: numbered, delayed, sometimes sent twice, and kept in order of receipt.

In: what a person or a server says happened, with its time. Out: lines of Segment-shaped JSON in received order.
Never holds more than one stretch of the period in memory: lines wait in files by time of receipt.
"""

from __future__ import annotations

import datetime as dt
import gzip
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import msgspec

from sojourn.simulate.rhythm import DAY, HOUR, MINUTE, SECOND

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import BinaryIO

    from sojourn.simulate.dice import Dice
    from sojourn.simulate.rhythm import Period

MessageType = Literal["track", "page", "screen", "identify", "group", "alias"]

LONGEST_DELAY = 72 * HOUR
_DUPLICATE_SHARE = 0.004
_STRETCHES = 64
_LEVEL = 4  # of gzip: level 9 takes three times as long for a file one tenth smaller


encode = msgspec.json.Encoder().encode
"""JSON of anything, as bytes."""


class Message(msgspec.Struct, omit_defaults=True, rename="camel"):
    """One message in the shape Segment's libraries send and its destinations receive.

    Attributes:
        type: Kind of call.
        message_id: Same on a message that is sent twice.
        event: Name of a track call.
        name: Name of a page or screen call.
        anonymous_id: Identifier of the device.
        user_id: Identifier of the account signed in.
        group_id: Identifier of the company, of group calls.
        previous_id: The identifier an alias call replaces.
        timestamp: When it happened, corrected for the device's clock.
        original_timestamp: When it happened by the device's clock, of devices whose clock is wrong.
        sent_at: When it was sent by the device's clock.
        received_at: When it was received.
        properties: Of track, page and screen calls.
        traits: Of identify and group calls.
        context: Page, campaign, device, library and the like, as JSON: the same for many messages in a row.
    """

    type: MessageType
    message_id: str
    event: str | None = None
    name: str | None = None
    anonymous_id: str | None = None
    user_id: str | None = None
    group_id: str | None = None
    previous_id: str | None = None
    timestamp: str = ""
    original_timestamp: str | None = None
    sent_at: str | None = None
    received_at: str = ""
    properties: Mapping[str, object] | None = None
    traits: Mapping[str, object] | None = None
    context: msgspec.Raw = msgspec.Raw()


@dataclass(slots=True)
class Tally:
    """What was written, counted while writing.

    Attributes:
        messages: Lines of the file.
        events: Distinct messages, duplicates counted once.
        duplicates: Lines that repeat an earlier message.
        late: Distinct messages received over an hour after they happened.
        by_event: Distinct messages by event name (track) or by type (page, identify, ...).
        visits: Visits by day number and campaign, for the spend table.
    """

    messages: int = 0
    events: int = 0
    duplicates: int = 0
    late: int = 0
    by_event: dict[str, int] = field(default_factory=dict)
    visits: dict[tuple[int, str], int] = field(default_factory=dict)


_TWO = tuple(f"{number:02}" for number in range(60))
_HOURS: dict[int, str] = {}


def iso(at_ms: int) -> str:
    """The instant as `2025-03-01T09:30:00.125Z`."""
    hours, rest = divmod(at_ms, HOUR)
    hour = _HOURS.get(hours)
    if hour is None:
        day, of_day = divmod(hours, 24)
        date = (dt.date(1970, 1, 1) + dt.timedelta(days=day)).isoformat()
        hour = _HOURS[hours] = f"{date}T{of_day:02}:"
    seconds, ms = divmod(rest, SECOND)
    return f"{hour}{_TWO[seconds // 60]}:{_TWO[seconds % 60]}.{ms:03}Z"


class Post:
    """Takes messages, gives them a time of receipt, and lays them aside by that time."""

    def __init__(self, folder: Path, period: Period, *, prefix: str) -> None:
        self.period = period
        self.tally = Tally()
        self._prefix = prefix
        self._span = (period.days * DAY + 2 * LONGEST_DELAY) // _STRETCHES + 1
        self._paths = [folder / f"stretch-{number:02}" for number in range(_STRETCHES)]
        self._files: list[BinaryIO] = [path.open("wb") for path in self._paths]

    def send(self, message: Message, *, at_ms: int, delay_ms: int, skew_ms: int, dice: Dice) -> bool:
        """Send one message; False when it would lie outside the period and is not sent.

        Args:
            message: What to send; its id is completed with the world's prefix, its times are filled in.
            at_ms: When it happened.
            delay_ms: How long the device kept it before sending, 0 to `LONGEST_DELAY`.
            skew_ms: How far the device's clock is ahead.
            dice: Chance.
        """
        if not self.period.start_ms <= at_ms < self.period.end_ms:
            return False
        sent_ms = at_ms + delay_ms
        received_ms = sent_ms + 40 + int(dice.uniform() ** 4 * 2_500)
        message.message_id = f"{self._prefix}-{message.message_id}"
        message.timestamp = iso(at_ms)
        if skew_ms:
            message.original_timestamp = iso(at_ms + skew_ms)
        if skew_ms or delay_ms:
            message.sent_at = iso(sent_ms + skew_ms)
        self._lay_aside(message, received_ms)
        tally = self.tally
        tally.events += 1
        tally.late += received_ms - at_ms > HOUR
        name = message.event or message.type
        tally.by_event[name] = tally.by_event.get(name, 0) + 1
        if dice.chance(_DUPLICATE_SHARE):
            tally.duplicates += 1
            self._lay_aside(message, received_ms + int(dice.lognormal(20, 1.2) * SECOND) % (10 * MINUTE))
        return True

    def _lay_aside(self, message: Message, received_ms: int) -> None:
        message.received_at = iso(received_ms)
        self.tally.messages += 1
        line = b"%015d%012d" % (received_ms, self.tally.messages) + encode(message) + b"\n"
        self._files[(received_ms - self.period.start_ms) // self._span].write(line)

    def deliver(self, path: Path) -> None:
        """Write everything sent, in order of receipt, to a gzip file, and remove what was laid aside."""
        for waiting in self._files:
            waiting.close()
        with path.open("wb") as raw, gzip.GzipFile("", "wb", _LEVEL, raw, mtime=0) as out:
            for stretch in self._paths:
                lines = stretch.read_bytes().splitlines(keepends=True)
                lines.sort()
                out.write(b"".join(line[27:] for line in lines))
                stretch.unlink()
