"""A folder of an older version is brought up to this one's format, and a backup keeps how it was."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

from sojourn.app.backup import restore
from sojourn.app.upgrading import NotUpgraded, upgrade, upgrade_apart
from sojourn.store.events import EventsTable
from sojourn.store.folder import FORMAT, Folder, create_folder, open_folder


@pytest.fixture
def old(tmp_path: Path) -> Folder:
    packed = Path(__file__).parents[1] / "store" / "folders" / "format-1.tar.gz"
    with tarfile.open(packed) as tar:
        tar.extractall(tmp_path, filter="data")
    return open_folder(tmp_path / "format1")


def test_the_backup_holds_the_folder_as_it_was_and_the_folder_every_event(old: Folder, tmp_path: Path) -> None:
    out = upgrade(old, say=lambda _: None)
    restore(out, tmp_path / "before", erased_in=None, progress=lambda *_: None)

    assert open_folder(old.path).format == FORMAT
    assert out.parent == old.path / "backups"
    before = open_folder(tmp_path / "before")
    assert before.format == old.format == 1
    assert EventsTable(before.events).read().rows == EventsTable(old.events).read().rows == 6


def test_a_folder_of_this_format_is_left_alone(tmp_path: Path) -> None:
    folder = create_folder(tmp_path / "new")

    assert upgrade_apart(folder) is None
    assert not (folder.path / "backups").exists()


def test_what_cannot_be_upgraded_is_said_and_left_as_it_was(old: Folder) -> None:
    with (
        old.alone("backup"),
        pytest.raises(NotUpgraded, match=r"of format 1, and stays it: process \d+ is the backup of"),
    ):
        upgrade_apart(old)

    assert open_folder(old.path).format == 1
