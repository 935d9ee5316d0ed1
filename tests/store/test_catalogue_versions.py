from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sojourn.records.errors import BadOption
from sojourn.store.catalogue_versions import (
    BY_HAND,
    catalogue_version,
    catalogue_versions,
    keep_draft,
    put_in_force,
    version_in_force,
)
from sojourn.store.folder import create_folder

if TYPE_CHECKING:
    from pathlib import Path

    from sojourn.store.folder import Folder


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return create_folder(tmp_path / "data")


def told(folder: Folder) -> list[tuple[int, str, bool, str]]:
    return [(one.id, one.who, one.in_force, one.text) for one in catalogue_versions(folder)]


def test_every_text_is_kept_with_who_and_why_newest_first(folder: Folder) -> None:
    put_in_force(folder, "one", who="anna", note="a start")
    put_in_force(folder, "two", who="ben")

    assert told(folder) == [(2, "ben", True, "two"), (1, "anna", True, "one")]
    assert catalogue_version(folder, 1).note == "a start"
    assert (folder.path / "signals.yaml").read_text() == "two"
    assert version_in_force(folder) == 2


def test_a_file_that_was_changed_by_hand_joins_the_history_with_the_next_change(folder: Folder) -> None:
    """Nothing that was in force is ever lost."""
    put_in_force(folder, "one", who="anna")
    (folder.path / "signals.yaml").write_text("mine")
    assert version_in_force(folder) == 0

    put_in_force(folder, "two", who="anna")

    assert told(folder)[:2] == [(3, "anna", True, "two"), (2, BY_HAND, True, "mine")]


def test_a_draft_is_kept_and_changes_nothing(folder: Folder) -> None:
    put_in_force(folder, "one", who="anna")

    draft = keep_draft(folder, "two", who="ben", note="would it?")

    assert (folder.path / "signals.yaml").read_text() == "one"
    assert (version_in_force(folder), catalogue_version(folder, draft).in_force) == (1, False)


def test_a_folder_without_a_catalogue_has_no_version(folder: Folder) -> None:
    assert (version_in_force(folder), catalogue_versions(folder)) == (0, [])
    with pytest.raises(BadOption, match="no version 7"):
        catalogue_version(folder, 7)
