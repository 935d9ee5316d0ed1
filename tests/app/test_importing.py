"""Importing files: what it counts, what it says of files it cannot take, and that a second look finds the same."""

from __future__ import annotations

import gzip
import os
from typing import TYPE_CHECKING

import pytest

from sojourn.app import importing
from sojourn.app.importing import ImportResult, import_files
from sojourn.collect.imports.mapping import Mapping
from sojourn.records.errors import BadFile, NotADataFolder
from sojourn.store.events import EventsTable
from sojourn.store.folder import open_folder
from sojourn.store.index import open_index
from sojourn.store.quarantine import rejected_rows
from sojourn.store.sqlite import database, queries

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MAPPING = Mapping(person="user", time="time", event="event")
LOG = """user,time,event,price
anna,2024-01-01 10:00:00,view,1
ben,2024-01-01 10:01:00,view,2.5
ben,2024-01-01 10:01:00,view,2.5
,2024-01-01 10:02:00,view,3
anna,2024-01-01 10:03:00,pay,dear
anna,no time,pay,4
carl,2024-01-01 10:0"""
"""Five good rows, one of them equal to the one before; one without a person, one without a time, and the last row is cut."""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    path = tmp_path / "log.csv"
    path.write_text(LOG)
    return path


def imported(data: Path, *files: Path, drop_duplicates: bool = False) -> ImportResult:
    return import_files(files, data, MAPPING, drop_duplicates=drop_duplicates)


def numbers(result: ImportResult) -> tuple[int, ...]:
    """read, imported, duplicates, repeated, rejected, persons."""
    found = result.to_dict()
    assert result.read == result.imported + result.duplicates + result.rejected
    return tuple(found[name] for name in ("read", "imported", "duplicates", "repeated", "rejected", "persons"))


def test_every_row_read_is_imported_a_duplicate_or_rejected(log: Path, tmp_path: Path) -> None:
    result = imported(tmp_path / "data", log)

    assert numbers(result) == (7, 4, 0, 1, 3, 2)
    assert result.sentence() == (
        "read 7 rows: imported 4 events (1 of them equal to another row), 0 duplicates skipped, 3 rejected; 2 persons"
    )


def test_the_same_file_again_adds_nothing(log: Path, tmp_path: Path) -> None:
    imported(tmp_path / "data", log)

    again = imported(tmp_path / "data", log)

    assert numbers(again) == (7, 0, 4, 0, 3, 2)
    assert len(rejected_rows(open_folder(tmp_path / "data"), most=99)) == 3


def test_a_longer_version_adds_its_new_rows_and_mends_the_cut_one(log: Path, tmp_path: Path) -> None:
    imported(tmp_path / "data", log)
    longer = tmp_path / "longer.csv"
    longer.write_text(LOG + "4:00,view,5\ndora,2024-01-01 11:00:00,view,1\n")

    assert numbers(imported(tmp_path / "data", longer)) == (8, 2, 4, 0, 2, 4)


def test_repeated_rows_are_dropped_when_asked(log: Path, tmp_path: Path) -> None:
    assert numbers(imported(tmp_path / "data", log, drop_duplicates=True)) == (7, 3, 1, 0, 3, 2)


def test_several_files_are_counted_together(log: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.csv.gz"
    other.write_bytes(gzip.compress(b"user,time,event\nzoe,2024-01-02,view\n"))

    assert numbers(imported(tmp_path / "data", log, other)) == (8, 5, 0, 1, 3, 3)
    with database(tmp_path / "data" / "control.sqlite", "control") as control:
        kept = list(queries("control").imports(control))
    assert [(os.path.basename(row[1]), row[4], row[5]) for row in kept] == [("log.csv", 7, 4), ("other.csv.gz", 1, 1)]  # noqa: PTH119  (a path kept as text)


def test_rejected_rows_are_found_by_file_and_line(log: Path, tmp_path: Path) -> None:
    imported(tmp_path / "data", log)

    rows = {(row[2], row[3]): row[5] for row in rejected_rows(open_folder(tmp_path / "data"), most=9)}

    assert rows[5, "no_person"] == b",2024-01-01 10:02:00,view,3"
    assert rows[7, "bad_time"] == b"anna,no time,pay,4"
    assert any(line == 8 for line, _ in rows)


def test_an_import_is_visible_when_it_is_done(log: Path, tmp_path: Path) -> None:
    result = imported(tmp_path / "data", log)

    index = open_index(open_folder(tmp_path / "data"))

    assert (index.manifest.rows, index.manifest.persons) == (result.imported, result.persons)
    assert [len(bucket.time) for bucket in index.buckets] == [result.imported]


def test_files_before_a_bad_one_stay_imported(log: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.parquet"
    bad.write_bytes(b"PAR1 and then nothing")

    with pytest.raises(BadFile):
        imported(tmp_path / "data", log, bad)

    assert open_index(open_folder(tmp_path / "data")).manifest.rows == 4
    assert numbers(imported(tmp_path / "data", log))[1] == 0


@pytest.mark.parametrize(("make", "says"), [
    (lambda path: path.mkdir(), "is a folder; name the files in it"),
    (lambda _path: None, "there is no file"),
    (lambda path: path.write_bytes(b""), "empty"),
])  # fmt: skip
def test_a_file_that_cannot_be_read_is_said(tmp_path: Path, make: Callable[[Path], object], says: str) -> None:
    make(tmp_path / "log.csv")

    with pytest.raises(BadFile, match=says):
        imported(tmp_path / "data", tmp_path / "log.csv")


def test_nothing_is_made_for_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadFile):
        imported(tmp_path / "data", tmp_path / "nowhere.csv")

    assert not (tmp_path / "data").exists()


def test_an_interrupted_import_leaves_nothing_and_can_be_done_again(
    log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Control-C in the middle."""

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(EventsTable, "commit", interrupt)
        with pytest.raises(KeyboardInterrupt):
            imported(tmp_path / "data", log)

    data = open_folder(tmp_path / "data")
    assert EventsTable(data.events).read().rows == 0
    assert not list(data.events.glob("bucket=*/*"))
    assert numbers(imported(tmp_path / "data", log))[1] == 4


def test_many_small_imports_are_compacted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "FRESH_FILES", 3)
    for n in range(5):
        path = tmp_path / f"{n}.csv"
        path.write_text(f"user,time,event\nu{n},2024-01-0{n + 1},view\n")
        assert numbers(imported(tmp_path / "data", path))[-1] == n + 1

    buckets = [file.bucket for file in EventsTable(tmp_path / "data" / "events").read().files]
    assert sorted(buckets) == ["all", "fresh"]


def test_progress_ends_where_it_said_it_would(log: Path, tmp_path: Path) -> None:
    seen: dict[str, tuple[int, int]] = {}
    import_files([log], tmp_path / "data", MAPPING, on_progress=lambda what, done, of: seen.update({what: (done, of)}))

    assert {what: done for what, (done, of) in seen.items() if done != of} == {}
    assert set(seen) >= {"reading log.csv", "reading events", "sorting by person"}


def test_a_data_folder_that_is_a_file_is_said(log: Path) -> None:
    with pytest.raises(NotADataFolder, match="is no folder"):
        imported(log, log)
