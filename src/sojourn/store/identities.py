"""The persons of an index: its links, put together by what they connect, and what newer links change.

In: links, and what is decided by hand. Out: whose each actor is. A newer link, or a revocation, folds again only what is
connected with it; everybody else stays who they were.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from sojourn.identify.links import NONE, Links, gathered
from sojourn.identify.persons import NOBODY, PersonMap, connected, fold, persons_of
from sojourn.identify.sets import among, distinct
from sojourn.store.columns import map_columns, write_columns
from sojourn.store.durable import sync_file
from sojourn.store.link_control import LinkControl
from sojourn.store.links import alias_users, named_users, read_links

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from sojourn.store.events import Version


@dataclass(frozen=True, slots=True)
class Aliased:
    """User ids that aliases name.

    Attributes:
        user: int64, ascending.
        known: bool, aligned: whether an event that is no alias carries it, which makes it a known user.
    """

    user: NDArray[np.int64]
    known: NDArray[np.bool_]

    @property
    def unknown(self) -> NDArray[np.int64]:
        """Those that are names of somebody only."""
        return self.user[~self.known]


@dataclass(frozen=True, slots=True)
class Identities:
    """Who is whom, as of some place in the log.

    Attributes:
        links: Links, junk left out, revoked ones kept; those that are connected lie together.
        connects: int64, one a link, ascending: the lowest actor it is connected with.
        actor: int64, ascending: every actor that a link names.
        component: int64, aligned: the lowest actor it is connected with.
        person: int64, aligned: the person it belongs to.
        aliased: User ids that aliases name.
        control: What was decided by hand.
        below: Who all others are; its actors that are here too are as here.
    """

    links: Links
    connects: NDArray[np.int64]
    actor: NDArray[np.int64]
    component: NDArray[np.int64]
    person: NDArray[np.int64]
    aliased: Aliased
    control: LinkControl
    below: Identities | None = None

    def persons(self, actors: NDArray[np.int64]) -> NDArray[np.int64]:
        """The person of each actor."""
        others = actors if self.below is None else self.below.persons(actors)
        place, found = self._places(actors)
        return np.where(found, self.person[place], others) if len(self.actor) else others

    def actors_of(self, person: int) -> NDArray[np.int64]:
        """The actors that a person consists of, itself among them."""
        mine = self.actor[self.person == person]
        if self.below is not None:
            below = self.below.actors_of(person)
            mine = np.concatenate([mine, below[~self._places(below)[1]]])
        alone = self.persons(np.array([person], np.int64)) == person
        return distinct(np.concatenate([mine, np.array([person], np.int64)[alone]]))

    def person_map(self, *, proven: bool = False) -> PersonMap:
        """Whose each actor is that is not called after itself.

        Args:
            proven: Only by proven links: for whatever shows or decides something.
        """
        if proven:
            links = self.all_links()
            kept = links.take(~self.control.is_revoked(links) & links.proven)
            return persons_of(kept, proven=True, unknown=self.aliased.unknown).changes()
        mine = PersonMap(self.actor, self.person)
        return (mine if self.below is None else PersonMap(self.below.actor, self.below.person).replaced(mine)).changes()

    def all_links(self) -> Links:
        """Every link, revoked ones too."""
        if self.below is None:
            return self.links
        below = self.below.links.take(~self._places(self.below.links.one)[1])
        return Links(
            *(np.concatenate(pair) for pair in zip(*(x.columns().values() for x in (below, self.links)), strict=True))
        )

    def connected(self, actors: NDArray[np.int64]) -> Links:
        """All links that are connected with some actors, revoked ones too."""
        place, found = self._places(actors)
        mine = self.links.take(self._rows(distinct(self.component[place[found]])))
        if self.below is None:
            return mine
        below = self.below.connected(actors[~found])
        return Links(
            *(np.concatenate(pair) for pair in zip(*(x.columns().values() for x in (below, mine)), strict=True))
        )

    def fates(self, links: Links) -> NDArray[np.uint8]:
        """The `Fate` of links that lie together, all of them but revoked ones."""
        return fold(links, unknown=self.aliased.unknown).fate

    def updated(self, newer: Links, aliased: Aliased, control: LinkControl) -> Identities:
        """With newer links, and what is decided by now.

        Args:
            newer: Links of events that came later.
            aliased: User ids that aliases name by now.
            control: What is decided by now; it names at least the junk that this does.
        """
        newer = newer.take(~control.names_junk(newer))
        concerned = np.concatenate([newer.one, newer.other, self._reconsidered(aliased, control)])
        place, found = self._places(concerned)
        touched = distinct(self.component[place[found]])
        before = self.links.take(self._rows(touched))
        made = identities_of(gathered([before.take(~control.names_junk(before)), newer]), aliased, control)
        # Who has no link any more is whom its own number says, and not whom it was before.
        here = self.actor[among(self.component, touched)]
        left = here[~among(here, made.actor)]
        actor = np.concatenate([made.actor, left])
        order = np.argsort(actor)
        component, person = (np.concatenate([values, left])[order] for values in (made.component, made.person))
        return replace(made, actor=actor[order], component=component, person=person, below=self)

    def moved(self) -> PersonMap:
        """Whose actors are somebody else's here than they are below."""
        if self.below is None:
            return PersonMap(NOBODY, NOBODY)
        changed = self.below.persons(self.actor) != self.person
        return PersonMap(self.actor[changed], self.person[changed])

    def _reconsidered(self, aliased: Aliased, control: LinkControl) -> NDArray[np.int64]:
        """Actors of whom something was decided, or became known, since."""
        revoked = set(self.control.revoked) ^ set(control.revoked)
        junk = set(self.control.junk) ^ set(control.junk)
        was, now = self.aliased.unknown, aliased.unknown
        known = np.concatenate([was[~among(was, now)], now[~among(now, was)]])
        return np.concatenate([known, np.array([*(one for one, _, _ in revoked), *junk], np.int64)])

    def _places(self, actors: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Where each actor is here, and whether it is."""
        if not len(self.actor):
            return np.zeros(len(actors), np.int64), np.zeros(len(actors), np.bool_)
        place = np.minimum(np.searchsorted(self.actor, actors), len(self.actor) - 1)
        return place, self.actor[place] == actors

    def _rows(self, components: NDArray[np.int64]) -> NDArray[np.int64]:
        """Places of the links of some components."""
        first = np.searchsorted(self.connects, components)
        count = np.searchsorted(self.connects, components, side="right") - first
        before = np.cumsum(count) - count
        return np.repeat(first - before, count) + np.arange(count.sum())


def identities_of(links: Links, aliased: Aliased, control: LinkControl) -> Identities:
    """Fold all links anew; those that name junk must have been left out."""
    connection = connected(links)
    component = connection.persons(links.one)
    order = np.argsort(component, kind="stable")
    links, component = links.take(order), component[order]
    revoked = control.is_revoked(links)
    folded = persons_of(links.take(~revoked) if revoked.any() else links, unknown=aliased.unknown)
    person = folded.persons(connection.actor)
    return Identities(links, component, connection.actor, connection.person, person, aliased, control)


def read_identities(version: Version, secret: bytes, control: LinkControl) -> Identities:
    """Who is whom by all events of a version."""
    links = read_links(version, secret)
    links = links.take(~control.names_junk(links))
    wanted = alias_users(links)
    return identities_of(links, Aliased(wanted, among(wanted, named_users(version, wanted))), control)


def newer_identities(
    older: Identities, version: Version, newer: Version, secret: bytes, control: LinkControl, *, after: int
) -> Identities:
    """Who is whom by the events of an index and by newer ones.

    Args:
        older: Of the index.
        version: All files, to look for users that aliases name only now.
        newer: The files that hold later events.
        secret: The folder's.
        control: What is decided by now.
        after: Last place of the index.
    """
    links = read_links(newer, secret, after=after)
    wanted = distinct(np.concatenate([older.aliased.user, alias_users(links)]))
    fresh = wanted[~among(wanted, older.aliased.user)]
    known = np.concatenate(
        [
            older.aliased.user[older.aliased.known], named_users(version, fresh), named_users(newer, wanted, after=after),
        ]
    )  # fmt: skip
    aliased = Aliased(wanted, among(wanted, distinct(known)))
    if not len(links) and control == older.control and np.array_equal(aliased.known, older.aliased.known):
        return older
    return older.updated(links, aliased, control)


def write_identities(path: Path, identities: Identities) -> None:
    """Write who is whom beside an index, and sync it."""
    write_columns(path / "links.arrow", {**identities.links.columns(), "connects": identities.connects})
    actors = {"actor": identities.actor, "component": identities.component, "person": identities.person}
    write_columns(path / "actors.arrow", actors)
    aliased = identities.aliased
    write_columns(path / "aliased.arrow", {"user": aliased.user, "known": aliased.known.astype(np.uint8)})
    (path / "control.json").write_bytes(msgspec.json.encode(identities.control))
    sync_file(path / "control.json")


def map_identities(path: Path) -> Identities:
    """Map what `write_identities` wrote."""
    links, actors, aliased = (map_columns(path / f"{name}.arrow") for name in ("links", "actors", "aliased"))
    control = msgspec.json.decode((path / "control.json").read_bytes(), type=LinkControl)
    connects = links.pop("connects")
    return Identities(
        Links(**links), connects, actors["actor"], actors["component"], actors["person"],
        Aliased(aliased["user"], aliased["known"].astype(np.bool_)), control,
    )  # fmt: skip


EMPTY = Identities(NONE, NOBODY, NOBODY, NOBODY, NOBODY, Aliased(NOBODY, np.empty(0, np.bool_)), LinkControl())
