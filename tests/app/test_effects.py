from __future__ import annotations

import itertools
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.app.effects import FoldRules, effects
from sojourn.identify.link import links_of, own_actor
from sojourn.identify.links import as_links, gathered
from sojourn.identify.persons import persons_of
from sojourn.records.event import Event, arrived
from sojourn.signals.catalogue import Catalogue, Count, Distinct, Sequence, Trait, Without
from sojourn.signals.matches import Matcher
from sojourn.signals.program import compile_catalogue
from sojourn.signals.state import State, fold, read, reading
from sojourn.store.folder import TemporaryFolder, create_folder
from sojourn.store.state import WORKER
from sojourn.store.state import State as Store

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = bytes(range(32))
MINUTE = 60_000_000
FOREVER = 10**15
PROGRAM = compile_catalogue(
    Catalogue(
        signals=(
            Count(name="views", kind="behavioral", says="views", of="view", half_life="1h", cap=3.0),
            Distinct(name="pages", kind="behavioral", says="pages", of="view", property="page"),
            Without(name="left", kind="transactional", says="left", of="cart", without="buy", within="30m"),
            Sequence(name="bought", kind="transactional", says="bought", steps=("view", "cart", "buy"), within="2h"),
            Trait(name="pro", kind="demographic", says="pro", where="plan = 'pro'"),
        )
    )
)


@pytest.fixture
def store() -> Iterator[Store]:
    place = TemporaryFolder()
    with Store(create_folder(place.path)) as opened:
        yield opened


def rules() -> FoldRules:
    return FoldRules(SECRET, PROGRAM)


def event(n: int, minute: int, name: str = "view", **more: Any) -> Event:
    return Event("shop", f"m{n}", more.pop("type", "track"), name, minute * MINUTE, minute * MINUTE, **more)


def take(store: Store, batch: list[tuple[int, Event]]) -> dict[int, int]:
    """Take a batch; the clock at which each person concerned was looked at."""
    changes = effects([arrived(*one) for one in batch], store, rules())
    store.write(changes, cursors={WORKER: batch[-1][0]})
    return dict.fromkeys(changes.profiles, max(one.received_at for _, one in batch))


def values(store: Store, person: int) -> dict[str, float]:
    state = State.from_bytes(store.profiles([person])[person])
    return dict(zip(PROGRAM.names, read(PROGRAM, state, state.time).tolist(), strict=True))


def number(kind: str, value: str) -> int:
    made = event(0, 0, user_id=value) if kind == "user" else event(0, 0, anonymous_id=value)
    own = own_actor(made)
    assert own is not None
    return rules().number(own)


def test_a_person_has_what_its_events_say(store: Store) -> None:
    take(store, [(0, event(0, 1, anonymous_id="a")), (1, event(1, 2, "cart", anonymous_id="a"))])

    assert values(store, number("anonymous", "a"))["views"] == pytest.approx(2 ** (-1 / 60))
    assert store.due(FOREVER) == [(number("anonymous", "a"), 32 * MINUTE)]


def test_a_login_brings_what_the_device_did_before_to_the_user(store: Store) -> None:
    take(store, [(0, event(0, 1, anonymous_id="a")), (1, event(1, 2, "cart", anonymous_id="a"))])
    take(store, [(2, event(2, 3, "buy", anonymous_id="a", user_id="anna"))])

    anna, device = number("user", "anna"), number("anonymous", "a")
    assert values(store, anna)["bought"] == 1.0
    assert store.profiles([device]) == {}
    assert store.due(FOREVER) == []
    assert [kept.record.value for kept in store.actors_of([anna])[anna]] == ["a", "anna"] or len(
        store.actors_of([anna])[anna]
    ) == 2


def test_two_devices_are_one_person_after_both_logged_in(store: Store) -> None:
    take(store, [(n, event(n, n, anonymous_id=f"d{n}", properties=json.dumps({"page": n}))) for n in range(2)])
    take(store, [(n, event(n, n, anonymous_id=f"d{n - 2}", user_id="anna")) for n in (2, 3)])

    assert values(store, number("user", "anna"))["pages"] == 2.0
    assert store.counted()[1] == 1


def test_an_event_that_names_nobody_changes_no_profile(store: Store) -> None:
    take(store, [(0, event(0, 1, user_id="null"))])

    assert (store.counted(), store.cursor()) == ((0, 0, 0), 0)


def test_another_catalogue_folds_a_person_again(store: Store) -> None:
    take(store, [(0, event(0, 1, anonymous_id="a"))])
    device = number("anonymous", "a")
    broken = b"\0" * 16 + store.profiles([device])[device][16:]
    store.write(effects([], store, rules()), cursors={WORKER: 0})
    changes = effects([], store, rules())
    changes.profiles[device] = broken
    store.write(changes, cursors={WORKER: 0})
    take(store, [(1, event(1, 2, anonymous_id="a"))])

    assert values(store, device)["views"] == pytest.approx(1 + 2 ** (-1 / 60))


EVENTS = st.lists(
    st.tuples(
        st.integers(0, 120),
        st.sampled_from(["view", "cart", "buy", "Identified"]),
        st.sampled_from([None, "a", "b", "c"]),
        st.sampled_from([None, None, "anna", "ben"]),
        st.sampled_from(["free", "pro"]),
    ),
    min_size=1,
    max_size=25,
)


@given(EVENTS, st.lists(st.integers(1, 6), min_size=1, max_size=8))
def test_any_batches_with_late_events_and_links_give_what_one_fold_over_all_gives(
    rows: list[Any], sizes: list[int]
) -> None:
    log = [
        (
            n,
            event(
                n, minute, name, anonymous_id=device, user_id=user,
                type="identify" if name == "Identified" else "track",
                traits=json.dumps({"plan": plan}) if name == "Identified" else None,
                properties=json.dumps({"page": minute % 5}),
            ),
        )
        for n, (minute, name, device, user, plan) in enumerate(rows)
    ]  # fmt: skip
    place = TemporaryFolder()
    with Store(create_folder(place.path)) as store:
        rest, cuts, looked_at = log, itertools.cycle(sizes), dict[int, int]()
        while rest:
            size = next(cuts)
            looked_at |= take(store, rest[:size])
            rest = rest[size:]
        expected = _folded(log)
        found = {person for person in expected if store.profiles([person])}

        assert found == set(expected)
        assert store.counted()[1] == len(expected)
        for person, state in expected.items():
            kept = State.from_bytes(store.profiles([person])[person])
            at = max(state.time, 0) + 200 * MINUTE
            np.testing.assert_allclose(read(PROGRAM, kept, at), read(PROGRAM, state, at), atol=1e-9)
            # A timer that was due by then has moved its person already.
            assert dict(store.due(FOREVER)).get(person) == reading(PROGRAM, state, looked_at[person]).due


def _folded(log: list[tuple[int, Event]]) -> dict[int, State]:
    """Persons and their states from the whole log at once."""
    ruled, matcher = rules(), Matcher(PROGRAM)
    owned = [(ruled.number(own), seq, one) for seq, one in log if (own := own_actor(one)) is not None]
    links = gathered([as_links(link for seq, one in log for link in links_of(one, ruled.number, seq=seq))])
    senders = {actor for actor, _, _ in owned}
    users = links.users()
    unknown = users[[user not in senders for user in users.tolist()]]
    persons = persons_of(links, unknown=unknown)
    by_person: dict[int, list[Any]] = {}
    for actor, seq, one in owned:
        person = int(persons.persons(np.array([actor]))[0])
        by_person.setdefault(person, []).append(matcher.matches(one, seq))
    return {person: fold(PROGRAM, np.concatenate(found)) for person, found in by_person.items()}
