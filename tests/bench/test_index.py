"""`sojourn bench index` on a small log: the figures belong together."""

from __future__ import annotations

import pytest

from sojourn.bench.index import BUDGET_MB, bench_index


@pytest.mark.long
def test_the_index_of_a_small_log_is_within_the_budget() -> None:
    said: list[str] = []

    bench = bench_index(5_000, rounds=1, say=said.append)

    assert said == ["writing 5,000 simulated events", "importing", "building the index"]
    assert bench.events > 2_000
    assert 0 < bench.persons < bench.events
    # Time, place in the log and event code are 18 bytes; persons with their offsets come to it.
    assert bench.index_bytes_an_event > 18
    assert bench.index_events_s == pytest.approx(bench.events / bench.index_s)
    assert 20 < bench.index_anonymous_mb < bench.index_peak_mb < BUDGET_MB
    assert bench.import_anonymous_mb < bench.import_peak_mb
