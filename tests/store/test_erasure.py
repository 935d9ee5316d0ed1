"""Erasing one person, bytes included: every file of the folder is decoded and searched."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from sojourn.records.errors import NotADataFolder, UnknownPerson
from sojourn.records.rejected import Reason, Rejected
from sojourn.store import compaction
from sojourn.store.compaction import compact
from sojourn.store.erasure import erase
from sojourn.store.index import open_index
from sojourn.store.index_build import build_index
from sojourn.store.quarantine import count_rejected, rejected_rows
from sojourn.store.sqlite import database, queries
from tests.store.everything import mentions
from tests.store.rows import START, Row, batch, store, stored, stored_values

if TYPE_CHECKING:
    from sojourn.store.erasure import Receipt
    from sojourn.store.folder import Folder

WORDS = [
    "anna",
    "annas-phone",
    "annas-laptop",
    "anna@example.org",
    "Lindenstrasse",
    "order-of-anna",
    "msg-anna",
    "plan-anna",
]
"""Words that only events of anna hold: her ids, and values of properties nobody else has."""

LOG = [
    Row(anonymous="annas-phone", second=0, properties={"street": "Lindenstrasse", "n": 1}),
    Row(user="anna", anonymous="annas-phone", second=1, more={"traits": '{"email": "anna@example.org"}'}),
    Row(user="anna", anonymous="annas-laptop", second=2, message_id="msg-anna", properties={"n": 2}),
    Row(user="anna", second=3, event="pay", more={"order_id": "order-of-anna", "context": '{"plan": "plan-anna"}'}),
    Row(user="ben", anonymous="bens-phone", second=4, properties={"street": "Ringweg", "n": 3}),
    Row(user="carl", second=5, event="pay", properties={"n": 4}),
    Row(anonymous="annabel", second=6, properties={"street": "Ringweg", "n": 5}),
]
QUARANTINED = [
    Rejected("f.csv", 8, Reason.BAD_TIME, "not a time", b"anna,annas-phone,soon,view"),
    Rejected("f.csv", 9, Reason.BAD_JSON, "what came: '\"annas-laptop\"'", b"{"),
    Rejected("f.csv", 10, Reason.BAD_TIME, "not a time", b"annabel,,soon,view"),
]


def fill(folder: Folder) -> None:
    """A log with an index of two columns, a compaction, and files of before and after it."""
    store(folder, batch(LOG[:4], rejected=QUARANTINED), batch(LOG[4:]))
    with folder.writing():
        compact(folder)
        build_index(folder)
    for name in ("street", "user_id", "traits.email", "n"):
        open_index(folder).column(name)


def erased(folder: Folder, person: str) -> Receipt:
    with folder.writing():
        return erase(folder, person)


def test_before_it_every_word_is_somewhere(folder: Folder) -> None:
    """That the search finds what there is."""
    fill(folder)

    assert all(mentions(folder.path, word) for word in WORDS)
    assert any("Arrow" in found for found in mentions(folder.path, "Lindenstrasse"))
    assert any("SQLite" in found for found in mentions(folder.path, "annas-phone"))


@pytest.mark.parametrize("named", ["anna", "annas-phone", "annas-laptop"])
def test_no_file_of_the_folder_holds_a_word_of_an_erased_person(folder: Folder, named: str) -> None:
    """By whichever of the person's identifiers."""
    fill(folder)

    receipt = erased(folder, named)
    open_index(folder).column("street")

    assert (receipt.actors, receipt.events, receipt.quarantined) == (3, 4, 2)
    assert {word: mentions(folder.path, word) for word in WORDS} == {word: [] for word in WORDS}


def test_everybody_else_is_as_before(folder: Folder) -> None:
    fill(folder)
    before = [row for row in stored(folder) if row["user_id"] != "anna" and row["anonymous_id"] != "annas-phone"]

    erased(folder, "anna")

    assert stored(folder) == before
    assert [row[5] for row in rejected_rows(folder, most=9)] == [b"annabel,,soon,view"]
    index = open_index(folder)
    assert index.manifest.persons == 3
    [column] = index.column("n")
    assert sorted(column.values) == [3, 4, 5]  # type: ignore[union-attr]  # a column of text would fail here


def test_the_same_file_again_brings_nothing_back(folder: Folder) -> None:
    fill(folder)
    erased(folder, "anna")

    counts = store(folder, batch(LOG))

    assert (counts.read, counts.imported, counts.duplicates, counts.rejected) == (7, 0, 3, 4)
    assert not any(mentions(folder.path, word) for word in WORDS)
    assert count_rejected(folder) == {"bad_time": 1, "erased_person": 1}


def test_what_happens_after_the_erasure_is_taken(folder: Folder) -> None:
    fill(folder)
    erased(folder, "anna")
    tomorrow = int(dt.datetime.now(dt.UTC).timestamp()) + 86_400 - START // 1_000_000

    counts = store(folder, batch([Row(user="anna", second=tomorrow), Row(user="anna", second=None)]))

    assert (counts.imported, counts.rejected) == (1, 1)


def test_an_event_dated_in_the_future_does_not_come_back_either(folder: Folder) -> None:
    """A device whose clock is wrong: what was erased is refused, whatever its time."""
    far = [Row(user="anna", second=10**9), Row(user="ben")]
    store(folder, batch(far))
    erased(folder, "anna")

    counts = store(folder, batch(far))

    assert (counts.imported, counts.duplicates, counts.rejected) == (0, 1, 1)


def test_somebody_else_on_the_person_s_device_keeps_the_events_and_loses_the_device(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An event with a user id is that user's, in whichever bucket of the table it is."""
    monkeypatch.setattr(compaction, "bucket_bits", lambda _rows: 4)
    rows = [
        Row(user="anna", anonymous="shared", second=0),
        *(Row(user=f"u{n}", anonymous="shared", second=n) for n in range(1, 40)),
    ]
    store(folder, batch(rows))
    with folder.writing():
        compact(folder)
        build_index(folder)

    receipt = erased(folder, "anna")

    assert receipt.events == 1
    assert stored(folder, "user_id", "anonymous_id", "linked_actor") == [
        {"user_id": f"u{n}", "anonymous_id": None, "linked_actor": None} for n in range(1, 40)
    ]
    assert not mentions(folder.path, "shared")
    again = store(folder, batch(rows))
    assert (again.duplicates, again.rejected) == (39, 1)
    assert not mentions(folder.path, "shared")


def test_a_user_of_somebody_else_s_device_goes_alone(folder: Folder) -> None:
    store(
        folder, batch([Row(user="anna", anonymous="shared", second=0), Row(user="ben", anonymous="shared", second=1)])
    )

    receipt = erased(folder, "ben")

    assert (receipt.actors, receipt.events) == (1, 1)
    assert stored(folder, "user_id", "anonymous_id") == [{"user_id": "anna", "anonymous_id": "shared"}]


def test_the_only_person_can_be_erased(folder: Folder) -> None:
    store(folder, batch([Row(user="anna", properties={"street": "Lindenstrasse"})]))
    with folder.writing():
        build_index(folder)

    erased(folder, "anna")

    assert stored(folder) == []
    assert not mentions(folder.path, "Lindenstrasse")
    with pytest.raises(NotADataFolder, match="holds no events yet"):
        open_index(folder)
    store(folder, batch([Row(user="ben")]))
    assert stored_values(folder, "user_id") == ["ben"]


def test_an_unknown_person_is_said_and_nothing_changes(folder: Folder) -> None:
    fill(folder)
    before = stored(folder)

    with pytest.raises(UnknownPerson, match="no event carries the id 'nobody'"):
        erased(folder, "nobody")

    assert stored(folder) == before
    assert count_rejected(folder) == {"bad_time": 2, "bad_json": 1}


def test_a_short_id_does_not_empty_the_quarantine(folder: Folder) -> None:
    """Person 1 is not meant by a row of person 11, or of the year 2011."""
    store(folder, batch([Row(user="1")], rejected=[Rejected("f", n, Reason.BAD_TIME, "", raw) for n, raw in enumerate((b"1,soon", b"11,2011-01-21", b'{"user":"1"}'))]))  # fmt: skip

    assert erased(folder, "1").quarantined == 2
    assert [row[5] for row in rejected_rows(folder, most=9)] == [b"11,2011-01-21"]


def test_the_receipt_is_kept_and_names_nobody(folder: Folder) -> None:
    fill(folder)
    receipt = erased(folder, "anna")

    with database(folder.control, "control") as control:
        [kept] = queries("control").receipts(control)
    assert kept[1:] == (receipt.erased_at, 3, 4, 2)
