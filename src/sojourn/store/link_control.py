"""What is decided by hand about links: revoked ones, and ids that name nobody here.

In: the names of links, ids. Out: the same, kept for ever in the control file; who asks for persons reads it. A decision on a link is
an event of the log first, so it has a place there, and whoever reads the log again decides the same.
"""

from __future__ import annotations

import datetime as dt
import re
import time
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import numpy as np

from sojourn.identify.actor import actor_id
from sojourn.identify.link import ANONYMOUS, USER, Evidence, link_id
from sojourn.identify.links import link_ids
from sojourn.records.errors import UnknownLink
from sojourn.records.event import Event
from sojourn.records.junk_ids import junk_texts
from sojourn.store.log import open_log
from sojourn.store.sqlite import database, queries

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from sojourn.identify.links import Links
    from sojourn.store.folder import Folder

_IS_NAME = re.compile("[0-9a-fA-F]{16}")
LINK_REVOKED, LINK_RESTORED = "Link Revoked", "Link Restored"
"""Events that decide about a link."""
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_ZEROS = (*("0" * n for n in range(1, 33)), "00000000-0000-0000-0000-000000000000", "-", "_")


class _Decided(msgspec.Struct, frozen=True):
    """Properties of an event that decides about a link: its name, its ends and evidence, and who decided."""

    link: str
    one: str
    other: str
    evidence: int
    by: str


_DECIDED = msgspec.json.Decoder(_Decided)
_ENCODE = msgspec.json.encode


class LinkControl(msgspec.Struct, frozen=True):
    """What is decided by hand; part of what the persons are a function of.

    Attributes:
        revoked: Pairs of actors, lower one first, with the evidence whose links are revoked, ascending.
        junk: Numbers of actors that name nobody, ascending.
    """

    revoked: tuple[tuple[int, int, int], ...] = ()
    junk: tuple[int, ...] = ()

    def differs(self, other: LinkControl) -> set[int]:
        """Actors whose persons may differ under other decisions."""
        links = set(self.revoked) ^ set(other.revoked)
        return (set(self.junk) ^ set(other.junk)) | {end for one, two, _ in links for end in (one, two)}

    def is_revoked(self, links: Links) -> NDArray[np.bool_]:
        """Which links are revoked."""
        found = np.zeros(len(links), np.bool_)
        if self.revoked:
            ones, others, _ = (np.array(column) for column in zip(*self.revoked, strict=True))
            near = np.flatnonzero(np.isin(links.one, ones) & np.isin(links.other, others))
            wanted = set(self.revoked)
            pairs = zip(
                links.one[near].tolist(), links.other[near].tolist(), links.evidence[near].tolist(), strict=True
            )
            found[near] = [pair in wanted for pair in pairs]
        return found

    def names_junk(self, links: Links) -> NDArray[np.bool_]:
        """Which links name somebody who is nobody."""
        return self.is_junk(links.one) | self.is_junk(links.other)

    def is_junk(self, actors: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Which actors are nobody."""
        junk = np.array(self.junk, np.int64)
        place = np.minimum(np.searchsorted(junk, actors), max(len(junk) - 1, 0))
        found: NDArray[np.bool_] = junk[place] == actors if len(junk) else np.zeros(len(actors), np.bool_)
        return found


@dataclass(frozen=True, slots=True)
class Decision:
    """One thing decided by hand, the latest of its kind.

    Attributes:
        one: Number of the lower actor of a link.
        other: Number of the higher.
        evidence: What the link is shown by.
        revoked: Whether the link is revoked; else it was restored.
        decided_at: When, ISO 8601 UTC.
    """

    one: int
    other: int
    evidence: Evidence
    revoked: bool
    decided_at: str

    @property
    def id(self) -> str:
        """The link's name."""
        return link_id(self.one, self.other, self.evidence)


def read_control(folder: Folder) -> LinkControl:
    """What is decided now."""
    ignored: list[str] = []
    revoked: list[tuple[int, int, int]] = []
    if folder.control.exists():
        with database(folder.control, "control") as control:
            ignored = [value for (value,) in queries("control").ignored_ids(control)]
            revoked = [(row[0], row[1], row[2]) for row in queries("control").link_decisions(control) if row[3]]
    return LinkControl(tuple(sorted(revoked)), junk_actors(folder.secret, ignored))


def decide(folder: Folder, links: Iterable[tuple[int, int, int]], *, revoked: bool, who: str = "") -> None:
    """Revoke links, or restore them. Every question asked from now on follows.

    Args:
        folder: The data folder. While it has no log, the control file alone keeps what is decided.
        links: Pairs of actors, lower one first, with the evidence.
        revoked: Whether they are revoked from now on.
        who: Who decided; no person whose data this is.

    Raises:
        StorageFull: The disk is full.
    """
    now = time.time_ns() // 1_000
    events = [_event(link, revoked=revoked, who=who, at_us=now) for link in links]
    log = open_log(folder)
    if log is not None:
        places = log.append(events).seqs
    else:
        with database(folder.control, "control") as control:
            places = [queries("control").last_decision(control) or 0] * len(events)
    keep_decisions(folder, zip(places, events, strict=True))


def keep_decisions(folder: Folder, found: Iterable[tuple[int, Event]]) -> None:
    """Keep what events of the log decide about links; what is kept already changes nothing.

    Args:
        folder: The data folder.
        found: Events for which `is_decision` holds, with their places.
    """
    rows = []
    for seq, event in found:
        said = _DECIDED.decode(event.properties)
        at = (_EPOCH + dt.timedelta(microseconds=event.time)).isoformat(timespec="seconds")
        link = {"one": int(said.one), "other": int(said.other), "evidence": said.evidence}
        revoked = event.event == LINK_REVOKED
        rows.append({**link, "revoked": revoked, "decided_at": at, "at_us": event.time, "seq": seq})
    with database(folder.control, "control") as control:
        queries("control").decide_link(control, rows)
        queries("control").place_decision(control, rows)


def is_decision(event: Event) -> bool:
    """Whether an event of the log decides about a link."""
    return event.type == "control" and event.event in (LINK_REVOKED, LINK_RESTORED)


def decided_actors(event: Event) -> tuple[int, int]:
    """Whose link it is that an event, for which `is_decision` holds, decides about: numbers of actors."""
    said = _DECIDED.decode(event.properties)
    return int(said.one), int(said.other)


def _event(link: tuple[int, int, int], *, revoked: bool, who: str, at_us: int) -> Event:
    """The decision as an event of the log. It names nobody: no person did it, and no journey has it."""
    one, other, evidence = link
    said = _Decided(link_id(one, other, Evidence(evidence)), str(one), str(other), int(evidence), who)
    name = LINK_REVOKED if revoked else LINK_RESTORED
    return Event("control", uuid.uuid4().hex, "control", name, at_us, at_us, properties=_ENCODE(said).decode())


def find_links(folder: Folder, links: Links, names: Sequence[str]) -> list[tuple[int, int, int]]:
    """The links that some names mean.

    Args:
        folder: Where decisions are: a link that was revoked is known even when no event shows it any more.
        links: All links there are.
        names: As `sojourn links` shows them.

    Returns:
        Pairs of actors, lower one first, with the evidence, in the order of the names.

    Raises:
        UnknownLink: There is none of that name.
    """
    known = {one.id: (one.one, one.other, int(one.evidence)) for one in decisions(folder)}
    ids = link_ids(links)
    found = []
    for name in names:
        rows = np.flatnonzero(ids == np.uint64(int(name, 16))) if _IS_NAME.fullmatch(name) else np.empty(0, np.int64)
        if len(rows):
            found.append((int(links.one[rows[0]]), int(links.other[rows[0]]), int(links.evidence[rows[0]])))
        elif name.lower() in known:
            found.append(known[name.lower()])
        else:
            raise UnknownLink(
                f"no link is called {name!r}; `sojourn links PERSON` lists a person's links by their names"
            )
    return found


def decisions(folder: Folder) -> list[Decision]:
    """The latest decision on each link that there is one on."""
    with database(folder.control, "control") as control:
        rows = list(queries("control").link_decisions(control))
    return [Decision(one, other, Evidence(evidence), bool(revoked), at) for one, other, evidence, revoked, at in rows]


def ignore_id(folder: Folder, identifier: str, *, ignored: bool = True) -> None:
    """Have an identifier name nobody in this folder, or somebody again. What it says of links that exist follows."""
    with database(folder.control, "control") as control:
        (queries("control").ignore_id if ignored else queries("control").heed_id)(control, value=identifier)


def ignored_ids(folder: Folder) -> list[str]:
    """Identifiers that name nobody here beside those that never do."""
    with database(folder.control, "control") as control:
        return [value for (value,) in queries("control").ignored_ids(control)]


def junk_actors(secret: bytes, ignored: Iterable[str] = ()) -> tuple[int, ...]:
    """Numbers of the devices and users that are nobody: the known words as they are usually written, and some more."""
    texts = {*_ZEROS, *ignored, *junk_texts()}
    return tuple(sorted(actor_id(secret, kind, text) for kind in (USER, ANONYMOUS) for text in texts))
