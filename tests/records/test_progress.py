"""Who waits for work hears how far it is, and can end it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from sojourn.analyse import side_by_side as side_by_side_module
from sojourn.analyse.side_by_side import side_by_side
from sojourn.records.progress import heard_by, tell


def test_the_nearest_hearer_is_told_and_nobody_afterwards() -> None:
    outer, inner = list[int](), list[int]()
    with heard_by(lambda _what, done, _of: outer.append(done)):
        tell("reading", 1, 3)
        with heard_by(lambda _what, done, _of: inner.append(done)):
            tell("reading", 2, 3)
        tell("reading", 3, 3)
    tell("reading", 4, 3)

    assert outer == [1, 3]
    assert inner == [2]


def test_work_on_several_parts_tells_how_many_are_done_and_what_its_threads_tell() -> None:
    told = list[tuple[str, int, int]]()

    def double(number: int) -> int:
        tell("reading", number, 9)
        return 2 * number

    with heard_by(lambda *one: told.append(one)):
        assert side_by_side(double, [5, 6, 7]) == [10, 12, 14]

    assert [one for one in told if one[0] == "counting"] == [("counting", n, 3) for n in (1, 2, 3)]
    assert sorted(one for one in told if one[0] == "reading") == [("reading", n, 9) for n in (5, 6, 7)]


def test_a_hearer_that_raises_ends_work_on_several_parts_before_all_were_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    begun, ended = list[int](), threading.Event()

    class Pool(ThreadPoolExecutor):
        """What waits in its threads goes on once it is shut down."""

        def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002  (as of its class)
            super().shutdown(wait=False, cancel_futures=cancel_futures)
            ended.set()
            super().shutdown(wait)

    def work(number: int) -> None:
        begun.append(number)
        assert number == 0 or ended.wait(20)

    def stop(*_: object) -> None:
        raise KeyError

    monkeypatch.setattr(side_by_side_module, "ThreadPoolExecutor", Pool)
    with heard_by(stop), pytest.raises(KeyError):
        side_by_side(work, list(range(100)))

    # The first, and one in each of two threads.
    assert len(begun) <= 3
