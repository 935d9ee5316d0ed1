"""People's own SQL: normal questions get their answers, attacks are refused or bounded."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import duckdb
import pytest

from sojourn.records.errors import QueryRefused
from sojourn.store.compaction import compact
from sojourn.store.erasure import erase
from sojourn.store.events import EventsTable
from sojourn.store.folder import create_folder
from sojourn.store.query import QueryRequest, linked_actors, run_query
from sojourn.store.query_process import answer
from tests.store.rows import Row, batch, store, stored

if TYPE_CHECKING:
    from pathlib import Path

    import pyarrow as pa

    from sojourn.store.folder import Folder

ROWS = [
    Row(anonymous="phone", second=0, properties={"price": 1, "Time": "noon", "person": "x"}),
    Row(user="anna", anonymous="phone", second=1, properties={"price": 2}),
    Row(user="ben", second=2, event="pay", properties={"price": 30}),
    Row(user="ben", second=None, event="pay", properties={"price": 4, 'a"b': True}),
]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Folder:
    folder = create_folder(tmp_path_factory.mktemp("shop") / "data")
    store(folder, batch(ROWS))
    return folder


def ask(folder: Folder, sql: str, most: int = 100, memory_mb: int = 256) -> pa.Table:
    """As the query's process answers, without the process."""
    version = EventsTable(folder.events).read()
    request = QueryRequest(str(folder.path), version.number, -1, sql, most, memory_mb, 1)
    return answer(request, linked_actors(folder, version))


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("select count(*) from events", [(4,)]),
        ("select event, sum(price) from events group by all order by 1", [("pay", 34), ("view", 3)]),
        ("select count(distinct person), count(distinct actor) from events", [(2, 3)]),
        ("select user_id, events from persons where user_id is not null order by 1", [("anna", 1), ("ben", 2)]),
        ("select epoch_us(max(time)) - epoch_us(min(time)) from events", [(2_000_000,)]),
        ('select "properties.person", "properties.Time" from events order by seq limit 1', [("x", "noon")]),
        ("from events select seq order by seq limit 2", [(0,), (1,)]),
        ("with a as (select 1 as x) select x from a", [(1,)]),
        ("values (1), (2)", [(1,), (2,)]),
        ("select 1 where false", []),
        ("select 1 -- ; select 2", [(1,)]),
    ],
)
def test_questions_get_their_answers(shop: Folder, sql: str, rows: list[tuple[object, ...]]) -> None:
    assert [tuple(row.values()) for row in ask(shop, sql).to_pylist()] == rows


def test_the_events_are_those_of_the_table(shop: Folder) -> None:
    names = ["seq", "time", "user_id", "anonymous_id", "event", "type", "source"]

    found = ask(shop, f"select {', '.join(names)} from events order by seq")  # noqa: S608  (fixed names)

    assert found.to_pylist() == stored(shop, *names)


def test_two_properties_whose_names_differ_in_case_are_two_columns(folder: Folder) -> None:
    """SQL does not tell them apart: the second one gets a number."""
    store(folder, batch([Row(user="anna", properties={"Price": "high", "price": 3})]))

    assert ask(folder, 'select "Price", price_1 from events').to_pylist() == [{"Price": "high", "price_1": 3}]


def test_the_answer_through_its_own_process_says_whether_there_was_more(shop: Folder) -> None:
    table, more = run_query(shop, "select seq from events order by seq", most=3, timeout_s=60, memory_mb=256)

    assert (table["seq"].to_pylist(), more) == ([0, 1, 2], True)


ATTACKS = """
select * from read_csv('/etc/passwd')
select * from read_text('/etc/passwd')
select * from read_blob('/etc/passwd')
select * from read_json('{data}/folder.json')
select * from read_parquet('{data}/events/*/*.parquet')
select * from parquet_metadata('{data}/events/*/*.parquet')
select * from sniff_csv('/etc/passwd')
select * from '/etc/passwd'
select * from '{data}/folder.json'
select * from 'http://127.0.0.1/x.csv'
select * from read_csv('https://127.0.0.1/x.csv')
select * from glob('/*')
select content from read_text('/proc/self/environ')
select getenv('HOME')
select * from duckdb_secrets()
select * from read_duckdb('{data}/control.sqlite')
select * from sqlite_scan('{data}/control.sqlite', 'suppressed')
select * from delta_scan('{data}/events')
select * from query('copy (select 1) to ''out.csv''')
select * from query('attach ''x.db''')
select * from enable_logging('QueryLog', storage='file', storage_config={{'path': 'log'}})
select 1; select 2
select 1; copy (select 1) to 'out.csv'
copy (select 1) to 'out.csv'
copy events to 'out.parquet'
copy events from '/etc/passwd'
export database 'out'
import database 'out'
attach 'x.db'
attach '{data}/control.sqlite' (type sqlite)
detach memory
use memory
install httpfs
load httpfs
load '/tmp/x.duckdb_extension'
pragma database_list
pragma enable_external_access
call pragma_version()
call enable_logging()
set enable_external_access=true
set lock_configuration=false
set memory_limit='100GB'
set global threads=64
set variable x = 1
reset enable_external_access
create table x as select 1
create view y as select 1
create macro f(x) as x
create secret s (type s3)
create temp table t (x int)
drop view events
alter view events rename to e
insert into events values (1)
update events set event='x'
delete from events
truncate events
with x as (delete from events returning 1) select * from x
with x as (insert into events values (1)) select 1
prepare v as select 1
execute v
explain analyze select 1
vacuum
checkpoint
begin
comment on view events is 'x'
select * from request
select * from batches
select * from table_
select
select * from nowhere
""".strip().splitlines()


@pytest.mark.parametrize("sql", [*ATTACKS, "", " ", ";", "-- nothing", "\0"])
def test_attacks_are_refused(shop: Folder, sql: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    with pytest.raises((QueryRefused, duckdb.Error)):
        ask(shop, sql.format(data=shop.path))

    assert os.listdir(tmp_path) == []  # noqa: PTH208  (names, hidden ones too)


@pytest.mark.parametrize(
    "sql", ["select * from duckdb_settings()", "select current_setting('home_directory')", "show tables"]
)
def test_what_can_be_seen_of_the_engine_tells_nothing_of_the_machine(shop: Folder, sql: str) -> None:
    assert str(shop.path) not in str(ask(shop, sql).to_pylist())


def test_a_refusal_says_what_came_and_what_was_expected(shop: Folder) -> None:
    with pytest.raises(QueryRefused, match="expected one SELECT over `events` and `persons`, got SELECT, COPY"):
        run_query(shop, "select 1; copy (select 1) to 'x'", most=1, timeout_s=60, memory_mb=256)


@pytest.mark.long
def test_a_query_that_takes_too_long_is_ended(shop: Folder) -> None:
    begin = time.monotonic()

    with pytest.raises(QueryRefused, match="took over 4 s and was ended; narrow it, or raise --timeout-s"):
        run_query(shop, "select count(*) from range(1000000000000) a", most=1, timeout_s=4, memory_mb=256)

    assert time.monotonic() - begin < 20


@pytest.mark.parametrize(
    "sql",
    [
        "select range(1000000000)",
        "select list(range) from range(1000000000)",
        "select range from range(300000000) order by hash(range) limit 3 offset 100000000",
        "select repeat('x', 1000000) from range(100000)",
        "with recursive r as (select 'a' as t union all select t || t from r) select length(t) from r",
    ],
)
@pytest.mark.long
def test_a_query_that_wants_too_much_memory_is_ended(
    shop: Folder, sql: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also when the memory is that of the answer, not of DuckDB's buffers; and nothing is put on the disk instead."""
    monkeypatch.chdir(tmp_path)

    with pytest.raises(QueryRefused, match=r"(?i)memory"):
        run_query(shop, sql, most=100_000, timeout_s=120, memory_mb=256)

    assert os.listdir(tmp_path) == []  # noqa: PTH208  (names, hidden ones too)


def test_a_large_answer_is_cut_at_the_rows_asked_for(shop: Folder) -> None:
    assert ask(shop, "select a.range from range(100000) a, range(100000) b", most=10).num_rows == 11


def test_nothing_imported_and_everybody_erased_are_empty_tables(tmp_path: Path) -> None:
    folder = create_folder(tmp_path / "data")
    assert ask(folder, "select count(*) from events, persons").to_pylist() == [{"count_star()": 0}]

    store(folder, batch([Row(user="anna")]))
    with folder.writing():
        erase(folder, "anna")

    assert ask(folder, "select count(*) c from events").to_pylist() == [{"c": 0}]


def test_files_replaced_while_a_query_reads_are_read_again(shop: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    """A compaction between finding the files and opening them."""
    read = EventsTable.read
    times: list[int] = []

    def read_then_compact(table: EventsTable) -> object:
        version = read(table)
        if not times:
            times.append(1)
            store(shop, batch([Row(user="dora", second=9)]))
            with shop.writing():
                compact(shop)
        return version

    monkeypatch.setattr("sojourn.store.events.EventsTable.read", read_then_compact)

    table, _ = run_query(shop, "select count(*) c from events", most=1, timeout_s=60, memory_mb=256)

    assert table.to_pylist() == [{"c": 5}]
