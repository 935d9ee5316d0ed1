"""A data folder: one secret for ever, one writer at a time, and clear words for whatever is wrong with it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from sojourn.records.errors import FolderBusy, NotADataFolder, NotWritable
from sojourn.store.folder import create_folder, open_folder
from sojourn.store.quarantine import count_rejected
from tests.store.rows import Row, batch, store
from tests.store.test_append import BAD

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from sojourn.store.folder import Folder


def test_a_folder_keeps_its_secret(tmp_path: Path) -> None:
    made = create_folder(tmp_path / "a" / "data")

    assert len(made.secret) == 32
    assert create_folder(made.path).secret == open_folder(made.path).secret == made.secret
    assert create_folder(tmp_path / "b").secret != made.secret


def test_many_who_make_a_folder_at_once_get_one_secret(tmp_path: Path) -> None:
    """With two, the same visitor would be two persons from the next import on."""
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: create_folder(tmp_path / "data"), range(32)))

    assert len({folder.secret for folder in made}) == 1
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["folder.json"]


def test_what_is_secret_or_personal_is_for_its_owner_alone(folder: Folder) -> None:
    previous = os.umask(0)
    try:
        store(folder, batch([Row(user="anna")], rejected=[BAD]))
    finally:
        os.umask(previous)

    modes = {path.name: path.stat().st_mode & 0o777 for path in folder.path.iterdir()}
    assert folder.path.stat().st_mode & 0o777 == 0o700
    assert {modes[name] for name in ("folder.json", "control.sqlite", "quarantine.sqlite", "writer.lock")} == {0o600}


def test_a_folder_that_is_not_there_says_how_to_fill_it(tmp_path: Path) -> None:
    with pytest.raises(NotADataFolder, match=r"no Sojourn data in .*nowhere; `sojourn import FILE --data .*nowhere`"):
        open_folder(tmp_path / "nowhere")


def test_a_file_in_place_of_the_folder_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")

    for path in (tmp_path / "file", tmp_path / "file" / "data"):
        with pytest.raises(NotADataFolder):
            open_folder(path)
        with pytest.raises(NotADataFolder, match="is no folder; name another one with --data"):
            create_folder(path)


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", '{"format": 1}', '{"format": "1", "secret": "00"}', '{"format":1,"secret":"zz"}', '{"format":1,"secret":"00"}'],
)  # fmt: skip
def test_a_damaged_folder_is_said_and_never_made_anew(folder: Folder, content: str) -> None:
    (folder.path / "folder.json").write_text(content)

    for opened in (open_folder, create_folder):
        with pytest.raises(NotADataFolder, match=r"folder\.json is damaged .* restore it from a backup"):
            opened(folder.path)
    assert (folder.path / "folder.json").read_text() == content


def test_a_newer_format_asks_for_an_upgrade(folder: Folder) -> None:
    (folder.path / "folder.json").write_text(json.dumps({"format": 3, "secret": "00" * 32}))

    with pytest.raises(NotADataFolder, match="has format 3, this version reads up to 2; upgrade Sojourn"):
        create_folder(folder.path)


_HOLD = """
import sys
from sojourn.store.folder import open_folder
with open_folder(sys.argv[1]).writing():
    print("holding", flush=True)
    sys.stdin.read()
"""


def test_a_second_writer_is_refused_with_the_first_one_s_process(folder: Folder) -> None:
    first = subprocess.Popen(
        [sys.executable, "-c", _HOLD, folder.path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert first.stdout is not None
    assert first.stdin is not None
    with first:
        assert first.stdout.readline() == "holding\n"

        with pytest.raises(FolderBusy, match=f"process {first.pid} is writing to"), folder.writing():
            pass
        first.stdin.close()
        first.wait()

    with folder.writing():
        pass


def test_a_writer_that_was_killed_leaves_the_folder_free(folder: Folder) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD, folder.path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "holding\n"
        writer.kill()

    assert writer.returncode == -9
    with folder.writing():
        pass


def test_a_folder_on_a_read_only_disk_can_be_read_and_says_it_cannot_be_written(
    small_disk: Callable[[int], Path], read_only: Callable[[Path], None]
) -> None:
    disk = small_disk(8)
    folder = create_folder(disk / "data")
    store(folder, batch([Row(user="anna")], rejected=[BAD]))
    read_only(disk)

    assert open_folder(folder.path) == folder
    with pytest.raises(NotWritable, match="cannot be written"), folder.writing():
        pass
    with pytest.raises(NotWritable, match="nothing was written"):
        create_folder(disk / "other")
    assert count_rejected(folder) == {"bad_time": 1}
