"""Real logs, read without any option: what is guessed, and how many rows come out."""

from __future__ import annotations

from typing import TYPE_CHECKING

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
