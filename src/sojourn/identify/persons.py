"""Which person an actor belongs to, as a pure function of a set of links.

In: links, in any order, and which user ids nothing but aliases name. Out: actor -> person, and what became of each link.
Never reads a clock or a store. The rule, a worked example and its traps: docs/methods/identity.md
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sojourn.identify import persons_kernel as kernel
from sojourn.identify.link import Evidence
from sojourn.identify.links import WINDOW_US, Links
from sojourn.identify.sets import among

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_ACTIVE = 100
"""Actors of a person that may be active within 90 days, for each kind of evidence."""
NOBODY = np.empty(0, np.int64)


class Fate(enum.IntEnum):
    """What became of a link."""

    JOINED = kernel.JOINED
    TOGETHER = kernel.TOGETHER
    TWO_USERS = kernel.TWO_USERS
    TOO_MANY = kernel.TOO_MANY
    REVOKED = 4

    @property
    def words(self) -> str:
        """As it is shown."""
        return _WORDS[self]


_WORDS = {
    Fate.JOINED: "joins",
    Fate.TOGETHER: "says the same again",
    Fate.TWO_USERS: "refused: two known users are not merged by it",
    Fate.TOO_MANY: f"refused: more than {MOST_ACTIVE} active identifiers",
    Fate.REVOKED: "revoked by hand",
}


@dataclass(frozen=True, slots=True)
class PersonMap:
    """Actors that belong to somebody else's number.

    Attributes:
        actor: int64, ascending, distinct.
        person: int64, aligned: the person each belongs to.
    """

    actor: NDArray[np.int64]
    person: NDArray[np.int64]

    def persons(self, actors: NDArray[np.int64]) -> NDArray[np.int64]:
        """The person of each actor: what the links say, else the actor itself."""
        if not len(self.actor):
            return actors
        place = np.minimum(np.searchsorted(self.actor, actors), len(self.actor) - 1)
        return np.where(self.actor[place] == actors, self.person[place], actors)

    def changes(self) -> PersonMap:
        """Only the actors that are not called after themselves."""
        moved = self.actor != self.person
        return PersonMap(self.actor[moved], self.person[moved])

    def replaced(self, newer: PersonMap) -> PersonMap:
        """This map with some actors' persons replaced, or added."""
        kept = ~among(self.actor, newer.actor)
        actor = np.concatenate([self.actor[kept], newer.actor])
        order = np.argsort(actor)
        return PersonMap(actor[order], np.concatenate([self.person[kept], newer.person])[order])


@dataclass(frozen=True, slots=True)
class Folded:
    """Links folded into persons.

    Attributes:
        persons: Every actor that a link names, with its person.
        fate: uint8, one a link as they came: its `Fate`.
    """

    persons: PersonMap
    fate: NDArray[np.uint8]


def persons_of(links: Links, *, proven: bool = False, unknown: NDArray[np.int64] = NOBODY) -> PersonMap:
    """The persons that a set of links makes; the same for any order of the links.

    Args:
        links: Links put together by `links.gathered`, without revoked ones and junk.
        proven: Only proven links count: for all that shows something to somebody, or decides about them. Else claimed
            ones do, too: for analysis.
        unknown: int64: user ids that no event but aliases carries. Where no other link names them either, they are names of
            somebody, not known users.

    Returns:
        The person of every actor that a link names: the number of the oldest known user among its actors, else of the
        oldest actor; the oldest is the one that a link names first.
    """
    return fold(links.take(links.proven) if proven else links, unknown=unknown).persons


def proven_persons(links: Links, *, unknown: NDArray[np.int64] = NOBODY) -> PersonMap:
    """The persons that only proven links make: whoever shows or decides something asks this one."""
    return persons_of(links, proven=True, unknown=unknown)


def fold(links: Links, *, unknown: NDArray[np.int64] = NOBODY, most: int = MOST_ACTIVE) -> Folded:
    """Fold links, one by one in the order of (time, event id); see `persons_of`.

    Args:
        links: Links put together by `links.gathered`, without revoked ones and junk; claimed and proven alike.
        unknown: int64: user ids that no event but aliases carries.
        most: Actors of a person that may be active within 90 days, for each kind of evidence.
    """
    if not len(links):
        return Folded(PersonMap(NOBODY, NOBODY), np.empty(0, np.uint8))
    order = fold_order(links)
    ordered = links.take(order)
    actors, (one, other) = _numbered(ordered)
    known = among(actors, ordered.users())
    if len(unknown):
        shown = ordered.take(ordered.evidence != Evidence.ALIAS).users()
        known &= ~among(actors, np.sort(unknown)) | among(actors, shown)
    sets, named, fate = kernel.fold(
        one, other, ordered.kind, ordered.time, ordered.last, known.astype(np.uint8), most, WINDOW_US
    )
    persons = actors[kernel.survivors(sets, named, known.astype(np.uint8))]
    fates = np.empty(len(links), np.uint8)
    fates[order] = fate
    return Folded(PersonMap(actors, persons), fates)


def connected(links: Links) -> PersonMap:
    """Which actors any links connect, whatever becomes of the links: what is folded together and concerns nobody else.

    Returns:
        Every actor with the lowest of those it is connected with.
    """
    if not len(links):
        return PersonMap(NOBODY, NOBODY)
    actors, (one, other) = _numbered(links)
    return PersonMap(actors, actors[kernel.connect(one, other, len(actors))])


def fold_order(links: Links) -> NDArray[np.int64]:
    """Places of links in the order they are folded: by time, event id, and what else tells them apart."""
    order = np.argsort(links.time, kind="stable")
    time = links.time[order]
    same = time[1:] == time[:-1]
    tied = np.append(same, False) | np.insert(same, 0, False)
    if tied.any():
        rows = order[tied]
        keys = (links.kind, links.other, links.one, links.low, links.high, links.time)
        order[tied] = rows[np.lexsort(tuple(key[rows] for key in keys))]
    return order


def _numbered(links: Links) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The distinct actors, ascending, and the place among them of each link's two."""
    actors, places = np.unique(np.concatenate([links.one, links.other]), return_inverse=True)
    return actors, places.reshape(2, -1)
