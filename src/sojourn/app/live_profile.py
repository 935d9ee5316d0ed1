"""One person as the worker knows it this moment: identities, traits, consent, session, signals, scores, segments.

In: the state and an identifier. Out: `LiveProfile`. Never reads history; `sojourn person` shows both.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sojourn.analyse.results import plain
from sojourn.app.effects import known_users, may_be_scored, persons_among
from sojourn.identify.actor_record import agreed, joined, latest, summed
from sojourn.identify.link import ANONYMOUS, DAILY, USER, Actor
from sojourn.records.errors import UnknownPerson
from sojourn.records.periods import from_us
from sojourn.signals.profile import Profile, ScorePoints
from sojourn.signals.state import State as SignalState
from sojourn.signals.state import read

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from sojourn.analyse.person import PersonHistory
    from sojourn.app.effects import FoldRules
    from sojourn.records.actor import ActorRecord
    from sojourn.store.state import State

_KINDS = (USER, ANONYMOUS, "email", "phone", "loyalty_card", DAILY)


@dataclass(frozen=True, slots=True)
class Identity:
    """One identifier of a person.

    Attributes:
        kind: `user`, `anonymous`, `email`, ...
        value: As it was sent.
        events: Events it sent.
        first_seen: Time of the earliest, ISO 8601 UTC.
        last_seen: Time of the latest.
    """

    kind: str
    value: str
    events: int
    first_seen: str
    last_seen: str


@dataclass(frozen=True, slots=True)
class Session:
    """The latest session.

    Attributes:
        start: Time of its first event, ISO 8601 UTC.
        last: Time of its last event.
        events: Events in it.
        open: Whether its silence is shorter than the gap still.
    """

    start: str
    last: str
    events: int
    open: bool


@dataclass(frozen=True, slots=True)
class SignalValue:
    """One signal of a person.

    Attributes:
        name: Its name.
        kind: One of the six kinds.
        says: What it means.
        value: Its value now, decayed.
    """

    name: str
    kind: str
    says: str
    value: float


@dataclass(frozen=True, slots=True)
class LiveProfile:
    """A person at a moment.

    Attributes:
        person: The identifier that is shown for it: its user id, else the one it was asked for by.
        at: The moment, ISO 8601 UTC.
        identities: Its identifiers, users first.
        events: Events of all of them.
        event_counts: Events by name, most frequent first.
        traits: What was last said of it.
        consent: By purpose the latest choice; a purpose nobody decided on is absent.
        session: The latest session; None without any.
        scored: Whether its consent lets it be scored; else signals, stage, scores and segments are empty.
        signals: Signals that are not 0.
        stage: Stage of the lifecycle; None when no rule is true.
        scores: Each score with its terms.
        segments: Segments it is in.
        behind: Events in the log that the worker has not taken yet, of anybody.
    """

    person: str
    at: str
    identities: tuple[Identity, ...]
    events: int
    event_counts: dict[str, int]
    traits: dict[str, Any]
    consent: dict[str, bool]
    session: Session | None
    scored: bool
    signals: tuple[SignalValue, ...]
    stage: str | None
    scores: tuple[ScorePoints, ...]
    segments: tuple[str, ...]
    behind: int

    def to_dict(self) -> dict[str, Any]:
        """The same as plain dictionaries and lists."""
        return {one.name: plain(getattr(self, one.name)) for one in dataclasses.fields(self)}

    def __rich__(self) -> RenderableType:
        """As it is shown on a terminal."""
        from sojourn.app.live_shown import render_live  # noqa: PLC0415  (only for the terminal)

        return render_live(self)


@dataclass(frozen=True, slots=True)
class PersonAnswer:
    """A person's history, and where it stands now.

    Attributes:
        history: From the log.
        live: From the worker's state; None when no worker has taken anything of it.
    """

    history: PersonHistory
    live: LiveProfile | None

    def to_dict(self) -> dict[str, Any]:
        """The history's fields, and `live`."""
        return {**self.history.to_dict(), "live": None if self.live is None else self.live.to_dict()}

    def __rich__(self) -> RenderableType:
        """One below the other."""
        from rich.console import Group  # noqa: PLC0415  (only for the terminal)

        return Group(self.history) if self.live is None else Group(self.history, self.live)


class ProfileReader:
    """Reads profiles of one data folder."""

    def __init__(self, state: State, rules: FoldRules) -> None:
        """Read by these rules from this state."""
        self._state, self._fold = state, rules

    def profile(self, identifier: str, *, at_us: int, behind: int = 0) -> LiveProfile:
        """The person an identifier belongs to.

        Args:
            identifier: A user id, else an anonymous id, an e-mail address, ...; as it was sent.
            at_us: The moment, microseconds UTC.
            behind: Events the worker has still to take.

        Raises:
            UnknownPerson: No event that the worker took carries it.
        """
        return self.of_person(self._find(identifier), called=identifier, at_us=at_us, behind=behind)

    def of_person(self, person: int, *, at_us: int, called: str | None = None, behind: int = 0) -> LiveProfile:
        """The profile of a person by its number; `called` names it where it has no user id, else its oldest identifier does."""
        records = [kept.record for kept in self._state.actors_of([person]).get(person, [])]
        records.sort(key=lambda one: (one.kind != USER, one.first, one.actor))
        signals = SignalState.from_bytes(self._state.profiles([person])[person])
        at_us = max(at_us, signals.time, *(record.last for record in records))
        values = read(self._fold.program, signals, at_us)
        traits = {name: known.value for name, known in latest([record.traits for record in records]).items()}
        scored = may_be_scored(records)
        told = self._fold.standing.profile(values, traits, at_us) if scored else Profile(None, (), ())
        return LiveProfile(
            person=next((one.value for one in records if one.kind == USER), called or records[0].value),
            at=_iso(at_us),
            identities=tuple(_identity(record) for record in records),
            events=sum(record.events for record in records),
            event_counts=summed(record.counts for record in records),
            traits=traits,
            consent={name: known.value for name, known in agreed(records).items()},
            session=self._session(records, at_us),
            scored=scored,
            signals=self._signals(values.tolist()) if scored else (),
            stage=told.stage,
            scores=told.scores,
            segments=told.segments,
            behind=behind,
        )

    def _find(self, identifier: str) -> int:
        for kind in _KINDS:
            value = identifier.strip().lower() if kind == "email" else identifier
            number = self._fold.number(Actor(kind, value))
            kept = self._state.actors([number]).get(number)
            if kept is not None:
                return kept.person
            # An identifier that only links name, such as an e-mail address, sends no events of its own.
            links = self._state.links([number])
            known = self._state.actors({*links.one.tolist(), *links.other.tolist()})
            users = known_users({actor: kept.record for actor, kept in known.items()})
            person = persons_among(links, users, self._fold.control).get(number)
            if person in {kept.person for kept in known.values()}:
                return person
        message = f"no event carries the identifier {identifier!r}"
        raise UnknownPerson(message)

    def _session(self, records: Sequence[ActorRecord], at_us: int) -> Session | None:
        stays = joined((stay for record in records for stay in record.stays), gap_us=self._fold.gap_us)
        if not stays:
            return None
        newest = stays[-1]
        return Session(_iso(newest.start), _iso(newest.end), newest.events, open=at_us - newest.end < self._fold.gap_us)

    def _signals(self, values: Sequence[float]) -> tuple[SignalValue, ...]:
        signals = self._fold.program.catalogue.signals
        return tuple(
            SignalValue(signal.name, signal.kind, signal.says, value)
            for signal, value in zip(signals, values, strict=True)
            if value
        )


def _identity(record: ActorRecord) -> Identity:
    return Identity(record.kind, record.value, record.events, _iso(record.first), _iso(record.last))


def _iso(us: int) -> str:
    return from_us(us).isoformat()
