"""Whom an event names, and which of them it shows to be one person.

In: an event. Out: its actors, the first of them its own, and its links: evidence that two actors are one person.
Never decides who is whom: `persons` folds links. docs/methods/identity.md
"""

from __future__ import annotations

import enum
import struct
from itertools import product
from typing import TYPE_CHECKING

import msgspec

from sojourn.records.event import event_key
from sojourn.records.junk_ids import is_junk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from sojourn.records.event import Event

USER, ANONYMOUS, DAILY = "user", "anonymous", "daily"
CLICKED = "click:"
"""An external id of kind `click:user`, `click:email`, ... is the recipient of a signed link that was clicked."""
_WORDS = struct.Struct("<QQ")
_WORD = (1 << 64) - 1


class Evidence(enum.IntEnum):
    """What shows that two actors are one person. The numbers are kept in files."""

    SAME_EVENT = 0
    ALIAS = 1
    EXTERNAL_ID = 2
    SIGNED_CLICK = 3
    BY_HAND = 4

    @property
    def words(self) -> str:
        """As it is shown: `same event`."""
        return self.name.lower().replace("_", " ")


class Actor(msgspec.Struct, frozen=True, order=True):
    """One identifier.

    Attributes:
        kind: `user`, `anonymous`, `daily`, `email`, `phone`, `loyalty_card`, ...
        value: As it was sent; e-mail addresses in lower case.
        namespace: Tells equal values of different systems apart.
    """

    kind: str
    value: str
    namespace: str = ""


class Link(msgspec.Struct, frozen=True, array_like=True):
    """Evidence that two actors are one person; which of them comes first means nothing.

    Attributes:
        one: Number of an actor, the lower one.
        other: Number of the other.
        evidence: What shows it.
        proven: Whether it is proven; else somebody claimed it, and it serves analysis only.
        time: Of the event, microseconds UTC; 0 without one.
        key: The event's 16-byte id: decides between equal times.
        last: Time of the last event of the same 90 days that shows the same; `time` for a link of one event.
        seq: Place in the log of the event; tells where to look, and decides nothing.
        one_is_user: Whether `one` is a user id.
        other_is_user: Whether `other` is one.
    """

    one: int
    other: int
    evidence: Evidence
    proven: bool
    time: int
    key: bytes
    last: int
    seq: int = -1
    one_is_user: bool = False
    other_is_user: bool = False

    @property
    def id(self) -> str:
        """What the link is called, for `sojourn links revoke`."""
        return link_id(self.one, self.other, self.evidence)


def link_id(one: int, other: int, evidence: int) -> str:
    """Name of all links of one kind of evidence between two actors: 16 hexadecimal digits; `links.link_ids` for many."""
    low, high = sorted((one, other))
    word = (low * 0x9E3779B97F4A7C15 + evidence) & _WORD
    word = ((word ^ word >> 32) * 0xD6E8FEB86659FD93) & _WORD
    word = ((word ^ high & _WORD) * 0x9E3779B97F4A7C15) & _WORD
    word = ((word ^ word >> 29) * 0xD6E8FEB86659FD93) & _WORD
    return f"{word ^ word >> 32:016x}"


def key_words(key: bytes) -> tuple[int, int]:
    """The id of an event as the two unsigned words that links are ordered by."""
    high, low = _WORDS.unpack(key)
    return high, low


def actors_of(event: Event) -> tuple[Actor, ...]:
    """The identifiers of an event that name somebody: its user, its device, further ones. An alias's other name is none of them."""
    return tuple(
        actor
        for actor in (
            _actor(USER, event.user_id),
            _actor(DAILY if event.daily else ANONYMOUS, event.anonymous_id),
            *(external_actor(kind, value) for kind, value in event.external_ids),
        )
        if actor is not None
    )


def own_actor(event: Event) -> Actor | None:
    """The identifier that the event belongs to: the user id where it has one. None: it names nobody.

    The recipient of a clicked link is not who clicked, until a link shows it.
    """
    named = _actor(USER, event.user_id) or _actor(DAILY if event.daily else ANONYMOUS, event.anonymous_id)
    return named or _first_external(event)


def links_of(event: Event, number: Callable[[Actor], int], *, seq: int = -1, key: bytes | None = None) -> list[Link]:
    """What an event shows.

    Args:
        event: Any event; only those with two identifiers show something.
        number: Number of an actor in this data folder, `identify.actor.actor_id`.
        seq: The event's place in the log.
        key: The event's 16-byte id; None when its source and message id make it.

    Returns:
        Links, none with a daily actor or a junk id, none twice.
    """
    if event.user_id is None and event.previous_id is None and not event.external_ids:
        # One identifier alone shows nothing.
        return []
    key = event_key(event.source, event.message_id) if key is None else key
    found: dict[tuple[int, int, Evidence], Link] = {}
    for one, other, evidence, proven in _shown(event):
        ends = sorted(((number(one), one.kind == USER), (number(other), other.kind == USER)))
        (low, low_user), (high, high_user) = ends
        if low != high:
            link = Link(low, high, evidence, proven, event.time, key, event.time, seq, low_user, high_user)
            found.setdefault((low, high, evidence), link)
    return list(found.values())


def shown_externals(pairs: Iterable[tuple[str, str]]) -> list[tuple[Actor, Evidence]]:
    """Further identifiers of an event that name somebody, each with what it is evidence for."""
    found = [(external_actor(kind, value), _evidence(kind)) for kind, value in pairs]
    return [(actor, evidence) for actor, evidence in found if actor is not None]


def _shown(event: Event) -> list[tuple[Actor, Actor, Evidence, bool]]:
    """Pairs of actors, the evidence, and whether it is proven."""
    user = _actor(USER, event.user_id)
    device = None if event.daily else _actor(ANONYMOUS, event.anonymous_id)
    # What proves a user id proves no other name: a browser's alias or e-mail address is whatever somebody typed.
    secret = event.proven and not event.browser
    out: list[tuple[Actor, Actor, Evidence, bool]] = []
    if event.daily:
        return out
    if user is not None and device is not None:
        out.append((user, device, Evidence.SAME_EVENT, event.proven))
    out += [(one, other, Evidence.ALIAS, secret) for one, other in alias_pairs(event.user_id, event.previous_id)]
    own = user or device or _first_external(event)
    if own is None:
        return out
    for actor, evidence in shown_externals(event.external_ids):
        if actor != own:
            out.append((own, actor, evidence, secret and evidence is Evidence.EXTERNAL_ID))
    return out


def alias_pairs(user_id: str | None, previous_id: str | None) -> list[tuple[Actor, Actor]]:
    """The pairs of an alias. Clients disagree on which of the two is the new name, and either may be a device's or a user's."""
    if previous_id is None or is_junk(user_id) or is_junk(previous_id) or user_id == previous_id:
        return []
    assert user_id is not None
    kinds = [pair for pair in product((USER, ANONYMOUS), repeat=2) if pair != (ANONYMOUS, ANONYMOUS)]
    return [(Actor(one, user_id), Actor(other, previous_id)) for one, other in kinds]


def _actor(kind: str, value: str | None) -> Actor | None:
    return None if value is None or is_junk(value) else Actor(kind, value)


def external_actor(kind: str, value: str) -> Actor | None:
    """The actor of a further identifier; None when it names nobody."""
    plain = kind.strip().lower().removeprefix(CLICKED)
    given = value.strip().lower() if plain == "email" else value.strip()
    return _actor(plain, given) if plain and plain != DAILY else None


def _evidence(kind: str) -> Evidence:
    return Evidence.SIGNED_CLICK if kind.strip().lower().startswith(CLICKED) else Evidence.EXTERNAL_ID


def _first_external(event: Event) -> Actor | None:
    externals = shown_externals(event.external_ids)
    return next((actor for actor, evidence in externals if evidence is Evidence.EXTERNAL_ID), None)
