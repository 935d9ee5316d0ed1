"""Persons are a function of the set of links: any order of arrival gives the same ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sojourn.identify.persons import PersonMap, fold_links

if TYPE_CHECKING:
    import random

Link = tuple[int, int, int, int]
"""Device, user, time, place in the log."""

DEVICES, USERS = range(1, 6), range(101, 105)


def fold(links: list[Link]) -> PersonMap:
    columns = np.array(links, np.int64).reshape(-1, 4).T
    return fold_links(*np.ascontiguousarray(columns))


@st.composite
def some_links(draw: st.DrawFn) -> list[Link]:
    """Links at places of their own; times repeat."""
    pairs = draw(st.lists(st.tuples(st.sampled_from(DEVICES), st.sampled_from(USERS), st.integers(0, 3)), max_size=12))
    return [(device, user, time, place) for place, (device, user, time) in enumerate(pairs)]


@given(some_links(), st.randoms(use_true_random=False))
def test_any_order_of_the_links_gives_the_same_persons(links: list[Link], chance: random.Random) -> None:
    expected = fold(links)
    chance.shuffle(links)

    found = fold(links)

    assert found.actor.tolist() == expected.actor.tolist()
    assert found.person.tolist() == expected.person.tolist()


@given(some_links())
def test_a_device_belongs_to_the_user_of_its_earliest_link(links: list[Link]) -> None:
    found = fold(links)

    for device in DEVICES:
        mine = [(time, place, user) for linked, user, time, place in links if linked == device]
        [person] = found.persons(np.array([device])).tolist()
        assert person == (min(mine)[2] if mine else device)


@given(some_links())
def test_two_known_users_are_never_one_person(links: list[Link]) -> None:
    """Even when they share every device."""
    users = np.array(USERS)

    assert fold(links).persons(users).tolist() == users.tolist()


def test_without_links_everybody_is_who_they_are() -> None:
    found = fold([])

    assert found.persons(np.array([3, 1, 2])).tolist() == [3, 1, 2]
    assert found.persons(np.empty(0, np.int64)).tolist() == []
