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

from sojourn.collect.canonical import SEGMENT
from sojourn.identify.actor import actor_id
from sojourn.identify.actor_record import add_event, agreed, latest
from sojourn.identify.link import ANONYMOUS, USER, Actor, links_of, own_actor
from sojourn.identify.links import as_links, gathered
from sojourn.identify.persons import persons_of
from sojourn.records.actor import ActorRecord
from sojourn.records.consent import PURPOSES, Consents, handling, told
from sojourn.signals.matches import Matcher
from sojourn.signals.profile import Rules
from sojourn.signals.state import MATCH, State, fold, is_newer, reading, step
from sojourn.store.link_control import LinkControl
from sojourn.store.state import Changes, Kept, Move

if TYPE_CHECKING:
    from collections.abc import Collection, Container, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from sojourn.identify.link import Link
    from sojourn.identify.links import Links
    from sojourn.records.actor import Known
    from sojourn.records.consent import State as ConsentState
    from sojourn.records.event import Arrived, Consent, Event
    from sojourn.signals.program import Program
    from sojourn.store.state import State as Store

SESSION_GAP_US = 30 * 60_000_000
_NUMBERS_KEPT = 200_000
_ALIAS = dict(SEGMENT)["alias"]


@dataclass(slots=True)
class FoldRules:
    """What effects are computed by.

    Attributes:
        secret: The folder's, for numbering actors.
        program: The compiled catalogue of signals.
        gap_us: Silence that ends a session, microseconds.
        control: What is decided by hand about links.
        modes: By source and whether a browser's key sent, whether consent is asked for; of others it is assumed.
        matcher: Of the program.
        standing: Its stages, scores and segments.
    """

    secret: bytes
    program: Program
    gap_us: int = SESSION_GAP_US
    control: LinkControl = field(default_factory=LinkControl)
    modes: Mapping[tuple[str, bool], Consent] = field(default_factory=dict)
    matcher: Matcher = field(init=False)
    standing: Rules = field(init=False)

    def __post_init__(self) -> None:
        """Compile the predicates."""
        self.matcher, self.standing = Matcher(self.program), Rules(self.program)

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


def effects(
    batch: Sequence[Arrived],
    store: Store,
    rules: FoldRules,
    *,
    again: Collection[int] = (),
    erased: Collection[int] = (),
    now_us: int = 0,
) -> Changes:
    """What a batch changes.

    Args:
        batch: Events with their places in the log, none of which took effect before.
        store: The state before them; only read.
        rules: How to read them.
        again: Actors whose persons are to be found again, because what is decided by hand about their links changed.
        erased: Actors of which nothing is to be left.
        now_us: The stream's clock where no event tells it, microseconds UTC.
    """
    said = _sorted(batch, rules)
    changes = Changes(erased=set(erased))
    touched = {*said.own, *again, *erased, *(end for link in said.links for end in (link.one, link.other))}
    links = _joined(store.links(touched), said.links, changes)
    before = store.actors(touched | _ends(links))
    # Whom only an erased identifier joined is not one person any more.
    _take(said, _apart(links, changes.erased)[0], changes, before, rules)
    _fold_persons(changes, before, store, rules, at_us=max((one.event.received_at for one in batch), default=now_us))
    return changes


def renewed(
    events: Sequence[Arrived], store: Store, rules: FoldRules, *, anew: Collection[int], before_us: int, now_us: int
) -> Changes:
    """What changes because events have expired.

    Args:
        events: All events that are left of these actors and took effect.
        store: The state; only read.
        rules: How to read them.
        anew: Actors, with all that are linked with them and that have expired events, too.
        before_us: Events of before this time have expired, microseconds UTC.
        now_us: The stream's clock, microseconds UTC.
    """
    said = _sorted(events, rules)
    changes = Changes(anew=set(anew))
    links = store.links(changes.anew)
    before = store.actors(changes.anew | _ends(links))
    others, theirs = _apart(links, changes.anew)
    # What is left of a link that was shown earlier, too, the events tell.
    changes.links = gathered([theirs.take(theirs.time >= before_us), as_links(said.links)])
    _take(said, gathered([others, changes.links]), changes, before, rules)
    _fold_persons(changes, before, store, rules, at_us=now_us)
    return changes


def _ends(links: Links) -> set[int]:
    return {*links.one.tolist(), *links.other.tolist()}


def _apart(links: Links, actors: Collection[int]) -> tuple[Links, Links]:
    """Links that name none of these actors, and those that do."""
    named = np.array(sorted(actors), np.int64)
    theirs = np.isin(links.one, named) | np.isin(links.other, named)
    return links.take(~theirs), links.take(theirs)


def _take(said: _Batch, links: Links, changes: Changes, before: Mapping[int, Kept], rules: FoldRules) -> None:
    """Records, persons and matches of all actors concerned, with what the events say."""
    records = _records(said, {actor: kept for actor, kept in before.items() if actor not in changes.gone_before}, rules)
    persons = persons_among(links, known_users(records), rules.control)
    changes.actors = {
        actor: Kept(persons.get(actor, actor), record)
        for actor, record in records.items()
        if actor in said.own or before[actor].person != persons.get(actor, actor)
    }
    changes.matches = {actor: found for actor, events in said.own.items() if (found := _matched(events, rules))}


def timers(due_by: Iterable[int], store: Store, rules: FoldRules, *, at_us: int) -> Changes:
    """What changes because time went by: segments of persons whose timers are due.

    Args:
        due_by: Persons whose timers are due.
        store: The state; only read.
        rules: How to read it.
        at_us: The stream's clock, microseconds UTC.
    """
    changes = Changes()
    persons = list(due_by)
    members = {person: [kept.record for kept in found] for person, found in store.actors_of(persons).items()}
    states = {person: State.from_bytes(kept) for person, kept in store.profiles(persons).items()}
    _evaluate(changes, states, members, store, rules, at_us=at_us)
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
            required = rules.modes.get((event.source, event.browser)) == "required"
            add_event(record, event, seq, gap_us=rules.gap_us, consent=told(event.context), required=required)
    return records


def known_users(records: Mapping[int, ActorRecord]) -> set[int]:
    """Actors that an event carries which is no alias: a user that only aliases name is none of them."""
    return {actor for actor, record in records.items() if record.events > record.counts.get(_ALIAS, 0)}


def persons_among(links: Links, known: Container[int], control: LinkControl) -> dict[int, int]:
    """The person of each actor that links name; of any other it is the actor itself.

    Args:
        links: All that reach from some actors.
        known: As `known_users` tells.
        control: What is decided by hand about links.
    """
    links = links.take(~(control.is_revoked(links) | control.names_junk(links)))
    if not len(links):
        return {}
    users = links.users()
    unknown = users[[user not in known for user in users.tolist()]]
    found = persons_of(links, unknown=unknown)
    return dict(zip(found.actor.tolist(), found.person.tolist(), strict=True))


def _fold_persons(changes: Changes, before: Mapping[int, Kept], store: Store, rules: FoldRules, *, at_us: int) -> None:
    """Step or fold every person whose events or whose actors changed."""
    moved = {
        actor for actor, kept in changes.actors.items() if actor not in before or before[actor].person != kept.person
    }
    left = {before[actor].person for actor in {*moved, *changes.gone_before} if actor in before}
    concerned = {kept.person for kept in changes.actors.values()} | left
    records = _members(concerned, changes, before, store)
    members = {person: [record.actor for record in found] for person, found in records.items()}
    anew = left | {changes.actors[actor].person for actor in moved}
    profiles = store.profiles(concerned)
    states: dict[int, State] = {}
    for person in concerned - anew:
        new = _array(changes.matches[actor] for actor in members[person] if actor in changes.matches)
        state = _stepped(profiles[person], new, rules.program) if person in profiles else None
        if state is None:
            anew.add(person)
        else:
            states[person] = state
    changes.gone = {person for person in concerned if not members[person]}
    states |= _folded([person for person in anew if members[person]], members, changes, store, rules.program)
    changes.profiles = {person: state.to_bytes() for person, state in states.items()}
    _evaluate(changes, states, records, store, rules, at_us=at_us)


def _evaluate(
    changes: Changes,
    states: Mapping[int, State],
    members: Mapping[int, Sequence[ActorRecord]],
    store: Store,
    rules: FoldRules,
    *,
    at_us: int,
) -> None:
    """Segments of persons at the stream's clock, and when to look at them again."""
    before = store.segments(states)
    for person, state in sorted(states.items(), key=lambda item: item[1].seq):
        found = reading(rules.program, state, at_us)
        changes.due[person] = found.due
        segments: frozenset[str] = frozenset()
        if may_be_scored(members[person]):
            traits = {name: known.value for name, known in latest([one.traits for one in members[person]]).items()}
            segments = frozenset(rules.standing.segments(found.values, traits, max(at_us, state.time)))
        was = before.get(person, frozenset())
        at, label = max(at_us, state.time), _label(members[person])
        changes.moves += [
            Move(person, label, name, entered=name in segments, at=at, seq=state.seq) for name in sorted(segments ^ was)
        ]


def may_be_scored(records: Sequence[ActorRecord]) -> bool:
    """Whether a person's consent lets it be scored: docs/privacy.md, by the strictest of its sources."""
    known = agreed(records)
    states = (_state(known.get(purpose)) for purpose in PURPOSES)
    mode: Consent = "required" if any(record.required for record in records) else "assumed"
    return handling(mode, Consents(*states)).scored


def _state(known: Known | None) -> ConsentState:
    return "unknown" if known is None else "granted" if known.value else "denied"


def _label(records: Sequence[ActorRecord]) -> str:
    """What a person is called outside: its user id, else its oldest identifier."""
    oldest = min(records, key=lambda record: (record.kind != USER, record.first, record.actor))
    return oldest.value


def _matched(events: Sequence[tuple[int, Event]], rules: FoldRules) -> bytes:
    """The matches of an actor's events."""
    packed = rules.matcher.packed
    return b"".join([packed(event, seq) for seq, event in events])


def _array(pieces: Iterable[bytes]) -> NDArray[np.void]:
    return np.frombuffer(b"".join(pieces), MATCH)


def _members(
    persons: Iterable[int], changes: Changes, before: Mapping[int, Kept], store: Store
) -> dict[int, list[ActorRecord]]:
    """The actors of each person after the batch; `before` are those whose records were read already."""
    out: dict[int, list[ActorRecord]] = {person: [] for person in persons}
    kept = {
        person: [actor for actor in actors if actor not in changes.actors and actor not in changes.gone_before]
        for person, actors in store.persons_with(out).items()
    }
    others = store.actors({actor for actors in kept.values() for actor in actors if actor not in before})
    for person, actors in kept.items():
        out[person] = [(before[actor] if actor in before else others[actor]).record for actor in actors]
    for one in changes.actors.values():
        out[one.person].append(one.record)
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
    changes: Changes,
    store: Store,
    program: Program,
) -> dict[int, State]:
    """The states of persons from all matches of their actors."""
    kept = store.matches({actor for person in persons for actor in members[person]} - changes.gone_before)
    out = {}
    for person in persons:
        mine = members[person]
        pieces = [found[actor] for found in (kept, changes.matches) for actor in mine if actor in found]
        out[person] = fold(program, _array(pieces))
    return out


@lru_cache(_NUMBERS_KEPT)
def _number(secret: bytes, actor: Actor) -> int:
    return actor_id(secret, actor.kind, actor.value, namespace=actor.namespace)
