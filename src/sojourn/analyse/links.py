"""Why we believe that a person's identifiers are one person: every link, its evidence, and what became of it.

In: journeys and an identifier. Out: `PersonLinks`. The rule: docs/methods/identity.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from sojourn.analyse.person_names import names_of
from sojourn.analyse.results import Drill, Result
from sojourn.identify.link import Evidence
from sojourn.identify.links import link_ids
from sojourn.identify.persons import Fate
from sojourn.identify.sets import among, distinct
from sojourn.records.errors import UnknownPerson
from sojourn.records.periods import from_us, zone
from sojourn.store.index import retried
from sojourn.store.link_control import decisions
from sojourn.store.link_names import NAMED_BY, names_in
from sojourn.store.links import rows_at
from sojourn.store.tail import read_version
from sojourn.store.timeline import find_person

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

    from sojourn.analyse.journeys import Journeys
    from sojourn.identify.links import Links
    from sojourn.store.folder import Folder
    from sojourn.store.identities import Identities
    from sojourn.store.index import Index


@dataclass(frozen=True, slots=True)
class PersonLink:
    """All events that show by one kind of evidence that two identifiers are one person.

    Attributes:
        link: Its name, for `sojourn links revoke`.
        one_kind: What the first identifier is: user, anonymous, email, ...
        one: The first identifier, as it was sent.
        other_kind: What the second is.
        other: The second.
        evidence: What shows it: same event, alias, external id, signed click, by hand.
        proven: Whether an event proves it; else it is claimed, and serves analysis only.
        first: Time of the earliest event that shows it, ISO 8601 in the time zone; None without times.
        last: Time of the latest.
        event: Name of the earliest event.
        seq: Its place in the log.
        outcome: What became of it: joins, says the same again, refused (and why), or revoked by hand.
        decided_at: When it was revoked or restored by hand, ISO 8601 UTC; None when it never was.
    """

    link: str
    one_kind: str
    one: str
    other_kind: str
    other: str
    evidence: str
    proven: bool
    first: str | None
    last: str | None
    event: str
    seq: int
    outcome: str
    decided_at: str | None


@dataclass(frozen=True, slots=True)
class PersonLinks(Result):
    """The links of one person's identifiers.

    Attributes:
        person: Their id.
        identifiers: How many identifiers the person consists of.
        proven_identifiers: How many of them proven links join.
        links: Every link that names one of them, in the order they count; refused and revoked ones too.
    """

    person: str
    identifiers: int
    proven_identifiers: int
    links: tuple[PersonLink, ...]
    _drill: Drill | None = field(default=None, repr=False, compare=False)

    def rows(self) -> Sequence[PersonLink]:
        """The links."""
        return self.links


def person_links(journeys: Journeys, person: str) -> PersonLinks:
    """Why a person's identifiers are one person.

    Args:
        journeys: The log.
        person: Any identifier of the person.

    Raises:
        UnknownPerson: No event carries the identifier.
    """
    index = journeys.index
    number = find_person(index, person)
    if number is None:
        raise UnknownPerson(f"no event carries the id {person!r}; upper and lower case matter")
    return links_told(index, number, links_of_person(index, number, zone(journeys.time_zone)))


def links_told(index: Index, number: int, links: tuple[PersonLink, ...]) -> PersonLinks:
    """The links of a person, with how many identifiers they join.

    Args:
        index: The index.
        number: The person's.
        links: As `links_of_person` tells them.
    """
    actors = index.identities.actors_of(number)
    proven = index.identities.person_map(proven=True)
    own = proven.persons(np.array([number], np.int64))
    return PersonLinks(
        person=names_of(index, np.array([number], np.int64))[0],
        identifiers=len(actors),
        proven_identifiers=int((proven.persons(actors) == own).sum()),
        links=links,
    )


def links_of_person(index: Index, number: int, where: ZoneInfo) -> tuple[PersonLink, ...]:
    """Every link that names an identifier of a person.

    Args:
        index: The index.
        number: The person's.
        where: Time zone of the times.
    """
    actors = index.identities.actors_of(number)
    links = index.identities.connected(actors)
    ours = among(links.one, actors) | among(links.other, actors)
    if not ours.any():
        return ()
    fates = _fates(index.identities, links)[ours]
    return retried(lambda: _told(index.folder, links.take(ours), fates, where))


def _fates(identities: Identities, links: Links) -> NDArray[np.uint8]:
    """What became of links that lie together."""
    revoked = identities.control.is_revoked(links)
    fates = np.full(len(links), Fate.REVOKED, np.uint8)
    fates[~revoked] = identities.fates(links.take(~revoked))
    return fates


def _told(folder: Folder, links: Links, fates: NDArray[np.uint8], where: ZoneInfo) -> tuple[PersonLink, ...]:
    """Links by name and evidence, in the order of their earliest events."""
    version = read_version(folder)
    ids = link_ids(links)
    order = np.lexsort((links.low, links.high, links.time))
    called_links = list(dict.fromkeys(ids[order].tolist()))
    rows_told = list(rows_at(version, distinct(links.seq), ("event", *NAMED_BY)))
    names = names_in(rows_told, folder.secret, distinct(np.concatenate([links.one, links.other]))).to_pylist()
    called = {name["actor"]: (name["kind"], name["id"]) for name in names}
    events = {row["seq"]: row["event"] for told in rows_told for row in told.select(["seq", "event"]).to_pylist()}
    decided = {one.id: one.decided_at for one in decisions(folder)}
    made = []
    for number in called_links:
        rows = order[ids[order] == number]
        first = rows[0]
        name, seq = f"{number:016x}", int(links.seq[first])
        one, other = (called.get(int(end[first]), ("", f"actor {end[first]}")) for end in (links.one, links.other))
        if other[0] == "user":
            one, other = other, one
        made.append(
            PersonLink(
                link=name, one_kind=one[0], one=one[1], other_kind=other[0], other=other[1],
                evidence=Evidence(int(links.evidence[first])).words, proven=bool(links.proven[rows].any()),
                first=_iso(int(links.time[first]), where), last=_iso(int(links.last[rows].max()), where),
                event=events.get(seq, ""), seq=seq, outcome=Fate(int(fates[rows].min())).words, decided_at=decided.get(name),
            )
        )  # fmt: skip
    return tuple(made)


def _iso(time_us: int, where: ZoneInfo) -> str | None:
    return from_us(time_us).astimezone(where).isoformat() if time_us else None
