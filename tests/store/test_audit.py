from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

import pytest

from sojourn.store.audit import audit_log, count_audit, record
from sojourn.store.folder import create_folder

if TYPE_CHECKING:
    from pathlib import Path


def test_changes_are_listed_newest_first_and_page_by_page(tmp_path: Path) -> None:
    folder = create_folder(tmp_path)
    for number in range(5):
        record(folder, who="anna", what="made a key", detail={"number": number})

    assert [line.detail["number"] for line in audit_log(folder, most=2, skip=1)] == [3, 2]
    assert count_audit(folder) == 5


def test_a_line_can_be_neither_changed_nor_deleted(tmp_path: Path) -> None:
    folder = create_folder(tmp_path)
    record(folder, who="anna", what="made a key")

    for statement in ("update audit set who = 'ben'", "delete from audit"):
        with sqlite3.connect(folder.control) as control, pytest.raises(sqlite3.IntegrityError, match="audit log"):
            control.execute(statement)

    assert [line.who for line in audit_log(folder)] == ["anna"]


def test_a_long_detail_is_cut(tmp_path: Path) -> None:
    folder = create_folder(tmp_path)
    record(folder, who="anna", what="saved", detail={"text": "x" * 10_000})

    assert list(audit_log(folder)[0].detail) == ["cut"]
