from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.api.live_events import MOST, LiveTail
from sojourn.records.errors import BadPredicate
from sojourn.records.event import Event
from sojourn.store.folder import create_folder
from sojourn.store.log import Log

if TYPE_CHECKING:
    from pathlib import Path

    from sojourn.store.folder import Folder

NOON = 1_714_564_800_000_000


def event(number: int, name: str = "Looked", **fields: object) -> Event:
    return Event("web", str(number), "track", name, NOON + number, NOON + number, **fields)  # type: ignore[arg-type] # any field


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return create_folder(tmp_path)


def test_nothing_was_ever_collected(folder: Folder) -> None:
    tail = LiveTail(folder)

    assert tail.latest().events == ()
    assert tail.take().events == ()
    Log(folder).append([event(0)])
    assert [one.seq for one in tail.take().events] == [0]


def test_each_event_is_seen_once_and_in_order(folder: Folder) -> None:
    log, tail = Log(folder), LiveTail(folder)
    log.append([event(n) for n in range(3)])

    assert [one.seq for one in tail.latest(2).events] == [1, 2]
    assert tail.take().events == ()
    log.append([event(n) for n in range(3, 5)])
    assert [one.seq for one in tail.take().events] == [3, 4]
    assert tail.take().events == ()


def test_a_filter_is_that_of_every_question(folder: Folder) -> None:
    log = Log(folder)
    log.append(
        [event(n, "Bought" if n % 3 == 0 else "Looked", revenue=float(n), properties='{"page":"a"}') for n in range(9)]
    )
    tail = LiveTail(folder, ["event = 'Bought' and revenue > 2", "page = 'a'"])

    assert [one.seq for one in tail.latest().events] == [3, 6]
    log.append([event(9, "Bought", revenue=1.0), event(10, "Bought", revenue=10.0, properties='{"page":"a"}')])
    taken = tail.take()
    assert ([one.seq for one in taken.events], taken.last) == ([10], 10)
    with pytest.raises(BadPredicate):
        LiveTail(folder, ["event ="])


def test_what_matches_is_found_behind_many_that_do_not(folder: Folder) -> None:
    Log(folder).append([event(n, "Bought" if n == 5 else "Looked") for n in range(3_000)])

    assert [one.seq for one in LiveTail(folder, ["event = 'Bought'"]).latest().events] == [5]


def test_what_comes_too_fast_is_counted_and_the_newest_shown(folder: Folder) -> None:
    log, tail = Log(folder), LiveTail(folder)
    log.append([event(n) for n in range(5_000)])

    taken = tail.take()
    assert [one.seq for one in taken.events] == list(range(4_800, 5_000))
    assert (taken.passed + len(taken.events), len(taken.events)) == (5_000, MOST)
    assert tail.take().events == ()


def test_a_person_is_named_by_what_the_event_carries(folder: Folder) -> None:
    Log(folder).append(
        [
            event(0, user_id="anna", anonymous_id="device"),
            event(1, anonymous_id="device"),
            event(2, external_ids=(("email", "a@shop.example"),)),
            event(3),
        ]
    )

    shown = LiveTail(folder).latest().events
    assert [(one.person, one.anonymous) for one in shown] == [
        ("anna", False),
        ("device", True),
        ("a@shop.example", True),
        (None, True),
    ]
    assert shown[0].time == "2024-05-01T12:00:00.000Z"


@given(st.lists(st.integers(0, 700), max_size=4), st.integers(1, 300))
def test_the_latest_are_the_end_of_all(tmp_path_factory: pytest.TempPathFactory, sizes: list[int], most: int) -> None:
    """Also behind the hole that an import leaves, and over the end of a day."""
    log = Log(create_folder(tmp_path_factory.mktemp("log")))
    said = 0
    for size in sizes:
        log.append([event(said + n) for n in range(size)])
        said += size
        log.reserve(1_000)
        log.close_day()

    assert log.latest(most) == log.read(-1)[-most:]
