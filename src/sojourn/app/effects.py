"""What a batch of events changes: who is who, what is known of each actor, each person's signals.

In: events with their places in the log, and the state before them. Out: `Changes`, to be written in one transaction.
The same events give the same state in any batches and any order, late ones and links too: a person whose events came in
order is stepped, every other is folded again from the matches of its actors.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from sojourn.identify.actor import actor_id
from sojourn.identify.actor_record import add_event
from sojourn.identify.link import ANONYMOUS, Actor, links_of, own_actor
from sojourn.identify.links import as_links, gathered
from sojourn.identify.persons import persons_of
from sojourn.records.actor import ActorRecord
from sojourn.signals.matches import Matcher
from sojourn.signals.state import MATCH, State, due, fold, is_newer, step
from sojourn.store.state import Changes, Kept

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from sojourn.identify.link import Link
    from sojourn.identify.links import Links
    from sojourn.records.event import Arrived, Event
    from sojourn.signals.program import Program
    from sojourn.store.state import State as Store

SESSION_GAP_US = 30 * 60_000_000
_NUMBERS_KEPT = 200_000


@dataclass(slots=True)
class FoldRules:
    """What effects are computed by.

    Attributes:
        secret: The folder's, for numbering actors.
        program: The compiled catalogue of signals.
        gap_us: Silence that ends a session, microseconds.
        matcher: Of the program.
    """

    secret: bytes
    program: Program
    gap_us: int = SESSION_GAP_US
    matcher: Matcher = field(init=False)

    def __post_init__(self) -> None:
        """Compile the predicates."""
        self.matcher = Matcher(self.program)

    def number(self, actor: Actor) -> int:
        """Number of an actor in this folder."""
        return _number(self.secret, actor)

    def without_erased(self, event: Event, erased: Mapping[int, int]) -> Event | None:
        """The event as it may be used: None when it is an erased person's.

        Args:
            event: An event.
            erased: Actors by number: until when their events are refused, microseconds.

        Returns:
            Somebody else's event on an erased person's device does not name the device.
        """
        own = own_actor(event)
        if own is not None and event.time <= erased.get(self.number(own), -1):
            return None
        device = Actor(ANONYMOUS, event.anonymous_id or "")
        if event.time <= erased.get(self.number(device), -1):
            return msgspec.structs.replace(event, anonymous_id=None)
        return event


@dataclass(slots=True)
class _Batch:
    """What the events of a batch say, before anything is looked up.

    Attributes:
        own: Events by the number of the actor they belong to, in the order they came.
        named: These actors.
        links: What the events show.
    """

    own: dict[int, list[tuple[int, Event]]] = field(default_factory=lambda: defaultdict(list))
    named: dict[int, Actor] = field(default_factory=dict)
    links: list[Link] = field(default_factory=list)


def effects(batch: Sequence[Arrived], store: Store, rules: FoldRules) -> Changes:
    """What a batch changes.

    Args:
        batch: Events with their places in the log, none of which took effect before.
        store: The state before them; only read.
        rules: How to read them.
    """
    said = _sorted(batch, rules)
    changes = Changes()
    touched = set(said.own) | {end for link in said.links for end in (link.one, link.other)}
    links = _joined(store.links(touched), said.links, changes)
    actors = touched | set(links.one.tolist()) | set(links.other.tolist())
    before = store.actors(actors)
    records = _records(said, before, rules)
    persons = persons_among(links, records)
    changes.actors = {
        actor: Kept(persons.get(actor, actor), record)
        for actor, record in records.items()
        if actor in said.own or before[actor].person != persons.get(actor, actor)
    }
    matches = {
        actor: np.concatenate(found)
        for actor, events in said.own.items()
        if (found := [rules.matcher.matches(event, seq) for seq, event in events])
    }
    changes.matches = {actor: found.tobytes() for actor, found in matches.items() if len(found)}
    _fold_persons(changes, before, matches, store, rules)
    return changes


def _sorted(batch: Iterable[Arrived], rules: FoldRules) -> _Batch:
    said = _Batch()
    for seq, event, key in batch:
        own = own_actor(event)
        if own is None:
            # It names nobody: it is in the table and in no profile.
            continue
        number = rules.number(own)
        said.own[number].append((seq, event))
        said.named[number] = own
        said.links += links_of(event, rules.number, seq=seq, key=key)
    return said


def _joined(kept: Links, new: Sequence[Link], changes: Changes) -> Links:
    """Links kept and new put together; those of pairs with a new one are to be written."""
    if not new:
        return kept
    links = gathered([kept, as_links(new)])
    pairs = {(link.one, link.other) for link in new}
    named = [pair in pairs for pair in zip(links.one.tolist(), links.other.tolist(), strict=True)]
    changes.links = links.take(np.array(named, np.bool_))
    return links


def _records(said: _Batch, before: Mapping[int, Kept], rules: FoldRules) -> dict[int, ActorRecord]:
    """The records of all actors concerned, with the batch's events added."""
    records = {actor: kept.record for actor, kept in before.items()}
    for number, events in said.own.items():
        record = records.get(number)
        if record is None:
            named, first = said.named[number], events[0][1].time
            record = records[number] = ActorRecord(number, named.kind, named.value, first, first)
        for seq, event in events:
            add_event(record, event, seq, gap_us=rules.gap_us)
    return records


def persons_among(links: Links, known: Container[int]) -> dict[int, int]:
    """The person of each actor that links name; of any other it is the actor itself.

    Args:
        links: All that reach from some actors.
        known: Actors with events of their own: a user that only aliases name is none of them.
    """
    if not len(links):
        return {}
    users = links.users()
    unknown = users[[user not in known for user in users.tolist()]]
    found = persons_of(links, unknown=unknown)
    return dict(zip(found.actor.tolist(), found.person.tolist(), strict=True))


def _fold_persons(
    changes: Changes,
    before: Mapping[int, Kept],
    matches: Mapping[int, NDArray[np.void]],
    store: Store,
    rules: FoldRules,
) -> None:
    """Step or fold every person whose events or whose actors changed."""
    moved = {
        actor for actor, kept in changes.actors.items() if actor not in before or before[actor].person != kept.person
    }
    left = {before[actor].person for actor in moved if actor in before}
    concerned = {kept.person for kept in changes.actors.values()} | left
    members = _members(concerned, changes, store)
    anew = left | {changes.actors[actor].person for actor in moved}
    profiles = store.profiles(concerned)
    stepped: dict[int, State] = {}
    for person in concerned:
        fresh = [matches[actor] for actor in members[person] if actor in matches]
        new = np.concatenate(fresh) if fresh else np.empty(0, MATCH)
        state = None if person in anew or person not in profiles else _stepped(profiles[person], new, rules.program)
        if state is None:
            anew.add(person)
        else:
            stepped[person] = state
    changes.gone = {person for person in concerned if not members[person]}
    again = _folded([person for person in anew if members[person]], members, matches, store, rules.program)
    for person, state in (stepped | again).items():
        changes.profiles[person] = state.to_bytes()
        changes.due[person] = due(rules.program, state)


def _members(persons: Iterable[int], changes: Changes, store: Store) -> dict[int, list[int]]:
    """The actors of each person after the batch."""
    out: dict[int, list[int]] = {person: [] for person in persons}
    for person, kept in store.actors_of(out).items():
        out[person] = [one.record.actor for one in kept if one.record.actor not in changes.actors]
    for actor, one in changes.actors.items():
        out[one.person].append(actor)
    return out


def _stepped(profile: bytes, new: NDArray[np.void], program: Program) -> State | None:
    """The person's state after its newest matches; None when one of them is late, or the catalogue changed."""
    state = State.from_bytes(profile)
    if state.fingerprint != program.fingerprint:
        return None
    if not len(new):
        return state
    first = new[np.lexsort((new["seq"], new["time"]))[0]]
    if not is_newer(state, int(first["time"]), int(first["seq"])):
        return None
    return step(program, state, new)


def _folded(
    persons: Sequence[int],
    members: Mapping[int, Sequence[int]],
    matches: Mapping[int, NDArray[np.void]],
    store: Store,
    program: Program,
) -> dict[int, State]:
    """The states of persons from all matches of their actors."""
    kept = store.matches({actor for person in persons for actor in members[person]})
    out = {}
    for person in persons:
        pieces = [np.frombuffer(kept[actor], MATCH) for actor in members[person] if actor in kept]
        pieces += [matches[actor] for actor in members[person] if actor in matches]
        out[person] = fold(program, np.concatenate(pieces) if pieces else np.empty(0, MATCH))
    return out


@lru_cache(_NUMBERS_KEPT)
def _number(secret: bytes, actor: Actor) -> int:
    return actor_id(secret, actor.kind, actor.value, namespace=actor.namespace)
