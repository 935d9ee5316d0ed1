"""Real logs, read without any option: what is guessed, and how many rows come out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sojourn.collect.imports.mapping import Mapping
from sojourn.collect.imports.read import read_batches
from sojourn.records.rejected import Reason

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pyarrow as pa

    from sojourn.records.batch import EventBatch

    Data = Callable[[str], Path]


def read(path: Path) -> tuple[list[EventBatch], list[str]]:
    lines: list[str] = []
    return list(read_batches(path, Mapping(), on_guess=lines.extend)), lines


def column(batches: list[EventBatch], name: str) -> pa.ChunkedArray:
    import pyarrow as pa

    return pa.chunked_array([batch.fixed.column(name).combine_chunks() for batch in batches])


def accepted(batches: list[EventBatch]) -> int:
    return sum(batch.fixed.num_rows for batch in batches)


def test_a_shop_log_whose_last_row_is_cut_loses_only_that_row(data: Data) -> None:
    batches, lines = read(data("rees46_store/events_2019-10-01.csv.gz"))

    assert lines == ["person: user_id", "time: event_time (with zone)", "event: event_type"]
    assert accepted(batches) == 17_434
    (rejected,) = [row for batch in batches for row in batch.rejected]
    assert (rejected.line, rejected.reason) == (17_436, Reason.FIELD_COUNT)  # the header is line 1
    assert rejected.raw.endswith(b",52040330")
    events = column(batches, "event").value_counts().to_pylist()
    assert {pair["values"]: pair["counts"] for pair in events} == {"view": 17_055, "purchase": 214, "cart": 165}


def test_page_views_of_readers_are_found_by_their_address(data: Data) -> None:
    batches, lines = read(data("wikipedia_readers/wikipedia_reader_events.csv.gz"))

    assert lines[:2] == ["person: user_id", "time: timestamp (with zone)"]
    assert 'event: every row is called "Page Viewed"' in lines[2]
    assert accepted(batches) == 63_524
    assert len(column(batches, "user_id").unique()) == 10_000
    assert len(column(batches, "event").unique()) == 1


def test_a_shop_funnel_log_keeps_its_columns(data: Data) -> None:
    batches, lines = read(data("funnel_ecom/ecom_events.csv.gz"))

    assert lines == ["person: user_id", "time: timestamp (without zone, read as UTC)", "event: event"]
    assert accepted(batches) == 31_106
    wanted = ["session_id", "platform", "acquisition_channel", "user_cohort", "user_lifecycle"]
    assert list(batches[0].properties) == wanted


@pytest.mark.long
def test_an_order_only_log_has_no_time(data: Data) -> None:
    batches, lines = read(data("msnbc/msnbc_pageviews.parquet"))

    assert lines == [
        "person: user_id",
        "no time column: file order decides (--time NAME if there is one)",
        "event: page",
    ]
    assert accepted(batches) == 4_698_794
    assert column(batches, "time").null_count == 4_698_794
    assert len(column(batches, "event").unique()) == 17


def test_a_loan_process_log_keeps_its_lifecycle(data: Data) -> None:
    batches, lines = read(data("bpic2012_loan/bpic2012_events.parquet"))

    assert lines == ["person: case_id", "time: timestamp (timestamp[us, tz=UTC] with zone)", "event: activity"]
    assert accepted(batches) == 262_200
    assert len(column(batches, "user_id").unique()) == 13_087
    assert list(batches[0].properties) == ["lifecycle", "resource", "amount_req"]
    missing = sum(batch.properties["resource"].null_count for batch in batches)
    assert missing == 18_010  # published


@pytest.mark.long
def test_order_lines_without_a_customer_are_rejected(data: Data) -> None:
    batches, lines = read(data("online_retail/online_retail.parquet"))

    assert lines[0] == "person: CustomerID"
    assert lines[1] == "time: InvoiceDate (timestamp[us] without zone, read as UTC)"
    assert 'event: every row is called "Order line"' in lines[2]
    assert lines[3] == "order: InvoiceNo"
    rejected = [row for batch in batches for row in batch.rejected]
    assert {row.reason for row in rejected} == {Reason.NO_PERSON}
    assert (accepted(batches), len(rejected)) == (406_829, 135_080)
    assert len(column(batches, "user_id").unique()) == 4_372
    assert len(column(batches, "order_id").unique()) == 22_190
    assert column(batches, "user_id")[0].as_py() == "17850"  # no trailing .0


def test_a_web_servers_log_loses_only_its_malformed_line(data: Data) -> None:
    """Counts of the log, measured independently: 9,999 requests, 1,753 addresses, 1,861 pairs of address and agent."""
    import pyarrow.compute as pc

    batches, lines = read(data("apache_weblog/apache_access.log.gz"))

    assert lines == ["format: access log (a visitor is address and agent; GET of a page is Page Viewed)"]
    (rejected,) = [row for batch in batches for row in batch.rejected]
    assert (rejected.line, rejected.reason) == (8_899, Reason.BAD_LINE)
    assert accepted(batches) == 9_999
    assert len(column(batches, "anonymous_id").unique()) == 1_861
    properties = batches[0].properties
    assert {pair["values"]: pair["counts"] for pair in properties["method"].value_counts().to_pylist()} == {
        "GET": 9_951,
        "HEAD": 42,
        "POST": 5,
        "OPTIONS": 1,
    }
    status = {pair["values"]: pair["counts"] for pair in properties["status"].value_counts().to_pylist()}
    assert status == {200: 9_125, 304: 445, 404: 213, 301: 164, 206: 45, 500: 3, 403: 2, 416: 2}
    assert properties["bytes"].null_count == 669
    assert pc.sum(properties["bytes"]).as_py() == 2_747_282_505
    assert properties["ip"].unique().to_pylist()[0].endswith(".0")
    declared = pc.fill_null(pc.match_substring_regex(properties["user_agent"], "(?i)bot|crawl|spider"), False)
    assert pc.sum(declared).as_py() == 1_290
    bots = column(batches, "bot").combine_chunks()
    assert pc.sum(pc.and_(declared, bots)).as_py() == 1_290  # all of them, and the known ones that do not say so


def test_ratings_and_purchases_are_read_without_options(data: Data) -> None:
    for name, rows, event in (
        ("movielens_small/ratings.parquet", 100_004, "Product Reviewed"),
        ("vendor_reviews/vendor_reviews.parquet", 578_805, "Product Reviewed"),
        ("complete_journey/transactions_sample.parquet", 75_000, "Order line"),
    ):
        batches, _ = read(data(name))
        assert accepted(batches) == rows
        assert column(batches, "event").unique().to_pylist() == [event]
        assert column(batches, "time").null_count == 0


def test_hashes_of_a_log_tell_its_equal_rows_apart_from_all_others(data: Data) -> None:
    """The shop's first hours hold 5 exact duplicates, the readers' log 7, the funnel log 30 (counted by other programs)."""
    import numpy as np

    for name, repeated in (
        ("rees46_store/events_2019-10-01.csv.gz", 5),
        ("wikipedia_readers/wikipedia_reader_events.csv.gz", 7),
        ("funnel_ecom/ecom_events.csv.gz", 30),
    ):
        batches, _ = read(data(name))
        hashes = np.concatenate([batch.row_hash for batch in batches])
        assert hashes.shape[0] - np.unique(hashes, axis=0).shape[0] == repeated
