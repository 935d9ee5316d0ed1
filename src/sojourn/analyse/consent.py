"""Who may not be scored at a time, as their consent was known by then; docs/privacy.md.

In: journeys and moments. Out: numbers of persons. The whole log is asked, whatever the journeys are narrowed to: a choice counts, wherever
it was made. What the worker decides for a live profile, over history.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from sojourn.analyse.parts import frozen, whole_part
from sojourn.analyse.signal_pass import received_at
from sojourn.analyse.signal_pass_kernel import last_known
from sojourn.records.consent import ALLOWED, STATES, consents
from sojourn.records.errors import UnknownColumn
from sojourn.store.columns import TextColumn
from sojourn.store.sources import consent_modes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from sojourn.analyse.journeys import Journeys
    from sojourn.analyse.parts import Part
    from sojourn.records.consent import Purpose
    from sojourn.records.event import Consent

_SAID = "context.consent"
_NEEDED: tuple[Purpose, ...] = ("analytics", "personalisation")
"""Purposes that must both be allowed for a person to be scored."""


def unscored(journeys: Journeys, at_us: Sequence[int]) -> list[NDArray[np.int64]]:
    """Persons who may not be scored.

    A purpose is refused by the latest choice that happened and was received by the time; where nothing was said, by a source of one
    of the person's events that asks for consent.

    Args:
        journeys: The log.
        at_us: Times, microseconds since 1970 UTC.

    Returns:
        For each time the persons' numbers, ascending.
    """
    index = journeys.index
    asking = {source for source, mode in consent_modes(index.folder).items() if mode == "required"}
    told = False
    with contextlib.suppress(UnknownColumn):
        index.column(_SAID)
        told = True
    if not told and not asking:
        return [np.empty(0, np.int64) for _ in at_us]
    # Before threads ask for them.
    for name in ("source", "from_browser", "received_at"):
        with contextlib.suppress(UnknownColumn):
            index.column(name)
    parts = [whole_part(bucket, journeys.events, index) for bucket in index.buckets]
    found = journeys.map(lambda part: _unscored(part, asking, at_us), parts)
    return [np.sort(np.concatenate([np.empty(0, np.int64), *[one[n] for one in found]])) for n in range(len(at_us))]


def _unscored(part: Part, asking: set[tuple[str, bool]], at_us: Sequence[int]) -> list[NDArray[np.int64]]:
    received = received_at(part)
    asked = _asked(part, asking)
    states = {purpose: _states(part, purpose) for purpose in _NEEDED}

    def last(codes: NDArray[np.int32], at: int) -> NDArray[np.int32]:
        known: NDArray[Any] = last_known(codes, part.start, part.stop, part.time, received, at)
        return known

    found = []
    for at in at_us:
        required = last(asked, at) >= 0
        refused = np.zeros(len(part.person), np.bool_)
        for codes in states.values():
            state = last(codes, at)
            refused |= np.where(required, _REFUSED["required"][state], _REFUSED["assumed"][state])
        found.append(part.person[refused])
    return found


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
