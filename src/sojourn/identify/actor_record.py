"""Adding events to what is known of an actor, and putting actors together to a person.

In: events, records. Out: records. Within the limits below every function gives the same for any order of the events, late ones too.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import msgspec

from sojourn.records.actor import ActorRecord, Known, Stay

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sojourn.records.event import Event

MOST_NAMES = 256
MOST_TRAITS = 256
MOST_STAYS = 16
OTHER = "(other)"
_DECODE = msgspec.json.Decoder(dict[str, Any]).decode


def add_event(
    record: ActorRecord,
    event: Event,
    seq: int,
    *,
    gap_us: int,
    consent: Mapping[str, bool] = MappingProxyType({}),
    required: bool = False,
) -> None:
    """Add one event of the actor to its record, in place.

    Args:
        record: Of the actor that sent it.
        event: An event not added before.
        seq: Its place in the log.
        gap_us: Silence that ends a stay, microseconds.
        consent: What it says of each purpose, true for granted; a purpose it does not speak of is absent.
        required: Whether its source asks for consent.
    """
    record.required |= required
    record.first, record.last = min(record.first, event.time), max(record.last, event.time)
    record.events += 1
    name = event.event if event.event in record.counts or len(record.counts) < MOST_NAMES else OTHER
    record.counts[name] = record.counts.get(name, 0) + 1
    _stay(record.stays, event.time, gap_us)
    if event.traits is not None and event.type != "group":
        _learn(record.traits, _object(event.traits), event.time, seq)
    _learn(record.consent, consent, event.time, seq)
    if event.proven or not event.browser:
        _learn(record.proven_consent, consent, event.time, seq)


def joined(stays: Iterable[Stay], *, gap_us: int) -> list[Stay]:
    """Stays put together: two with less than the gap between them are one, of whichever actor they are; oldest first."""
    out: list[Stay] = []
    for stay in sorted(stays, key=lambda one: (one.start, one.end)):
        if out and stay.start - out[-1].end < gap_us:
            before = out[-1]
            out[-1] = Stay(before.start, max(before.end, stay.end), before.events + stay.events)
        else:
            out.append(stay)
    return out


def latest(records: Sequence[dict[str, Known]]) -> dict[str, Known]:
    """Of each name the value of the latest event; what was taken away is absent."""
    found: dict[str, Known] = {}
    for one in records:
        for name, known in one.items():
            before = found.get(name)
            if before is None or (before.time, before.seq) < (known.time, known.seq):
                found[name] = known
    return {name: known for name, known in found.items() if known.value is not None}


def agreed(records: Sequence[ActorRecord]) -> dict[str, Known]:
    """By purpose the choice of the person that some actors are: the latest, but a proven no stays until there is a proven yes.

    A browser's key is public, and who sends with it may name anybody: it can say no for them, and never undo the no they said.
    """
    found = latest([record.consent for record in records])
    proven = latest([record.proven_consent for record in records])
    return found | {purpose: known for purpose, known in proven.items() if known.value is False}


def summed(counts: Iterable[dict[str, int]]) -> dict[str, int]:
    """Counts added up, most frequent first."""
    out: dict[str, int] = {}
    for one in counts:
        for name, n in one.items():
            out[name] = out.get(name, 0) + n
    return dict(sorted(out.items(), key=lambda item: (-item[1], item[0])))


def _stay(stays: list[Stay], time: int, gap_us: int) -> None:
    newest = stays[-1] if stays else None
    if newest is not None and newest.end <= time < newest.end + gap_us:
        stays[-1] = Stay(newest.start, time, newest.events + 1)
    else:
        stays[:] = joined([*stays, Stay(time, time, 1)], gap_us=gap_us)[-MOST_STAYS:]


def _learn(known: dict[str, Known], said: Mapping[str, Any], time: int, seq: int) -> None:
    for name, value in said.items():
        before = known.get(name)
        if before is None and len(known) >= MOST_TRAITS:
            continue
        if before is None or (before.time, before.seq) < (time, seq):
            known[name] = Known(value, time, seq)


def _object(text: str) -> dict[str, Any]:
    try:
        return _DECODE(text)
    except (msgspec.MsgspecError, RecursionError):
        # The collector takes only objects; what an import brought may be anything.
        return {}
