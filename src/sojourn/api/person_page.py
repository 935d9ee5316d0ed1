"""Everything the page of one person shows, gathered.

In: a folder's journeys, who knows live profiles, an identifier. Out: `PersonPage`. Changes nothing; `api.person_changes` does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

from sojourn.analyse.links import links_told
from sojourn.analyse.results import plain
from sojourn.api.questions import QUESTIONS
from sojourn.api.scope import Scope
from sojourn.records.errors import StaleState, UnknownPerson
from sojourn.records.periods import from_us, zone
from sojourn.store.running import running
from sojourn.store.state import STATE_FILE, State
from sojourn.store.timeline import find_person

if TYPE_CHECKING:
    from sojourn.analyse.changes import Change, Changes
    from sojourn.analyse.journeys import Journeys
    from sojourn.analyse.links import PersonLinks
    from sojourn.analyse.person import PersonHistory
    from sojourn.api.history import History

EVENTS_A_PAGE = 100
_MOST_CHANGES = 100_000
_DAYS_US = 86_400_000_000
_JUDGED_FROM_DAYS = 13 * 7
"""A log shorter than a baseline of twelve weeks and one more tells of no change."""


class Told(Protocol):
    """Anything that can be told as JSON."""

    def to_dict(self) -> dict[str, Any]:
        """Plain dictionaries and lists."""


class LiveProfiles(Protocol):
    """Who knows the live profile of a person; `app.live.LiveQuestions` does."""

    def person(self, identifier: str, /) -> Told:
        """The live profile of the person an identifier belongs to."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a person stands, live or by history.

    Attributes:
        source: `live`, or `history` where no worker tells.
        why: Why it is history; empty when it is live.
        at: The moment, ISO 8601 in the time zone.
        behind: Events that the worker has still to take, of anybody; 0 in history, which has all.
        profile: Fields as of a live profile: traits, consent, scored, stage, scores, signals, segments, and of a live one session.
    """

    source: Literal["live", "history"]
    why: str
    at: str
    behind: int
    profile: dict[str, Any]


@dataclass(frozen=True, slots=True)
class MoveTold:
    """A move into a segment or out of it.

    Attributes:
        at: When, ISO 8601 in the time zone.
        segment: Its name.
        entered: Whether the person entered; else left.
    """

    at: str
    segment: str
    entered: bool


@dataclass(frozen=True, slots=True)
class PersonPage:
    """One person.

    Attributes:
        person: The id that is shown: the first user id, else the first anonymous id.
        asked: The identifier that was asked for.
        history: Timeline and measures within the scope; None when the person has no event there.
        links: Links of the identifiers, refused and revoked ones too.
        standing: Where the person stands.
        moves: The latest moves into segments and out of them, newest first.
        changes: What the person does less or more often than before; empty also when the log is too short to tell.
        skip: Events left out of the timeline: those of later pages.
    """

    person: str
    asked: str
    history: PersonHistory | None
    links: PersonLinks
    standing: Standing
    moves: tuple[MoveTold, ...]
    changes: tuple[Change, ...]
    skip: int

    @property
    def known_as(self) -> tuple[str, str]:
        """Kind and value of the identifier that acts for the person: a user id, else a device."""
        found = self.history.identities if self.history is not None else ()
        return next(((one.kind, one.id) for one in found), ("user", self.person))


def person_page(
    history: History, live: LiveProfiles, identifier: str, scope: Scope, *, events: int = EVENTS_A_PAGE, skip: int = 0
) -> PersonPage:
    """Gather the page of a person.

    Args:
        history: The folder's journeys.
        live: Who knows live profiles.
        identifier: Any identifier of the person.
        scope: Narrows the timeline; links, standing and moves are of the whole log.
        events: At most so many events of the timeline.
        skip: Leave out so many of the latest.

    Raises:
        UnknownPerson: No event carries the identifier.
    """
    journeys = history.journeys(Scope(time_zone=scope.time_zone, bots=True))
    number = find_person(journeys.index, identifier)
    if number is None:
        message = f"no event carries the identifier {identifier!r}; upper and lower case matter"
        raise UnknownPerson(message)
    try:
        told = history.journeys(scope).person(identifier, sessions=1_000, events=events, skip=skip)
    except UnknownPerson:
        told = None
    # Reading the links' events is half of it; the timeline has done it already.
    links = journeys.links(identifier) if told is None else links_told(journeys.index, number, told.links)
    return PersonPage(
        person=links.person,
        asked=identifier,
        history=told,
        links=links,
        standing=standing(history, live, identifier, scope.time_zone),
        moves=_moves(history, journeys, number),
        changes=_changes(history, journeys, links.person),
        skip=skip,
    )


def standing(history: History, live: LiveProfiles, identifier: str, time_zone: str) -> Standing:
    """Where a person stands: live when a worker runs and knows the person, else by history."""
    why = "no worker runs on this folder: `sojourn worker` starts one"
    where = zone(time_zone)
    if running(history.folder, "worker") is not None:
        try:
            profile = live.person(identifier).to_dict()
            return Standing("live", "", _local(profile["at"], where), profile["behind"], profile)
        except StaleState:
            why = "the worker is reading the changed catalogue"
        except UnknownPerson:
            why = "the worker has not come to this person's events yet"
    from sojourn.analyse.person_standing import person_standing  # noqa: PLC0415  (its kernels load only when asked)

    found = plain(person_standing(history.journeys(Scope(time_zone=time_zone, bots=True)), identifier))
    return Standing("history", why, _local(found["at"], where), 0, found)


def _local(at: str, where: Any) -> str:  # noqa: ANN401  (a time zone)
    import datetime as dt  # noqa: PLC0415  (only here)

    return dt.datetime.fromisoformat(at).astimezone(where).isoformat()


def _moves(history: History, journeys: Journeys, number: int) -> tuple[MoveTold, ...]:
    if not (history.folder.path / STATE_FILE).exists():
        return ()
    # A move is kept under the number that the person had then.
    numbers = {number, *journeys.index.identities.actors_of(number).tolist()}
    where = zone(journeys.time_zone)
    with State(history.folder) as state:
        found = state.moves_of(numbers)
    return tuple(MoveTold(from_us(one.at).astimezone(where).isoformat(), one.segment, one.entered) for one in found)


def _changes(history: History, journeys: Journeys, person: str) -> tuple[Change, ...]:
    manifest = journeys.index.manifest
    if manifest.last_us - manifest.first_us < _JUDGED_FROM_DAYS * _DAYS_US:
        return ()
    # Of everybody: kept, so that the next person's page does not count them again.
    scope = Scope(time_zone=journeys.time_zone, bots=True)
    found: Changes = history.answer(QUESTIONS["changes"], scope, {"most": _MOST_CHANGES})
    return tuple(one for one in found.changes if one.person == person)
