"""`sojourn bench imports` on a small log: both sides take every row, and the figures belong together."""

from __future__ import annotations

import pytest

from sojourn.bench.imports import bench_imports


@pytest.mark.long
def test_both_take_every_row_and_ratios_are_of_the_seconds() -> None:
    said: list[str] = []

    bench = bench_imports(5_000, rounds=1, say=said.append)

    assert [one.format for one in bench.formats] == ["parquet", "csv", "jsonl"]
    assert bench.events > 2_000
    for one in bench.formats:
        assert one.ratio == pytest.approx(one.ours_s / one.duckdb_s)
        assert one.ours_rows_s == pytest.approx(bench.events / one.ours_s)
        assert one.ours_cpu_s > 0
        assert one.ours_peak_mb > 20 < one.duckdb_peak_mb
    assert said == [said[0], "importing parquet", "importing csv", "importing jsonl"]
