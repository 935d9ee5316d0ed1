"""Who is whom, through log, table, index and what is decided by hand: always what a loop over all events says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.identify.actor import actor_id
from sojourn.identify.link import Actor, Evidence, Link, links_of, own_actor
from sojourn.identify.persons import MOST_ACTIVE
from sojourn.records.event import Event
from sojourn.store.events import EventsTable
from sojourn.store.flush import flush
from sojourn.store.index import open_index
from sojourn.store.index_build import build_index, current_identities, read_manifest
from sojourn.store.link_control import decide, ignore_id, ignored_ids
from sojourn.store.log import Log
from sojourn.store.persons_table import publish_persons
from sojourn.store.tail import read_version
from sojourn.store.timeline import find_person
from tests.identify.person_oracle import persons_by_hand
from tests.store.rows import START, passing_folder
from tests.thoroughness import examples

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from sojourn.store.folder import Folder
    from sojourn.store.index import Index

SECOND = 1_000_000


def event(n: int, second: int = 0, **more: object) -> Event:
    """An event with an id of its own."""
    time = START + second * SECOND
    fields: dict[str, object] = {"type": "track", "event": "view", **more}
    return Event("shop", f"m{n}", time=time, received_at=time, **fields)  # type: ignore[arg-type]  # fields by name, each of its type


def number_in(folder: Folder) -> Callable[[Actor], int]:
    """Numbers of actors in a folder."""
    return lambda actor: actor_id(folder.secret, actor.kind, actor.value)


@st.composite
def some_events(draw: st.DrawFn) -> list[Event]:
    """Events of few people: with devices, logins, aliases, further identifiers, junk; claimed, proven, cookieless."""
    user = st.sampled_from([None, None, "anna", "ben", "null"])
    device = st.sampled_from(["d1", "d2", "anna", "undefined"])
    external = st.lists(
        st.tuples(st.sampled_from(["email", "click:user", "card"]), st.sampled_from(["A@x.org", "anna", "0"])),
        max_size=1,
    )
    out = []
    for n in range(draw(st.integers(1, 8))):
        named = draw(user)
        alias = draw(st.sampled_from([None, None, None, "d1", "ben", "anna"])) if named else None
        out.append(
            event(
                n,
                draw(st.sampled_from([0, 5, 9])),
                type="alias" if alias else "track",
                user_id=named,
                anonymous_id=draw(device),
                previous_id=alias,
                external_ids=tuple(draw(external)),
                proven=draw(st.booleans()),
                browser=draw(st.booleans()),
                daily=draw(st.sampled_from([False, False, False, True])),
            )
        )
    return out


def expected(folder: Folder, events: Sequence[Event], revoked: Iterable[tuple[int, int, int]] = ()) -> dict[str, int]:
    """The person of each event, by a loop over all of them."""
    number, gone = number_in(folder), set(revoked)
    links = [link for one in events for link in links_of(one, number)]
    named = {number(Actor("user", one.user_id)) for one in events if one.user_id and one.type != "alias"}
    users = {
        end
        for link in links
        for end, is_user in ((link.one, link.one_is_user), (link.other, link.other_is_user))
        if is_user
    }
    persons = persons_by_hand(
        [link for link in links if (link.one, link.other, link.evidence) not in gone],
        proven=False, unknown=users - named, most=MOST_ACTIVE,
    )  # fmt: skip
    found = {}
    for one in events:
        own = own_actor(one)
        if own is not None:
            found[one.message_id] = persons.get(number(own), number(own))
    return found


def shown(index: Index) -> dict[int, int]:
    """The person of each event that a question sees, by its place."""
    return {
        int(seq): int(person)
        for bucket in index.buckets
        for person, first, last in zip(bucket.person, bucket.offset[:-1], bucket.offset[1:], strict=True)
        for seq in bucket.seq[first:last]
    }


def agrees(folder: Folder, events: Sequence[Event], revoked: Iterable[tuple[int, int, int]] = ()) -> None:
    """Whether every event is the person's it should be."""
    index = open_index(folder)
    persons = shown(index)
    assert sorted(persons) == list(range(len(events)))
    wanted = expected(folder, events, revoked)
    places = {one.message_id: seq for seq, one in enumerate(events)}
    assert {name: persons[places[name]] for name in wanted} == wanted
    for bucket in index.buckets:
        for first, last in zip(bucket.offset[:-1], bucket.offset[1:], strict=True):
            rows = list(zip(bucket.time[first:last].tolist(), bucket.seq[first:last].tolist(), strict=True))
            assert rows == sorted(rows)


@examples(80)
@given(some_events(), st.integers(0, 8), st.data())
def test_every_event_is_whose_a_loop_says_before_and_after_decisions_over_tail_and_index(
    events: list[Event], indexed: int, data: st.DataObject
) -> None:
    with passing_folder() as folder:
        log = Log(folder)
        if events[:indexed]:
            log.append(events[:indexed])
            with folder.writing():
                flush(folder)
                build_index(folder)
        if events[indexed:]:
            log.append(events[indexed:])
        agrees(folder, events)
        links = sorted({(x.one, x.other, int(x.evidence)) for one in events for x in links_of(one, number_in(folder))})
        revoked = [link for link in links if data.draw(st.booleans())]
        decide(folder, revoked, revoked=True)
        agrees(folder, events, revoked)
        restored = [link for link in revoked if data.draw(st.booleans())]
        decide(folder, restored, revoked=False)
        left = set(revoked) - set(restored)
        agrees(folder, events, left)
        with folder.writing():
            flush(folder)
            build_index(folder)
        agrees(folder, events, left)


def built(folder: Folder, events: Sequence[Event]) -> None:
    Log(folder).append(list(events))
    with folder.writing():
        flush(folder)
        build_index(folder)


def test_a_login_moves_earlier_events_without_a_new_index(folder: Folder) -> None:
    built(
        folder,
        [event(n, n, anonymous_id="phone" if n % 2 else "laptop", properties=f'{{"n": {n}}}') for n in range(10)],
    )
    generation = read_manifest(folder)
    Log(folder).append([event(99, 50, user_id="anna", anonymous_id="phone", properties='{"n": 99}')])

    index = open_index(folder)

    assert read_manifest(folder) == generation
    anna, laptop = (number_in(folder)(Actor(*one)) for one in (("user", "anna"), ("anonymous", "laptop")))
    assert shown(index) == {**{n: anna if n % 2 else laptop for n in range(10)}, 10: anna}
    [numbers] = index.column("n")
    [bucket] = index.buckets
    values = dict(zip(bucket.seq.tolist(), numbers.values.tolist(), strict=True))  # type: ignore[union-attr]  # numbers
    assert values == {**{n: float(n) for n in range(10)}, 10: 99.0}


def test_a_revoked_link_parts_the_events_again_and_restoring_joins_them(folder: Folder) -> None:
    """Each without a new index; what anna did while signed in stays hers."""
    built(
        folder,
        [
            event(0, 0, anonymous_id="phone"),
            event(1, 1, user_id="anna", anonymous_id="phone"),
            event(2, 2, user_id="anna"),
        ],
    )
    anna, phone = (number_in(folder)(Actor(*one)) for one in (("user", "anna"), ("anonymous", "phone")))
    link = (min(anna, phone), max(anna, phone), int(Evidence.SAME_EVENT))
    assert shown(open_index(folder)) == {0: anna, 1: anna, 2: anna}

    decide(folder, [link], revoked=True)
    assert shown(open_index(folder)) == {0: phone, 1: anna, 2: anna}

    decide(folder, [link], revoked=False)
    assert shown(open_index(folder)) == {0: anna, 1: anna, 2: anna}


def test_links_that_come_later_do_not_undo_a_revocation(folder: Folder) -> None:
    built(folder, [event(0, 0, anonymous_id="phone"), event(1, 1, user_id="anna", anonymous_id="phone")])
    anna, phone = (number_in(folder)(Actor(*one)) for one in (("user", "anna"), ("anonymous", "phone")))
    decide(folder, [(min(anna, phone), max(anna, phone), int(Evidence.SAME_EVENT))], revoked=True)
    Log(folder).append([event(2, 100, user_id="anna", anonymous_id="phone")])

    # The decision has the place 2 of the log, and is in no question.
    assert shown(open_index(folder)) == {0: phone, 1: anna, 3: anna}


def test_an_id_declared_to_be_nobody_joins_no_one_any_more(folder: Folder) -> None:
    """A test account that everybody in the office signs in with."""
    built(
        folder, [event(n, n, user_id=user, anonymous_id=f"d{n}") for n, user in enumerate(["tester", "tester", "anna"])]
    )
    number = number_in(folder)
    Log(folder).append([event(3 + n, 50, anonymous_id=f"d{n}") for n in range(3)])
    tester, anna = number(Actor("user", "tester")), number(Actor("user", "anna"))
    assert [shown(open_index(folder))[n] for n in (3, 4, 5)] == [tester, tester, anna]

    ignore_id(folder, "tester")
    assert ignored_ids(folder) == ["tester"]
    assert [shown(open_index(folder))[n] for n in (3, 4, 5)] == [
        number(Actor("anonymous", f"d{n}")) for n in (0, 1)
    ] + [anna]

    ignore_id(folder, "tester", ignored=False)
    assert [shown(open_index(folder))[n] for n in (3, 4, 5)] == [tester, tester, anna]


@pytest.mark.parametrize(
    "junk", ["null", "undefined", "0", "00000000-0000-0000-0000-000000000000", "[object Object]", "Anonymous"]
)
def test_people_who_share_a_junk_id_stay_themselves(folder: Folder, junk: str) -> None:
    built(folder, [event(n, n, user_id=junk, anonymous_id=f"d{n}") for n in range(3)])

    assert [shown(open_index(folder))[n] for n in range(3)] == [
        number_in(folder)(Actor("anonymous", f"d{n}")) for n in range(3)
    ]


def test_alias_joins_in_both_directions() -> None:
    """Clients disagree on which of the two names is the new one."""
    for turn, (user, previous) in enumerate([("anna", "phone"), ("phone", "anna")]):
        with passing_folder() as fresh:
            built(
                fresh,
                [
                    event(0, 0, anonymous_id="phone"),
                    event(1, 5, user_id="anna"),
                    event(2, 9, type="alias", user_id=user, previous_id=previous, browser=bool(turn)),
                ],
            )
            anna = number_in(fresh)(Actor("user", "anna"))
            assert shown(open_index(fresh)) == {0: anna, 1: anna, 2: anna}


def test_after_a_log_out_the_next_user_of_a_device_is_somebody_else(folder: Folder) -> None:
    """reset() makes a new anonymous id; without it the device's anonymous events stay with whoever came first."""
    built(
        folder,
        [
            event(0, 0, anonymous_id="a1"),
            event(1, 1, user_id="anna", anonymous_id="a1"),
            event(2, 2, anonymous_id="a2"),
            event(3, 3, user_id="ben", anonymous_id="a2"),
            event(4, 4, user_id="ben", anonymous_id="a1"),
            event(5, 5, anonymous_id="a1"),
        ],
    )
    anna, ben = (number_in(folder)(Actor("user", name)) for name in ("anna", "ben"))

    assert shown(open_index(folder)) == {0: anna, 1: anna, 2: ben, 3: ben, 4: ben, 5: anna}


def test_identifying_twice_changes_nothing(folder: Folder) -> None:
    built(folder, [event(n, n, type="identify", user_id="anna", anonymous_id="phone") for n in range(3)])

    assert len(set(shown(open_index(folder)).values())) == 1
    assert len(current_identities(folder, read_version(folder)).links) == 1


def test_what_an_attacker_claims_shows_nothing_of_the_victim(folder: Folder) -> None:
    """A browser key can say anything: a fake identify, a typed address, a forwarded newsletter link, an alias."""
    built(
        folder,
        [
            event(0, 0, user_id="victim", anonymous_id="home", proven=True, external_ids=(("email", "v@x.org"),)),
            event(1, 1, anonymous_id="evil", user_id="victim", browser=True),
            event(2, 2, anonymous_id="evil", external_ids=(("email", "V@x.org"),), browser=True),
            event(3, 3, anonymous_id="evil", external_ids=(("click:user", "victim"),), browser=True, proven=True),
            event(4, 4, type="alias", user_id="mallory", previous_id="victim", browser=True, proven=True),
            event(5, 5, user_id="mallory", anonymous_id="evil", browser=True, proven=True),
        ],
    )
    number = number_in(folder)
    victim, evil = number(Actor("user", "victim")), number(Actor("anonymous", "evil"))
    identities = open_index(folder).identities

    assert identities.persons(np.array([evil])).tolist() == [victim]
    proven = identities.person_map(proven=True)
    mallory = number(Actor("user", "mallory"))
    assert proven.persons(np.array([evil, victim, mallory])).tolist() == [mallory, victim, mallory]
    assert proven.persons(np.array([number(Actor("anonymous", "home"))])).tolist() == [victim]


def test_the_table_of_persons_follows_a_decision(folder: Folder) -> None:
    from deltalake import DeltaTable

    built(folder, [event(0, 0, user_id="anna", anonymous_id="phone", external_ids=(("email", "Anna@x.org"),))])

    def told() -> dict[str, tuple[str, str]]:
        with folder.writing():
            publish_persons(folder)
        rows = DeltaTable(str(folder.persons)).to_pyarrow_table().to_pylist()
        return {row["id"]: (row["kind"], row["person_id"]) for row in rows}

    assert told() == {"phone": ("anonymous", "anna"), "anna@x.org": ("email", "anna")}
    [link] = links_of(event(0, 0, user_id="anna", anonymous_id="phone"), number_in(folder))
    decide(folder, [(link.one, link.other, link.evidence)], revoked=True)
    assert told() == {"anna@x.org": ("email", "anna")}
    assert EventsTable(folder.events).read().rows == 1


def test_a_person_is_found_by_any_of_their_identifiers(folder: Folder) -> None:
    built(
        folder,
        [
            event(0, 0, user_id="anna", anonymous_id="phone", external_ids=(("email", "Anna@x.org"), ("card", "C 1"))),
            event(1, 1, user_id="old anna", proven=True),
            event(2, 2, type="alias", user_id="anna", previous_id="old anna", proven=True),
        ],
    )
    index = open_index(folder)

    found = {
        find_person(index, name) for name in ("anna", "old anna", "phone", "anna@X.org", "email:anna@x.org", "card:C 1")
    }

    assert found == {number_in(folder)(Actor("user", "anna"))}
    assert find_person(index, "card:C 2") is None


def test_links_of_columns_are_those_of_single_events(folder: Folder) -> None:
    events = [
        event(0, 0, user_id="anna", anonymous_id="phone", external_ids=(("email", "A@x"), ("click:email", "B@x"))),
        event(1, 1, type="alias", user_id="anna", previous_id="d1", proven=True),
        event(2, 2, anonymous_id="phone", user_id="ben", daily=True),
        event(3, 3, anonymous_id="d3", external_ids=(("user", "carl"),), browser=True, proven=True),
    ]
    built(folder, events)
    links: list[Link] = [link for n, one in enumerate(events) for link in links_of(one, number_in(folder), seq=n)]

    from sojourn.identify.links import as_records

    found = as_records(current_identities(folder, read_version(folder)).links)

    assert sorted(found, key=repr) == sorted(links, key=repr)
