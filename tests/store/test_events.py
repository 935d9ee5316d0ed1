"""The events table: commits are atomic and durable, readers see the last durable version and nothing else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest
from deltalake import DeltaTable

from sojourn.records.errors import NotADataFolder
from sojourn.store import events
from sojourn.store.event_columns import FIXED
from sojourn.store.events import EMPTY, EventsTable, write_file

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def table(tmp_path: Path) -> EventsTable:
    made = EventsTable(tmp_path / "events")
    made.create()
    return made


def start_of(year: int) -> int:
    """Microseconds since 1970."""
    return int(np.datetime64(f"{year:04d}-01-01", "us").astype(np.int64))


def some(first: int, rows: int = 5, **columns: pa.Array) -> pa.Table:
    """Events at places `first`, `first + 1`, ..., a second apart."""
    made = {field.name: pa.nulls(rows, field.type) for field in FIXED}
    made["seq"] = pa.array(np.arange(first, first + rows))
    made["time"] = pa.array(start_of(2024) + np.arange(rows) * 1_000_000).cast(FIXED.field("time").type)
    return pa.table(made | columns)


def add(table: EventsTable, first: int, bucket: str = events.FRESH) -> Path:
    path = table.new_file(bucket)
    write_file(path, [some(first)])
    table.commit([path], seq=first + 4)
    return path


def places(table: EventsTable) -> list[int]:
    """Places of the events that readers see."""
    return [seq for group in table.scan(table.read(), ["seq"]) for seq in group["seq"].to_pylist()]


def log_entry(table: EventsTable, number: int) -> Path:
    return table.path / "_delta_log" / f"{number:020d}.json"


def test_a_table_that_is_not_there_is_empty(tmp_path: Path) -> None:
    table = EventsTable(tmp_path / "events")

    assert table.read() == EMPTY
    assert table.recover() == []
    assert table.read().rows == 0


def test_a_commit_adds_and_removes_in_one_step(table: EventsTable) -> None:
    add(table, 0)
    add(table, 5)
    old = table.read().files
    path = table.new_file("all")
    write_file(path, [some(0, 10)])

    version = table.commit([path], seq=9, removes=old, kind="compact")

    assert [(file.bucket, file.rows) for file in version.files] == [("all", 10)]
    assert version.seq == 9
    assert places(table) == list(range(10))
    # Another engine that reads Delta sees the same.
    assert sorted(DeltaTable(str(table.path)).file_uris()) == [str(path)]


def test_the_highest_place_is_kept_when_a_commit_names_a_lower_one(table: EventsTable) -> None:
    add(table, 0)
    path = table.new_file("all")
    write_file(path, [some(0)])

    assert table.commit([path], seq=2, removes=table.read().files).seq == 4


def test_readers_see_the_durable_version_only(table: EventsTable) -> None:
    add(table, 0)
    path = table.new_file(events.FRESH)
    write_file(path, [some(5)])
    before = table.read()
    # The commit is in the log, and the machine stops before it is recorded as durable.
    settle = table._settle
    table._settle = lambda *_, **__: None  # type: ignore[method-assign]  # the stop
    table.commit([path], seq=9)
    table._settle = settle  # type: ignore[method-assign]  # and the next start

    assert DeltaTable(str(table.path)).version() == before.number + 1
    assert table.read() == before
    assert places(table) == [0, 1, 2, 3, 4]

    assert [torn.name for torn in table.recover()] == [log_entry(table, before.number + 1).name]
    assert not path.exists()
    assert add(table, 5).exists()
    assert places(table) == list(range(10))


def test_the_log_is_read_once_a_commit_and_every_commit_is_seen(
    table: EventsTable, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(table, 0)
    read, opened = EventsTable.read_version, list[int]()

    def counted(self: EventsTable, number: int) -> events.Version:
        opened.append(number)
        return read(self, number)

    monkeypatch.setattr(EventsTable, "read_version", counted)
    first = [EventsTable(table.path).read() for _ in range(3)]
    assert first[0] == first[1] == first[2]
    assert len(opened) <= 1

    add(table, 5)
    assert EventsTable(table.path).read().seq == 9
    assert places(table) == list(range(10))


@pytest.mark.parametrize("left", [0, 1, 60, -1])
def test_a_torn_or_empty_last_commit_is_set_aside(table: EventsTable, left: int) -> None:
    """An empty last commit opens without its rows and without a word, a torn one does not open at all."""
    add(table, 0)
    durable = (table.path / "durable.json").read_bytes()
    add(table, 5)
    content = log_entry(table, 2).read_bytes()
    log_entry(table, 2).write_bytes(content[:left])
    (table.path / "durable.json").write_bytes(durable)

    assert places(table) == [0, 1, 2, 3, 4]
    assert table.recover() == [log_entry(table, 2)]
    assert [path.read_bytes() for path in (table.path / "torn").iterdir()] == [content[:left]]
    add(table, 5)
    assert places(table) == list(range(10))


@pytest.mark.parametrize("torn", ["checkpoint.parquet", "_last_checkpoint", "both", "neither"])
@pytest.mark.parametrize("left", [0, 20])
def test_a_torn_checkpoint_is_set_aside(
    table: EventsTable, monkeypatch: pytest.MonkeyPatch, torn: str, left: int
) -> None:
    monkeypatch.setattr(events, "_CHECKPOINT_EVERY", 3)
    for first in (0, 5):
        add(table, first)
    durable = (table.path / "durable.json").read_bytes()
    add(table, 10)
    log = table.path / "_delta_log"
    names = {"checkpoint.parquet": [f"{3:020d}.checkpoint.parquet"], "_last_checkpoint": ["_last_checkpoint"]}
    for name in names.get(torn, [f"{3:020d}.checkpoint.parquet", "_last_checkpoint"] if torn == "both" else []):
        (log / name).write_bytes((log / name).read_bytes()[:left])
    (table.path / "durable.json").write_bytes(durable)

    assert places(table) == list(range(10))
    assert len(table.recover()) == 3
    assert places(table) == list(range(10))
    for first in (10, 15, 20, 25):
        add(table, first)
    assert places(table) == list(range(30))
    assert len(list(log.glob("*.checkpoint.parquet"))) == 2


def test_a_lost_record_of_what_is_durable_deletes_nothing(table: EventsTable) -> None:
    """Without it every commit would look torn and every file unreferenced."""
    path = add(table, 0)
    (table.path / "durable.json").unlink()

    with pytest.raises(NotADataFolder, match=r"durable.json is missing, though"):
        table.recover()

    assert path.exists()


def test_a_damaged_record_of_what_is_durable_is_said(table: EventsTable) -> None:
    add(table, 0)
    (table.path / "durable.json").write_text("{")

    with pytest.raises(NotADataFolder, match=r"durable.json is damaged"):
        table.read()


def test_a_table_that_was_not_made_to_the_end_is_made_again(tmp_path: Path) -> None:
    table = EventsTable(tmp_path / "events")
    settle = table._settle
    table._settle = lambda *_, **__: None  # type: ignore[method-assign]  # the machine stops here
    table.create()
    table._settle = settle  # type: ignore[method-assign]  # and starts again

    assert len(table.recover()) == 1
    assert table.create().number == 0


def test_files_that_no_version_names_are_deleted_and_others_stay(table: EventsTable) -> None:
    kept = add(table, 0)
    left = table.new_file(events.FRESH)
    write_file(left, [some(5)])

    assert table.remove_unreferenced() == 1

    assert (kept.exists(), left.exists()) == (True, False)


def test_promoted_columns_keep_the_property_s_name_and_type(table: EventsTable) -> None:
    version = table.promote(
        [
            ("price", pa.float64()),
            ("Price", pa.string()),
            ("née/1", pa.int64()),
            ("", pa.bool_()),
            ("price", pa.float64()),
        ]
    )

    found = {promoted.property: (promoted.column, promoted.type) for promoted in version.promoted}
    assert found == {
        "price": ("p_price", pa.float64()),
        "Price": ("p_price_2", pa.string()),
        "née/1": ("p_n_e_1", pa.int64()),
        "": ("p_", pa.bool_()),
    }


def test_at_most_64_properties_get_a_column(table: EventsTable) -> None:
    assert len(table.promote([(f"a{n}", pa.string()) for n in range(60)]).promoted) == 60
    assert len(table.promote([(f"b{n}", pa.string()) for n in range(60)]).promoted) == 64
    before = table.read().number

    assert table.promote([("c", pa.string())]).number == before


def test_a_column_that_older_files_lack_comes_as_nulls(table: EventsTable) -> None:
    add(table, 0)
    table.promote([("price", pa.float64())])
    path = table.new_file(events.FRESH)
    write_file(path, [some(5, p_price=pa.array([1.5] * 5))])
    version = table.commit([path], seq=9)

    values = [value for group in table.scan(version, ["p_price"]) for value in group["p_price"].to_pylist()]

    assert values == [None] * 5 + [1.5] * 5
    assert table.dataset(version).to_table(columns=["p_price"])["p_price"].to_pylist() == values
    assert DeltaTable(str(table.path)).to_pyarrow_dataset().count_rows() == 10


@pytest.mark.parametrize("year", [1, 999, 1969, 2024, 9999, 20000, 290000])
def test_times_of_any_year_can_be_committed(table: EventsTable, year: int) -> None:
    """Statistics are written as ISO 8601, which ends with the year 9999."""
    path = table.new_file(events.FRESH)
    start = start_of(year)
    write_file(path, [some(0, 2, time=pa.array([start, start + 1]).cast(FIXED.field("time").type))])
    table.commit([path], seq=1)

    times = [group["time"].cast(pa.int64()).to_pylist() for group in table.scan(table.read(), ["time"])]

    assert times == [[start, start + 1]]


def test_statistics_name_places_and_times_and_nothing_that_was_said(table: EventsTable) -> None:
    """Delta keeps minima and maxima in its log for ever: of a text they would be the text."""
    path = table.new_file(events.FRESH)
    write_file(path, [some(0, 2, user_id=pa.array(["anna", "ben"]))])
    table.commit([path], seq=1)

    actions = [json.loads(line) for line in log_entry(table, 1).read_text().splitlines()]
    stats = [json.loads(action["add"]["stats"]) for action in actions if "add" in action]

    assert [sorted(stat["minValues"]) for stat in stats] == [["seq", "time"]]
    assert "anna" not in log_entry(table, 1).read_text()


def test_an_empty_file_is_not_left_behind(table: EventsTable) -> None:
    path = table.new_file(events.FRESH)

    assert write_file(path, [some(0, 0)]) == 0
    assert not path.exists()
