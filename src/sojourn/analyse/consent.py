"""What persons said to each purpose, and who may not be scored at a time; docs/privacy.md.

In: journeys and moments. Out: persons, and how many. The whole log is asked, whatever the journeys are narrowed to: a choice counts, wherever
it was made. What the worker decides for a live profile, over history.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import msgspec
import numpy as np

from sojourn.analyse.parts import frozen, whole_part
from sojourn.analyse.signal_pass import received_at
from sojourn.analyse.signal_pass_kernel import last_known
from sojourn.records.consent import ALLOWED, PURPOSES, STATES, consents
from sojourn.records.errors import UnknownColumn
from sojourn.store.columns import TextColumn
from sojourn.store.sources import consent_modes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sojourn.analyse.journeys import Journeys
    from sojourn.analyse.parts import Part
    from sojourn.analyse.results import Persons
    from sojourn.records.consent import Purpose
    from sojourn.records.event import Consent

_SAID, _PROVEN = "context.consent", "proven.*"
_EVER = 2**62
"""A time after all others."""
_NEEDED: tuple[Purpose, ...] = ("analytics", "personalisation")
"""Purposes that must both be allowed for a person to be scored."""


def unscored(journeys: Journeys, at_us: Sequence[int]) -> list[NDArray[np.int64]]:
    """Persons who may not be scored.

    A purpose is refused by the latest choice that happened and was received by the time, and by a proven no until there is a proven
    yes; where nothing was said, by a source of one of the person's events that asks for consent.

    Args:
        journeys: The log.
        at_us: Times, microseconds since 1970 UTC.

    Returns:
        For each time the persons' numbers, ascending.
    """
    parts, asking, told = _prepared(journeys)
    if not told and not asking:
        return [np.empty(0, np.int64) for _ in at_us]
    found = journeys.map(lambda part: _unscored(part, asking, at_us), parts)
    return [np.sort(np.concatenate([np.empty(0, np.int64), *[one[n] for one in found]])) for n in range(len(at_us))]


def _prepared(journeys: Journeys) -> tuple[list[Part], set[tuple[str, bool]], bool]:
    """The whole log's parts with the columns that are asked, the sources that ask for consent, and whether any event tells of it."""
    index = journeys.index
    asking = {source for source, mode in consent_modes(index.folder).items() if mode == "required"}
    told = False
    with contextlib.suppress(UnknownColumn):
        index.column(_SAID)
        told = True
    # Before threads ask for them.
    for name in ("source", "from_browser", _PROVEN, "received_at"):
        with contextlib.suppress(UnknownColumn):
            index.column(name)
    return [whole_part(bucket, journeys.events, index) for bucket in index.buckets], asking, told


@dataclass(frozen=True, slots=True)
class PurposeConsent:
    """Persons by what they said to one purpose, the latest choice of each.

    Attributes:
        purpose: analytics, personalisation or marketing.
        granted: Persons who said yes.
        denied: Persons who said no, or whose browser did.
        unknown: Persons who said neither.
        allowed: Persons with whom the purpose may be served: who said yes, and who said nothing to sources that need not ask.
    """

    purpose: Purpose
    granted: int
    denied: int
    unknown: int
    allowed: int


@dataclass(frozen=True, slots=True)
class ConsentNumbers:
    """Consent of all persons with an event in the journeys.

    Attributes:
        persons: Persons; a pseudonym of the day, kept where consent is missing, is one.
        purposes: One row a purpose.
    """

    persons: int
    purposes: tuple[PurposeConsent, ...]


Standing = Literal["granted", "denied", "unknown", "allowed"]


def consent_numbers(journeys: Journeys) -> ConsentNumbers:
    """How many persons said what to each purpose.

    Args:
        journeys: The persons with an event here are counted; what they said counts wherever in the log they said it.
    """
    persons, states, allowed = _standing(journeys)

    def row(purpose: Purpose) -> PurposeConsent:
        granted, denied, unknown = (int((states[purpose] == place).sum()) for place in range(len(STATES)))
        return PurposeConsent(purpose, granted, denied, unknown, int(allowed[purpose].sum()))

    return ConsentNumbers(len(persons), tuple(row(purpose) for purpose in PURPOSES))


def consent_persons(journeys: Journeys, purpose: Purpose, standing: Standing) -> Persons:
    """The persons whom `consent_numbers` counts for a purpose and what they said.

    Args:
        journeys: As there.
        purpose: Which.
        standing: granted, denied, unknown or allowed.
    """
    persons, states, allowed = _standing(journeys)
    chosen = allowed[purpose] if standing == "allowed" else states[purpose] == STATES.index(standing)
    return journeys.persons_of([persons[chosen]])


def _standing(
    journeys: Journeys,
) -> tuple[NDArray[np.int64], dict[Purpose, NDArray[np.int64]], dict[Purpose, NDArray[np.bool_]]]:
    """Persons with an event in the journeys, by purpose the place in `STATES` of what each said last, and whether it is allowed."""
    here = np.unique(np.concatenate([np.empty(0, np.int64), *(part.person for part in journeys.parts())]))
    parts, asking, _ = _prepared(journeys)

    def of(part: Part) -> tuple[NDArray[np.int64], NDArray[np.bool_], list[NDArray[np.int32]]]:
        received = received_at(part)
        rows = part.start, part.stop, part.time, received, _EVER
        asked: NDArray[np.int32] = last_known(_asked(part, asking), *rows)
        proven = proven_rows(part)
        said = [_last_choice(_states(part, purpose), proven, *rows) for purpose in PURPOSES]
        kept = np.isin(part.person, here)
        return part.person[kept], asked[kept] >= 0, [one[kept] for one in said]

    found = journeys.map(of, parts)
    persons = np.concatenate([np.empty(0, np.int64), *(one[0] for one in found)])
    required = np.concatenate([np.empty(0, np.bool_), *(one[1] for one in found)])
    states: dict[Purpose, NDArray[np.int64]] = {}
    allowed: dict[Purpose, NDArray[np.bool_]] = {}
    for place, purpose in enumerate(PURPOSES):
        said = np.concatenate([np.empty(0, np.int64), *(one[2][place] for one in found)])
        states[purpose] = np.where(said < 0, STATES.index("unknown"), said)
        allowed[purpose] = ~np.where(
            required, _REFUSED["required"][states[purpose]], _REFUSED["assumed"][states[purpose]]
        )
    # Without analytics there is nobody to score or to write to.
    return persons, states, {purpose: one & allowed["analytics"] for purpose, one in allowed.items()}


def _unscored(part: Part, asking: set[tuple[str, bool]], at_us: Sequence[int]) -> list[NDArray[np.int64]]:
    received = received_at(part)
    asked = _asked(part, asking)
    states = {purpose: _states(part, purpose) for purpose in _NEEDED}
    proven = proven_rows(part)

    found = []
    for at in at_us:
        rows = part.start, part.stop, part.time, received, at
        required = last_known(asked, *rows) >= 0
        refused = np.zeros(len(part.person), np.bool_)
        for codes in states.values():
            state = _last_choice(codes, proven, *rows)
            refused |= np.where(required, _REFUSED["required"][state], _REFUSED["assumed"][state])
        found.append(part.person[refused])
    return found


def _last_choice(codes: NDArray[np.int32], proven: NDArray[np.bool_], *rows: Any) -> NDArray[np.int32]:
    """What each person said last of a purpose; a proven no stays until there is a proven yes, as `identify.actor_record.agreed` has it."""
    last: NDArray[np.int32] = last_known(codes, *rows)
    if proven.all():
        return last
    no = STATES.index("denied")
    bound = last_known(frozen(np.where(proven, codes, np.int32(-1))), *rows)
    return np.where(bound == no, np.int32(no), last)


def proven_rows(part: Part) -> NDArray[np.bool_]:
    """Rows that no browser could have made up: a server's, an import's, made by hand, or with the user id signed by the shop."""
    claimed = np.zeros(len(part.time), np.bool_)
    browser, proven = _texts(part, "from_browser"), _texts(part, _PROVEN)
    if browser is not None:
        claimed = _equal(browser, "true")
        claimed &= ~_equal(proven, "true") if proven is not None else True
    return ~claimed


def _refused(mode: Consent) -> NDArray[np.bool_]:
    """By a state's place in `STATES`; -1, nothing said, is the last."""
    assert STATES[-1] == "unknown"
    return np.array([not ALLOWED[mode, state] for state in STATES])


_REFUSED = {"required": _refused("required"), "assumed": _refused("assumed")}


def _states(part: Part, purpose: Purpose) -> NDArray[np.int32]:
    """Of each row the place of what it says of a purpose in `STATES`; -1 where it says nothing."""
    column = _texts(part, _SAID)
    if column is None:
        return frozen(np.full(len(part.time), -1, np.int32))
    places = np.array([*[_said(text, purpose) for text in column.names], -1], np.int32)
    return frozen(places[column.codes])


def _said(text: str, purpose: Purpose) -> int:
    """What one `context.consent`, as JSON, says of a purpose."""
    try:
        consent = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return -1
    opted_out = isinstance(consent, dict) and consent.get("optedOut") is True
    state = getattr(consents({"consent": consent}, opted_out=opted_out), purpose)
    return -1 if state == "unknown" else STATES.index(state)


def _asked(part: Part, asking: set[tuple[str, bool]]) -> NDArray[np.int32]:
    """0 for each row of a source that asks for consent; -1 for any other."""
    out = np.full(len(part.time), -1, np.int32)
    source = _texts(part, "source") if asking else None
    if source is not None:
        browser = _texts(part, "from_browser")
        by_browser = np.zeros(len(out), np.bool_) if browser is None else _equal(browser, "true")
        for name, of_browsers in asking:
            out[_equal(source, name) & (by_browser == of_browsers)] = 0
    return frozen(out)


def _texts(part: Part, name: str) -> TextColumn | None:
    """A column of texts; None where every row has null."""
    try:
        column = part.column(name)
    except UnknownColumn:
        return None
    return column if isinstance(column, TextColumn) else None


def _equal(column: TextColumn, text: str) -> NDArray[np.bool_]:
    places = [n for n, known in enumerate(column.names) if known == text]
    return np.isin(column.codes, places)
