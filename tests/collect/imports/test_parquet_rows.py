from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from sojourn.collect.imports.mapping import load_mapping
from sojourn.records.errors import BadFile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NOON = dt.datetime(2024, 1, 15, 12, tzinfo=dt.UTC)


@pytest.fixture
def stored(tmp_path: Path, imported: Callable[..., Any]) -> Callable[..., Any]:
    def run(table: pa.Table, *, row_group_size: int | None = None, mapping: Any = None, **options: Any) -> Any:
        path = tmp_path / "log.parquet"
        pq.write_table(table, path, row_group_size=row_group_size)
        return imported(path, mapping, **options)

    return run


def log_of(**columns: pa.Array) -> pa.Table:
    rows = len(next(iter(columns.values())))
    fixed = {
        "user_id": pa.array(range(rows), pa.int32()),
        "event": pa.array(["view"] * rows),
        "time": pa.array([NOON] * rows),
    }
    return pa.table(fixed | columns)


def test_types_are_kept_and_ids_are_texts(stored: Callable[..., Any]) -> None:
    table = log_of(
        small=pa.array([1, None], pa.int8()),
        large=pa.array([2**63, 1], pa.uint64()),
        half=pa.array([1.5, 2.5], pa.float32()),
        flag=pa.array([True, None]),
        price=pa.array([Decimal("1.50"), None], pa.decimal128(10, 2)),
        digits=pa.array(["007", "8"]),
        coded=pa.array(["a", "b"]).dictionary_encode(),
        when=pa.array([NOON, None]),
        raw=pa.array([b"x", b"\xff"]),
    )
    log = stored(table)

    assert log.column("user_id") == ["0", "1"]
    kinds = {
        "small": "int64",
        "large": "string",
        "half": "double",
        "flag": "bool",
        "price": "double",
        "digits": "string",
    }
    assert {name: log.type_of(name) for name in kinds} == kinds
    assert log.property("large") == ["9223372036854775808", "1"]
    assert log.property("coded") == ["a", "b"]
    assert log.property("when") == ["2024-01-15 12:00:00.000000Z", None]
    assert log.property("raw") == ["78", "ff"]


def test_ids_that_a_table_tool_made_floats_are_whole_again(stored: Callable[..., Any]) -> None:
    log = stored(log_of(user_id=pa.array([17850.0, None, 13047.0])))

    assert log.column("user_id") == ["17850", "13047"]
    assert log.reasons == [(2, "no_person")]
    assert json.loads(log.rejected[0].raw)["event"] == "view"


def test_rows_are_numbered_over_row_groups(stored: Callable[..., Any]) -> None:
    ids = [None if row % 10 == 9 else row for row in range(100)]
    log = stored(log_of(user_id=pa.array(ids)), row_group_size=7)

    assert [line for line, _ in log.reasons] == list(range(10, 101, 10))


def test_times_of_later_batches_that_are_missing_are_rejected(stored: Callable[..., Any]) -> None:
    log = stored(log_of(time=pa.array([NOON, None, NOON])))

    assert log.reasons == [(2, "bad_time")]


def test_nested_columns_are_kept_in_rest(stored: Callable[..., Any]) -> None:
    table = log_of(
        device=pa.array([{"kind": "phone", "seen": NOON}, None]),
        tags=pa.array([["a", "b"], []]),
        pairs=pa.array([[("k", 1)], None], pa.map_(pa.string(), pa.int64())),
        page=pa.array(["/", None]),
    )
    log = stored(table)

    kept = json.loads(log.column("rest")[0])
    assert kept == {
        "device": {"kind": "phone", "seen": "2024-01-15 12:00:00.000000Z"},
        "tags": ["a", "b"],
        "pairs": {"k": 1},
    }
    assert log.property("page") == ["/", None]
    assert log.column("time")[0] == "2024-01-15 12:00:00.000000Z"


def test_a_ga4_export_in_parquet_is_read_as_the_one_in_json(
    stored: Callable[..., Any], imported: Callable[..., Any], root: Path
) -> None:
    path = root / "tests/fixtures/recipes/ga4.jsonl"
    value = pa.struct(
        [
            ("string_value", pa.string()),
            ("int_value", pa.int64()),
            ("float_value", pa.float64()),
            ("double_value", pa.float64()),
        ]
    )
    rows = [json.loads(text) for text in path.read_text().splitlines()]
    for row in rows:
        row["event_timestamp"] = int(row["event_timestamp"])
        for param in row["event_params"]:
            one = param["value"]
            param["value"] = one | {"int_value": int(one["int_value"]) if one.get("int_value") else None}
    table = pa.Table.from_pylist(rows)
    params = pa.array(
        [row["event_params"] for row in rows], pa.list_(pa.struct([("key", pa.string()), ("value", value)]))
    )
    table = table.set_column(table.schema.get_field_index("event_params"), "event_params", params)

    from_json, from_parquet = imported(path, load_mapping("ga4")), stored(table, mapping=load_mapping("ga4"))

    for name in ("time", "event", "user_id", "anonymous_id", "order_id", "revenue", "currency"):
        assert from_parquet.column(name) == from_json.column(name)
    for name in ("page_location", "ga_session_id", "device_category", "geo_country", "traffic_source_medium"):
        assert from_parquet.property(name) == from_json.property(name)


def test_an_ignored_column_is_not_kept(stored: Callable[..., Any]) -> None:
    log = stored(log_of(a=pa.array([1]), b=pa.array([2])), ignore=("b",))

    assert list(log.batches[0].properties) == ["a"]


def test_a_file_that_is_cut_or_empty_is_refused(
    stored: Callable[..., Any], tmp_path: Path, imported: Callable[..., Any]
) -> None:
    with pytest.raises(BadFile, match="has no row"):
        stored(log_of(a=pa.array([1])).slice(0, 0))
    content = (tmp_path / "log.parquet").read_bytes()
    cut = tmp_path / "cut.parquet"
    cut.write_bytes(content[:-20])
    with pytest.raises(BadFile, match="was cut"):
        imported(cut)


def test_a_damaged_row_group_costs_itself_only(tmp_path: Path, imported: Callable[..., Any]) -> None:
    path = tmp_path / "log.parquet"
    notes = pa.array([f"note {row} {row * 7919 % 1013}" for row in range(3000)])
    pq.write_table(log_of(note=notes), path, row_group_size=1000, compression="zstd", use_dictionary=False)
    column = pq.ParquetFile(path).metadata.row_group(1).column(3)
    content = bytearray(path.read_bytes())
    middle = column.data_page_offset + column.total_compressed_size // 2
    content[middle : middle + 50] = bytes(50)
    path.write_bytes(bytes(content))

    log = imported(path)

    assert log.accepted == 2000
    (rejected,) = log.rejected
    assert (rejected.line, rejected.reason) == (1001, "unreadable")
    assert "rows 1001 to 2000" in rejected.detail
