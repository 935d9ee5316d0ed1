"""Folders of older versions: read as they are, and brought up to date by whoever writes first.

`folders/format-1.tar.gz` was made by the last version of format 1, of a log of six events of three persons.
"""

from __future__ import annotations

import tarfile
from typing import TYPE_CHECKING

import pytest

from sojourn.app.keeper import KeeperOptions, keep_once
from sojourn.records.errors import NotADataFolder
from sojourn.store import folder as folders
from sojourn.store import migrations
from sojourn.store.event_columns import FIXED
from sojourn.store.folder import FORMAT, Folder, create_folder, open_folder
from sojourn.store.index import open_index
from sojourn.store.log import Log
from sojourn.store.migrations import migrate
from sojourn.store.query import run_query
from tests.store.log_events import event
from tests.store.rows import Row, batch, store, stored

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def old(root: Path, tmp_path: Path) -> Folder:
    with tarfile.open(root / "tests" / "store" / "folders" / "format-1.tar.gz") as packed:
        packed.extractall(tmp_path, filter="data")
    return open_folder(tmp_path / "format1")


def counts(folder: Folder) -> list[tuple[str, int]]:
    table, _ = run_query(
        folder, "select event, count(*) n from events group by all order by 1", most=9, timeout_s=60, memory_mb=512
    )
    return [(row["event"], row["n"]) for row in table.to_pylist()]


def columns(folder: Folder) -> set[str]:
    import json

    log = sorted((folder.events / "_delta_log").glob("*.json"))
    found: set[str] = set()
    for line in (line for path in log for line in path.read_text().splitlines()):
        schema = json.loads(line).get("metaData", {}).get("schemaString")
        found = {field["name"] for field in json.loads(schema)["fields"]} if schema else found
    return found


def test_a_folder_of_format_1_is_read_as_it_is(old: Folder) -> None:
    assert old.format == 1
    assert counts(old) == [("cart", 1), ("purchase", 2), ("view", 3)]
    assert open_index(old).manifest.persons == 3
    assert open_folder(old.path).format == 1, "reading changes nothing"


@pytest.mark.parametrize("by", ["import", "keeper"])
def test_whoever_writes_first_brings_it_up_to_date(old: Folder, by: str) -> None:
    before = stored(old, "seq", "time", "event", "user_id", "anonymous_id", "message_id", "actor", "id_high", "id_low")
    if by == "import":
        store(old, batch([Row(user="carl", second=1)]))
    else:
        Log(old).append([event("new", user="carl")])
        assert counts(old) == [("Page Viewed", 1), ("cart", 1), ("purchase", 2), ("view", 3)]
        keep_once(old, KeeperOptions())

    assert open_folder(old.path).format == FORMAT
    assert open_folder(old.path).secret == old.secret
    assert set(FIXED.names) <= columns(old)
    assert stored(old, *before[0])[:6] == before
    assert open_index(old).manifest.rows == 7
    assert open_index(old).manifest.persons == 4


def test_events_it_holds_are_duplicates_when_they_are_collected(old: Folder) -> None:
    log = Log(old)

    assert log.append([event("m1", source="shop"), event("m9", source="shop")]).fresh == [False, True]
    assert log.last_seq() == 6


def test_a_step_that_was_killed_is_done_again(old: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[Folder] = []
    monkeypatch.setattr(migrations, "_STEPS", {2: done.append, 3: done.append})
    monkeypatch.setattr(migrations, "set_format", _killed)
    with old.writing(), pytest.raises(KeyboardInterrupt):
        migrate(old)
    monkeypatch.setattr(migrations, "set_format", folders.set_format)

    with old.writing():
        assert migrate(old) == [2, 3]

    assert len(done) == 3
    monkeypatch.setattr(folders, "FORMAT", 3)
    with old.writing():
        assert migrate(open_folder(old.path)) == []


def _killed(_folder: Folder, _number: int) -> None:
    raise KeyboardInterrupt


def test_a_new_folder_needs_no_step_and_a_newer_one_is_refused(tmp_path: Path) -> None:
    folder = create_folder(tmp_path / "data")
    with folder.writing():
        assert migrate(folder) == []
    folders.set_format(folder, FORMAT + 1)

    with pytest.raises(NotADataFolder, match="upgrade Sojourn"):
        open_folder(folder.path)
