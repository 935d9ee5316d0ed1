"""Where one person stands by history: traits, consent, signals, stage, scores with their terms, segments.

In: journeys and an identifier. Out: `PersonStanding`: what the live profile says of the same events at the same moment
(docs/methods/scores.md). Never reads the live state.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from sojourn.analyse.consent import proven_rows
from sojourn.analyse.parts import alone, whole_part
from sojourn.analyse.profiles import HistoryRules
from sojourn.analyse.scores import nested
from sojourn.analyse.signal_pass import signal_blocks
from sojourn.analyse.signal_question import read_question
from sojourn.records.consent import PURPOSES, consents
from sojourn.records.errors import UnknownColumn, UnknownPerson
from sojourn.records.periods import from_us
from sojourn.signals.profile import Rules
from sojourn.store.columns import TextColumn
from sojourn.store.timeline import bucket_of, find_person

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterator

    from sojourn.analyse.journeys import Journeys
    from sojourn.analyse.parts import Part
    from sojourn.signals.profile import ScorePoints

_TRAITS, _CONSENT = "traits.*", "context.consent"
_DECODE = msgspec.json.Decoder(dict[str, Any]).decode


@dataclass(frozen=True, slots=True)
class SignalStanding:
    """One signal of a person that is not 0.

    Attributes:
        name: Its name.
        kind: One of the six kinds.
        says: What it means.
        value: Its value, decayed to the moment.
    """

    name: str
    kind: str
    says: str
    value: float


@dataclass(frozen=True, slots=True)
class PersonStanding:
    """Where one person stands.

    Attributes:
        at: The moment, ISO 8601 UTC.
        traits: What was last said of the person, by name.
        consent: By purpose the latest choice; a purpose nobody decided on is absent.
        scored: Whether consent lets the person be scored; else the rest is empty.
        signals: Signals that are not 0, in the order of the catalogue.
        stage: Stage of the lifecycle; None when no rule is true.
        scores: Each score with its terms.
        segments: Segments the person is in.
    """

    at: str
    traits: dict[str, Any]
    consent: dict[str, bool]
    scored: bool
    signals: tuple[SignalStanding, ...] = ()
    stage: str | None = None
    scores: tuple[ScorePoints, ...] = ()
    segments: tuple[str, ...] = ()


def person_standing(
    journeys: Journeys,
    person: str,
    *,
    catalogue: Any = None,  # noqa: ANN401  (a Catalogue, a path or a name: `read_question` says)
    at: str | dt.date | None = None,
) -> PersonStanding:
    """Where a person stands at a moment.

    Args:
        journeys: The log.
        person: Any identifier of the person.
        catalogue: As of `signals`.
        at: As of `signals`.

    Raises:
        BadCatalogue: There is no such catalogue, or it is wrong.
        UnknownPerson: No event carries the identifier, or none by that time.
    """
    number = find_person(journeys.index, person)
    if number is None:
        raise UnknownPerson(f"no event carries the id {person!r}; upper and lower case matter")
    question = read_question(journeys, catalogue, at)
    program, at_us = question.program, question.at_us
    bucket = bucket_of(journeys.index, number)
    part = journeys.parts()[bucket]
    place = np.flatnonzero(part.person == number)
    block = next(signal_blocks(alone(part, int(place[0])), program, [at_us]), None) if len(place) else None
    if block is None or not block.begun(0)[0]:
        raise UnknownPerson(f"{person!r} is known, and has no event by that time among those asked about")
    whole = whole_part(journeys.index.buckets[bucket], journeys.events, journeys.index)
    own = alone(whole, int(np.searchsorted(whole.person, number)))
    traits, consent, iso = _traits(own), _consent(own), from_us(at_us).isoformat()
    if number in question.unscored:
        return PersonStanding(iso, traits, consent, scored=False)
    values = block.values[0, 0]
    read = {name: block.known(name, 0)[0] for name in HistoryRules(program).traits}
    profile = Rules(program).profile(values, nested(read), at_us)
    told = zip(program.catalogue.signals, values.tolist(), strict=True)
    signals = tuple(SignalStanding(one.name, one.kind, one.says, value) for one, value in told if value)
    return PersonStanding(
        iso,
        traits,
        consent,
        scored=True,
        signals=signals,
        stage=profile.stage,
        scores=profile.scores,
        segments=profile.segments,
    )


def _traits(own: Part) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for _, said in _said(own, _TRAITS):
        found |= said
    return {name: value for name, value in found.items() if value is not None}


def _consent(own: Part) -> dict[str, bool]:
    found: dict[str, bool] = {}
    proven: dict[str, bool] = {}
    is_proven = proven_rows(own)
    for row, said in _said(own, _CONSENT):
        told = consents({"consent": said}, opted_out=said.get("optedOut") is True)
        states = ((purpose, getattr(told, purpose)) for purpose in PURPOSES)
        choices: dict[str, bool] = {purpose: state == "granted" for purpose, state in states if state != "unknown"}
        found |= choices
        if is_proven[row]:
            proven |= choices
    return found | {purpose: granted for purpose, granted in proven.items() if not granted}


def _said(own: Part, name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """JSON objects of a column of the one person of a part, in the order of the events, each with its row."""
    with contextlib.suppress(UnknownColumn):
        column = own.column(name)
        if isinstance(column, TextColumn):
            for row in np.flatnonzero(column.codes >= 0).tolist():
                with contextlib.suppress(msgspec.DecodeError):
                    yield row, _DECODE(column.names[column.codes[row]])
