"""The table of persons against the map that questions use, as an engine outside reads it."""

from __future__ import annotations

import json
import random
import re
import shutil
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pytest
from deltalake import DeltaTable
from hypothesis import given
from hypothesis import strategies as st

from sojourn.app.importing import import_files
from sojourn.collect.imports.mapping import Mapping
from sojourn.identify.actor import actor_id
from sojourn.store.compaction import compact
from sojourn.store.erasure import erase
from sojourn.store.events import EventsTable
from sojourn.store.folder import create_folder
from sojourn.store.index import open_index
from sojourn.store.persons_table import doubt_persons, publish_persons
from sojourn.store.query import run_query
from tests.store.everything import mentions
from tests.store.rows import START, Row, batch, passing_folder, store, stored
from tests.thoroughness import examples

if TYPE_CHECKING:
    from pathlib import Path

    from sojourn.store.folder import Folder

LOG = [
    Row(anonymous="phone", second=0),
    Row(user="anna", anonymous="phone", second=10),
    Row(user="anna", anonymous="laptop", second=20),
    Row(user="ben", anonymous="phone", second=30),
    Row(anonymous="passer-by", second=40),
    Row(user="carl", second=50),
]


def publish(folder: Folder) -> None:
    with folder.writing():
        publish_persons(folder)


def told(folder: Folder) -> dict[str, str]:
    """Linked id -> the person's id, as the table says now."""
    rows = DeltaTable(str(folder.persons)).to_pyarrow_table().to_pylist()
    assert len({row["actor"] for row in rows}) == len(rows)
    return {row["id"]: row["person_id"] for row in rows}


def parts(folder: Folder) -> list[Path]:
    return sorted(folder.persons.glob("*.parquet"))


def views(folder: Folder, root: Path) -> duckdb.DuckDBPyConnection:
    """DuckDB with the view of docs/events-table.md, over the tables as Arrow datasets."""
    page = (root / "docs" / "events-table.md").read_text()
    [view] = re.findall(r"^create view journeys as\n.*?;", page, re.MULTILINE | re.DOTALL)
    connection = duckdb.connect()
    for name in ("events", "persons"):
        connection.register(name, DeltaTable(str(folder.path / name)).to_pyarrow_dataset())
    connection.execute(re.sub(r"delta_scan\('DATA/(\w+)'\)", r"\1", view))
    return connection


def test_a_device_belongs_to_the_first_user_seen_on_it(folder: Folder) -> None:
    store(folder, batch(LOG))

    publish(folder)

    assert told(folder) == {"phone": "anna", "laptop": "anna"}
    rows = {row["id"]: row for row in DeltaTable(str(folder.persons)).to_pyarrow_table().to_pylist()}
    phone = rows["phone"]
    assert phone["actor"] == actor_id(folder.secret, "anonymous", "phone")
    assert phone["person"] == actor_id(folder.secret, "user", "anna")
    assert (phone["linked_at"].timestamp(), phone["linked_seq"]) == (START / 1_000_000 + 10, 1)


def test_the_view_of_the_documentation_finds_the_persons_of_the_questions(folder: Folder, root: Path) -> None:
    store(folder, batch(LOG))
    publish(folder)

    connection = views(folder, root)

    ours, _ = run_query(folder, "select person, seq from events order by seq", most=99, timeout_s=60, memory_mb=512)
    theirs = connection.execute("select person, seq from journeys order by seq").fetchall()
    assert theirs == [(row["person"], row["seq"]) for row in ours.to_pylist()]
    names = connection.execute("select person_id, count(*) from journeys group by 1 order by 1").fetchall()
    assert names == [("anna", 3), ("ben", 1), ("carl", 1), ("passer-by", 1)]


@examples(15)
@given(data=st.data())
def test_whatever_is_imported_in_whichever_order_it_is_the_map_of_the_index(data: st.DataObject) -> None:
    """A table kept up to date import by import, the map that questions use, and a loop over all rows."""
    name = st.sampled_from("abcd")
    row = st.builds(
        Row,
        user=st.none() | name.map("u{}".format),
        anonymous=name.map("d{}".format),
        second=st.none() | st.integers(0, 9),
        event=st.uuids().map(str),
    )
    with passing_folder() as folder:
        rows: list[Row] = []
        for imported in data.draw(st.lists(st.lists(row, min_size=1, max_size=6), min_size=1, max_size=4)):
            rows += imported
            store(folder, batch(imported))
            publish(folder)

        assert told(folder) == by_hand(folder)
        first = told(folder)
        found = open_index(folder).person_map()
        table = DeltaTable(str(folder.persons)).to_pyarrow_table().sort_by("actor")
        assert table["actor"].to_pylist() == found.actor.tolist()
        assert table["person"].to_pylist() == found.person.tolist()
        doubt_persons(folder)
        publish(folder)
        assert told(folder) == first


def by_hand(folder: Folder) -> dict[str, str]:
    """The user of the earliest event of each device that has one; of equal times the one whose id is lower."""

    def place(row: dict[str, Any]) -> tuple[int, int, int]:
        time = int(row["time"].timestamp() * 10**6) if row["time"] is not None else 0
        return time, row["id_high"] % 2**64, row["id_low"] % 2**64

    found: dict[str, str] = {}
    for row in sorted(stored(folder), key=place):
        user, device = row["user_id"], row["anonymous_id"]
        if user is not None and device is not None:
            found.setdefault(device, user)
    return found


def test_an_import_without_new_links_writes_nothing_but_how_far_it_looked(folder: Folder) -> None:
    store(folder, batch(LOG))
    publish(folder)
    before, version = parts(folder), DeltaTable(str(folder.persons)).version()

    store(folder, batch([Row(user="anna", anonymous="phone", second=99), Row(user="dora", second=99)]))
    publish(folder)

    assert parts(folder) == before
    assert DeltaTable(str(folder.persons)).version() == version
    known = json.loads((folder.persons / "durable.json").read_bytes())
    assert (known["version"], known["seq"]) == (version, 7)


def test_a_new_link_is_a_new_small_file(folder: Folder) -> None:
    store(folder, batch(LOG))
    publish(folder)
    [before] = parts(folder)

    store(folder, batch([Row(user="dora", anonymous="tablet", second=99)]))
    publish(folder)

    assert before in parts(folder)
    assert len(parts(folder)) == 2
    assert told(folder) == {"phone": "anna", "laptop": "anna", "tablet": "dora"}


def test_an_earlier_link_that_comes_late_takes_the_place_of_the_later_one(folder: Folder) -> None:
    store(folder, batch(LOG))
    publish(folder)

    store(folder, batch([Row(user="zoe", anonymous="phone", second=5)]))
    publish(folder)

    assert told(folder) == {"phone": "zoe", "laptop": "anna"}
    assert len(parts(folder)) == 1


@pytest.mark.long
def test_files_do_not_pile_up(folder: Folder) -> None:
    for n in range(18):
        store(folder, batch([Row(user=f"u{n}", anonymous=f"d{n}")]))
        publish(folder)

    assert len(parts(folder)) == 2
    assert told(folder) == {f"d{n}": f"u{n}" for n in range(18)}


def test_persons_of_many_imports_are_those_of_a_loop(folder: Folder) -> None:
    chance = random.Random(1)
    rows = [Row(user=f"u{chance.randrange(9)}", anonymous=f"d{chance.randrange(9)}", second=n) for n in range(200)]
    for first in range(0, 200, 10):
        store(folder, batch(rows[first : first + 10]))

    publish(folder)

    assert told(folder) == by_hand(folder)


def test_a_log_without_links_has_an_empty_table(folder: Folder, root: Path) -> None:
    store(folder, batch([Row(user="anna"), Row(anonymous="phone")]))
    publish(folder)

    assert told(folder) == {}
    assert views(folder, root).execute("select count(*) from journeys").fetchall() == [(2,)]


def test_an_import_and_a_compaction_leave_it_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    path.write_text("user,device,time,event\nanna,phone,2024-01-01,view\n")
    import_files([path], tmp_path / "data", Mapping(person="user", actor="device", time="time", event="event"))
    folder = create_folder(tmp_path / "data")
    assert told(folder) == {"phone": "anna"}

    (folder.persons / "durable.json").unlink()
    with folder.writing():
        compact(folder)

    assert told(folder) == {"phone": "anna"}


def test_an_erased_person_is_in_no_file_of_it_and_in_none_before(folder: Folder) -> None:
    """The log of the tables tells nothing of earlier versions either."""
    store(folder, batch(LOG))
    publish(folder)
    assert mentions(folder.persons, "laptop")

    with folder.writing():
        erase(folder, "anna")

    assert told(folder) == {}
    assert not mentions(folder.path, "laptop")
    version = DeltaTable(str(folder.events)).version()
    names = {path.name for path in (folder.events / "_delta_log").iterdir()}
    assert names == {f"{version:020d}.json", f"{version:020d}.checkpoint.parquet", "_last_checkpoint"}
    assert DeltaTable(str(folder.persons)).version() == 0


def test_after_an_erasure_others_are_still_in_it_and_it_goes_on(folder: Folder) -> None:
    store(folder, batch([*LOG, Row(user="dora", anonymous="tablet", second=60)]))
    publish(folder)

    with folder.writing():
        erase(folder, "anna")
    assert told(folder) == {"tablet": "dora"}

    store(folder, batch([Row(user="emil", anonymous="watch", second=70)]))
    publish(folder)
    assert told(folder) == {"tablet": "dora", "watch": "emil"}
    assert EventsTable(folder.events).read().rows == 5


@pytest.mark.parametrize("damage", ["durable.json", "_delta_log", "part", "all"])
def test_a_damaged_or_deleted_table_is_made_anew(folder: Folder, damage: str) -> None:
    """By the next import, or whoever writes."""
    store(folder, batch(LOG))
    publish(folder)
    for path in [folder.persons, *folder.persons.iterdir()]:
        if damage == "all" or path.name.startswith(damage):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)

    store(folder, batch([Row(user="anna", anonymous="watch", second=7)]))
    publish(folder)

    assert told(folder) == {"phone": "anna", "laptop": "anna", "watch": "anna"}


def test_a_commit_that_was_not_noted_is_made_anew(folder: Folder) -> None:
    """As a kill between the commit and its note leaves it."""
    store(folder, batch(LOG))
    publish(folder)
    held: Any = (folder.persons / "durable.json").read_bytes()
    store(folder, batch([Row(user="dora", anonymous="tablet", second=99)]))
    publish(folder)
    (folder.persons / "durable.json").write_bytes(held)

    publish(folder)

    assert told(folder) == {"phone": "anna", "laptop": "anna", "tablet": "dora"}
    assert len(parts(folder)) == 1
    assert pa.table(DeltaTable(str(folder.persons)).get_add_actions())["num_records"].to_pylist() == [3]
