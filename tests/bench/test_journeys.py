"""`sojourn bench journeys`: the same answers as SQL, and figures that a busy machine can neither hide nor fake."""

from __future__ import annotations

import dataclasses
import io

import pytest
from rich.console import Console

from sojourn.bench.journeys import JourneysBench, Measured, bench_journeys

_QUIET = Measured(
    name="funnel", ours_ms=80.0, chdb_ms=560.0, duckdb_ms=720.0, ratio=7.0, ours_cold_ms=300.0, agree=True,
    ours_cpu_ms=150.0, chdb_cpu_ms=900.0, duckdb_cpu_ms=1200.0, cpu_ratio=6.0, unrest=1.1,
)  # fmt: skip


def test_processor_time_stands_beside_the_clock_and_no_key_is_missing() -> None:
    told = JourneysBench(1_000, 50, 5, (_QUIET,)).to_dict()["questions"][0]

    assert (told["ratio"], told["cpu_ratio"]) == (7.0, 6.0)
    assert {"ours_ms", "chdb_ms", "duckdb_ms", "ours_cpu_ms", "chdb_cpu_ms", "duckdb_cpu_ms", "agree"} <= set(told)


def test_the_caption_says_so_when_the_rounds_differ_much() -> None:
    restless = dataclasses.replace(_QUIET, unrest=2.34)

    assert "not at rest" not in _printed(JourneysBench(1_000, 50, 5, (_QUIET,)))
    assert "took up to 2.3 times its shortest" in _printed(JourneysBench(1_000, 50, 5, (_QUIET, restless)))


@pytest.mark.long
def test_every_question_has_the_answer_of_both_engines() -> None:
    pytest.importorskip("chdb", reason="chDB is an extra: pip install sojourn[bench]")

    bench = bench_journeys(100_000, rounds=2, say=lambda _text: None)

    assert bench.rounds == 2
    assert {q.name: q.agree for q in bench.questions} == dict.fromkeys((q.name for q in bench.questions), True)
    for q in bench.questions:
        assert q.cpu_ratio == pytest.approx(q.chdb_cpu_ms / q.ours_cpu_ms)
        assert q.unrest >= 1


def _printed(bench: JourneysBench) -> str:
    out = io.StringIO()
    Console(file=out, width=200).print(bench)
    return " ".join(out.getvalue().split())
