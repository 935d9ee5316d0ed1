"""Persons are a pure function of the set of links: the rules, each with numbers a reader can check, against a slow fold by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.identify.link import Evidence, Link
from sojourn.identify.links import WINDOW_US, as_links, as_records, gathered
from sojourn.identify.persons import (
    MOST_ACTIVE,
    Fate,
    PersonMap,
    connected,
    fold,
    fold_order,
    persons_of,
    proven_persons,
)
from tests.identify.person_oracle import persons_by_hand
from tests.thoroughness import examples

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

DAY = 86_400_000_000
DEVICES, USERS, MAILS = range(1, 7), range(101, 105), range(201, 203)


def link(
    one: int,
    other: int,
    day: float = 0,
    *,
    key: int = 0,
    evidence: Evidence = Evidence.SAME_EVENT,
    proven: bool = False,
) -> Link:
    """A link between two numbers; those from 101 to 199 are user ids."""
    low, high = sorted((one, other))
    time = int(day * DAY)
    return Link(
        low, high, evidence, proven, time, key.to_bytes(16, "little"), time, 0, low in range(101, 200), high in range(101, 200)
    )  # fmt: skip


def persons(links: Sequence[Link], *, proven: bool = False, unknown: Sequence[int] = ()) -> dict[int, int]:
    """Whose each actor is that a link names."""
    found = persons_of(as_links(links), proven=proven, unknown=np.array(unknown, np.int64))
    return dict(zip(found.actor.tolist(), found.person.tolist(), strict=True))


@st.composite
def some_links(draw: st.DrawFn) -> list[Link]:
    """Links of all kinds among few actors; times repeat, and go over several stretches of 90 days."""
    actor = st.sampled_from([*DEVICES, *USERS, *MAILS])
    drawn = draw(
        st.lists(
            st.tuples(actor, actor, st.sampled_from([0, 1, 2, 89, 90, 200]), st.sampled_from(Evidence), st.booleans()),
            max_size=14,
        )
    )
    return [
        link(one, other, day, key=n, evidence=evidence, proven=proven)
        for n, (one, other, day, evidence, proven) in enumerate(drawn)
        if one != other
    ]


@given(some_links(), st.booleans(), st.sets(st.sampled_from(USERS)))
def test_the_fold_is_the_one_done_by_hand(links: list[Link], proven: bool, unknown: set[int]) -> None:  # noqa: FBT001  (drawn)
    expected = persons_by_hand(links, proven=proven, unknown=unknown, most=MOST_ACTIVE)

    assert persons(links, proven=proven, unknown=sorted(unknown)) == expected


@examples(60)
@given(some_links(), st.sampled_from([2, 3, 4]))
def test_with_few_active_actors_allowed_it_is_the_one_done_by_hand_too(links: list[Link], most: int) -> None:
    together = gathered([as_links(links)])
    found = fold(together, most=most).persons

    assert dict(zip(found.actor.tolist(), found.person.tolist(), strict=True)) == persons_by_hand(
        links, proven=False, unknown=set(), most=most
    )


@given(some_links(), st.randoms(use_true_random=False), st.integers(1, 4))
def test_any_order_and_any_batches_give_the_same_persons(links: list[Link], chance: random.Random, parts: int) -> None:
    expected = persons(links)
    shuffled = [*links, *links[:3]]
    chance.shuffle(shuffled)
    pieces = [gathered([as_links(shuffled[n::parts])]) for n in range(parts)]

    found = persons_of(gathered(pieces))

    assert dict(zip(found.actor.tolist(), found.person.tolist(), strict=True)) == expected


@given(some_links())
def test_what_is_not_connected_with_a_link_does_not_change_with_it(links: list[Link]) -> None:
    """So a new link folds again only what it touches."""
    *before, newest = [*links, link(1, 101, 5, key=99)]
    touched = connected(as_links([*before, newest]))
    mine = touched.persons(np.array([newest.one]))[0]

    was, now = persons(before), persons([*before, newest])

    for actor, component in zip(touched.actor.tolist(), touched.person.tolist(), strict=True):
        if component != mine:
            assert was[actor] == now[actor]


@given(some_links(), st.data())
def test_a_link_taken_away_and_put_back_leaves_no_trace(links: list[Link], data: st.DataObject) -> None:
    """Persons depend on the set of links that hold, and on nothing that held before."""
    without = [one for one in links if data.draw(st.booleans())]
    assert persons(without) == persons(list(reversed(without)))
    assert persons(links) == persons_by_hand(links, proven=False, unknown=set(), most=MOST_ACTIVE)


def test_a_device_belongs_to_the_user_of_its_earliest_link() -> None:
    """Whoever uses it later keeps their own events, and gets none of the device's."""
    assert persons([link(1, 102, 2), link(1, 101, 1)]) == {1: 101, 101: 101, 102: 102}


def test_two_known_users_are_never_merged_by_a_shared_device() -> None:
    shared = [link(1, 101, 1), link(1, 102, 2), link(2, 101, 3), link(2, 102, 4)]

    assert persons(shared) == {1: 101, 2: 101, 101: 101, 102: 102}
    fates = fold(as_links(shared)).fate.tolist()
    assert fates == [Fate.JOINED, Fate.TWO_USERS, Fate.JOINED, Fate.TWO_USERS]


@pytest.mark.parametrize(
    ("evidence", "proven", "merged"),
    [
        (Evidence.SAME_EVENT, True, False),
        (Evidence.EXTERNAL_ID, True, False),
        (Evidence.SIGNED_CLICK, True, False),
        (Evidence.ALIAS, False, False),
        (Evidence.ALIAS, True, True),
        (Evidence.BY_HAND, True, True),
    ],
)
def test_only_a_proven_alias_or_a_hand_merges_two_known_users(
    evidence: Evidence,
    proven: bool,  # noqa: FBT001  (a parameter)
    merged: bool,  # noqa: FBT001  (a parameter)
) -> None:
    """And the oldest, whom a link names first, survives."""
    links = [link(1, 102, 1), link(2, 101, 2), link(101, 102, 3, evidence=evidence, proven=proven)]

    found = persons(links)

    assert (found[101] == found[102] == found[2] == 102) is merged


def test_a_user_id_that_only_aliases_name_is_no_known_user() -> None:
    """Clients that alias the wrong way round say a device's id where a user id belongs."""
    alias = [link(101, 102, 1, evidence=Evidence.ALIAS)]

    assert persons(alias) == {101: 101, 102: 102}
    assert persons(alias, unknown=[102]) == {101: 101, 102: 101}


def test_two_browsers_of_one_user_are_one_person() -> None:
    assert persons([link(1, 101, 1), link(2, 101, 9)]) == {1: 101, 2: 101, 101: 101}


def test_an_anonymous_person_is_called_after_whom_a_link_names_first() -> None:
    assert persons([link(5, 201, 1), link(3, 201, 2)]) == {3: 5, 5: 5, 201: 5}


def test_equal_times_are_decided_by_the_ids_of_the_events() -> None:
    assert persons([link(1, 101, 1, key=2), link(1, 102, 1, key=1)])[1] == 102


def test_a_person_has_a_hundred_active_identifiers_and_the_next_link_is_refused() -> None:
    """A kiosk where everybody is signed in as the shop must not become one giant person."""
    links = [link(1000 + n, 101, n / 10) for n in range(200)]

    found = persons(links)

    mine = [actor for actor, person in found.items() if person == 101]
    assert len(mine) == MOST_ACTIVE
    assert sorted(mine) == [101, *range(1000, 1000 + MOST_ACTIVE - 1)]
    fates = fold(gathered([as_links(links)])).fate
    assert (fates == Fate.TOO_MANY).sum() == 101


def test_identifiers_of_years_ago_take_no_place() -> None:
    """99 devices of last year, none seen since, and 99 new ones."""
    links = [link(1000 + n, 101, 0) for n in range(99)] + [link(2000 + n, 101, 120) for n in range(99)]

    found = persons(links)

    assert sum(person == 101 for person in found.values()) == 199


def test_an_old_device_that_is_still_in_use_takes_a_place() -> None:
    """A link is 120 days old, and was seen again 31 days ago: its device is active."""
    links = [link(1000 + n, 101, 0) for n in range(99)]
    again = [link(1000 + n, 101, 89) for n in range(99)]
    late = [link(2000, 101, 120)]

    assert persons(links + again + late)[2000] == 2000
    assert persons(links + late)[2000] == 101


def test_each_kind_of_evidence_has_its_own_hundred() -> None:
    links = [link(1000 + n, 101, 0) for n in range(99)]
    mail = link(201, 101, 1, evidence=Evidence.EXTERNAL_ID)

    assert persons([*links, mail])[201] == 101


def test_a_hundred_fakes_of_an_attacker_do_not_use_up_the_proven_places() -> None:
    fakes = [link(1000 + n, 101, 0) for n in range(150)]
    real = link(1, 101, 1, proven=True)

    assert persons([*fakes, real])[1] == 1
    assert persons([*fakes, real], proven=True) == {1: 101, 101: 101}


def test_claimed_links_show_nothing_where_proven_ones_are_asked_for() -> None:
    """A fake identify, a typed e-mail address and a forwarded newsletter link: three claims on the victim, 101."""
    mine, mail = link(1, 101, 1, proven=True), link(101, 201, 1, evidence=Evidence.EXTERNAL_ID, proven=True)
    fake = link(66, 101, 2)
    typed = link(66, 201, 3, evidence=Evidence.EXTERNAL_ID)
    forwarded = link(66, 101, 4, evidence=Evidence.SIGNED_CLICK)

    assert persons([mine, mail, fake])[66] == 101
    assert persons([mine, mail, typed])[66] == 101
    found = proven_persons(as_links([mine, mail, fake, typed, forwarded]))
    assert dict(zip(found.actor.tolist(), found.person.tolist(), strict=True)) == {1: 101, 101: 101, 201: 101}
    assert found.persons(np.array([66])).tolist() == [66]


def test_without_links_everybody_is_who_they_are() -> None:
    found = persons_of(as_links([]))

    assert found.persons(np.array([3, 1, 2])).tolist() == [3, 1, 2]
    assert found.persons(np.empty(0, np.int64)).tolist() == []
    assert fold(as_links([])).fate.tolist() == []


def test_links_are_the_same_as_records() -> None:
    links = [link(1, 101, 1, proven=True, key=2**100 + 1), link(2, 201, 3, evidence=Evidence.ALIAS)]

    assert as_records(as_links(links)) == links


def test_equal_links_become_one_row_a_stretch_of_ninety_days() -> None:
    links = [link(1, 101, day, key=n) for n, day in enumerate([5, 3, 89.5, 90, 91])]

    found = as_records(gathered([as_links(links)]))

    assert [(one.time / DAY, one.last / DAY) for one in found] == [(3, 89.5), (90, 91)]
    assert WINDOW_US == 90 * DAY


def test_folding_goes_by_time_and_then_by_id() -> None:
    links = [link(1, 101, 2, key=1), link(2, 101, 1, key=3), link(3, 101, 1, key=2)]

    assert fold_order(as_links(links)).tolist() == [2, 1, 0]


def test_a_map_can_be_replaced_in_part() -> None:
    whole = PersonMap(np.array([1, 2, 5]), np.array([9, 9, 5]))

    newer = whole.replaced(PersonMap(np.array([2, 3]), np.array([2, 9])))

    assert dict(zip(newer.actor.tolist(), newer.person.tolist(), strict=True)) == {1: 9, 2: 2, 3: 9, 5: 5}
    assert newer.changes().actor.tolist() == [1, 3]
