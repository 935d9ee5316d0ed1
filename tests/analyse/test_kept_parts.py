"""Filtered parts are kept: the same answers, sorted out once, within a bound of memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from sojourn.analyse import kept_parts
from sojourn.analyse.kept_parts import KeptParts
from sojourn.analyse.parts import Part
from tests.analyse.logs import log

if TYPE_CHECKING:
    import pytest

ROWS = [(f"p{n % 4}", 60 * n, "view" if n % 3 else "buy", {"code": "1" if n % 2 else "true"}) for n in range(40)]


def _parts(rows: int) -> list[Part]:
    """A part whose arrays take 18 bytes a row, and 24 more."""
    one, many = np.zeros(1, np.int64), np.zeros(rows, np.int64)
    return [Part(one, one, one, many, np.zeros(rows, np.uint16), ("view",), many, 0, None)]  # type: ignore[arg-type]  # no column is asked for


def test_a_filter_is_sorted_out_once_for_all_views_of_a_log() -> None:
    journeys = log(ROWS)
    once, again = journeys.where("event = 'view'"), journeys.where("event = 'view'")

    assert once.parts() is again.parts()
    assert once.parts() is not journeys.where("event = 'buy'").parts()
    assert once.between("1970-01-02", None).parts() is not once.parts()
    assert once.in_zone("Asia/Tokyo").parts() is not once.parts()
    assert sum(len(part.time) for part in again.parts()) == sum(row[2] == "view" for row in ROWS)


def test_filters_that_are_equal_to_python_alone_stay_apart() -> None:
    """`true` and 1 are equal there, and two different texts in a column."""
    journeys = log(ROWS)
    counted = [journeys.where(f"code = {value}").sessions().events for value in ("true", "1")]

    assert counted == [20, 20]
    assert journeys.where("code = true").parts() is not journeys.where("code = 1").parts()


def test_what_was_used_longest_ago_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two parts of 100 rows take 3,648 bytes; with room for 4,000 a third one sends away the one not asked for since."""
    monkeypatch.setattr(kept_parts, "MOST_BYTES", 4_000)
    kept = KeptParts()
    first, second = kept.of("a", lambda: _parts(100)), kept.of("b", lambda: _parts(100))

    assert kept.bytes == 2 * (18 * 100 + 24)
    assert kept.of("a", lambda: _parts(100)) is first
    kept.of("c", lambda: _parts(100))
    assert kept.of("a", lambda: _parts(100)) is first
    assert kept.of("b", lambda: _parts(100)) is not second
    assert kept.bytes <= 4_000


def test_a_filter_that_needs_more_than_all_room_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_parts, "MOST_BYTES", 4_000)
    kept = KeptParts()

    assert len(kept.of("a", lambda: _parts(1_000))[0].time) == 1_000
    assert kept.bytes == 0
