"""The bench of the intake counts what was answered and looks for it in the log."""

from __future__ import annotations

import json

import pytest

from sojourn.bench.intake import bench_intake
from sojourn.bench.one_intake import Load


def test_requests_differ_in_their_ids_alone() -> None:
    load = Load("key", 3, "r")
    first, second = (request.partition(b"\r\n\r\n") for request in (load.request(1, 1), load.request(1, 2)))

    assert first[0] == second[0]
    assert f"Content-Length: {len(first[2])}".encode() in first[0]
    ids = [message["messageId"] for body in (first[2], second[2]) for message in json.loads(body)["batch"]]
    assert len(set(ids)) == 6


@pytest.mark.long
def test_a_small_run_loses_nothing() -> None:
    found = bench_intake(4_000, rounds=1, say=lambda _: None)

    assert (found.lost, found.refused) == (0, 0)
    assert found.one_share > 0.1
