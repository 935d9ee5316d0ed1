"""Rejected rows are kept with file, line and reason, once however often their file is imported."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sojourn.records.rejected import RAW_LIMIT, Reason, Rejected
from sojourn.store.quarantine import count_rejected, forget_rejected, keep_rejected, rejected_rows

if TYPE_CHECKING:
    from sojourn.store.folder import Folder


def bad(raw: bytes, line: int = 1, reason: Reason = Reason.BAD_TIME) -> Rejected:
    return Rejected("f.csv", line, reason, "what came", raw)


def test_rows_come_back_as_they_came(folder: Folder) -> None:
    """Bytes that are no text included."""
    keep_rejected(folder, "shop", [bad(b"\xff\x00x", 7), bad(b"y", 3, Reason.NO_PERSON)])

    rows = [row[:-1] for row in rejected_rows(folder, most=9)]

    assert rows == [
        ("shop", "f.csv", 3, "no_person", "what came", b"y"),
        ("shop", "f.csv", 7, "bad_time", "what came", b"\xff\x00x"),
    ]


def test_the_same_file_again_adds_nothing_and_a_longer_one_its_new_rows(folder: Folder) -> None:
    keep_rejected(folder, "shop", [bad(b"x", 1), bad(b"x", 2)])
    keep_rejected(folder, "shop", [bad(b"x", 1), bad(b"x", 2), bad(b"x", 9)])

    assert count_rejected(folder) == {"bad_time": 3}


def test_another_source_or_reason_is_another_row(folder: Folder) -> None:
    keep_rejected(folder, "shop", [bad(b"x"), bad(b"x", reason=Reason.NO_EVENT)])
    keep_rejected(folder, "site", [bad(b"x")])

    assert count_rejected(folder) == {"bad_time": 2, "no_event": 1}


def test_a_huge_row_is_cut_and_still_told_apart(folder: Folder) -> None:
    keep_rejected(folder, "shop", [bad(b"x" * RAW_LIMIT + b"1"), bad(b"x" * RAW_LIMIT + b"2")])

    assert [len(row[5]) for row in rejected_rows(folder, most=9)] == [RAW_LIMIT, RAW_LIMIT]


def test_the_newest_are_listed_first_and_no_more_than_asked(folder: Folder) -> None:
    keep_rejected(folder, "shop", [bad(str(n).encode(), n) for n in range(50)])

    assert [row[2] for row in rejected_rows(folder, most=3)] == [0, 1, 2]
    assert count_rejected(folder) == {"bad_time": 50}


def test_nothing_rejected_makes_no_file(folder: Folder) -> None:
    keep_rejected(folder, "shop", [])

    assert not folder.quarantine.exists()


def test_rows_whose_time_is_over_are_forgotten_bytes_included(folder: Folder) -> None:
    keep_rejected(folder, "shop", [bad(b"an old secret")])

    assert forget_rejected(folder, before="2000-01-01T00:00:00+00:00") == 0
    assert forget_rejected(folder, before="2999-01-01T00:00:00+00:00") == 1
    assert b"an old secret" not in folder.quarantine.read_bytes()
