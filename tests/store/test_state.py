from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from sojourn.identify.link import Evidence, Link
from sojourn.identify.links import Links, as_links, as_records
from sojourn.records.actor import ActorRecord, Known, Stay
from sojourn.store.folder import create_folder
from sojourn.store.state import WORKER, Changes, Kept, Move, Owed, State

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    with State(create_folder(tmp_path / "data")) as opened:
        yield opened


def kept(actor: int, person: int, **more: object) -> Kept:
    return Kept(person, ActorRecord(actor, "user", f"u{actor}", 1, 2, **more))  # type: ignore[arg-type]  # named as they are in `ActorRecord`


def test_nothing_has_taken_effect_before_the_first_batch(state: State) -> None:
    assert state.cursor() == -1
    assert state.counted() == (0, 0, 0)


def test_a_batch_and_its_place_in_the_log_are_written_together(state: State) -> None:
    record = kept(-5, 7, counts={"view": 3}, traits={"plan": Known("pro", 2, 1)}, stays=[Stay(1, 2, 3)])
    state.write(Changes(actors={-5: record}, profiles={7: b"folded"}), cursors={WORKER: 9})

    assert state.cursor() == 9
    assert state.actors([-5, 6]) == {-5: record}
    assert state.profiles([7]) == {7: b"folded"}


def test_a_batch_that_fails_changes_nothing(state: State) -> None:
    state.write(Changes(matches={1: b"a"}), cursors={WORKER: 1})
    with pytest.raises(OverflowError):
        state.write(Changes(actors={1: kept(1, 1)}, matches={1: b"b"}, profiles={2**70: b""}), cursors={WORKER: 2})

    assert (state.cursor(), state.matches([1]), state.actors([1])) == (1, {1: b"a"}, {})


def test_what_was_written_is_there_when_the_state_is_opened_again(tmp_path: Path) -> None:
    folder = create_folder(tmp_path / "data")
    with State(folder) as first:
        first.write(Changes(actors={1: kept(1, 1)}), cursors={WORKER: 3})
    with State(folder) as second:
        assert (second.cursor(), second.actors([1])) == (3, {1: kept(1, 1)})


def test_the_actors_of_a_person_are_found_together(state: State) -> None:
    state.write(Changes(actors={n: kept(n, 10 + n % 2) for n in range(1, 6)}), cursors={WORKER: 1})

    assert {person: [k.record.actor for k in found] for person, found in state.actors_of([10, 11, 12]).items()} == {
        10: [2, 4],
        11: [1, 3, 5],
    }


def test_matches_stay_in_the_order_they_came_however_many_batches_bring_them(state: State) -> None:
    expected = b""
    for n in range(60):
        state.write(Changes(matches={1: bytes([n, n]), 2: b"x"}), cursors={WORKER: n})
        expected += bytes([n, n])

    assert state.matches([1, 2, 3]) == {1: expected, 2: b"x" * 60}


def test_timers_come_due_earliest_first_and_a_newer_one_takes_the_place_of_the_old(state: State) -> None:
    state.write(Changes(due={1: 50, 2: 30, 3: 90}), cursors={WORKER: 1})
    state.write(Changes(due={1: 10, 2: None}), cursors={WORKER: 2})

    assert state.due(60) == [(1, 10)]
    assert state.due(90) == [(1, 10), (3, 90)]


def test_a_person_that_is_no_more_has_neither_profile_nor_timer(state: State) -> None:
    state.write(Changes(profiles={1: b"", 2: b""}, due={1: 5, 2: 6}), cursors={WORKER: 1})
    state.write(Changes(gone={1}), cursors={WORKER: 2})

    assert (state.profiles([1, 2]), state.due(9)) == ({2: b""}, [(2, 6)])


def links(*rows: tuple[int, int, int]) -> Links:
    return as_links(
        Link(one, other, Evidence.SAME_EVENT, False, time, bytes([time] * 8) + b"\xff" * 8, time, time, False, True)
        for one, other, time in rows
    )


def pairs(found: Links) -> set[tuple[int, int, int]]:
    return set(zip(found.one.tolist(), found.other.tolist(), found.time.tolist(), strict=True))


def test_links_are_found_from_either_end_and_as_far_as_they_reach(state: State) -> None:
    state.write(Changes(links=links((1, 2, 5), (2, 3, 6), (3, 9, 7), (20, 21, 8))), cursors={WORKER: 1})

    for actor in (1, 2, 3, 9):
        assert pairs(state.links([actor])) == {(1, 2, 5), (2, 3, 6), (3, 9, 7)}
    assert len(state.links([4])) == 0


def test_a_link_comes_back_as_it_was_written(state: State) -> None:
    written = links((-1, 2, 250))
    state.write(Changes(links=written), cursors={WORKER: 1})

    assert as_records(state.links([2])) == as_records(written)


def test_what_is_written_of_a_pair_takes_the_place_of_what_was_kept_of_it(state: State) -> None:
    state.write(Changes(links=links((1, 2, 5), (1, 2, 6), (3, 4, 9))), cursors={WORKER: 1})
    state.write(Changes(links=links((1, 2, 4))), cursors={WORKER: 2})

    assert pairs(state.links([1, 3])) == {(1, 2, 4), (3, 4, 9)}


def test_a_stretch_that_is_owed_is_known_until_it_is_done(state: State) -> None:
    state.write(Changes(), cursors={}, owed=[Owed(100, 199, 99), Owed(0, 9, -1)])
    state.write(Changes(), cursors={}, owed=[Owed(100, 199, 150)])
    assert state.owed() == [Owed(0, 9, -1), Owed(100, 199, 150)]

    state.write(Changes(), cursors={}, owed=[Owed(100, 199, 199)])
    assert state.owed() == [Owed(0, 9, -1)]


def test_another_catalogue_begins_anew_and_the_same_one_goes_on(state: State) -> None:
    assert state.begin(b"one", cursors={WORKER: 4}, owed=[Owed(0, 4, -1)])
    state.write(Changes(actors={1: kept(1, 1)}, profiles={1: b""}), cursors={WORKER: 9})
    assert not state.begin(b"one", cursors={WORKER: 4}, owed=[Owed(0, 4, -1)])
    assert (state.cursor(), state.counted()) == (9, (1, 1, 0))

    assert state.begin(b"other", cursors={WORKER: 7}, owed=[Owed(0, 7, -1)])
    assert (state.cursor(), state.counted(), state.owed()) == (7, (0, 0, 0), [Owed(0, 7, -1)])


def test_no_page_of_the_file_holds_an_erased_identifier(tmp_path: Path) -> None:
    """Pages that were split and joined hold copies of rows that `secure_delete` does not see."""
    folder = create_folder(tmp_path / "data")
    dice = random.Random(1)
    names = {dice.getrandbits(62): f"identifier-{n:03}-of-somebody" for n in range(400)}
    actors = list(names)
    gone = set(dice.sample(actors, 60))

    def record(actor: int) -> Kept:
        traits = {f"{names[actor]}-{n}": Known("x", 1, 1) for n in range(dice.randrange(30))}
        return Kept(actor, ActorRecord(actor, "user", names[actor], 1, 2, traits=traits))

    with State(folder) as state:
        for seq in range(6):
            state.write(Changes(actors={n: record(n) for n in dice.sample(actors, 150)}), cursors={WORKER: seq})
        known = set(state.actors(actors))
        told = [Move(7, names[n], "s", entered=True, at=1, seq=1) for n in sorted(known & gone)]
        state.write(Changes(moves=told), cursors={})
        state.write(Changes(erased=gone), cursors={})
        assert (state.has_residue(), state.moves(0)) == (True, [])

        state.overwrite_residue()
        assert (state.has_residue(), set(state.actors(actors))) == (False, known - gone)

    files = b"".join(path.read_bytes() for path in folder.path.glob("state.sqlite*"))
    assert {n for n in actors if names[n].encode() in files} == known - gone
