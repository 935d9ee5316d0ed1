"""The rule of persons a second time, as plain sets and loops: slow, and written from docs/methods/identity.md alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sojourn.identify.link import Evidence

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sojourn.identify.link import Link

_NINETY_DAYS = 90 * 86_400_000_000


def persons_by_hand(links: Sequence[Link], *, proven: bool, unknown: set[int], most: int) -> dict[int, int]:
    """Actor -> person."""
    counted = [one for one in links if one.proven or not proven]
    users = {a for one in counted for a in _users(one)}
    known = users - unknown | {a for one in counted if one.evidence is not Evidence.ALIAS for a in _users(one)}
    sets: dict[int, frozenset[int]] = {a: frozenset([a]) for one in counted for a in (one.one, one.other)}
    joined: dict[tuple[int, Evidence], bool] = {}
    first_named: dict[int, int] = {}
    for n, one in enumerate(_tries(counted)):
        for actor in (one.one, one.other):
            first_named.setdefault(actor, n)
        ours, theirs = sets[one.one], sets[one.other]
        both = ours | theirs
        if ours != theirs:
            merges_users = one.evidence is Evidence.BY_HAND or (one.evidence is Evidence.ALIAS and one.proven)
            if ours & known and theirs & known and not merges_users:
                continue
            active = {
                actor
                for actor in both
                if (joined.get((actor, one.evidence)) or actor in (one.one, one.other))
                and _active(actor, one.time, counted)
            }
            if len(both) > most and len(active) > most and one.evidence is not Evidence.BY_HAND:
                continue
            for actor in both:
                sets[actor] = both
        joined[one.one, one.evidence] = joined[one.other, one.evidence] = True
    return {actor: min(members, key=lambda a: (a not in known, first_named[a], a)) for actor, members in sets.items()}


def _users(one: Link) -> list[int]:
    return [a for a, is_user in ((one.one, one.one_is_user), (one.other, one.other_is_user)) if is_user]


def _tries(links: Iterable[Link]) -> list[Link]:
    """The first of equal links in each stretch of ninety days, in order."""
    first: dict[tuple[object, ...], Link] = {}
    for one in sorted(links, key=_order):
        first.setdefault((one.one, one.other, one.evidence, one.proven, one.time // _NINETY_DAYS), one)
    return sorted(first.values(), key=_order)


def _order(one: Link) -> tuple[object, ...]:
    """By time and event id; of links of one event by whom they name, and by kind."""
    words = (int.from_bytes(one.key[:8], "little"), int.from_bytes(one.key[8:], "little"))
    return one.time, *words, one.one, one.other, one.evidence + 8 * one.proven


def _active(actor: int, now: int, links: Iterable[Link]) -> bool:
    return any(actor in (one.one, one.other) and now - _NINETY_DAYS <= one.time <= now for one in links)
