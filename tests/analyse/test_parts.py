"""Parts: what stays of one when events are left out, and its sessions."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from sojourn.analyse.parts import alone, cut_sessions, keep, units_with
from sojourn.store.columns import NumberColumn, TextColumn
from tests.analyse.logs import Row, log, random_rows
from tests.thoroughness import examples


@examples(60)
@given(random_rows(longest=20), st.integers(0, 2**20 - 1))
def test_the_events_kept_stay_with_their_persons_in_order(rows: list[Row], bits: int) -> None:
    for part in log(rows).parts():
        mask = np.array([bool(bits >> n & 1) for n in range(len(part.time))])
        kept = keep(part, mask)
        expected = [
            (int(who), [(int(part.time[i]), int(part.event[i]), i) for i in range(start, stop) if mask[i]])
            for who, start, stop in zip(part.person, part.start, part.stop, strict=True)
        ]
        assert kept.rows is not None
        assert [
            (int(who), [(int(kept.time[i]), int(kept.event[i]), int(kept.rows[i])) for i in range(start, stop)])
            for who, start, stop in zip(kept.person, kept.start, kept.stop, strict=True)
        ] == [(who, events) for who, events in expected if events]


@examples(60)
@given(random_rows(longest=20), st.sampled_from([60, 600, 3600]), st.sampled_from(["reaches", "exceeds"]))
def test_a_session_ends_where_the_silence_is_long_enough(rows: list[Row], gap: int, rule: str) -> None:
    for part in log(rows).parts():
        expected = []
        for who, start, stop in zip(part.person.tolist(), part.start.tolist(), part.stop.tolist(), strict=True):
            for i in range(start, stop):
                silence = part.time[i] - part.time[i - 1] if i > start else None
                ends = silence is not None and (silence >= gap * 10**6 if rule == "reaches" else silence > gap * 10**6)
                if silence is None or ends:
                    expected.append([who, i, i])
                expected[-1][2] = i + 1
        cut = cut_sessions(part, gap * 10**6, rule)  # type: ignore[arg-type]  # one of the two
        assert [list(map(int, one)) for one in zip(cut.person, cut.start, cut.stop, strict=True)] == expected


def test_a_column_of_some_events_is_the_column_of_all_at_their_places() -> None:
    rows: list[Row] = [("anna", n, "view", {"page": f"/{n % 3}", "size": n / 2} if n % 4 else {}) for n in range(20)]
    journeys = log(rows)
    (whole,) = journeys.parts()
    some = keep(whole, whole.time % 2_000_000 == 0)
    places = np.array([0, 3, 7, 8])

    for part in (whole, some):
        for name in ("page", "event"):
            column, of_all = part.column(name, places), part.column(name)
            assert isinstance(column, TextColumn)
            assert isinstance(of_all, TextColumn)
            assert [column.names[code] for code in column.codes] == [
                of_all.names[code] for code in of_all.codes[places]
            ]
        size, sizes = part.column("size", places), part.column("size")
        assert isinstance(size, NumberColumn)
        assert isinstance(sizes, NumberColumn)
        np.testing.assert_array_equal(size.values, sizes.values[places])


def test_a_unit_alone_has_its_events_and_no_others() -> None:
    journeys = log([("anna", 0, "view", {"page": "/a"}), ("ben", 1, "buy", {"page": "/b"}), ("ben", 2, "view", {})])
    (whole,) = journeys.parts()
    events = {}
    for unit in range(len(whole.person)):
        for part in (whole, keep(whole, whole.time >= 0)):
            own = alone(part, unit)
            page = own.column("page")
            assert isinstance(page, TextColumn)
            assert own.start.tolist() == [0]
            assert own.stop.tolist() == [len(own.time)]
            pages = [page.names[code] if code >= 0 else None for code in page.codes]
            events[int(own.person[0])] = list(zip([own.events[code] for code in own.event], pages, strict=True))

    assert sorted(events.values(), key=len) == [[("view", "/a")], [("buy", "/b"), ("view", None)]]


def test_more_sessions_than_there_was_room_for_are_all_there() -> None:
    """One person whose every event is a session of its own."""
    [part] = log([("anna", n * 4000, "view", {}) for n in range(50)]).parts()

    assert cut_sessions(part, 10**9, "reaches").start.tolist() == list(range(50))


def test_a_unit_has_the_bits_of_all_its_events() -> None:
    found = units_with(
        np.array([0, 2]), np.array([2, 3]), np.array([0, 2, 1], np.uint16), np.array([1, 0, 4], np.uint8)
    )

    assert found.tolist() == [5, 0]
