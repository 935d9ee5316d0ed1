"""A disk that fills, on a real small filesystem: one clear sentence, nothing half-visible, and all well once there is space."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest

from sojourn.app.importing import import_files
from sojourn.collect.imports.mapping import Mapping
from sojourn.records.errors import NotADataFolder, NotWritable, StorageFull
from sojourn.records.rejected import Reason, Rejected
from sojourn.store.columns import TextColumn
from sojourn.store.compaction import compact
from sojourn.store.durable import clear_errors
from sojourn.store.erasure import erase
from sojourn.store.events import EventsTable
from sojourn.store.folder import create_folder, open_folder
from sojourn.store.index import open_index
from sojourn.store.index_build import build_index
from sojourn.store.quarantine import count_rejected
from tests.store.rows import Row, batch, store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sojourn.store.folder import Folder

MAPPING = Mapping(person="user", time="time", event="event")
_KEPT = 40_000
"""Bytes left free on a full disk: enough to note a lock, not for work."""


@pytest.fixture
def disk(small_disk: Callable[[int], Path]) -> Path:
    return small_disk(12)


@pytest.fixture
def fill(disk: Path) -> Iterator[Callable[[int], None]]:
    """`fill(n)` leaves n bytes free; the file that fills is `full`, deleting it makes space."""

    def until(free: int) -> None:
        (disk / "full").unlink(missing_ok=True)
        with (disk / "full").open("wb") as file:
            while (left := _free(disk) - free) > 0:
                try:
                    file.write(b"x" * min(left, 1 << 16))
                    file.flush()
                except OSError:
                    break
            with contextlib.suppress(OSError):
                file.flush()

    yield until
    (disk / "full").unlink(missing_ok=True)


def _free(disk: Path) -> int:
    found = os.statvfs(disk)
    return found.f_bavail * found.f_bsize


def make_space(disk: Path) -> None:
    (disk / "full").unlink()


def rows(first: int, last: int) -> list[Row]:
    """Rows that do not compress: about 40 bytes each."""
    chance = random.Random(first)
    return [
        Row(user=f"u{n % 99}", second=n, properties={"n": n, "noise": chance.randbytes(16).hex()})
        for n in range(first, last)
    ]


def log(path: Path, first: int, last: int) -> Path:
    chance = random.Random(first)
    lines = [f"u{n % 99},{1_704_067_200 + n},view,{n},{chance.randbytes(16).hex()}" for n in range(first, last)]
    path.write_text("\n".join(["user,time,event,n,noise", *lines]) + "\n")
    return path


def held(folder: Folder) -> int:
    return open_index(folder).manifest.rows


@pytest.mark.parametrize("free", [_KEPT, 100_000, 300_000, 700_000, 1_000_000])
def test_an_import_that_fills_the_disk_stores_nothing_of_its_file(
    disk: Path, fill: Callable[[int], None], tmp_path: Path, free: int
) -> None:
    """Wherever it is when the disk is full; the file before it stays."""
    small, large = log(tmp_path / "small.csv", 0, 500), log(tmp_path / "large.csv", 1000, 31_000)
    import_files([small], disk / "data", MAPPING)
    folder = open_folder(disk / "data")
    files = sorted(folder.events.glob("bucket=*/*"))
    fill(free)

    with pytest.raises(StorageFull, match=r"no space left in .*data; .*, free some and do it again"):
        import_files([large], disk / "data", MAPPING)

    assert EventsTable(folder.events).read().rows in (500, 30_500)
    assert held(folder) in (500, 30_500)
    if EventsTable(folder.events).read().rows == 500:
        assert sorted(folder.events.glob("bucket=*/*")) == files
    make_space(disk)
    again = import_files([small, large], disk / "data", MAPPING)
    assert again.imported + again.duplicates == 30_500
    assert held(folder) == 30_500


def test_a_folder_cannot_be_made_on_a_full_disk(disk: Path, fill: Callable[[int], None], tmp_path: Path) -> None:
    fill(0)

    with pytest.raises(StorageFull, match="no space left"):
        import_files([log(tmp_path / "a.csv", 0, 50)], disk / "data", MAPPING)

    make_space(disk)
    assert import_files([tmp_path / "a.csv"], disk / "data", MAPPING).imported == 50


def test_a_compaction_on_a_full_disk_changes_nothing(disk: Path, fill: Callable[[int], None]) -> None:
    folder = create_folder(disk / "data")
    for first in range(0, 20_000, 5000):
        store(folder, batch(rows(first, first + 5000)))
    with folder.writing():
        build_index(folder)
    before = EventsTable(folder.events).read()
    fill(_KEPT)

    with pytest.raises(StorageFull, match="the events are as they were before compacting"), folder.writing():
        compact(folder)

    assert EventsTable(folder.events).read() == before
    assert held(folder) == 20_000
    assert len(list(folder.events.glob("bucket=*/*"))) == 4
    make_space(disk)
    with folder.writing():
        assert compact(folder).rows == 20_000


def test_an_index_that_does_not_fit_leaves_the_events_and_no_rubbish(disk: Path, fill: Callable[[int], None]) -> None:
    folder = create_folder(disk / "data")
    store(folder, batch(rows(0, 20_000)))
    fill(_KEPT)

    with pytest.raises(StorageFull, match="the events are stored, and not indexed yet"):
        open_index(folder)

    assert [path for path in folder.index.rglob("*") if path.is_file() and path.stat().st_size] == []
    make_space(disk)
    assert held(folder) == 20_000


def test_a_column_that_does_not_fit_is_said_and_built_when_it_does(disk: Path, fill: Callable[[int], None]) -> None:
    folder = create_folder(disk / "data")
    store(folder, batch(rows(0, 20_000)))
    held(folder)
    fill(_KEPT)

    with pytest.raises(StorageFull, match="the column noise was not indexed"):
        open_index(folder).column("noise")

    make_space(disk)
    [column] = open_index(folder).column("noise")
    assert isinstance(column, TextColumn)
    assert len(column.names) == len(np.unique(column.codes)) == 20_000


def test_rejected_rows_that_do_not_fit_fail_the_import_that_rejected_them(
    disk: Path, fill: Callable[[int], None]
) -> None:
    """A row that is neither imported nor in quarantine would have vanished."""
    folder = create_folder(disk / "data")
    store(folder, batch(rows(0, 10)))
    bad = [Rejected("f", n, Reason.BAD_TIME, "", os.urandom(30_000)) for n in range(60)]
    fill(300_000)

    with pytest.raises(StorageFull, match="no space left"):
        store_clearly(folder, bad)

    assert EventsTable(folder.events).read().rows == 10
    make_space(disk)
    assert store(folder, batch(rows(10, 20), rejected=bad)).rejected == 60
    assert count_rejected(folder) == {"bad_time": 60}


def store_clearly(folder: Folder, bad: list[Rejected]) -> None:
    """As an import of a file does it."""
    with clear_errors(folder.path, "nothing was stored"):
        store(folder, batch(rows(10, 20), rejected=bad))


def test_an_erasure_on_a_full_disk_is_said_and_can_be_done_again(disk: Path, fill: Callable[[int], None]) -> None:
    folder = create_folder(disk / "data")
    store(folder, batch(rows(0, 20_000)))
    held(folder)
    fill(_KEPT)

    with pytest.raises(StorageFull, match="u7 is not erased yet"), folder.writing():
        erase(folder, "u7")

    make_space(disk)
    with folder.writing():
        assert erase(folder, "u7").events == 202
    assert held(folder) == 20_000 - 202


def test_an_import_into_a_read_only_folder_is_said(
    disk: Path, tmp_path: Path, read_only: Callable[[Path], None]
) -> None:
    path = log(tmp_path / "a.csv", 0, 50)
    import_files([path], disk / "data", MAPPING)
    read_only(disk)

    with pytest.raises(NotWritable, match=r"data cannot be written \(.*Read-only.*\); nothing was written"):
        import_files([path], disk / "data", MAPPING)

    assert held(open_folder(disk / "data")) == 50


def test_a_folder_deleted_while_it_is_written_is_an_error_and_no_new_folder(tmp_path: Path) -> None:
    folder = create_folder(tmp_path / "data")
    store(folder, batch(rows(0, 10)))
    with folder.writing():
        shutil.rmtree(folder.path)
        with pytest.raises((NotADataFolder, OSError)):
            build_index(folder)

    with pytest.raises(NotADataFolder):
        open_folder(folder.path)
