"""Sessions of many persons looked through together, against one person at a time."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from sojourn.analyse.parts import frozen
from sojourn.analyse.sessions_kernel import by_group, cut, described
from tests.analyse.stretched import stretched_rows

_KINDS = 6


@pytest.mark.parametrize("limit", [1, 4, 10**9])
def test_sessions_of_many_persons_are_those_of_each(limit: int) -> None:
    start, stop, time, event = stretched_rows(limit, kinds=_KINDS)
    person = frozen(np.arange(len(start)) * 7)
    expected = []
    for who, low, high in zip(person.tolist(), start.tolist(), stop.tolist(), strict=True):
        begins = [low, *(i for i in range(low + 1, high) if time[i] - time[i - 1] >= limit)]
        expected += [(who, *one) for one in zip(begins, [*begins[1:], high], strict=True)]

    found = cut(start, stop, time, person, limit)
    duration, begins, depth, depths, entries, exits, returning = described(
        start, stop, time, event, _KINDS, limit, True
    )

    assert list(zip(*(array.tolist() for array in found), strict=True)) == expected
    assert begins.tolist() == [first for _, first, _ in expected]
    assert depth.tolist() == [end - first for _, first, end in expected]
    assert duration.tolist() == [time[end - 1] - time[first] for _, first, end in expected]
    assert depths[: max(depth) + 1].tolist() == np.bincount(depth).tolist()
    assert entries.tolist() == np.bincount(event[begins], minlength=_KINDS).tolist()
    assert exits.tolist() == np.bincount(event[begins + depth - 1], minlength=_KINDS).tolist()
    assert returning == sum(n > 1 for n in Counter(who for who, _, _ in expected).values())


def test_no_persons_have_no_sessions() -> None:
    none, events = frozen(np.empty(0, np.int64)), frozen(np.empty(0, np.uint16))

    assert [len(array) for array in cut(none, none, none, none, 1)] == [0, 0, 0]
    assert described(none, none, none, events, _KINDS, 1, False)[3].sum() == 0


def test_sessions_by_group_are_those_of_each_group() -> None:
    """One of the groups has none."""
    random = np.random.default_rng(5)
    group = random.choice(np.array([0, 1, 3], np.int32), 500)
    duration, depth = random.integers(0, 99, 500), random.integers(1, 4, 500)

    sessions, bounced, events, begin, lengths = by_group(duration, depth, group, 4)

    for g in range(4):
        mine = group == g
        assert (sessions[g], bounced[g], events[g]) == (mine.sum(), (depth[mine] == 1).sum(), depth[mine].sum())
        assert lengths[begin[g] : begin[g + 1]].tolist() == duration[mine].tolist()
