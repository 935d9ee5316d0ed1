"""What was rejected, why, and sending it again.

In: the quarantine of a data folder. Out: its rows, and what became of one that was sent again. A row leaves quarantine when it is durable
in the log, or is thrown away by hand.
"""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from sojourn.collect.arrival import Arrival
from sojourn.collect.body import MOST_BYTES
from sojourn.collect.messages import read_message
from sojourn.collect.protocols import posthog, segment
from sojourn.records.errors import BadBody, BadOption
from sojourn.records.event import Event, Source
from sojourn.records.rejected import Reason, Rejected
from sojourn.store import audit
from sojourn.store.daily_salt import DailySalt
from sojourn.store.expiry_limit import limit_of
from sojourn.store.log import Log
from sojourn.store.quarantine import count_by_source, rejected_page, rejected_row, take_out
from sojourn.store.sources import list_keys

if TYPE_CHECKING:
    from sojourn.records.event import SourceKind
    from sojourn.store.folder import Folder

PAGE = 50
"""Rows a page."""
_FINAL = {Reason.POISON.value, Reason.ERASED_PERSON.value, Reason.EXPIRED.value}
"""Reasons that no change of the text mends."""
_ADVICE = {
    Reason.FIELD_COUNT: "A row has more or fewer fields than its file's header: mend the file, or name its delimiter and quotes.",
    Reason.BAD_JSON: "The text is no JSON object: mend it and send it again.",
    Reason.BAD_LINE: "The line is none of an access log: take it out of the file.",
    Reason.BAD_ENCODING: "The text is in another encoding: import the file with the right one.",
    Reason.BAD_TIME: "The time cannot be read: write it as 2026-01-31T12:00:00Z, or name its format when importing.",
    Reason.NO_PERSON: "Nobody is named: give a userId, an anonymousId or an external id.",
    Reason.NO_EVENT: "What happened is missing: give the event a name.",
    Reason.FIELD_TOO_LARGE: "An identifier or a name is longer than 1,000 characters: shorten it.",
    Reason.UNREADABLE: "The row cannot be read: mend the file and import it again.",
    Reason.ERASED_PERSON: "The person was erased: this stays out.",
    Reason.EXPIRED: "It is older than events are kept here (Privacy says how long): this stays out.",
    Reason.MESSAGE_TOO_LARGE: "A message may have 512 KiB: send less in one.",
    Reason.TOO_DEEP: "A message may be nested 64 deep: flatten it.",
    Reason.TOO_MANY_KEYS: "A message may have 16,384 keys: send less in one.",
    Reason.BAD_TYPE: "The type is none of track, identify, page, screen, group, alias.",
    Reason.NOT_ALLOWED: "A browser key may not say this: send it from a server with a server key.",
    Reason.POISON: "The worker failed at it three times; it is in the log and in every question, but in no live profile.",
}


@dataclass(frozen=True, slots=True)
class RejectedEvent:
    """A row in quarantine; source, file, detail and raw may hold what customers wrote.

    Attributes:
        id: Its key, hexadecimal.
        source: Source it was sent or imported under.
        where: File and line, or `message 3 of its batch`.
        reason: Typed reason, docs/glossary.md.
        detail: What came and what was expected.
        advice: What to do about rows of this reason.
        raw: As it came; bytes that are no text are shown as the replacement character.
        rejected_at: When, ISO 8601 UTC.
        replayable: Whether it came as a message and may be sent again from here.
    """

    id: str
    source: str
    where: str
    reason: str
    detail: str
    advice: str
    raw: str
    rejected_at: str
    replayable: bool


@dataclass(frozen=True, slots=True)
class RejectedEvents:
    """Some of the quarantine.

    Attributes:
        rejected: Rows that are asked for, in all.
        reasons: All rows by reason, most frequent first.
        sources: Sources that have any, by name.
        rows: One page of them, newest first.
        page: Which, from 1.
        pages: How many there are.
    """

    rejected: int
    reasons: dict[str, int]
    sources: tuple[str, ...]
    rows: tuple[RejectedEvent, ...]
    page: int
    pages: int


def rejected_events(
    folder: Folder, *, reason: str | None = None, source: str | None = None, page: int = 1
) -> RejectedEvents:
    """A page of the quarantine.

    Args:
        folder: The data folder.
        reason: Only rows of this one.
        source: Only rows of this one.
        page: From 1.
    """
    counts = count_by_source(folder)
    reasons: dict[str, int] = {}
    for (one, _), n in counts.items():
        reasons[one] = reasons.get(one, 0) + n
    wanted = [n for (one, of), n in counts.items() if reason in (None, one) and source in (None, of)]
    pages = max(1, -(-sum(wanted) // PAGE))
    page = min(max(1, page), pages)
    rows = rejected_page(folder, reason=reason, source=source, most=PAGE, skip=(page - 1) * PAGE)
    sources = tuple(sorted({of for _, of in counts}))
    by_frequency = dict(sorted(reasons.items(), key=lambda pair: (-pair[1], pair[0])))
    return RejectedEvents(sum(wanted), by_frequency, sources, tuple(_shown(*row) for row in rows), page, pages)


def rejected_event(folder: Folder, row: str) -> RejectedEvent:
    """One row by its key.

    Raises:
        BadOption: It is not in quarantine.
    """
    found = rejected_row(folder, _key(row))
    if found is None:
        raise BadOption("this row is not in quarantine any more: it was sent again, thrown away, or its person erased")
    return _shown(*found)


def replay(folder: Folder, row: str, text: str, *, who: str) -> Rejected | None:
    """Judge a message again, changed or not, as though it had come when it was rejected; when it is good it is kept.

    Args:
        folder: The data folder.
        row: Key of the row.
        text: The message: JSON as Segment's or PostHog's clients send it.
        who: For the audit log.

    Returns:
        None when it is durable and out of quarantine, else why it is still rejected.

    Raises:
        BadOption: It is not in quarantine, or no message.
        StorageFull: The disk is full.
    """
    one = rejected_event(folder, row)
    if not one.replayable:
        message = f"this row cannot be sent again from here: {one.advice}"
        raise BadOption(message)
    judged = _judged(folder, one, text)
    if isinstance(judged, Rejected):
        return judged
    Log(folder).append([judged])
    take_out(folder, [_key(row)])
    audit.record(
        folder, who=who, what="sent a rejected event again", detail={"source": one.source, "reason": one.reason}
    )
    return None


def replay_all(folder: Folder, *, reason: str, source: str | None, who: str) -> tuple[int, int]:
    """Send every message of a reason again as it is: what was in the way may be gone.

    Returns:
        How many are kept now, and how many are still rejected.
    """
    log = Log(folder)
    kept = still = 0
    # What stays is passed over; what is kept leaves, and the next rows come up.
    while rows := rejected_page(folder, reason=reason, source=source, most=1_000, skip=still):
        shown = [(row[0], _shown(*row)) for row in rows]
        judged = [(key, _judged(folder, one, one.raw)) for key, one in shown if one.replayable]
        good = [(key, event) for key, event in judged if isinstance(event, Event)]
        log.append([event for _, event in good])
        take_out(folder, [key for key, _ in good])
        kept += len(good)
        still += len(rows) - len(good)
    detail = {"reason": reason, "source": source, "kept": kept, "still rejected": still}
    audit.record(folder, who=who, what="sent rejected events again", detail=detail)
    return kept, still


def discard(
    folder: Folder, *, who: str, row: str | None = None, reason: str | None = None, source: str | None = None
) -> int:
    """Throw rows away: one, or all of a reason and a source.

    Returns:
        How many.
    """
    if row is not None:
        keys = [_key(rejected_event(folder, row).id)]
    else:
        keys = [found[0] for found in rejected_page(folder, reason=reason, source=source, most=-1)]
    take_out(folder, keys)
    audit.record(
        folder,
        who=who,
        what="threw rejected events away",
        detail={"rows": len(keys), "reason": reason, "source": source},
    )
    return len(keys)


def _judged(folder: Folder, one: RejectedEvent, text: str) -> Event | Rejected:
    raw = text.strip().encode()
    message = read_message(raw) if len(raw) <= MOST_BYTES else (Reason.MESSAGE_TOO_LARGE, "it is larger than any body")
    if isinstance(message, tuple):
        reason, detail = message
        return Rejected(one.source, 1, reason, detail, raw)
    arrival = _arrival(folder, one)
    decoder: Any = posthog if _is_posthog(message) else segment
    try:
        judged = decoder.read_request(decoder.open_request(raw), arrival)
    except BadBody as error:
        return Rejected(one.source, 1, Reason.BAD_JSON, str(error), raw)
    if len(judged) != 1:
        message_ = f"expected one message, got {len(judged)}"
        raise BadOption(message_)
    return cast("Event | Rejected", judged[0])


def _is_posthog(message: dict[str, Any]) -> bool:
    properties = message.get("properties")
    return "distinct_id" in message or (isinstance(properties, dict) and "distinct_id" in properties)


def _arrival(folder: Folder, one: RejectedEvent) -> Arrival:
    """When and from whom it came first; a source without keys is taken for a browser, which may do less."""
    keys = [key for key in list_keys(folder) if key.source == one.source]
    kind = cast("SourceKind", keys[-1].kind if keys else "browser")
    consent = keys[-1].consent if keys else "required"
    at = dt.datetime.fromisoformat(one.rejected_at)
    now = time.time_ns() // 1000
    return Arrival(
        source=Source(one.source, kind, consent),
        received_at=min(now, round(at.timestamp() * 1_000_000)),
        salt=DailySalt(folder)(now),
        oldest=limit_of(folder),
    )


def _shown(  # noqa: PLR0913  (the columns of a row)
    key: bytes, source: str, file: str, line: int, reason: str, detail: str, raw: bytes, rejected_at: str
) -> RejectedEvent:
    sent = file == source
    return RejectedEvent(
        id=key.hex(),
        source=source,
        where=f"message {line:,} of its batch" if sent else f"{file}, line {line:,}",
        reason=reason,
        detail=detail,
        advice=_ADVICE[Reason(reason)],
        raw=raw.decode(errors="replace"),
        rejected_at=rejected_at,
        replayable=sent and reason not in _FINAL,
    )


def _key(row: str) -> bytes:
    try:
        return bytes.fromhex(row)
    except ValueError as error:
        raise BadOption("expected the id of a rejected row, hexadecimal digits") from error
