"""What persons asked about their data, until it is done; after an erasure it names nobody."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sojourn.records.errors import BadOption, UnknownRequest
from sojourn.store.erasure import erase
from sojourn.store.privacy_requests import KINDS, add_request, close_request, due_of, find_request, list_requests
from tests.store.everything import mentions
from tests.store.rows import Row, batch, store

if TYPE_CHECKING:
    from sojourn.store.folder import Folder

MARCH = dt.date(2026, 3, 10)


@pytest.mark.parametrize(
    ("received", "due"),
    [("2026-03-10", "2026-04-10"), ("2026-01-31", "2026-02-28"), ("2028-01-30", "2028-02-29"), ("2026-12-05", "2027-01-05")],
)  # fmt: skip
def test_an_answer_is_due_in_a_month(received: str, due: str) -> None:
    assert due_of(dt.date.fromisoformat(received)).isoformat() == due


@given(st.dates(max_value=dt.date(9998, 1, 1)))
def test_a_month_is_never_longer_than_the_calendar_says(received: dt.date) -> None:
    assert 28 <= (due_of(received) - received).days <= 31


def test_open_requests_come_by_the_day_they_are_due_and_then_the_last_closed(folder: Folder) -> None:
    add_request(folder, "access", "anna", received=MARCH)
    add_request(folder, "objection", "ben", received=MARCH - dt.timedelta(days=9))
    add_request(folder, "rectification", "carl", received=MARCH, due=MARCH)
    close_request(folder, 3, "done", reason="address mended in the shop")

    found = list_requests(folder)

    assert [(one.id, one.state, one.due_on) for one in found] == [
        (2, "open", "2026-04-01"), (1, "open", "2026-04-10"), (3, "done", "2026-03-10"),
    ]  # fmt: skip
    assert [one.is_overdue(dt.date(2026, 4, 2)) for one in found] == [True, False, False]


def test_an_erasure_does_its_request_and_none_of_the_person_s_names_anybody(folder: Folder) -> None:
    """By any identifier of the person; somebody else's stays as it is."""
    store(folder, batch([Row(user="anna", anonymous="annas-phone"), Row(user="ben")]))
    add_request(folder, "erasure", "annas-phone", received=MARCH, note="anna wrote a letter")
    add_request(folder, "access", "anna", received=MARCH)
    add_request(folder, "erasure", "ben", received=MARCH)
    assert mentions(folder.path, "annas-phone")

    with folder.writing():
        erase(folder, "anna")

    phone, anna, ben = (find_request(folder, number) for number in (1, 2, 3))
    assert (phone.state, phone.receipt, phone.person, phone.note) == ("done", 1, None, "")
    assert (anna.state, anna.person) == ("open", None), "what was asked besides is for somebody to answer"
    assert (ben.state, ben.person) == ("open", "ben")
    assert {word: mentions(folder.path, word) for word in ("anna", "annas-phone", "letter")} == {
        "anna": [], "annas-phone": [], "letter": [],
    }  # fmt: skip


def test_an_erasure_done_by_hand_names_nobody_either_and_the_hash_tells_who_asked_again(folder: Folder) -> None:
    for number in (1, 2):
        add_request(folder, "erasure", "nobody-we-know", received=MARCH)
        close_request(folder, number, "done")

    first, second = list_requests(folder)
    assert first.hash == second.hash
    assert not mentions(folder.path, "nobody-we-know")


def test_a_refusal_needs_a_reason_and_what_is_closed_stays(folder: Folder) -> None:
    add_request(folder, "erasure", "anna", received=MARCH)

    with pytest.raises(BadOption, match="needs a reason"):
        close_request(folder, 1, "refused", reason=" ")
    closed = close_request(folder, 1, "refused", reason="invoices are kept for ten years")
    assert (closed.state, closed.person, closed.reason) == ("refused", "anna", "invoices are kept for ten years")
    with pytest.raises(BadOption, match="request 1 is refused since"):
        close_request(folder, 1, "done")
    with pytest.raises(UnknownRequest):
        close_request(folder, 10**30, "done")


@pytest.mark.parametrize(
    ("kind", "person", "due"),
    [("gossip", "anna", None), ("access", " ", None), ("access", "a\nb", None), ("access", "x" * 1_001, None), ("access", "anna", dt.date(2026, 3, 9))],
)  # fmt: skip
def test_what_is_no_request_is_refused(folder: Folder, kind: str, person: str, due: dt.date | None) -> None:
    with pytest.raises(BadOption):
        add_request(folder, kind, person, received=MARCH, due=due)
    assert list_requests(folder) == []


@given(st.sampled_from(KINDS), st.text(max_size=40))
def test_any_text_is_taken_or_refused(kind: str, text: str) -> None:
    from tests.store.rows import passing_folder

    with passing_folder() as folder:
        try:
            made = add_request(folder, kind, text, received=MARCH, note=text)
        except BadOption:
            return
        assert find_request(folder, made.id) == made
