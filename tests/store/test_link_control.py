"""What is decided about links is an event of the log: it has a place there, and deciding again from the log decides the same."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from sojourn.identify.actor import actor_id
from sojourn.identify.link import Evidence
from sojourn.records.event import Event
from sojourn.store.erasure import erase
from sojourn.store.flush import flush
from sojourn.store.index import open_index
from sojourn.store.index_build import build_index
from sojourn.store.link_control import decide, decisions, is_decision, keep_decisions, read_control
from sojourn.store.log import Log

if TYPE_CHECKING:
    from sojourn.store.folder import Folder

AT = 1_704_067_200_000_000


@pytest.fixture
def link(folder: Folder) -> tuple[int, int, int]:
    """Of anna and her phone, which two events of the log show."""
    Log(folder).append(
        [
            Event("shop", "m1", "track", "view", AT, AT, anonymous_id="phone"),
            Event("shop", "m2", "track", "view", AT + 1, AT + 1, user_id="anna", anonymous_id="phone"),
        ]
    )
    anna, phone = actor_id(folder.secret, "user", "anna"), actor_id(folder.secret, "anonymous", "phone")
    return min(anna, phone), max(anna, phone), int(Evidence.SAME_EVENT)


def told(folder: Folder) -> list[tuple[int, Event]]:
    """The decisions in the log, with their places."""
    return [(seq, event) for seq, event in Log(folder).read(-1) if is_decision(event)]


def test_a_decision_has_a_place_in_the_log_and_says_who_made_it(folder: Folder, link: tuple[int, int, int]) -> None:
    decide(folder, [link], revoked=True, who="mia")
    decide(folder, [link], revoked=False, who="tom")

    places, events = zip(*told(folder), strict=True)
    assert (places, [event.event for event in events]) == ((2, 3), ["Link Revoked", "Link Restored"])
    assert [json.loads(event.properties)["by"] for event in events] == ["mia", "tom"]
    assert read_control(folder).revoked == ()


def test_the_log_alone_decides_the_same(folder: Folder, link: tuple[int, int, int]) -> None:
    """As after a power cut between the two files."""
    decide(folder, [link], revoked=True)
    wanted = read_control(folder)
    folder.control.unlink()
    assert (read_control(folder).revoked, wanted.revoked) == ((), (link,))

    keep_decisions(folder, told(folder))

    assert read_control(folder) == wanted


def test_of_several_decisions_the_last_in_the_log_counts_however_often_they_are_read(
    folder: Folder, link: tuple[int, int, int]
) -> None:
    decide(folder, [link], revoked=True)
    decide(folder, [link], revoked=False)
    first, last = told(folder)

    for found in ([first], [last, first], [first, last]):
        keep_decisions(folder, found)
        assert read_control(folder).revoked == ()


def test_no_question_counts_a_decision(folder: Folder, link: tuple[int, int, int]) -> None:
    """It is nobody's doing: no session, no last visit, no further person."""
    decide(folder, [link], revoked=True)

    assert (open_index(folder).manifest.rows, open_index(folder).manifest.persons) == (2, 2)
    with folder.writing():
        flush(folder)
        build_index(folder)
    assert (open_index(folder).manifest.rows, open_index(folder).manifest.events) == (2, ["view"])


def test_nothing_of_a_decision_is_left_of_an_erased_person(folder: Folder, link: tuple[int, int, int]) -> None:
    decide(folder, [link], revoked=True)
    found = told(folder)
    erase(folder, "anna")

    assert (told(folder), decisions(folder)) == ([], [])
    keep_decisions(folder, found)
    assert decisions(folder) == [], "a decision from before the erasure does not come back"


def test_a_folder_without_a_log_keeps_decisions_all_the_same(folder: Folder) -> None:
    decide(folder, [(1, 2, 1)], revoked=True)
    decide(folder, [(1, 2, 1), (3, 4, 1)], revoked=False)
    decide(folder, [(3, 4, 1)], revoked=True)

    assert read_control(folder).revoked == ((3, 4, 1),)
    assert not (folder.path / "log").exists()
